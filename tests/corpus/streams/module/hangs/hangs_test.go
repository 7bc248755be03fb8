package hangs

import (
	"testing"
	"time"
)

func TestBefore(t *testing.T) {}
func TestHangs(t *testing.T) {
	t.Run("sub", func(t *testing.T) { t.Log("waiting"); time.Sleep(time.Hour) })
}
