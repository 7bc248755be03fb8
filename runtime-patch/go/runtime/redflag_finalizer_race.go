//go:build race

// Objects whose finalizer has run: nobody is to use them any more. When a finalizer returns, its object gets the
// detector's mark of freed memory (tsan-glue/finalizers.c), which every later access meets.
//
// An object is left alone when it has got another end before its finalizer returns, or when the finalizer hands it on to
// somebody who may still work on it: to a goroutine that it starts, a timer, a channel, or a sync.Pool. Marks go away when
// the object gets a finalizer or a cleanup again, and when the memory is allocated for something else (racemalloc).

package runtime

import (
	"internal/goarch"
	"internal/runtime/sys"
	"unsafe"
)

//go:linkname __redflag_finalized __redflag_finalized
var __redflag_finalized byte

//go:linkname __redflag_finalizer_again __redflag_finalizer_again
var __redflag_finalizer_again byte

//go:cgo_import_static __redflag_finalized
//go:cgo_import_static __redflag_finalizer_again

const rfHandedBytesMax = 256 // of what is sent, and of a block that it refers to, that are searched for the object

// rfFinalizing is what the finalizer goroutine is at.
var rfFinalizing struct {
	lock   mutex
	any    bool    // a finalizer has run in this process
	spared bool    // the object isn't to be marked
	start  uintptr // of the object's block; 0: no finalizer runs
	end    uintptr
}

// rfFinalized is struct rf_finalized of the glue.
type rfFinalized struct {
	function uintptr // pc in the finalizer
	marker   uintptr // pc in runFinalizers
	address  uintptr
	size     uintptr
}

// rfBlock gives the heap block that holds an address.
func rfBlock(p uintptr) (start, end uintptr) {
	start, s, _ := rfFindObject(p)
	if s == nil {
		return 0, 0
	}
	return start, start + s.elemsize
}

// rfFinalizerBegin is called by runFinalizers before each finalizer.
func rfFinalizerBegin(f *finalizer) {
	if rfSettings.backlog != 0 {
		rfBegin(rfFinalizers, uintptr(f.arg), f.fn.fn, sys.GetCallerPC(), 0)
	}
	if rfSettings.finalizers == 0 {
		return
	}
	start, end := rfBlock(uintptr(f.arg))
	lock(&rfFinalizing.lock)
	rfFinalizing.any = true
	rfFinalizing.spared = false
	rfFinalizing.start, rfFinalizing.end = start, end
	unlock(&rfFinalizing.lock)
}

// rfFinalizerEnd is called by runFinalizers after each finalizer, while it still holds the object. The pc that it is
// called from tells finalizers from others who mark.
//
//go:noinline
func rfFinalizerEnd(f *finalizer) {
	if rfSettings.backlog != 0 {
		rfEnded()
	}
	if rfSettings.finalizers == 0 {
		return
	}
	ended := rfHasEnd(uintptr(f.arg))
	x := eface{&f.ot.Type, f.arg}
	p, n := rfPoolMemory(*(*any)(unsafe.Pointer(&x)))
	lock(&rfFinalizing.lock)
	if n != 0 && !ended && !rfFinalizing.spared {
		m := rfFinalized{f.fn.fn + sys.PCQuantum, sys.GetCallerPC(), p, n}
		racefuncenter(m.marker) // the detector cuts the last frame of a stack
		racefuncenter(m.marker)
		racecall(&__redflag_finalized, getg().racectx, uintptr(unsafe.Pointer(&m)), 0, 0)
		racefuncexit()
		racefuncexit()
		rfWatchReturned(f, p, n, m.marker)
	}
	rfFinalizing.start, rfFinalizing.end = 0, 0
	unlock(&rfFinalizing.lock)
}

// rfHasEnd says whether somebody will be told of the object's end: it has a finalizer or a cleanup.
func rfHasEnd(p uintptr) bool {
	start, end := rfBlock(p)
	s := spanOf(p)
	if start == 0 || s.specials == nil {
		return false
	}
	found := false
	mp := acquirem()
	s.ensureSwept() // the sweeper walks the list without the lock
	lock(&s.speciallock)
	for sp := s.specials; sp != nil; sp = sp.next {
		at := s.base() + uintptr(sp.offset)
		if at >= start && at < end && (sp.kind == _KindSpecialFinalizer || sp.kind == _KindSpecialCleanup) {
			found = true
			break
		}
	}
	unlock(&s.speciallock)
	releasem(mp)
	return found
}

// rfFinalizerSet is called by SetFinalizer and AddCleanup: the object has an end again, and may be used until then.
//
//go:noinline
func rfFinalizerSet(x unsafe.Pointer) {
	if rfSettings.finalizers == 0 || rfSettings.resurrection == 0 && !rfFinalizing.any {
		return
	}
	start, end := rfBlock(uintptr(x))
	if start == 0 {
		return
	}
	lock(&rfFinalizing.lock)
	if rfSettings.resurrection != 0 {
		rfWatchArm(uintptr(x), unsafe.Pointer(getfp()))
	}
	if !rfFinalizing.any {
		unlock(&rfFinalizing.lock)
		return
	}
	if rfFinalizing.start == start {
		rfFinalizing.spared = true
	}
	unlock(&rfFinalizing.lock)
	again := uint32(0)
	racecall(&__redflag_finalizer_again, alignUp(uintptr(x), rfCell), start, min(end-start, rfFinalizerBytesMax),
		uintptr(unsafe.Pointer(&again)))
	if again != 0 || rfWatch.count != 0 {
		lock(&rfFinalizing.lock)
		rfWatchAgain(uintptr(x), again != 0)
		unlock(&rfFinalizing.lock)
	}
}

// rfFinalizerHands is called where the calling goroutine hands something on that is to be worked on elsewhere.
func rfFinalizerHands() {
	if getg() == fing {
		rfFinalizing.spared = true
	}
}

// rfFinalizerSends is called by chansend: p is what is sent.
func rfFinalizerSends(c *hchan, p unsafe.Pointer) {
	if c != nil && getg() == fing {
		rfFinalizerGives(p, uintptr(c.elemsize))
	}
}

// rfFinalizerSelects is called by selectgo, whose first cases send.
func rfFinalizerSelects(cases *scase, sends int) {
	if getg() != fing {
		return
	}
	for _, sc := range (*[1 << 16]scase)(unsafe.Pointer(cases))[:sends] {
		rfFinalizerSends(sc.c, sc.elem)
	}
}

// rfFinalizerGives spares the object if what the finalizer gives away, n bytes from p, refers to it.
func rfFinalizerGives(p unsafe.Pointer, n uintptr) {
	if rfFinalizing.start != 0 && !rfFinalizing.spared && rfRefers(uintptr(p), n, 1) {
		rfFinalizing.spared = true
	}
}

// rfRefers says whether something in the memory looks like a pointer into the object whose finalizer runs, or like one to a
// block of the heap in which there is one.
func rfRefers(p, n, depth uintptr) bool {
	n = min(n, rfHandedBytesMax)
	for i := uintptr(0); p%goarch.PtrSize == 0 && i+goarch.PtrSize <= n; i += goarch.PtrSize {
		v := *(*uintptr)(unsafe.Pointer(p + i))
		if v-rfFinalizing.start < rfFinalizing.end-rfFinalizing.start {
			return true
		}
		if depth > 0 {
			if start, end := rfBlock(v); start != 0 && rfRefers(start, end-start, depth-1) {
				return true
			}
		}
	}
	return false
}
