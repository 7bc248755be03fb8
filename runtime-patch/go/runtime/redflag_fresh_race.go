//go:build race

// Memory that changes hands: what racemalloc and racefree tell the detector, of each object of the heap and each stack. Both are
// calls into C, on the g0 stack, that do next to nothing: the first one clears the memory's shadow, and the second one forgets the
// synchronisation objects that were made for addresses in it, of which there are none mostly. Both are done here, the first for
// memory up to rfFreshBytesMax; above that the detector maps its shadow anew. The probe proves where the tables are and what the calls do
// (tsan-glue/fast_probe.h).

package runtime

import "unsafe"

const (
	rfFreshBytesMax = 32 << 10 // less than clear_shadow_mmap_threshold of tsan_flags.cpp

	rfMeta      = 0x300000000000 // where the meta table's entry of address 0 would be (tsan_platform.h, MemToMeta)
	rfMetaStep  = 8 * rfCell     // bytes of memory whose entries, of 4 bytes for a cell, are looked at together
	rfMetaWords = rfMetaStep / rfCell / 2
)

// rfFresh is called by racemalloc, deep inside the allocator, on any stack, and says whether nothing is left to do. The memory is
// the caller's alone, so the stores need no care; as __tsan_malloc does, it clears whole cells.
//
//go:nosplit
func rfFresh(p unsafe.Pointer, n uintptr) bool {
	if rfSettings.fast&rfFastFresh == 0 || n-1 >= rfFreshBytesMax || uintptr(p)-racearenastart >= racearenaend-racearenastart {
		return false
	}
	start := uintptr(p) &^ (rfCell - 1)
	memclrNoHeapPointers(unsafe.Pointer(2*start+rfFastShadow), 2*(alignUp(uintptr(p)+n, rfCell)-start))
	return true
}

// rfUsed is called by racefree, on any stack, with preemption off, and says whether nothing is left to do: no entry of the
// memory's is set, and nobody can reach it to set one.
//
//go:nosplit
func rfUsed(p unsafe.Pointer, n uintptr) bool {
	if rfSettings.fast&rfFastFresh == 0 || (uintptr(p)|n)%(2*rfCell) != 0 || uintptr(p)-racearenastart >= racearenaend-racearenastart {
		return false
	}
	at := uintptr(p)/2 + rfMeta
	end := at + n/2
	for ; end-at >= rfMetaStep/2; at += rfMetaStep / 2 {
		if e := (*[rfMetaWords]uint64)(unsafe.Pointer(at)); e[0]|e[1]|e[2]|e[3] != 0 {
			return false
		}
	}
	for ; at < end; at += 8 {
		if *(*uint64)(unsafe.Pointer(at)) != 0 {
			return false
		}
	}
	return true
}
