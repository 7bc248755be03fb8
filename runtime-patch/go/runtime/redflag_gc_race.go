//go:build race

// Objects that the collector freed: the sweeper marks their memory in the detector's shadow (tsan-glue/marks.h), and keeps
// them from being used again for one cycle, so that whoever still has the address as a number is found out. No pointer
// leads to such an object, or it would not have been swept.
//
// A mark goes away when the memory is allocated again (racemalloc, which goroutines' stacks pass as well, and rfTiny). What is kept is
// an object that has its mark bit although nobody reached it: allocated as far as the allocator is concerned, and found
// by the next collection, whose sweeper frees it. What has no room there is freed as ever: with a mark, up to a limit, or without.

package runtime

import (
	"internal/runtime/atomic"
	"unsafe"
)

const (
	rfKeptShare    = 10       // bytes of what survived that one byte may be marked for
	rfKeptBytesMin = 1 << 20  // may be marked in any case
	rfKeptBytesMax = 64 << 20 // are marked at most
	rfKeptOneShare = 4        // of that, one object may be this part
	rfKeptAnyway   = 4        // of these, this part may be kept in any case, and what one byte may be marked for
	rfMarkedBytes  = 1024     // of an object are marked; so many the detector marks for a free (tsan_rtl_access.cpp, MemoryRangeFreed)

	rfMarkStep = 128 // of them are marked word by word, more by copies

	rfCell      = 8                                // bytes that share a mark
	rfMarkFreed = 0x3fffffff                       // tsan_shadow.h, FreedMarker
	rfMarkInfo  = 0x81                             // FreedInfo of epoch 0, which no thread has; the slot tells the cycle:
	rfMarkSlots = 200                              // 1 + cycle % rfMarkSlots
	rfMarkOlder = 201                              // a cycle before the last, or what isn't kept
	rfAll       = 1 << 16                          // as a share of the spans
	rfMix       = uintptr(0x9e3779b97f4a7c15 >> 1) // any odd number of many bits
	rfCycleSize = 64
)

// rfCycleEntry is struct rf_cycle of the glue. Written with the world stopped.
type rfCycleEntry struct {
	cycle, forced uint32
	unixNano      int64
}

var rfCycles [rfCycleSize]rfCycleEntry

// rfKept is about the cycle whose sweep is going on.
var rfKept struct {
	left  atomic.Int64 // bytes that may still be marked
	keep  atomic.Int64 // of these, that may still be kept
	dead  atomic.Int64 // bytes that were found dead in the spans that were looked at
	share uint32       // of the spans that are looked at
	keeps uint32       // of these, those whose objects are kept
	word  uint64       // the mark
	salt  uintptr
}

// rfCycle is called by gcSweep, with the world stopped, before anything is swept.
func rfCycle() {
	if rfSettings.gc == 0 {
		return
	}
	k := &rfKept
	cycle := work.cycles.Load()
	survived := int64(gcController.heapMarked / rfKeptShare)
	room := min(max(survived, rfKeptBytesMin), rfKeptBytesMax)
	keep := max(min(survived, room), rfKeptBytesMin/rfKeptAnyway)
	// As much is expected to die as died last time. Spans are chosen by chance, or the same ones were kept in each cycle.
	dead := uint64(0)
	if k.share > 0 {
		dead = uint64(k.dead.Load()) * rfAll / uint64(k.share)
	}
	k.share, k.keeps = rfShare(room, dead), rfShare(keep, dead)
	k.left.Store(room)
	k.keep.Store(keep)
	k.dead.Store(0)
	k.salt = uintptr(cycle) * rfMix
	k.word = rfMarkWord(1 + cycle%rfMarkSlots)
	sec, nsec, _ := time_now()
	e := &rfCycles[cycle%rfCycleSize]
	*e = rfCycleEntry{cycle: cycle, unixNano: sec*1e9 + int64(nsec)}
	if work.userForced {
		e.forced = 1
	}
}

// rfShare says in which share of the spans n bytes of those that die will be found.
func rfShare(n int64, dead uint64) uint32 {
	if dead == 0 {
		return rfAll
	}
	return uint32(min(max(uint64(n)*rfAll/dead, 1), rfAll))
}

// rfSweep is called by sweep when the span's specials are done with and its dead objects still have their mark bits off:
// on any stack, with preemption off. Nobody else has the span.
func rfSweep(s *mspan) {
	k := &rfKept
	size, first := int64(s.elemsize), rfFirst(s)
	left := k.left.Load()
	keep, chosen := rfChosen(s, left)
	if !chosen {
		return
	}
	dead, marked, kept := int64(0), int64(0), int64(0)
	mbits := s.markBitsForBase()
	abits := s.allocBitsForIndex(0)
	for i := uintptr(0); i < uintptr(s.nelems); i++ {
		if !mbits.isMarked() && (abits.index < uintptr(s.freeindex) || abits.isMarked()) {
			x, word := s.base()+i*s.elemsize+first, rfMarkWord(rfMarkOlder)
			fresh := !rfMarked(x)
			if fresh {
				dead += size
				marked += size
				if kept+size <= keep {
					word = k.word
					mbits.setMarkedNonAtomic()
					kept += size
				}
			}
			if !fresh || marked <= left {
				rfMark(x, min(s.elemsize-first, rfMarkedBytes), word)
			}
		}
		mbits.advance()
		abits.advance()
	}
	k.left.Add(-min(marked, left))
	k.keep.Add(-kept)
	k.dead.Add(dead)
}

// rfChosen says whether what is dead in the span is marked, left bytes of it at most, and how many bytes of that may be kept.
func rfChosen(s *mspan, left int64) (keep int64, chosen bool) {
	k, size := &rfKept, int64(s.elemsize)
	if rfSettings.gc == 0 || left < size || s.isUserArenaChunk || s.spanclass.sizeclass() == 0 && size > left/rfKeptOneShare {
		return 0, false
	}
	chance := uint32((s.base()/pageSize^k.salt)*rfMix>>40) % rfAll
	if chance < k.keeps {
		keep = k.keep.Load()
	}
	return keep, chance < k.share
}

// rfFirst says where in an object of the span its user's memory starts: behind the header that tells its type, if there
// is one (malloc.go, mallocgcSmallScanHeader).
func rfFirst(s *mspan) uintptr {
	if s.spanclass.noscan() || heapBitsInSpan(s.elemsize) || s.spanclass.sizeclass() == 0 {
		return 0
	}
	return rfCell
}

// rfShadow gives the shadow of a cell: four words of 4 bytes.
func rfShadow(p uintptr) *[2]uint64 {
	return (*[2]uint64)(unsafe.Pointer((p&^(rfCell-1))*2 + rfSettings.shadow))
}

func rfMarkWord(slot uint32) uint64 {
	return rfMarkFreed | (rfMarkInfo|uint64(slot)<<8)<<32
}

// rfMark marks the first words, and copies their marks.
func rfMark(p, n uintptr, word uint64) {
	first := min(n, rfMarkStep)
	for at := p; at < p+first; at += rfCell {
		cell := rfShadow(at)
		cell[1] = 0
		cell[0] = word
	}
	from := unsafe.Pointer(rfShadow(p))
	for done := first; done < n; done += rfMarkStep {
		memmove(unsafe.Pointer(rfShadow(p+done)), from, 2*min(alignUp(n-done, rfCell), rfMarkStep))
	}
}

// rfMarked says whether the memory at p has the mark of a collection.
func rfMarked(p uintptr) bool {
	word := rfShadow(p)[0]
	return uint32(word) == rfMarkFreed && uint8(word>>32) == rfMarkInfo && uint16(word>>48) == 0
}

// rfTiny is called by mallocgcTiny for a new block, on any stack, before it moves a value of eight bytes or less to the block's end.
// racemalloc is told of the value alone; a mark that stayed at the block's beginning would say that the block is free.
//
//go:nosplit
func rfTiny(block unsafe.Pointer) {
	if rfSettings.gc != 0 {
		*rfShadow(uintptr(block)) = [2]uint64{}
	}
}

// rfCollected is called by scanConservative for an object that is allocated and may be referred to: what was kept isn't
// scanned, since what it refers to may be gone. It would be retained as well, and freed later than others.
func rfCollected(s *mspan, i uintptr) bool {
	if rfSettings.gc != 0 && rfMarked(s.base()+i*s.elemsize+rfFirst(s)) {
		return true
	}
	rfGuess(s, i)
	return false
}

// rfFindObject is findObject, also for raceSymbolizeData. That one throws for an address in a span that was freed, which an
// access to freed memory has. s is nil when p is in no block of the heap.
func rfFindObject(p uintptr) (base uintptr, s *mspan, i uintptr) {
	s = spanOf(p)
	if s == nil || s.state.get() != mSpanInUse || p < s.base() || p >= s.limit {
		return 0, nil, 0
	}
	i = s.objIndex(p)
	return s.base() + i*s.elemsize, s, i
}
