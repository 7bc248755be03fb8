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
	"internal/runtime/atomic"
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
// an entry that two have written parts of has words with another tag than its own. It is the object's for as long as it is there: the
// collector takes out what it is about to free.
var rfGots [rfGotEntries]rfGotEntry

type rfGotEntry struct {
	object uintptr // as Put marks it; 0: none
	bytes  uint64
	slot   uint64
	goid   uint64                   // this and object are whole, the others have the tag above their 32 bits
	pcs    [rfBriefFramesMax]uint64 // bytes behind the start of Go's code; 0 ends them
}

// rfGotTag is the same for all of an entry's words, and another one for another object or goroutine.
func rfGotTag(object uintptr, goid uint64) uint64 {
	return uint64(object)*uint64(rfMix) ^ goid<<32
}

// read gives a copy without tags; false: there is nothing, or parts of two.
func (e *rfGotEntry) read() (rfGotEntry, bool) {
	c := *e
	tag, fits := rfGotTag(c.object, c.goid)>>32, c.object != 0
	for _, word := range [...]*uint64{&c.bytes, &c.slot} {
		fits = fits && *word>>32 == tag
		*word = uint64(uint32(*word))
	}
	for i := range c.pcs {
		fits = fits && c.pcs[i]>>32 == tag
		c.pcs[i] = uint64(uint32(c.pcs[i]))
	}
	return c, fits
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

// rfPoolRelease and rfPoolAcquire tell of all that was before a Put, by one of a few addresses. known is the goroutine that knows
// all that was released at that address, since it has acquired and nobody else has released; 0: nobody does. It need not acquire
// again: its clock would stay as it is. Who acquires is noted before that, and taken out behind a release: of a Put whose object
// Get has, the one or the other was seen. Goroutines' numbers are used once.
//
//go:linkname rfPoolRelease sync.rfPoolReleased
func rfPoolRelease(hash unsafe.Pointer, known *uint64) {
	racereleasemerge(hash)
	if atomic.Load64(known) != getg().goid {
		atomic.StoreRel64(known, 0)
	}
}

//go:linkname rfPoolAcquire sync.rfPoolAcquired
func rfPoolAcquire(hash unsafe.Pointer, known *uint64) {
	gp := getg()
	if gp.raceignore == 0 && rfSettings.fast != 0 {
		if gp.goid != 0 && atomic.Load64(known) == gp.goid {
			return
		}
		atomic.Store64(known, gp.goid)
	}
	raceacquire(hash)
}

// rfGot notes that the calling goroutine got the object, in the frame that fp's function returns to. Of two that want one
// entry at a time, one isn't noted, or neither.
func rfGot(p, n uintptr, fp unsafe.Pointer) {
	e := &rfGots[p/rfCell*rfMix>>40%rfGotEntries]
	gp := getg()
	tag := rfGotTag(p, gp.goid) &^ (1<<32 - 1)
	e.object, e.goid = p, gp.goid
	e.bytes, e.slot = tag|uint64(n), tag|uint64(gp.rfslot)
	text, size := firstmoduledata.text, firstmoduledata.etext-firstmoduledata.text
	at, low, high := uintptr(fp), gp.stack.lo, gp.stack.hi-2*goarch.PtrSize
	for i := range e.pcs {
		pc := uint64(0)
		if low <= at && at <= high && at%goarch.PtrSize == 0 {
			if d := *(*uintptr)(unsafe.Pointer(at + goarch.PtrSize)) - text; d < size {
				pc = uint64(uint32(d))
			}
			at = *(*uintptr)(unsafe.Pointer(at))
		}
		e.pcs[i] = tag | pc
	}
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
		e, whole := rfGots[i].read()
		if whole && q.address-e.object < uintptr(e.bytes) {
			q.object, q.goid, q.slot = e.object, e.goid, uintptr(e.slot)
			for j := 0; j < len(q.pcs) && e.pcs[j] != 0; j++ {
				q.pcs[j] = firstmoduledata.text + uintptr(e.pcs[j])
			}
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
