// Compares the short cuts of runtime/redflag_fast_race.s with the full calls, STEPS times from SEED; see testdata/, which is a
// part of the runtime here. Prints what was met, and exits with 1 at the first difference.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"unsafe"
)

type counts struct {
	Same, Stored, Own, Raced, Ignored, Pages, Parts, Ranges, Calls, Grown, Differs uint64

	Settings           uintptr
	Before, Fast, Full [8]uintptr
}

func fastThread() uintptr
func fastShadow() uintptr
func fastCheck(steps int, seed uint64, memory [2]unsafe.Pointer, others [3]uintptr, counts *counts)
func fastPointers(steps int, seed uint64, pointers []uintptr) (same, other, free, differs uint64)
func fastMemory(steps int, seed uint64, block unsafe.Pointer, bytes uintptr) (cleared, unused, used, differs uint64)

// A package variable and a block of the heap, in which accesses go.
var (
	static [80]uint64
	heap   = new([80]uint64)
	blocks [][]byte // of all sizes
	sets   [][]*int
)

func pointers() (all []uintptr) {
	for size := 1; size < 100000; size += 1 + size/8 {
		blocks = append(blocks, make([]byte, size))
		sets = append(sets, make([]*int, size))
		all = append(all, uintptr(unsafe.Pointer(&blocks[len(blocks)-1][size/2])), uintptr(unsafe.Pointer(&sets[len(sets)-1][size/3])))
	}
	local := 0
	return append(all, uintptr(unsafe.Pointer(&local)), uintptr(unsafe.Pointer(&static)), uintptr(unsafe.Pointer(&os.Args)))
}

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
	fmt.Printf("fast %d same %d stored %d own %d raced %d ignored %d pages %d parts %d ranges %d calls %d grown %d\n", c.Settings, c.Same,
		c.Stored, c.Own, c.Raced, c.Ignored, c.Pages, c.Parts, c.Ranges, c.Calls, c.Grown)
	ignored, bad := checkAtomics(steps, seed, fastShadow())
	locked, more := checkMutexes(steps/100, seed)
	fmt.Printf("atomics: ignored %d mutexes: locked %d\n", ignored, locked)
	if bad != 0 || more != 0 {
		fmt.Printf("of atomics, %d are wrong; of mutexes, %d times there was more to acquire\n", bad, more)
		os.Exit(1)
	}
	cleared, unused, used, other := fastMemory(steps/100, seed, unsafe.Pointer(new([128]uint64)), 1024)
	fmt.Printf("memory: cleared %d freed unused %d used %d\n", cleared, unused, used)
	if other != 0 {
		fmt.Printf("of memory that changes hands, %d differ\n", other)
		os.Exit(1)
	}
	// Pointers to nothing are about to be on the stack: no collection may see them.
	debug.SetGCPercent(-1)
	runtime.GC() // one that is under way ends
	same, differ, free, wrong := fastPointers(steps, seed, pointers())
	fmt.Printf("pointers: in one object %d not known to be %d in none %d\n", same, differ, free)
	if wrong != 0 {
		fmt.Printf("of pointers, checkptrBase says otherwise %d times\n", wrong)
		os.Exit(1)
	}
	if c.Differs != 0 {
		fmt.Printf("step %d differs\n  before %#x\n  fast   %#x\n  full   %#x\n", c.Differs, c.Before, c.Fast, c.Full)
		os.Exit(1)
	}
}
