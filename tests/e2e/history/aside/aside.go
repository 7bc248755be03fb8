// Package aside lets one goroutine wait for another in a way that orders nothing: the detector doesn't see these functions.
package aside

import "time"

var arrived bool

//go:norace
func Arrive() { arrived = true }

//go:norace
func Wait() {
	for !arrived {
		time.Sleep(time.Millisecond)
	}
}

// Work makes so many calls that the detector does see.
func Work(calls int) {
	mine := 0
	for range calls {
		step(&mine)
	}
}

//go:noinline
func step(n *int) { *n++ }
