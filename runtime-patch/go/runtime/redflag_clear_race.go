//go:build race

// clear(slice), which the compiler makes a call of memclrNoHeapPointers or memclrHasPointers, and doesn't instrument.
// Package runtime itself calls the first all the time, for memory of its own; who calls is told by the return address.

package runtime

import (
	"internal/abi"
	"unsafe"
)

var (
	rfRuntimeText uintptr               // start of this package's code
	rfRuntimeSize uintptr = ^uintptr(0) // bytes of it; all there is until rfFindRuntime
)

// rfFindRuntime finds the code of this package: the functions of its compilation unit that have its name, and their
// neighbours of the same unit. Functions of other names (by linkname) may lie elsewhere: the linker moves those of
// crypto/internal/fips140. Called by rfInit.
//
//go:nosplit
func rfFindRuntime() {
	md := &firstmoduledata
	n := len(md.ftab) - 1
	own := -1
	for i := range n {
		if md.text+uintptr(md.ftab[i].entryoff) == abi.FuncPCABIInternal(rfExit) {
			own = i
			break
		}
	}
	if own < 0 {
		return
	}
	unit := rfFuncAt(own).cuOffset
	low, high := own, own
	for i := range n {
		if f := rfFuncAt(i); f.cuOffset == unit && rfNamedRuntime(f) {
			low = min(low, i)
			high = max(high, i)
		}
	}
	for low > 0 && rfFuncAt(low-1).cuOffset == unit {
		low--
	}
	for high+1 < n && rfFuncAt(high+1).cuOffset == unit {
		high++
	}
	rfRuntimeText = md.text + uintptr(md.ftab[low].entryoff)
	rfRuntimeSize = uintptr(md.ftab[high+1].entryoff - md.ftab[low].entryoff)
}

//go:nosplit
func rfFuncAt(i int) *_func {
	md := &firstmoduledata
	return (*_func)(unsafe.Pointer(&md.pclntable[md.ftab[i].funcoff]))
}

//go:nosplit
func rfNamedRuntime(f *_func) bool {
	const prefix = "runtime."
	name := firstmoduledata.funcnametab[f.nameOff:]
	for i := range len(prefix) {
		if name[i] != prefix[i] {
			return false // names end in NUL
		}
	}
	return true
}

// rfClear is called by memclrNoHeapPointers (redflag_clear_race.s) when its caller is not of this package: on the
// goroutine that clears, which may not be preempted nor grow its stack. The write is one of the function at callerpc.
//
//go:nosplit
func rfClear(p unsafe.Pointer, n, callerpc uintptr) {
	gp := getg()
	if gp == gp.m.curg && n != 0 && isvalidaddr(p) {
		racewriterangepc1(uintptr(p), n, callerpc-1)
	}
}

// rfClearPointers is called by memclrHasPointers.
//
//go:nosplit
func rfClearPointers(p unsafe.Pointer, n, callerpc uintptr) {
	if callerpc-rfRuntimeText >= rfRuntimeSize {
		rfClear(p, n, callerpc)
	}
}
