//go:build race

// Races are charged to the test that owns the goroutine, instead of to the test that happens to run. Every goroutine
// inherits its owner from the goroutine that started it (runtime/redflag_owner_race.go); the race detector's glue counts
// the reports of each owner, and the functions below collect them where stock compares the global count.
//
// REDFLAG=attribution=stock turns all of it off.

package testing

import (
	"fmt"
	_ "unsafe" // for go:linkname
)

// Implemented in package runtime.

//go:linkname rfAtEnd
func rfAtEnd() int

//go:linkname rfTestStart
func rfTestStart(name string, id uint32) uint32

//go:linkname rfTestSet
func rfTestSet(id uint32) uint32

//go:linkname rfTestTake
func rfTestTake(id uint32) uint32

//go:linkname rfTestEnd
func rfTestEnd(id uint32) bool

//go:linkname rfTestLeftover
func rfTestLeftover(buf []byte) (int, bool)

//go:linkname rfTestOver
func rfTestOver(owner uint32)

//go:linkname rfExact
func rfExact() bool

//go:linkname rfLeakCheck
func rfLeakCheck(owner uint32)

// rfBegin is called by resetRaces, which tRunner, fRunner and runN call on the goroutine that runs the test, just
// before its function.
func (c *common) rfBegin() {
	if c.name != "" {
		c.rfowner = rfTestStart(c.name, c.rfowner)
	}
}

// rfRaces is called by checkRaces with the global count of races. With exact attribution it gives a number that is
// greater than c.lastRaceErrors when, and only when, a race was charged to c since the last call.
func (c *common) rfRaces(global int64) int64 {
	if !rfExact() {
		return global
	}
	last := c.lastRaceErrors.Load()
	if c.rfowner == 0 || rfTestTake(c.rfowner) == 0 {
		return last
	}
	return max(global, last+1)
}

// rfEnd is called by report, just before the result is printed: a race that comes later finds its test over, and
// fails the package.
func (c *common) rfEnd() {
	rfTestOver(c.rfowner)
	for c.rfowner != 0 && !rfTestEnd(c.rfowner) {
		c.checkRaces()
	}
}

// rfExample is called at the start of runExample; the function it returns at its end.
func rfExample(name string) func() {
	old := rfTestSet(0)
	id := rfTestStart(name, 0)
	return func() {
		if id != 0 {
			rfTestOver(id)
			rfTestEnd(id)
		}
		rfTestSet(old)
	}
}

// rfLeftover is called by M.Run when all tests are over. It prints a line for each test with races that could not
// fail it (it had ended before, or is an example or a benchmark that is over), and says whether the package has failed.
func rfLeftover(prefix string, failed bool) bool {
	retained := rfAtEnd()
	if !rfExact() {
		return failed
	}
	rfLeakCheck(^uint32(0))
	var buf [512]byte
	for {
		n, over := rfTestLeftover(buf[:])
		if n < 0 {
			return failed
		}
		failed = true
		where := " outside of test execution\n"
		if over && retained > 0 {
			where = " in what " + string(buf[:n]) + " left behind\n"
		} else if over {
			where = " in a goroutine that " + string(buf[:n]) + " left running\n"
		} else if n > 0 {
			where = " during execution of " + string(buf[:n]) + "\n"
		}
		fmt.Print(prefix, "testing: race detected", where)
	}
}
