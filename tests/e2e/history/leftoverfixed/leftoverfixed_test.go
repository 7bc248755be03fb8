// Package leftoverfixed: as leftover, and the word is written and read atomically.
package leftoverfixed

import (
	"sync/atomic"
	"testing"
	"time"

	"example.com/history/aside"
)

var last atomic.Int64

func TestStarts(t *testing.T) {
	go func() {
		last.Store(7)
		aside.Work(400000)
		aside.Arrive()
		time.Sleep(time.Hour)
	}()
}

func TestReads(t *testing.T) {
	aside.Wait()
	if last.Load() == 0 {
		t.Log("nothing yet")
	}
}
