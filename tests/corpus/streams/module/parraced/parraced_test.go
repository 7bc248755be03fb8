package parraced

import (
	"sync"
	"testing"
	"time"
)

var shared int

// The report is printed when the test that was named last is over, so it stands in the output of a test that passed.
func TestParallel(t *testing.T) {
	var started sync.WaitGroup
	started.Add(2)
	t.Run("races", func(t *testing.T) {
		t.Parallel()
		started.Done()
		started.Wait()
		time.Sleep(50 * time.Millisecond)
		done := make(chan bool)
		for range 2 {
			go func() { shared++; done <- true }()
		}
		<-done
		<-done
	})
	t.Run("quiet", func(t *testing.T) {
		t.Parallel()
		started.Done()
		started.Wait()
		t.Log("says something")
	})
}
