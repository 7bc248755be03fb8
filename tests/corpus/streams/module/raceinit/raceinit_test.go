package raceinit

import (
	"testing"
	"time"
)

var n int

func init() {
	go func() { n++ }()
	n++
	time.Sleep(20 * time.Millisecond)
}
func TestFine(t *testing.T) {}
