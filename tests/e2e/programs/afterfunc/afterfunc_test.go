// time.AfterFunc starts its function from a timer: it still belongs to the test that set it.
package afterfunc

import (
	"testing"
	"time"
)

var fired int

var done = make(chan struct{}, 2)

func fire() {
	fired++
	done <- struct{}{}
}

func TestTimer(t *testing.T) {
	time.AfterFunc(20*time.Millisecond, fire)
	time.AfterFunc(20*time.Millisecond, fire)
}

func TestInnocent(t *testing.T) {
	<-done
	<-done
}
