//go:build race

// Values that were deleted from a sync.Map and are still reachable when the program is over (REDFLAG=retained=1); with
// mapdeletes=1 from maps of the language, too: one that is in the same map again, or still by another key, is no finding.
//
// Values that are stored are counted, and watched (redflag_follow_race.go) from when they aren't stored anywhere any more until
// they are collected. When tests are
// over, and when the program ends, what is left is collected for a few times more, and what survives is looked for
// in the heap: redflag_path_race.go finds what holds it. What a goroutine still uses isn't reported.

package runtime

import (
	"internal/abi"
	"internal/goarch"
	"internal/runtime/atomic"

	"unsafe"
)

//go:linkname __redflag_global_name __redflag_global_name
var __redflag_global_name byte

//go:cgo_import_static __redflag_global_name

const (
	rfRetainedAll = 2 // enum rf_retained

	rfRetainedCycles = 3   // collections that a value must survive
	rfRetainedSites  = 64  // reported at a time; a site is a stack of deletes
	rfRetainedTries  = 4   // values of a site that are looked for
	rfRetainedText   = 768 // bytes of the way to a value
	rfGlobalNameMax  = 512
)

// rfRetainedNote says what was deleted, and by whom; at the place of the value in rfFollows.
type rfRetainedNote struct {
	typ             uintptr // *_type of what the value points to
	from            uintptr // the map of the language that it was deleted from; 0: a sync.Map
	deleted, stored rfBrief
}

var rfRetainedNotes [rfFollowMax]rfRetainedNote // 7 MiB, touched as used

// rfRetainedSite is where values were deleted that are left.
type rfRetainedSite struct {
	note   rfRetainedNote // of the value that is held, or of the last that isn't
	block  uintptr
	bytes  uintptr
	values int // left of those that were deleted here
	tries  int
	root   uintptr // the package variable's pointer
	path   rfText  // from there on
	text   [rfRetainedText]byte
}

var rfRetained struct {
	busy   atomic.Uint32 // somebody checks
	wanted bool          // of the next mark phase
	count  int
	sites  [rfRetainedSites]rfRetainedSite
}

// rfRetainedBlock says what of a value can be watched: a block of the heap that is the value's alone.
func rfRetainedBlock(v any) (block uintptr, typ *_type) {
	e := efaceOf(&v)
	if e._type == nil || e._type.Kind() != abi.Pointer {
		return 0, nil
	}
	typ = (*ptrtype)(unsafe.Pointer(e._type)).Elem
	p := uintptr(e.data)
	block, end := rfBlock(p)
	size := end - block
	noscan := !typ.Pointers()
	if block == 0 || typ.Size_ == 0 || noscan && size <= 2*goarch.PtrSize {
		return 0, nil // tiny objects share a block
	}
	// A field, or an element of something larger, lives as long as that does.
	first := rfFirst(spanOf(p))
	if p != block+first || roundupsize(typ.Size_, noscan)+first != size {
		return 0, nil
	}
	return block, typ
}

// rfMapDeleted is called by functions that the methods of sync.Map call that delete, on the goroutine that does, with what
// was deleted. What is in another map still, or in this one by another key, goes on being stored.
//
//go:linkname rfMapDeleted sync.rfMapDeleted
func rfMapDeleted(v any) {
	if rfSettings.retained == 0 {
		return
	}
	block, typ := rfRetainedBlock(v)
	if block == 0 {
		return
	}
	var e rfBrief
	e.take(*(*unsafe.Pointer)(unsafe.Pointer(getfp())))
	lock(&rfFollows.lock)
	if at := rfRetainedTaken(block); at >= 0 && rfFollows.list[at].stored == 0 {
		rfFollows.deleted++
		rfFollows.list[at].cycles = 0
		rfRetainedNotes[at].typ = uintptr(unsafe.Pointer(typ))
		rfRetainedNotes[at].deleted = e
		rfRetainedNotes[at].from = 0
	}
	unlock(&rfFollows.lock)
	KeepAlive(v) // until now, or another object could be at its place
}

//go:linkname rfMapsWatched internal/runtime/maps.rfWatched
func rfMapsWatched() bool {
	return rfSettings.retained == rfRetainedAll
}

// rfPlainDeleted is called by (*Map).Delete, on the goroutine that deletes: what is at `value`, of type t, goes; nil: nothing does.
//
//go:linkname rfPlainDeleted internal/runtime/maps.rfDeleted
func rfPlainDeleted(m unsafe.Pointer, t *_type, value unsafe.Pointer) {
	v := rfPlainValue(t, value)
	block, typ := rfRetainedBlock(v)
	if block == 0 {
		return
	}
	var e rfBrief
	e.take(*(*unsafe.Pointer)(unsafe.Pointer(getfp())))
	lock(&rfFollows.lock)
	at := rfFollowPlace(block)
	if at < 0 {
		if at = rfFollowAdd(block); at >= 0 {
			rfFollows.deleted++
			rfRetainedNotes[at] = rfRetainedNote{}
		}
	}
	if at >= 0 && rfFollows.list[at].stored == 0 {
		rfFollows.list[at].cycles = 0
		n := &rfRetainedNotes[at]
		n.typ, n.from, n.deleted = uintptr(unsafe.Pointer(typ)), uintptr(m), e
	}
	unlock(&rfFollows.lock)
	KeepAlive(v)
}

// rfPlainValue gives a pointer, or what an interface has; nil for anything else.
func rfPlainValue(t *_type, value unsafe.Pointer) (v any) {
	e := efaceOf(&v)
	switch {
	case value == nil:
	case t.Kind() == abi.Pointer:
		*e = eface{t, *(*unsafe.Pointer)(value)}
	case t.Kind() != abi.Interface:
	case len((*interfacetype)(unsafe.Pointer(t)).Methods) == 0:
		v = *(*any)(value)
	default:
		if i := (*iface)(value); i.tab != nil {
			*e = eface{i.tab.Type, i.data}
		}
	}
	return v
}

// rfRetainedTaken counts one place less of a value, and says where it is on the list; -1: its places aren't known.
func rfRetainedTaken(block uintptr) int {
	at := rfFollowPlace(block)
	if at < 0 || rfFollows.list[at].stored == 0 {
		return -1
	}
	rfFollows.list[at].stored--
	return at
}

// rfMapStored is called by functions that the methods of sync.Map call that store, on the goroutine that does, with what was
// stored, and with what was there before (nil: nothing), of which it isn't asked what becomes of it.
//
//go:linkname rfMapStored sync.rfMapStored
func rfMapStored(v, previous any) {
	if rfSettings.retained == 0 {
		return
	}
	block, _ := rfRetainedBlock(v)
	old, _ := rfRetainedBlock(previous)
	var e rfBrief
	e.take(*(*unsafe.Pointer)(unsafe.Pointer(getfp())))
	lock(&rfFollows.lock)
	if old != 0 {
		if at := rfRetainedTaken(old); at >= 0 && rfFollows.list[at].stored == 0 {
			rfFollows.deleted++ // which the next line counts back
			rfFollowDrop(at)
		}
	}
	if block != 0 {
		rfRetainedPut(block, &e)
	}
	unlock(&rfFollows.lock)
	KeepAlive(v)
	KeepAlive(previous)
}

func rfRetainedPut(block uintptr, e *rfBrief) {
	had := rfFollows.count
	at := rfFollowAdd(block)
	if at < 0 {
		return
	}
	w := &rfFollows.list[at]
	if w.stored == 0 && rfFollows.count == had {
		rfFollows.deleted-- // it is in use again
	}
	w.stored++
	rfRetainedNotes[at].stored = *e
}

// rfRetainedMarked is called by rfMarkDone: it looks for what holds the values that are left, when that was asked for.
func rfRetainedMarked() {
	r := &rfRetained
	if !r.wanted {
		return
	}
	r.wanted = false
	for at := range rfFollows.list {
		w := &rfFollows.list[at]
		if w.block == 0 || w.stored != 0 || w.cycles < rfRetainedCycles {
			continue
		}
		site := rfRetainedSiteOf(&rfRetainedNotes[at])
		if site == nil {
			continue
		}
		site.values++
		if site.root != 0 || site.tries == rfRetainedTries {
			continue
		}
		site.tries++
		if from := rfRetainedNotes[at].from; from != 0 && rfPathInMap(from, w.block) {
			continue
		}
		site.note = rfRetainedNotes[at]
		site.block = w.block
		_, end := rfBlock(w.block)
		site.bytes = end - w.block
		site.path = rfTextIn(site.text[:])
		site.root = rfPathFind(w.block, &site.path)
	}
}

func rfRetainedSiteOf(n *rfRetainedNote) *rfRetainedSite {
	r := &rfRetained
	for i := range r.count {
		if r.sites[i].note.deleted.site == n.deleted.site {
			return &r.sites[i]
		}
	}
	if r.count == rfRetainedSites {
		return nil
	}
	s := &r.sites[r.count]
	*s = rfRetainedSite{note: *n}
	r.count++
	return s
}

// rfRetainedCheck reports the values that are held. It is called by rfAtEnd; it says how many.
func rfRetainedCheck() (reported int) {
	if rfSettings.retained == 0 || rfFollows.deleted == 0 || !memstats.enablegc || !rfRetained.busy.CompareAndSwap(0, 1) {
		return 0
	}
	for i := range rfRetainedCycles {
		if i == rfRetainedCycles-1 {
			rfRetained.count = 0
			rfRetained.wanted = true
		}
		GC()
		if rfFollows.deleted == 0 {
			break
		}
	}
	rfRetained.wanted = false
	for i := range rfRetained.count {
		if s := &rfRetained.sites[i]; s.root != 0 {
			rfRetainedReport(s)
			reported++
		}
	}
	rfRetained.count = 0
	rfRetained.busy.Store(0)
	return reported
}

func rfRetainedReport(s *rfRetainedSite) {
	var room [rfGlobalNameMax + 2*rfRetainedText]byte
	text := rfTextIn(room[:])
	text.put("it is still held by ")
	text.putGlobal(s.root)
	text.put(" -> ")
	text.put(s.path.string())
	if rfStatic(s.note.typ) {
		text.put(toRType((*_type)(unsafe.Pointer(s.note.typ))).string())
		text.put(", ")
	}
	text.putNumber(s.bytes)
	text.put(" bytes")
	if s.values > 1 {
		text.put("; deleted here and not collected: ")
		text.putNumber(uintptr(s.values))
	}
	f := rfFinding{kind: rfKindRetained, address: s.block, bytes: s.bytes, detail: text.string()}
	f.addBrief(rfActionDelete, &s.note.deleted)
	if s.note.stored.goid != 0 {
		f.addBrief(rfActionStore, &s.note.stored)
	}
	f.report()
	KeepAlive(&room)
}

// putGlobal puts the name of the variable at an address, if the program's file has names.
func (b *rfText) putGlobal(p uintptr) {
	var name [rfGlobalNameMax]byte
	n := uintptr(0)
	racecall(&__redflag_global_name, p, uintptr(unsafe.Pointer(&name[0])), uintptr(len(name)), uintptr(unsafe.Pointer(&n)))
	if n == 0 {
		b.put("a package variable")
		return
	}
	b.put(unsafe.String(&name[0], n))
}
