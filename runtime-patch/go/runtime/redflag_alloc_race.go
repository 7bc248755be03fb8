//go:build race

// Allocation sites: where each object of the heap was allocated, by which goroutine, and of what type, for reports. A table that
// forgets: each object has one row where it may be, and the last object to be allocated with that row has it.
//
// Every allocation writes a row, and what that costs is the memory it goes to, not the instructions. So objects of one size that lie
// side by side have their rows side by side, and the row of the next one is asked for early.

package runtime

import (
	"internal/abi"
	"internal/goarch"
	"internal/runtime/sys"
	"unsafe"
)

const (
	rfAllocCount  = 1 << 15 // a power of two; 1 MiB, touched as used
	rfAllocFrames = 3
	rfAllocTiny   = 16 // bytes of a block that tiny objects share
)

// rfAllocSite is one row of a direct-mapped cache from the address of a heap block to where it was allocated: half a cache line.
// Writers don't lock: a torn row names a wrong place at worst in a detail that is marked as a hint, and key is written first and
// last, so that the glue can tell. The type is no hint: the check must fit.
type rfAllocSite struct {
	key  uint64                // the address, and in the low bits a check, or 0 for no type
	typ  uint32                // of the program's file: bytes behind the first of its types; 0 unknown
	size uint32                // bytes that were asked for, and a flag; only with a type
	goid uint32                // its low half
	pcs  [rfAllocFrames]uint32 // bytes behind the start of Go's code; 0 none
}

const (
	rfAllocAddressBits = 40      // as stock has it, the race detector's heap ends at 0xe000000000 (tsan_platform.h)
	rfAllocInContext   = 1 << 31 // flag in rfAllocSite.size: the object is a value of a context
)

var rfAllocs [rfAllocCount]rfAllocSite

// rfAllocRow gives the row of the object at p in a block of so many bytes (0: one of tiny objects). Neighbours have different rows.
// tsan-glue/report.c does the same.
//
//go:nosplit
func rfAllocRow(p, block uintptr) *rfAllocSite {
	if block == 0 {
		block = rfAllocTiny
	}
	return &rfAllocs[(p>>(uint(sys.Len64(uint64(block))-1)%64))%rfAllocCount]
}

// rfAllocFind gives the row of the object that begins at p; nil: it has none.
func rfAllocFind(p uintptr) *rfAllocSite {
	if s := spanOf(p); s != nil {
		if e := rfAllocRow(p, s.elemsize); e.of(p) {
			return e
		}
	}
	return nil
}

// of says whether the row is of the object at p.
//
//go:nosplit
func (e *rfAllocSite) of(p uintptr) bool {
	return e.key>>(64-rfAllocAddressBits) == uint64(p)
}

// rfAlloc is called by mallocgc behind racemalloc, on any stack: n bytes at p, in a block of `block` bytes (0: one that tiny objects
// share, each with its own p), are one or several objects of type t, or of an unknown one. newUserArenaChunk calls it, too.
//
//go:nosplit
func rfAlloc(p unsafe.Pointer, t *_type, n, block uintptr) {
	if rfSettings.allocs == 0 {
		return
	}
	e := rfAllocRow(uintptr(p), block)
	gp := getg()
	if gp != gp.m.curg {
		if e.of(uintptr(p)) {
			e.key = 0 // what was there is gone
		}
		return
	}
	sys.Prefetch(uintptr(unsafe.Pointer(rfAllocRow(uintptr(p)+block, block))))
	e.key = 0
	e.goid = uint32(gp.goid)
	fp := *(*uintptr)(unsafe.Pointer(getfp())) // mallocgc's
	e.pcs[0], fp = rfAllocCaller(gp, fp)
	e.pcs[1], fp = rfAllocCaller(gp, fp)
	e.pcs[2], _ = rfAllocCaller(gp, fp)
	at := uintptr(unsafe.Pointer(t)) - firstmoduledata.types // of nil it is none
	if at < firstmoduledata.etypes-firstmoduledata.types && n < rfAllocInContext {
		e.typed(uintptr(p), uint32(at), uint32(n))
	} else {
		e.key = uint64(uintptr(p)) << (64 - rfAllocAddressBits)
	}
}

// rfAllocCaller gives the return address of the frame as a row has it, and the next frame.
//
//go:nosplit
func rfAllocCaller(gp *g, fp uintptr) (pc uint32, next uintptr) {
	if fp-gp.stack.lo > gp.stack.hi-gp.stack.lo-2*goarch.PtrSize {
		return 0, 0
	}
	at := *(*uintptr)(unsafe.Pointer(fp + goarch.PtrSize)) - firstmoduledata.text
	if at > firstmoduledata.etext-firstmoduledata.text {
		at = 0
	}
	return uint32(at), *(*uintptr)(unsafe.Pointer(fp))
}

// rfAllocCheck tells a row that was written at once from one that two goroutines wrote parts of. Never 0.
//
//go:nosplit
func rfAllocCheck(address uintptr, typ, size uint32) uint64 {
	h := (uint64(address)*0x9e3779b97f4a7c15 ^ uint64(typ)<<32 ^ uint64(size)) * 0x2545f4914f6cdd1d
	return h>>rfAllocAddressBits | 1
}

//go:nosplit
func (e *rfAllocSite) typed(p uintptr, typ, size uint32) {
	e.typ, e.size = typ, size
	e.key = uint64(p)<<(64-rfAllocAddressBits) | rfAllocCheck(p, typ, size)
}

// rfAllocTyped gives the object's row, its type and size; false: that isn't known.
func rfAllocTyped(p uintptr) (row *rfAllocSite, typ, size uint32, ok bool) {
	row = rfAllocFind(p)
	if row == nil {
		return
	}
	e := *row
	return row, e.typ, e.size, e.key == uint64(p)<<(64-rfAllocAddressBits)|rfAllocCheck(p, e.typ, e.size)
}

// rfContextValue is called by context.WithValue. What a pointer leads to is marked: whoever has the context can reach it.
//
//go:linkname rfContextValue context.rfContextValue
func rfContextValue(v any) {
	x := efaceOf(&v)
	if rfSettings.allocs == 0 || x._type == nil || x._type.Kind() != abi.Pointer {
		return
	}
	p := uintptr(x.data)
	if row, typ, size, ok := rfAllocTyped(p); ok {
		row.typed(p, typ, size|rfAllocInContext)
	}
}
