//go:build race

// What holds an object: the way from a package variable to it, found backwards while the world is stopped.
//
// In each round all package variables, all stacks and all objects that this collection has found are searched for pointers
// to what the round before has come to; the first round looks for the object itself. So the way is a shortest one. An
// object that a goroutine's stack is as near to, or nearer, is in use: no way is given then, nor one that comes from
// the runtime's own variables (goroutines, timers).

package runtime

import (
	"internal/abi"
	"internal/goarch"
	"internal/stringslite"
	"unsafe"
)

const (
	rfPathStepsMax = 16      // rounds
	rfPathNodesMax = 1 << 13 // objects come to; 256 KiB
	rfPathPages    = 1 << 16 // bits; a filter for pointers
	rfPathPage     = 13      // bits of an address within a page of the filter
	rfPathNanosMax = 1e9     // of one search

	rfPathMapDepth = 3       // a map, its directory, their tables, their groups
	rfPathMapWords = 1 << 20 // of them that are looked at
)

type rfPathNode struct {
	block, size uintptr
	offset      uintptr // where the pointer to next is
	next        int32   // towards the object
	chain       int32   // nodes with the same hash
}

// rfPathSearch belongs to whoever runs between mark and sweep.
var rfPathSearch struct {
	nodes [rfPathNodesMax]rfPathNode
	heads [rfPathNodesMax]int32 // by hash of block, plus 1
	pages [rfPathPages / 64]uint64
	count int
	first int // of the round's objects
	last  int // behind them
}

// rfPathFind searches. It says which package variable holds the object, by the address of the pointer, or 0 when none does
// or a goroutine is as near to it; the text is then the way from the variable on, with an arrow behind each step.
func rfPathFind(block uintptr, text *rfText) (root uintptr) {
	s := &rfPathSearch
	clear(s.heads[:])
	s.count, s.last = 0, 0
	_, end := rfBlock(block)
	rfPathAdd(block, end-block, 0, -1)
	deadline := nanotime() + rfPathNanosMax
	for round := range rfPathStepsMax {
		s.first, s.last = s.last, s.count
		if s.first == s.last {
			return 0
		}
		clear(s.pages[:])
		for i := s.first; i < s.last; i++ {
			rfPathFilter(&s.nodes[i])
		}
		at, root := rfPathGlobals()
		if rfPathScheduler() || (at < 0 || round == 0) && rfPathStacks() {
			return 0
		}
		if at >= 0 {
			rfPathTell(at, text)
			return root
		}
		if !rfPathHeap(deadline) {
			return 0
		}
	}
	return 0
}

// rfPathInMap says whether a map has the object. All that begins at the map is looked at as deep as a map's own parts go: in
// a small map that is more. One that is too large to be looked at has it.
func rfPathInMap(m, object uintptr) bool {
	words := rfPathMapWords
	_, end := rfBlock(object)
	return rfPathReaches(m, object, end, rfPathMapDepth, &words)
}

func rfPathReaches(from, object, objectEnd uintptr, depth int, words *int) bool {
	block, end := rfBlock(from)
	if block == 0 || spanOf(block).spanclass.noscan() {
		return false
	}
	for p := block; p+goarch.PtrSize <= end; p += goarch.PtrSize {
		v := *(*uintptr)(unsafe.Pointer(p))
		if object <= v && v < objectEnd || *words == 0 {
			return true
		}
		*words--
		if depth > 0 && v != 0 && rfPathReaches(v, object, objectEnd, depth-1, words) {
			return true
		}
	}
	return false
}

func rfPathTell(at int, text *rfText) {
	inMap := false
	for n := &rfPathSearch.nodes[at]; n.next >= 0; n = &rfPathSearch.nodes[n.next] {
		inMap = n.describe(text, inMap)
	}
}

// describe says what the object is: its type and the field that the pointer to the next one is in, or its size and where it
// was allocated, as far as that is known. What a map consists of is one map.
func (n *rfPathNode) describe(text *rfText, inMap bool) bool {
	q := rfTypeQuery{address: n.block + n.offset, object: n.block + rfFirst(spanOf(n.block)), path: text.rest()}
	t, _ := rfObjectType(&q)
	site := rfPathSite(q.object)
	switch {
	case site.isMap || t != nil && rfPathOfMap(toRType(t).string()):
		if !inMap {
			text.put("map -> ")
		}
		return true
	case t != nil:
		rfType(&q)
		if q.path.len == 0 { // of no parts
			q.path.put(toRType(t).string())
		}
		text.len += q.path.len
	default:
		text.putNumber(n.size)
		text.put(" bytes")
		if site.function.valid() {
			text.put(" made in ")
			text.put(funcname(site.function))
		}
	}
	text.put(" -> ")
	return false
}

func rfPathOfMap(name string) bool {
	return name == "maps.Map" || name == "maps.table" || name == "*maps.table" || stringslite.HasPrefix(name, "map.group[")
}

type rfPathMade struct {
	function funcInfo
	isMap    bool
}

// rfPathSite says which function allocated an object, as far as it is known.
func rfPathSite(object uintptr) (made rfPathMade) {
	e := rfAllocFind(object)
	if e == nil {
		return
	}
	for _, pc := range e.pcs {
		f := findfunc(firstmoduledata.text + uintptr(pc))
		if !f.valid() {
			return
		}
		switch name := funcname(f); {
		case stringslite.HasPrefix(name, "internal/runtime/maps."):
			made.isMap = true
		case !stringslite.HasPrefix(name, "runtime."):
			made.function = f
			return
		}
	}
	return
}

// rfPathAdd notes an object that has a pointer, at offset, to node next.
func rfPathAdd(block, size, offset uintptr, next int) {
	s := &rfPathSearch
	if s.count == rfPathNodesMax {
		return
	}
	head := &s.heads[rfPathHash(block)]
	s.nodes[s.count] = rfPathNode{block, size, offset, int32(next), *head - 1}
	s.count++
	*head = int32(s.count)
}

func rfPathHash(block uintptr) uintptr {
	return (block>>4 ^ block>>17) % rfPathNodesMax
}

// rfPathNodeOf gives the number of the object that starts at block, or -1.
func rfPathNodeOf(block uintptr) int {
	s := &rfPathSearch
	at := s.heads[rfPathHash(block)] - 1
	for at >= 0 && s.nodes[at].block != block {
		at = s.nodes[at].chain
	}
	return int(at)
}

// rfPathFilter sets the bits of the pages that an object lies in.
func rfPathFilter(n *rfPathNode) {
	for page := n.block >> rfPathPage; page <= (n.block+n.size-1)>>rfPathPage; page++ {
		rfPathSearch.pages[page%rfPathPages/64] |= 1 << (page % 64)
	}
}

// rfPathMeets gives the number of the object of this round that v points into, or -1.
func rfPathMeets(v uintptr) int {
	s := &rfPathSearch
	page := v >> rfPathPage
	if s.pages[page%rfPathPages/64]&(1<<(page%64)) == 0 {
		return -1
	}
	block, _ := rfBlock(v)
	if block == 0 {
		return -1
	}
	if at := rfPathNodeOf(block); at >= s.first && at < s.last {
		return at
	}
	return -1
}

// rfPathGlobals searches the package variables: the number of an object that is held, and by what.
func rfPathGlobals() (at int, root uintptr) {
	for md := &firstmoduledata; md != nil; md = md.next {
		for _, part := range [2]struct {
			start, end uintptr
			mask       bitvector
		}{{md.data, md.edata, md.gcdatamask}, {md.bss, md.ebss, md.gcbssmask}} {
			for p := part.start; p+goarch.PtrSize <= part.end; p += goarch.PtrSize {
				bit := (p - part.start) / goarch.PtrSize
				if *addb(part.mask.bytedata, bit/8)>>(bit%8)&1 == 0 {
					continue
				}
				if n := rfPathMeets(*(*uintptr)(unsafe.Pointer(p))); n >= 0 {
					return n, p
				}
			}
		}
	}
	return -1, 0
}

// rfPathScheduler says whether an object of this round is one of the scheduler's own, which hold what timers and goroutines
// will use.
func rfPathScheduler() bool {
	for _, pp := range allp {
		if rfPathMeets(uintptr(unsafe.Pointer(pp))) >= 0 {
			return true
		}
	}
	for mp := allm; mp != nil; mp = mp.alllink {
		if rfPathMeets(uintptr(unsafe.Pointer(mp))) >= 0 {
			return true
		}
	}
	for _, gp := range allgs {
		if rfPathMeets(uintptr(unsafe.Pointer(gp))) >= 0 {
			return true
		}
	}
	return false
}

// rfPathStacks says whether a goroutine's stack has a pointer to an object of this round.
func rfPathStacks() bool {
	for _, gp := range allgs {
		switch readgstatus(gp) &^ _Gscan {
		case _Gidle, _Gdead:
			continue
		}
		if gp.stack.lo != 0 && rfPathStack(gp) {
			return true
		}
	}
	return false
}

// rfPathStack reads a stack as scanframeworker does, objects on it as if all were in use.
func rfPathStack(gp *g) bool {
	if rfPathMeets(uintptr(gp.sched.ctxt)) >= 0 {
		return true
	}
	for d := gp._defer; d != nil; d = d.link {
		if rfPathMeets(uintptr(unsafe.Pointer(d))) >= 0 || rfPathMeets(uintptr(*(*unsafe.Pointer)(unsafe.Pointer(&d.fn)))) >= 0 {
			return true
		}
	}
	unknown := false
	var u unwinder
	for u.init(gp, unwindSilentErrors); u.valid(); u.next() {
		frame := &u.frame
		preempted := frame.fn.valid() && frame.fn.funcID == abi.FuncID_asyncPreempt
		if unknown || preempted {
			if frame.varp != 0 && rfPathWords(frame.sp, frame.varp) ||
				rfPathWords(frame.argp, frame.argp+frame.argBytes()) {
				return true
			}
			unknown = preempted
			continue
		}
		locals, args, objects := frame.getStackMap(false)
		if rfPathBits(frame.varp-uintptr(locals.n)*goarch.PtrSize, locals) || rfPathBits(frame.argp, args) {
			return true
		}
		for i := range objects {
			o := &objects[i]
			base := frame.varp
			if o.off >= 0 {
				base = frame.argp
			}
			if p := base + uintptr(o.off); frame.varp != 0 && p >= frame.sp && rfPathWords(p, p+uintptr(o.size)) {
				return true
			}
		}
	}
	return false
}

func rfPathWords(p, end uintptr) bool {
	for ; p+goarch.PtrSize <= end; p += goarch.PtrSize {
		if rfPathMeets(*(*uintptr)(unsafe.Pointer(p))) >= 0 {
			return true
		}
	}
	return false
}

func rfPathBits(p uintptr, bits bitvector) bool {
	for i := uintptr(0); i < uintptr(bits.n); i++ {
		if bits.ptrbit(i) != 0 && rfPathMeets(*(*uintptr)(unsafe.Pointer(p + i*goarch.PtrSize))) >= 0 {
			return true
		}
	}
	return false
}

// rfPathHeap adds the objects that hold one of this round. It says whether there was time to look at all.
func rfPathHeap(deadline int64) bool {
	for i, s := range mheap_.allspans {
		if i%1024 == 0 && nanotime() > deadline {
			return false
		}
		if s.state.get() != mSpanInUse || s.spanclass.noscan() {
			continue
		}
		for index := range uintptr(s.nelems) {
			if s.markBitsForIndex(index).isMarked() {
				rfPathObject(s, s.base()+index*s.elemsize)
			}
		}
	}
	return true
}

func rfPathObject(s *mspan, block uintptr) {
	tp := s.typePointersOfUnchecked(block)
	for {
		var p uintptr
		if tp, p = tp.nextFast(); p == 0 {
			if tp, p = tp.next(block + s.elemsize); p == 0 {
				return
			}
		}
		if next := rfPathMeets(*(*uintptr)(unsafe.Pointer(p))); next >= 0 && rfPathNodeOf(block) < 0 {
			rfPathAdd(block, s.elemsize, p-block, next)
			return
		}
	}
}
