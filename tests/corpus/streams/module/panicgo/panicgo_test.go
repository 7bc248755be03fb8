package panicgo

import (
	"testing"
	"time"
)

func TestLeaves(t *testing.T) {
	go func() { time.Sleep(20 * time.Millisecond); panic("in a goroutine of TestLeaves") }()
}
func TestInnocent(t *testing.T) { time.Sleep(time.Second) }
