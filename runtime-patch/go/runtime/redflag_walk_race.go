//go:build race

// A walk from block to block of the heap along pointers, within bounds: does one lead to a certain block? With the world
// stopped, or where nobody else changes what is walked through; one walk at a time.

package runtime

import "unsafe"

const (
	rfWalkBlocksMax = 1 << 9  // that are looked into
	rfWalkBytesMax  = 1 << 18 // of all of them
	rfWalkTableSize = 2 * rfWalkBlocksMax

	rfWalkNo      = 0
	rfWalkYes     = 1
	rfWalkUnknown = 2 // a bound was met first
)

var rfWalk rfWalker

type rfWalker struct {
	start, end uintptr                  // of the block that is looked for
	blocks     [rfWalkBlocksMax]uintptr // met so far
	table      [rfWalkTableSize]uint32  // the same by address: 1 + index
	count      int
	bytes      uintptr
	answer     int
}

func (w *rfWalker) begin(start, end uintptr) {
	w.start, w.end = start, end
	if w.count != 0 {
		clear(w.table[:])
	}
	w.count, w.bytes, w.answer = 0, 0, rfWalkNo
}

// block adds what a word refers to, if it is a block of the heap.
func (w *rfWalker) block(p uintptr) {
	if w.start <= p && p < w.end {
		w.answer = rfWalkYes
		return
	}
	start, _ := rfBlock(p)
	if start == 0 {
		return
	}
	at := (start>>4 ^ start>>13) % rfWalkTableSize
	for w.table[at] != 0 {
		if w.blocks[w.table[at]-1] == start {
			return
		}
		at = (at + 1) % rfWalkTableSize
	}
	if w.count == rfWalkBlocksMax {
		if w.answer == rfWalkNo {
			w.answer = rfWalkUnknown
		}
		return
	}
	w.blocks[w.count] = start
	w.count++
	w.table[at] = uint32(w.count)
}

// run walks from all that was added.
func (w *rfWalker) run() int {
	for i := 0; i < w.count && w.answer == rfWalkNo; i++ {
		w.pointers(w.blocks[i])
	}
	return w.answer
}

// pointers adds what the block refers to.
func (w *rfWalker) pointers(start uintptr) {
	s := spanOf(start)
	if s.spanclass.noscan() {
		return
	}
	if s.isUserArenaChunk {
		w.answer = rfWalkUnknown
		return
	}
	if w.bytes += s.elemsize; w.bytes > rfWalkBytesMax {
		w.answer = rfWalkUnknown
		return
	}
	tp := s.typePointersOfUnchecked(start)
	for w.answer == rfWalkNo {
		var at uintptr
		if tp, at = tp.next(start + s.elemsize); at == 0 {
			return
		}
		w.block(*(*uintptr)(unsafe.Pointer(at)))
	}
}
