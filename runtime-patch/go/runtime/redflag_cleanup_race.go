//go:build race

// Finalizers and cleanups that keep their own object alive, so that they never run. What such a function refers to is a
// root of the collector for as long as it is set. A way from there to the object on which nothing can ever change is a proof:
// variables that a function literal has captured by value (a method value has its receiver there), the argument given to AddCleanup,
// and function values in these. Variables captured by reference, and what pointers lead to, may change: no way goes there.

package runtime

import (
	"internal/goarch"
	"internal/runtime/sys"
	"unsafe"
)

const rfKeepBlocksMax = 16 // that are looked into

// rfKeepsAlive is called by SetFinalizer and AddCleanup, on a goroutine that holds nothing: fn is what is to be called for the
// object x, arg a block with its argument, or nil. In Go 1.25 that is the variable of AddCleanup, on the heap, since a function
// literal captures it there.
//
//go:noinline
func rfKeepsAlive(x unsafe.Pointer, fn *funcval, arg unsafe.Pointer) {
	start, end := rfBlock(uintptr(x))
	if rfSettings.cleanups == 0 || start == 0 || fn == nil || spanOf(start).spanclass == tinySpanClass {
		return
	}
	w := rfKeepWalk{start: start, end: end}
	w.add(uintptr(unsafe.Pointer(fn)))
	inFunction := w.run()
	if !inFunction {
		w.add(uintptr(arg))
	}
	if inFunction || w.run() {
		rfKeepsAliveReport(uintptr(x), end-uintptr(x), fn.fn+sys.PCQuantum, unsafe.Pointer(getfp()), inFunction)
	}
	KeepAlive(fn)
	KeepAlive(arg)
}

//go:noinline
func rfKeepsAliveReport(object, bytes, function uintptr, fp unsafe.Pointer, inFunction bool) {
	var stacks [2]rfStack
	gp := getg()
	f := rfFinding{kind: rfKindCleanupKeepsAlive, address: object, bytes: bytes}
	stacks[0].pcs[0] = function
	f.add(rfActionStore, gp.goid, gp.rfslot, &stacks[0])
	stacks[1].walk(gp, uintptr(fp))
	f.add(rfActionFinalize, gp.goid, gp.rfslot, &stacks[1])
	f.detail = "the argument refers to the object, so the function is never called"
	if inFunction {
		f.detail = "the function refers to the object, so it is never called"
	}
	f.report()
	KeepAlive(&stacks)
}

type rfKeepWalk struct {
	start, end uintptr // of the object's block
	blocks     [rfKeepBlocksMax]uintptr
	count      int
	done       int // of them, looked into
}

// add adds the block at an address, if there is one.
func (w *rfKeepWalk) add(p uintptr) {
	start, _ := rfBlock(p)
	if start == 0 || w.count == rfKeepBlocksMax {
		return
	}
	for _, block := range w.blocks[:w.count] {
		if block == start {
			return
		}
	}
	w.blocks[w.count] = start
	w.count++
}

// run says whether a block that was added, or a function value that one of them refers to, refers to the object.
func (w *rfKeepWalk) run() bool {
	for ; w.done < w.count; w.done++ {
		start := w.blocks[w.done]
		s := spanOf(start)
		if s.spanclass.noscan() || s.isUserArenaChunk {
			continue
		}
		tp := s.typePointersOfUnchecked(start)
		for {
			var at uintptr
			if tp, at = tp.next(start + s.elemsize); at == 0 {
				break
			}
			p := *(*uintptr)(unsafe.Pointer(at))
			if w.start <= p && p < w.end {
				return true
			}
			if rfIsFunction(p) {
				w.add(p)
			}
		}
	}
	return false
}

// rfIsFunction says whether what p refers to in the heap begins with the entry of a function: only function values do.
func rfIsFunction(p uintptr) bool {
	start, end := rfBlock(p)
	if start == 0 || p%goarch.PtrSize != 0 || p+goarch.PtrSize > end {
		return false
	}
	pc := *(*uintptr)(unsafe.Pointer(p))
	f := findfunc(pc)
	return f.valid() && f.entry() == pc
}
