// Package longtask: a goroutine writes, works for long without meeting anybody, and the test reads what it wrote.
package longtask

import (
	"testing"
	"time"

	"example.com/history/aside"
)

type task struct{ state string }

func (t *task) run() {
	t.state = "started"
	aside.Work(400000)
	aside.Arrive()
}

func TestState(t *testing.T) {
	work := &task{}
	go work.run()
	aside.Wait()
	if work.state == "" {
		t.Log("not started")
	}
}

func TestInnocent(t *testing.T) {
	time.Sleep(10 * time.Millisecond)
}
