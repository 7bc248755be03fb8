// Package leftover: what a goroutine of one test wrote is read by another test, when the first is over and its goroutine
// still there.
package leftover

import (
	"testing"
	"time"

	"example.com/history/aside"
)

var last int

func TestStarts(t *testing.T) {
	go func() {
		last = 7
		aside.Work(400000)
		aside.Arrive()
		time.Sleep(time.Hour)
	}()
}

func TestReads(t *testing.T) {
	aside.Wait()
	if last == 0 {
		t.Log("nothing yet")
	}
}

func TestAfter(t *testing.T) {
	time.Sleep(10 * time.Millisecond)
}
