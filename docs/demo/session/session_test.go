package session

import (
	"testing"
	"time"
)

// TestKeepFresh ends at once; its workers don't.
func TestKeepFresh(t *testing.T) {
	new(Store).KeepFresh(20 * time.Millisecond)
}

// TestNothingWrong only happens to run when they race: stock -race fails this one.
func TestNothingWrong(t *testing.T) {
	time.Sleep(100 * time.Millisecond)
}
