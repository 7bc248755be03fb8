package raced

import (
	"testing"
	"time"
)

func two(f func()) {
	done := make(chan bool)
	for range 2 {
		go func() { f(); done <- true }()
	}
	<-done
	<-done
}

func TestRaces(t *testing.T)   { t.Log("before the race"); two(Add) }
func TestSubRace(t *testing.T) { t.Run("sub", func(t *testing.T) { two(Bump) }) }
func TestClean(t *testing.T)   { time.Sleep(time.Millisecond) }
func TestRaceAndError(t *testing.T) {
	var n int
	two(func() { n++ })
	t.Error("its own reason")
}
