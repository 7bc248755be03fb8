package leaks

import (
	"testing"
	"time"
)

var shared int

func TestKeepFresh(t *testing.T) {
	for range 2 {
		go func() {
			time.Sleep(30 * time.Millisecond)
			for range 100 {
				shared++
			}
		}()
	}
}
func TestInnocent(t *testing.T) { time.Sleep(200 * time.Millisecond) }
