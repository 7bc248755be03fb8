// Goroutines that TestLeak leaves running race while TestInnocent runs.
package leak

import (
	"testing"
	"time"
)

var hits int

func hit(start <-chan struct{}, done chan<- struct{}) {
	<-start
	hits++
	done <- struct{}{}
}

var (
	start = make(chan struct{})
	done  = make(chan struct{}, 2)
)

func TestLeak(t *testing.T) {
	go hit(start, done)
	go hit(start, done)
}

func TestInnocent(t *testing.T) {
	close(start)
	deadline := time.After(10 * time.Second)
	for i := 0; i < 2; i++ {
		select {
		case <-done:
		case <-deadline:
			t.Fatal("the goroutines of TestLeak didn't run")
		}
	}
}
