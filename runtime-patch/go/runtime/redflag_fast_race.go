//go:build race

// Short cuts (amd64, redflag_fast_race.s): most of what instrumented code tells the detector changes nothing, or little, in
// memory that belongs to the calling goroutine. That is decided and done on the goroutine's own stack, without a frame;
// everything else goes the way of stock, to the g0 stack and into C.

package runtime

import "internal/cpu"

// rfFastLimits is what the assembly looks at; all 0: every call goes the way of stock. The ranges are stock's own
// (racearenastart and so on), as start and length.
type rfFastLimits struct {
	_               cpu.CacheLinePad
	heap, heapBytes uintptr
	data, dataBytes uintptr
	trace           uintptr // rfTraceEnd, or 0: no short cuts for calls
	store           uintptr // rfTraceEnd, or 0: none for accesses that leave something in the shadow
	_               cpu.CacheLinePad
}

var rfFast rfFastLimits

// rfTraceEnd is TracePart::kAlignment (tsan_trace.h): an event that ends at an address without any of these bits may be the
// last one of its part.
const rfTraceEnd = 0xff0

// What rfSettings.fast is made of.
const (
	rfFastSame  = 1 // accesses that the shadow has already, calls and returns
	rfFastStore = 2 // other accesses that can't race
)

// rfFastArena is called by racemapshadow, when there is shadow for more of the heap: on any stack, deep inside the
// allocator, under its lock. Others read meanwhile: only heapBytes changes, and grows, once there are others.
//
//go:nosplit
func rfFastArena() {
	if rfSettings.fast&rfFastSame == 0 {
		return
	}
	rfFast.heap = racearenastart
	rfFast.heapBytes = racearenaend - racearenastart
	rfFast.data = racedatastart
	rfFast.dataBytes = racedataend - racedatastart
	rfFast.trace = rfTraceEnd
	if rfSettings.fast&rfFastStore != 0 {
		rfFast.store = rfTraceEnd
	}
}
