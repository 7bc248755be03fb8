//go:build race

// A file of package runtime, by an overlay of the test's: random accesses, calls and returns from random states, each
// made by the short cut and, from the same state, by the full call. All that either may change has to be the same then:
// ThreadState, the four cells of each word (a race shows there: it leaves one cell that is a read of nothing), the trace, the top
// of the shadow stack. And what is known of two pointers without checkptrBase has to be what checkptrBase says.

package runtime

import "unsafe"

const (
	fastCheckState  = 1536 // bytes of ThreadState, as in tsan-glue/probe.c
	fastCheckWords  = 64
	fastCheckDepth  = 60 // calls: more than the shadow stack has room for at first
	fastCheckTraced = 5  // events that a call may write: up to two that fill a page, and one of two words
	fastCheckRange  = 72 // bytes: more than short cuts are for
	fastCheckTouch  = fastCheckRange/8 + 1
)

// fastState is the head of ThreadState, struct rf_fast_state of tsan-glue/fast_model.h.
type fastState struct {
	state          uint32
	_              uint32
	shadowStackPos uintptr
	tracePos       uintptr
	tracePrevPC    uintptr
	_              [3]uint32
	clock          [256]uint16
	_              [5]uint32
	shadowStackEnd uintptr
}

type fastImage struct {
	state [fastCheckState]byte
	cells [fastCheckTouch][4]uint32
	trace [fastCheckTraced]uintptr
	call  uintptr
}

// fastCounts says what was met; differs is the first step with a difference, from 1 on.
type fastCounts struct {
	Same, Stored, Own, Raced, Ignored, Pages, Parts, Ranges, Calls, Grown, Differs uint64

	Settings           uintptr    // rfSettings.fast
	Before, Fast, Full [8]uintptr // of that step: fast_state, stack, trace, pc, cells 0 and 1, cells 2 and 3 of the first word, events
}

type fastChecker struct {
	*fastCounts
	thread  *fastState
	others  [3]*fastState
	memory  [2]uintptr
	random  uint64
	depth   int
	access  [2][2]func(uintptr)          // by the short cut or full; write or read
	ranges  [2][2]func(uintptr, uintptr) // as access
	pcs     [2][2]func(uintptr, uintptr, uintptr)
	address uintptr
	cells   *[fastCheckTouch][4]uint32 // of the first word, and behind it
	before  fastImage
	fast    fastImage
	full    fastImage
}

// What the full calls of accesses are: stock's own code.
func rfReadFull(addr uintptr)
func rfWriteFull(addr uintptr)
func rfReadRangeFull(addr, size uintptr)
func rfWriteRangeFull(addr, size uintptr)
func rfReadRangePCFull(addr, size, pc uintptr)
func rfWriteRangePCFull(addr, size, pc uintptr)

// fastThread gives the calling goroutine's ThreadState.
//
//go:linkname fastThread main.fastThread
func fastThread() uintptr { return getg().racectx }

// fastShadow is where the shadow of address 0 would be.
//
//go:linkname fastShadow main.fastShadow
func fastShadow() uintptr { return rfSettings.shadow }

//go:linkname fastSave main.fastSave
func fastSave(state *[fastCheckState]byte) {
	*state = *(*[fastCheckState]byte)(unsafe.Pointer(getg().racectx))
}

// fastSlot is whether slot and epoch are still those: a goroutine that has used up its slot's epochs takes another one.
//
//go:linkname fastSlot main.fastSlot
func fastSlot(state *[fastCheckState]byte) bool {
	return *(*uint32)(unsafe.Pointer(state)) == *(*uint32)(unsafe.Pointer(getg().racectx))
}

//go:linkname fastIs main.fastIs
func fastIs(state *[fastCheckState]byte) bool {
	return *state == *(*[fastCheckState]byte)(unsafe.Pointer(getg().racectx))
}

var fastCheckedAt fastChecker

// fastCheck makes so many steps. The goroutine isn't preempted meanwhile; nothing else may touch the words at either memory.
//
//go:linkname fastCheck main.fastCheck
func fastCheck(steps int, seed uint64, memory [2]unsafe.Pointer, others [3]uintptr, counts *fastCounts) {
	c := &fastCheckedAt
	c.fastCounts = counts
	c.thread = (*fastState)(unsafe.Pointer(getg().racectx))
	for i, p := range others {
		c.others[i] = (*fastState)(unsafe.Pointer(p))
	}
	c.memory = [2]uintptr{uintptr(memory[0]), uintptr(memory[1])}
	c.random = seed
	c.Settings = rfSettings.fast
	c.access = [2][2]func(uintptr){{racewrite, raceread}, {rfWriteFull, rfReadFull}}
	c.ranges = [2][2]func(uintptr, uintptr){{racewriterange, racereadrange}, {rfWriteRangeFull, rfReadRangeFull}}
	c.pcs = [2][2]func(uintptr, uintptr, uintptr){{racewriterangepc1, racereadrangepc1}, {rfWriteRangePCFull, rfReadRangePCFull}}
	raceread(c.memory[0]) // from here on it has a trace
	for i := 0; i < steps; {
		mp := acquirem()
		for n := 0; n < 10000 && i < steps && c.Differs == 0; n++ {
			i++
			switch c.below(6) {
			case 0:
				c.oneCall()
			case 1:
				c.oneAccess(c.below(3))
			case 2:
				c.oneAccess(c.below(fastCheckRange))
			default:
				c.oneAccess(0)
			}
			if c.Differs != 0 {
				c.Differs = uint64(i)
			}
		}
		releasem(mp)
		if c.Differs != 0 {
			return
		}
	}
	for ; c.depth > 0; c.depth-- {
		racefuncexit()
	}
}

func (c *fastChecker) below(n uint32) uint32 {
	c.random = c.random*6364136223846793005 + 1442695040888963407
	return uint32(c.random>>33) % n
}

// save keeps what is there now, of the trace what was written since s.
func (c *fastChecker) save(m *fastImage, s *fastState) {
	m.state = *(*[fastCheckState]byte)(unsafe.Pointer(c.thread))
	m.cells = *c.cells
	m.trace = [fastCheckTraced]uintptr{}
	for i, at := 0, s.tracePos; i < fastCheckTraced && at < c.thread.tracePos; i, at = i+1, at+8 { // behind a part there may be no memory
		m.trace[i] = *(*uintptr)(unsafe.Pointer(at))
	}
	if s.shadowStackPos != s.shadowStackEnd {
		m.call = *(*uintptr)(unsafe.Pointer(s.shadowStackPos))
	}
}

func (c *fastChecker) restore(m *fastImage) {
	*(*[fastCheckState]byte)(unsafe.Pointer(c.thread)) = m.state
	*c.cells = m.cells
	if c.thread.shadowStackPos != c.thread.shadowStackEnd {
		*(*uintptr)(unsafe.Pointer(c.thread.shadowStackPos)) = m.call
	}
}

// moved says that the trace goes on elsewhere: its part was full, which can't be taken back.
func (c *fastChecker) moved(old *fastState) bool {
	return c.thread.tracePos-old.tracePos > fastCheckTraced*8
}

// cell makes one as a thread may have left it, now or a little earlier, or any.
func (c *fastChecker) cell() uint32 {
	switch c.below(8) {
	case 0, 1:
		return 0
	case 2:
		return c.below(1<<31) << 1
	case 3:
		return 0x3fffffff // freed
	}
	s := c.thread.state
	if n := c.below(6); n < 3 {
		s = c.others[n].state
	}
	epoch := s >> 16 & 0x3fff
	if back := c.below(3); epoch > back+1 {
		epoch -= back
	}
	bytes := 1 << c.below(8)
	if c.below(2) == 0 {
		bytes = int(1 + c.below(255))
	}
	return c.below(4)<<30 | epoch<<16 | s&0xff00 | uint32(bytes)
}

func (c *fastChecker) scene() {
	c.address = c.memory[c.below(2)] + uintptr(c.below(8*fastCheckWords))
	c.cells = (*[fastCheckTouch][4]uint32)(unsafe.Pointer(rfSettings.shadow + c.address&^7*2))
	for i := 0; i < fastCheckTouch && c.below(3) == 0; i++ {
		for j := range c.cells[i] {
			c.cells[i][j] = c.cell()
		}
	}
	if c.below(4) == 0 {
		c.cells[c.below(2)][c.below(4)] = c.cell()
	}
	if c.below(64) == 0 {
		c.cells[0] = [4]uint32{0x40000000} // a race was here
	}
	switch c.below(8) {
	case 0:
		// What an event of one word can tell the way to, and what it can't.
		c.thread.tracePrevPC -= 0x3ffd + uintptr(c.below(6))
	case 1:
		c.thread.tracePrevPC += 0x3ffd + uintptr(c.below(6))
	case 2:
		c.thread.tracePrevPC -= uintptr(c.below(0x10000)) - 0x8000
	case 3:
		c.thread.tracePrevPC = uintptr(c.below(1 << 30))
	}
}

// readHere leaves what this goroutine's read of the same byte would have left, and nothing else, as in x++. While accesses are ignored, it
// has the bit that says so, which is that of an atomic read in a cell.
func (c *fastChecker) readHere() {
	c.cells[0] = [4]uint32{1<<30 | c.thread.state | 1<<(c.address&7)}
	c.Own++
}

// note counts what kind of step the short cut made.
func (c *fastChecker) note(old *fastState, size uint32) {
	switch {
	case c.cells[0] == [4]uint32{0x40000000} && c.before.cells[0] != c.cells[0]:
		c.Raced++
	case old.tracePos == c.thread.tracePos && old.state>>31 != 0:
		c.Ignored++
	case old.tracePos == c.thread.tracePos:
		c.Same++
	case (old.tracePos+8)&0xff0 == 0:
		c.Pages++
	case size != 0:
		c.Ranges++
	default:
		c.Stored++
	}
}

// oneAccess is one of a byte when the size is 0; a size of 1 stands for a range without any.
func (c *fastChecker) oneAccess(size uint32) {
	c.scene()
	kind := c.below(2)
	pc := uintptr(0)
	if c.below(2) == 0 {
		pc = uintptr(0x400000 + c.below(1<<24))
	}
	ignored := c.below(32) == 0
	if ignored {
		c.thread.state |= 1 << 31
	}
	if size == 0 && c.below(8) == 0 {
		c.readHere()
	}
	old := *c.thread
	c.save(&c.before, &old)
	for i := range c.access {
		// One place for both, so one pc.
		switch {
		case size == 0:
			c.access[i][kind](c.address)
		case pc == 0:
			c.ranges[i][kind](c.address, uintptr(size-1))
		default:
			c.pcs[i][kind](c.address, uintptr(size-1), pc)
		}
		if c.moved(&old) {
			c.Parts++
			break
		}
		if i == 0 {
			c.note(&old, size)
			c.save(&c.fast, &old)
			c.restore(&c.before)
		} else {
			c.save(&c.full, &old)
			c.compare()
		}
	}
	if ignored {
		c.thread.state &^= 1 << 31
	}
}

func (c *fastChecker) oneCall() {
	enter := c.depth == 0 || c.depth < fastCheckDepth && c.below(2) == 0
	pc := uintptr(0x400000 + c.below(1<<24))
	old := *c.thread
	c.cells = (*[fastCheckTouch][4]uint32)(unsafe.Pointer(rfSettings.shadow + c.memory[0]&^7*2))
	if enter {
		c.depth++
	} else {
		c.depth--
	}
	if enter && old.shadowStackPos == old.shadowStackEnd {
		racefuncenter(pc) // what the full call does can't be taken back
		c.Grown++
		if c.thread.shadowStackEnd == old.shadowStackEnd || *(*uintptr)(unsafe.Pointer(c.thread.shadowStackPos - 8)) != pc {
			c.Differs++
		}
		return
	}
	c.save(&c.before, &old)
	for i := 0; i < 2; i++ {
		switch {
		case i == 0 && enter:
			racefuncenter(pc)
		case i == 0:
			racefuncexit()
		case enter:
			racecall(&__tsan_func_enter, uintptr(unsafe.Pointer(c.thread)), pc, 0, 0)
		default:
			racecall(&__tsan_func_exit, uintptr(unsafe.Pointer(c.thread)), 0, 0, 0)
		}
		if c.moved(&old) {
			c.Parts++
			return
		}
		if i == 0 {
			c.Calls++
			c.save(&c.fast, &old)
			c.restore(&c.before)
		} else {
			c.save(&c.full, &old)
			c.compare()
		}
	}
}

func (c *fastChecker) compare() {
	if c.fast == c.full {
		return
	}
	c.Differs++
	show := func(m *fastImage) [8]uintptr {
		s := (*fastState)(unsafe.Pointer(&m.state))
		return [8]uintptr{uintptr(s.state), s.shadowStackPos, s.tracePos, s.tracePrevPC,
			uintptr(m.cells[0][0])<<32 | uintptr(m.cells[0][1]), uintptr(m.cells[0][2])<<32 | uintptr(m.cells[0][3]), m.trace[0],
			m.trace[1]}
	}
	c.Before, c.Fast, c.Full = show(&c.before), show(&c.fast), show(&c.full)
}

//go:linkname __tsan_func_enter __tsan_func_enter
var __tsan_func_enter byte

//go:linkname __tsan_func_exit __tsan_func_exit
var __tsan_func_exit byte

// fastPointers compares what is known of so many pairs of pointers with what checkptrBase says; a pair is of two of these,
// or near each other. GODEBUG=invalidptr=0, since pointers to nothing are among them. The answer: pairs in one object that were
// known to be, pairs that weren't known to be, pointers that are known to be none of an object's, differences.
//
//go:linkname fastPointers main.fastPointers
func fastPointers(steps int, seed uint64, pointers []uintptr) (same, other, free, differs uint64) {
	c := fastChecker{random: seed}
	d := &firstmoduledata
	edges := [...]uintptr{d.text, d.etext, d.types, d.etypes, d.noptrdata, d.enoptrdata, d.data, d.edata, d.bss, d.ebss, d.noptrbss,
		d.enoptrbss, d.end, getg().stack.lo, getg().stack.hi}
	for range steps {
		p := pointers[c.below(uint32(len(pointers)))]
		if c.below(4) == 0 {
			p = edges[c.below(uint32(len(edges)))]
		}
		p += uintptr(c.below(1<<c.below(14))) - uintptr(c.below(1<<c.below(14)))
		q := p + uintptr(c.below(1<<c.below(14)))
		if c.below(4) == 0 {
			q = pointers[c.below(uint32(len(pointers)))]
		}
		base := checkptrBase(unsafe.Pointer(p))
		list := [1]unsafe.Pointer{unsafe.Pointer(q)}
		equal, fine := base == checkptrBase(unsafe.Pointer(q)), rfArithmetic(unsafe.Pointer(p), list[:])
		switch known := rfSameObject(p, q); {
		case known && !equal, fine && !equal && base != 0:
			differs++
		case known:
			same++
		case fine:
			free++
		default:
			other++
		}
	}
	return
}

// fastMemory tells of memory in the block that it is allocated, by the short cut and by the full call, and compares the cells; then
// it tells that the block is freed, with and without a synchronisation object in it. The answer: how often that took the short cut,
// how often the full call, differences.
//
//go:linkname fastMemory main.fastMemory
func fastMemory(steps int, seed uint64, block unsafe.Pointer, bytes uintptr) (cleared, unused, used, differs uint64) {
	c := fastChecker{random: seed}
	cells := unsafe.Slice((*[4]uint32)(unsafe.Pointer(rfSettings.shadow+2*uintptr(block))), bytes/8)
	fill := func() {
		for i := range cells {
			cells[i] = [4]uint32{1, 2, 3, uint32(i)}
		}
	}
	short := make([][4]uint32, len(cells))
	for range steps {
		at := uintptr(c.below(uint32(bytes)))
		n := 1 + uintptr(c.below(uint32(bytes-at)))
		fill()
		if rfFresh(add(block, at), n) {
			cleared++
			copy(short, cells)
			fill()
			racecall(&__tsan_malloc, 0, 0, uintptr(block)+at, n)
			for i := range cells {
				if cells[i] != short[i] {
					differs++
				}
			}
		}
		if c.below(2) == 0 {
			RaceRelease(add(block, at&^7))
			if rfUsed(block, bytes) {
				differs++
			}
			used++
		}
		racefree(block, bytes)
		if rfUsed(block, bytes) {
			unused++
		} else {
			differs++
		}
	}
	racecall(&__tsan_malloc, 0, 0, uintptr(block), bytes)
	return
}
