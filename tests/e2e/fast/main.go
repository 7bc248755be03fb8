// Compares the short cuts of runtime/redflag_fast_race.s with the full calls, STEPS times from SEED; see testdata/, which is a
// part of the runtime here. Prints what was met, and exits with 1 at the first difference.
package main

import (
	"fmt"
	"os"
	"strconv"
	"unsafe"
)

type counts struct {
	Same, Stored, Raced, Ignored, Pages, Parts, Ranges, Calls, Grown, Differs uint64

	Settings           uintptr
	Before, Fast, Full [8]uintptr
}

func fastThread() uintptr
func fastCheck(steps int, seed uint64, memory [2]unsafe.Pointer, others [3]uintptr, counts *counts)

// A package variable and a block of the heap, in which accesses go.
var (
	static [80]uint64
	heap   = new([80]uint64)
)

func main() {
	steps, err := strconv.Atoi(os.Args[1])
	seed, err2 := strconv.ParseUint(os.Args[2], 10, 64)
	if err != nil || err2 != nil {
		fmt.Println("usage: fast STEPS SEED")
		os.Exit(2)
	}
	var others [3]uintptr
	ready, done := make(chan bool), make(chan bool)
	for i := range others {
		go func() {
			others[i] = fastThread()
			ready <- true
			<-done
		}()
		<-ready
	}
	var c counts
	fastCheck(steps, seed, [2]unsafe.Pointer{unsafe.Pointer(&static), unsafe.Pointer(heap)}, others, &c)
	fmt.Printf("fast %d same %d stored %d raced %d ignored %d pages %d parts %d ranges %d calls %d grown %d\n", c.Settings, c.Same,
		c.Stored, c.Raced, c.Ignored, c.Pages, c.Parts, c.Ranges, c.Calls, c.Grown)
	if c.Differs != 0 {
		fmt.Printf("step %d differs\n  before %#x\n  fast   %#x\n  full   %#x\n", c.Differs, c.Before, c.Fast, c.Full)
		os.Exit(1)
	}
}
