// Whose the leak is: of a test among parallel ones, of one that has ended before, of none.
package owners

import (
	"testing"
	"time"
)

func leave() {
	c := make(chan int)
	go func() { <-c }()
}

func TestGroup(t *testing.T) {
	for _, name := range []string{"one", "two", "three"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			done := make(chan bool)
			go func() { time.Sleep(20 * time.Millisecond); close(done) }()
			if name == "two" {
				leave()
			}
			<-done
		})
	}
}

var held = make(chan int)

func wait(c chan int) { <-c }

func TestEarlier(t *testing.T) {
	go wait(held)
}

func TestLater(t *testing.T) {
	held = nil
}

func TestMany(t *testing.T) {
	c := make(chan int)
	for range 5000 {
		go func() { c <- 1 }()
	}
}

func TestCut(t *testing.T) {
	c := make(chan int)
	go func() { <-c }()
	time.Sleep(time.Millisecond)
	t.Fatal("before it could be stopped")
}
