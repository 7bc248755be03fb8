//go:build race

// Short cuts (amd64, redflag_fast_race.s): most of what instrumented code tells the detector changes nothing, or little, in
// memory that belongs to the calling goroutine. That is decided and done on the goroutine's own stack, without a frame;
// everything else goes the way of stock, to the g0 stack and into C.

package runtime

import (
	"internal/cpu"
	"unsafe"
)

// rfFastLimits is what the assembly looks at; all 0: every call goes the way of stock. The ranges are stock's own
// (racearenastart and so on), as start and length; they begin with a whole word.
type rfFastLimits struct {
	_               cpu.CacheLinePad
	heap, heapBytes uintptr
	heapCells       uintptr // the shadow of the first word
	data, dataBytes uintptr
	dataCells       uintptr
	trace           uintptr // rfTraceEnd, or 0: no short cuts for calls
	store           uintptr // rfTraceEnd, or 0: none for accesses that leave something in the shadow
	ranges          uintptr // rfTraceEnd, or 0: none for ranges
	ignored         uintptr // rfIgnoredMask, or 0: none for atomics while synchronisation is ignored
	text, textBytes uintptr // what the linker has put in front of variables, such as types: no object of checkptrBase's
	_               cpu.CacheLinePad
}

var rfFast rfFastLimits

// rfTraceEnd is TracePart::kAlignment (tsan_trace.h): an event that ends at an address without any of these bits may be the
// last one of its part.
const rfTraceEnd = 0xff0

// rfFastShadow is where the shadow of address 0 would be; a word of 8 bytes has 16.
const rfFastShadow = 0x200000000000

// What rfSettings.fast is made of.
const (
	rfFastSame  = 1 // accesses that the shadow has already, calls and returns
	rfFastStore = 2 // other accesses that can't race
	rfFastRange = 4 // short ranges that can't

	rfFastIgnored = 8  // atomics while the goroutine's synchronisation is ignored, and beginning and ending that
	rfFastUnlock  = 16 // sync.Mutex
	rfFastFresh   = 32 // memory that is allocated and freed (redflag_fresh_race.go)
)

// rfIgnoreSync is where ThreadState counts how often synchronisation is ignored, an int32; rfIgnoredMask has all bits of such.
const (
	rfIgnoreSync  = 4
	rfIgnoredMask = 1<<31 - 1
)

// rfFastArena is called by racemapshadow, when there is shadow for more of the heap: on any stack, deep inside the
// allocator, under its lock. Others read meanwhile: only heapBytes changes, and grows, once there are others.
//
//go:nosplit
func rfFastArena() {
	if rfSettings.fast&rfFastSame == 0 || (racearenastart|racedatastart)%8 != 0 {
		return
	}
	rfFast.trace = rfTraceEnd
	if rfSettings.fast&rfFastIgnored != 0 {
		rfFast.ignored = rfIgnoredMask
	}
	if d := &firstmoduledata; d.text < d.noptrdata && d.noptrdata <= d.data && d.data <= d.bss {
		rfFast.text = d.text
		rfFast.textBytes = d.noptrdata - d.text
	}
	if rfSettings.views != 0 {
		return // each access is looked at
	}
	rfFast.heap = racearenastart
	rfFast.heapBytes = racearenaend - racearenastart
	rfFast.heapCells = rfFastShadow + 2*racearenastart
	rfFast.data = racedatastart
	rfFast.dataCells = rfFastShadow + 2*racedatastart
	rfFast.dataBytes = racedataend - racedatastart
	if rfSettings.fast&rfFastStore != 0 {
		rfFast.store = rfTraceEnd
	}
	if rfSettings.fast&rfFastRange != 0 {
		rfFast.ranges = rfTraceEnd
	}
}

// rfSyncIgnore and rfSyncHeed are called by RaceDisable and RaceEnable, on the goroutine's own stack, and do what
// __tsan_go_ignore_sync_begin and _end do: nothing but counting, in memory of this goroutine's own.
//
//go:nosplit
func rfSyncIgnore(racectx uintptr) {
	if rfFast.ignored == 0 {
		racecall(&__tsan_go_ignore_sync_begin, racectx, 0, 0, 0)
		return
	}
	*(*int32)(unsafe.Pointer(racectx + rfIgnoreSync))++
}

//go:nosplit
func rfSyncHeed(racectx uintptr) {
	if rfFast.ignored == 0 {
		racecall(&__tsan_go_ignore_sync_end, racectx, 0, 0, 0)
		return
	}
	*(*int32)(unsafe.Pointer(racectx + rfIgnoreSync))--
}

//go:linkname __redflag_unlock __redflag_unlock
var __redflag_unlock byte

//go:cgo_import_static __redflag_unlock

// rfMutexTaken is called by sync.Mutex.Lock in the place of race.Acquire, behind the compare-and-swap that took the mutex. That has
// acquired all that was released there; what could have come since is of goroutines that wait.
//
//go:linkname rfMutexTaken internal/sync.rfMutexTaken
//go:nosplit
func rfMutexTaken(mutex unsafe.Pointer) {
	if rfSettings.fast&rfFastUnlock == 0 || rfSettings.views != 0 {
		RaceAcquire(mutex)
	}
}

// rfMutexGiven is called by sync.Mutex.Unlock in the place of race.Release, in front of the AddInt32 that gives the mutex away:
// that one becomes a release (tsan-glue/unlock.h).
//
//go:linkname rfMutexGiven internal/sync.rfMutexGiven
//go:nosplit
func rfMutexGiven(mutex unsafe.Pointer) {
	gp := getg()
	if rfSettings.fast&rfFastUnlock == 0 || rfSettings.views != 0 {
		RaceRelease(mutex)
	} else if gp.raceignore == 0 && isvalidaddr(mutex) {
		gp.rfunlocks = 1
	}
}
