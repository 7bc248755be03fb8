// Package longtaskfixed: as longtask, and the state is handed over through a channel.
package longtaskfixed

import (
	"testing"

	"example.com/history/aside"
)

type task struct{ state string }

func (t *task) run(started chan<- bool) {
	t.state = "started"
	started <- true
	aside.Work(400000)
	aside.Arrive()
}

func TestState(t *testing.T) {
	work, started := &task{}, make(chan bool, 1)
	go work.run(started)
	<-started
	aside.Wait()
	if work.state == "" {
		t.Log("not started")
	}
}
