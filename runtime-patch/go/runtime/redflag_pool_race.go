//go:build race

// Objects of sync.Pool: what Put is given counts as freed until Get hands it out. The detector's shadow has a mark for
// that (tsan-glue/pool.c), which every later access meets.
//
// Who got an object last is remembered, in a table that loses some, for the reports about it.
//
// Marks go away with Get, with the allocation of the memory for something else (racemalloc; a stack's too), and before a
// finalizer gets the object, which the pool no longer has then.

package runtime

import (
	"internal/abi"
	"internal/goarch"
	"internal/runtime/sys"
	"unsafe"
)

//go:linkname __redflag_pool_put __redflag_pool_put
var __redflag_pool_put byte

//go:linkname __redflag_pool_get __redflag_pool_get
var __redflag_pool_get byte

//go:cgo_import_static __redflag_pool_put
//go:cgo_import_static __redflag_pool_get

const (
	rfFinalizerBytesMax = 1 << 16 // of an object that loses its marks before its finalizer runs
	rfGotEntries        = 1024
)

// rfGots is direct-mapped by the object. Written by whoever gets one, without a lock, and with the world stopped; read for a report:
// an entry that two have written parts of doesn't have the sum. It is the object's for as long as it is there: the collector takes
// out what it is about to free.
var rfGots [rfGotEntries]rfGotEntry

type rfGotEntry struct {
	object, bytes uintptr // as Put marks it; 0: none
	goid          uint64
	slot          uint32
	pcs           [rfBriefFramesMax]uintptr
	check         uintptr
}

func (e *rfGotEntry) sum() uintptr {
	h := (e.object*rfMix ^ e.bytes ^ uintptr(e.slot)<<32) * rfMix
	h = (h ^ uintptr(e.goid)) * rfMix
	for i := range e.pcs { // not by value: it would be a copy of what was just written
		h = (h<<7 | h>>57) ^ e.pcs[i]
	}
	return h
}

// rfPoolPut is called by Put, on the goroutine that puts, before the object is in the pool. The pc that it is called
// from names the Put in reports.
//
//go:linkname rfPoolPut sync.rfPoolPut
func rfPoolPut(x any) {
	if getg() == fing {
		rfFinalizerGives(unsafe.Pointer(&x), unsafe.Sizeof(x))
	}
	if rfSettings.pool == 0 {
		return
	}
	p, n := rfPoolMemory(x)
	if n == 0 {
		return
	}
	// Functions of package sync don't tell the detector of their calls, so the call of Put is told here.
	caller := rfPoolCaller(unsafe.Pointer(getfp()))
	if caller != 0 {
		racefuncenter(caller)
	}
	racecall(&__redflag_pool_put, getg().racectx, sys.GetCallerPC(), p, n)
	if caller != 0 {
		racefuncexit()
	}
}

// rfPoolCaller gives the pc that Put was called from; frame: that of the function that Put called.
func rfPoolCaller(frame unsafe.Pointer) uintptr {
	fp, stack := uintptr(frame), getg().stack
	for i := 0; i < 2; i++ {
		if fp < stack.lo || fp+2*goarch.PtrSize > stack.hi {
			return 0
		}
		if i == 0 {
			fp = *(*uintptr)(unsafe.Pointer(fp))
		}
	}
	return *(*uintptr)(unsafe.Pointer(fp + goarch.PtrSize))
}

// rfPoolGet is called by Get, on the goroutine that gets, before it has the object.
//
//go:linkname rfPoolGet sync.rfPoolGet
func rfPoolGet(x any) {
	if rfSettings.pool == 0 {
		return
	}
	if p, n := rfPoolMemory(x); n != 0 {
		if !rfFresh(unsafe.Pointer(p), n) {
			racecall(&__redflag_pool_get, p, n, 0, 0)
		}
		rfGot(p, n, unsafe.Pointer(getfp()))
	}
	if rfSettings.aliases != 0 {
		rfPoolUnalias(x)
	}
}

// rfGot notes that the calling goroutine got the object, in the frame that fp's function returns to. Of two that want one
// entry at a time, one isn't noted, or neither.
func rfGot(p, n uintptr, fp unsafe.Pointer) {
	e := &rfGots[p/rfCell*rfMix>>40%rfGotEntries]
	gp := getg()
	e.object, e.bytes, e.goid, e.slot = p, n, gp.goid, gp.rfslot
	rfReturns(e.pcs[:], gp, uintptr(fp))
	e.check = e.sum()
}

// rfGotsMarked is called by rfMarkDone.
func rfGotsMarked() {
	if rfSettings.pool == 0 {
		return
	}
	for i := range rfGots {
		e := &rfGots[i]
		if e.object != 0 && !rfFound(e.object) {
			e.object = 0
		}
	}
}

// rfGotQuery is struct rf_got_query of the glue.
type rfGotQuery struct {
	address uintptr
	object  uintptr // answer; 0: unknown who got it
	goid    uint64
	slot    uintptr
	pcs     [rfBriefFramesMax]uintptr
}

func rfWhoGot(q *rfGotQuery) {
	for i := range rfGots {
		e := rfGots[i]
		if e.object != 0 && q.address-e.object < e.bytes && e.check == e.sum() {
			q.object, q.goid, q.slot, q.pcs = e.object, e.goid, uintptr(e.slot), e.pcs
			return
		}
	}
}

// rfPoolMemory gives the memory of the object that a pointer in x points to, as far as it can be marked: whole cells, so
// that nothing else is marked along, of a block of the heap (which a goroutine's stack isn't). 0 bytes: nothing.
func rfPoolMemory(x any) (p, n uintptr) {
	e := efaceOf(&x)
	if e._type == nil || e._type.Kind() != abi.Pointer {
		return 0, 0
	}
	p, n = uintptr(e.data), (*ptrtype)(unsafe.Pointer(e._type)).Elem.Size_
	block, s, _ := rfFindObject(p)
	if n == 0 || s == nil {
		return 0, 0
	}
	n = min(n, block+s.elemsize-p)
	end := alignDown(p+n, rfCell)
	if p == block && !(s.spanclass.noscan() && s.elemsize <= 2*goarch.PtrSize) {
		end = alignUp(p+n, rfCell) // what is behind it is nobody's, unless tiny objects share the block
	}
	p = alignUp(p, rfCell)
	if end <= p {
		return 0, 0
	}
	return p, min(end-p, rfMarkedBytes)
}

// rfFinalizer is called by queuefinalizer, while the sweeper is at work: on any stack. The span was checked by the sweeper.
func rfFinalizer(p unsafe.Pointer) {
	rfQueued(rfFinalizers)
	if rfSettings.pool == 0 && rfSettings.finalizers == 0 {
		return
	}
	if s := spanOf(uintptr(p)); s != nil {
		block := s.base() + s.objIndex(uintptr(p))*s.elemsize
		racecall(&__redflag_pool_get, block, min(s.elemsize, rfFinalizerBytesMax), 0, 0)
	}
}
