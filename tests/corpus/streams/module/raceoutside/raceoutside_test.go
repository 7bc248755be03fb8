package raceoutside

import (
	"os"
	"testing"
	"time"
)

var n int

func TestMain(m *testing.M) {
	code := m.Run()
	go func() { n++ }()
	n++
	time.Sleep(50 * time.Millisecond)
	os.Exit(code)
}
func TestFine(t *testing.T) {}
