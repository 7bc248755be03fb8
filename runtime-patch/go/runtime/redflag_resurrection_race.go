//go:build race

// Objects that their finalizer keeps: it has returned, nothing will ever run for the object again, and the collections
// that came later still reached it. Such an object is told of when the test that set the finalizer ends, or the process
// does: until then a use may show the same mistake better (redflag_finalizer_race.go), or the object may get an end again.
//
// Addresses here are no pointers, so nothing is kept by them. An object that dies leaves its row in the same collection,
// before its memory can be used again.

package runtime

import (
	"internal/runtime/atomic"
	"internal/runtime/sys"
	"unsafe"
)

const (
	rfSetFramesMax = 24      // of a call of SetFinalizer
	rfSetMax       = 1 << 11 // the last calls, by object; 480 KiB, touched as used
	rfWatchWays    = 4       // rows that an object may be in
	rfWatchMax     = 1 << 11 // 560 KiB, touched as used
	rfWatchLives   = 2       // collections that an object must have lived through
	rfKeepersMax   = 64      // finalizers
	rfGuessMax     = 32      // blocks of one collection

	// What is known of a finalizer.
	rfKeeperLost   = 1 // an object of it had to make room
	rfKeeperReuses = 2 // an object of it got an end later: it keeps lists of free objects
	rfKeeperTold   = 4 // an object of it was reported
)

type rfKeeper struct {
	function uintptr
	known    uint32
}

// rfFinalizerSetting is a call of SetFinalizer.
type rfFinalizerSetting struct {
	object uintptr
	goid   uint64
	slot   uint32
	owner  uint32
	pcs    [rfSetFramesMax]uintptr
}

type rfWatched struct {
	object   uintptr // 0: none
	bytes    uintptr
	function uintptr // pc in the finalizer
	caller   uintptr // pc in runFinalizers
	cycle    uint32  // the collection that had begun last when the object was let go
	lives    uint32  // collections that began later and reached it
	set      rfFinalizerSetting
}

// rfWatch is under rfFinalizing.lock, but for the time when the world is stopped.
var rfWatch struct {
	rows    [rfWatchMax]rfWatched
	count   int
	next    rfWatched // of the finalizer that has just returned
	sets    [rfSetMax]rfFinalizerSetting
	keepers [rfKeepersMax]rfKeeper
	keeping int
	others  uint32              // what is known of a finalizer that has no row
	guesses [rfGuessMax]uintptr // blocks that only the words of a frame marked which may be no pointers
	guessed atomic.Uint32
}

func rfWatchHash(object uintptr) uintptr {
	return object>>4 ^ object>>14
}

func rfWatchSet(object uintptr) *[rfWatchWays]rfWatched {
	first := rfWatchHash(object) % (rfWatchMax / rfWatchWays) * rfWatchWays
	return (*[rfWatchWays]rfWatched)(unsafe.Pointer(&rfWatch.rows[first]))
}

// rfSettingOf is the place for who set the end of an object; another's may be there.
func rfSettingOf(object uintptr) *rfFinalizerSetting {
	return &rfWatch.sets[rfWatchHash(object)%rfSetMax]
}

// rfWatchArm is called by SetFinalizer and AddCleanup through a function whose frame is at fp: with rfFinalizing.lock.
func rfWatchArm(object uintptr, fp unsafe.Pointer) {
	gp := getg()
	s := rfSettingOf(object)
	s.object, s.goid, s.slot, s.owner = object, gp.goid, gp.rfslot, gp.rfowner
	rfReturns(s.pcs[:], gp, uintptr(fp))
}

// rfWatchAgain is called with rfFinalizing.lock when an object has an end (marked: again). Whoever wrote the finalizer that has
// run for it knows what becomes of its objects. If this one had to make room it may be of any finalizer that lost one.
func rfWatchAgain(object uintptr, marked bool) {
	set := rfWatchSet(object)
	for i := range set {
		if set[i].object == object {
			rfKeeperIs(set[i].function, rfKeeperReuses)
			set[i].object = 0
			rfWatch.count--
			return
		}
	}
	if !marked {
		return
	}
	for i := range rfWatch.keepers[:rfWatch.keeping] {
		if k := &rfWatch.keepers[i]; k.known&rfKeeperLost != 0 {
			k.known |= rfKeeperReuses
		}
	}
	if rfWatch.others&rfKeeperLost != 0 {
		rfWatch.others |= rfKeeperReuses
	}
}

func rfKeeperIs(function uintptr, what uint32) {
	for i := range rfWatch.keepers[:rfWatch.keeping] {
		if k := &rfWatch.keepers[i]; k.function == function {
			k.known |= what
			return
		}
	}
	if rfWatch.keeping == rfKeepersMax {
		rfWatch.others |= what
		return
	}
	rfWatch.keepers[rfWatch.keeping] = rfKeeper{function, what}
	rfWatch.keeping++
}

func rfKeeperKnown(function uintptr) uint32 {
	for i := range rfWatch.keepers[:rfWatch.keeping] {
		if k := &rfWatch.keepers[i]; k.function == function {
			return k.known
		}
	}
	return rfWatch.others &^ rfKeeperTold
}

// rfWatchReturned is called with rfFinalizing.lock when a finalizer has returned to the function at caller, which still
// holds the object.
func rfWatchReturned(f *finalizer, start, bytes, caller uintptr) {
	s := spanOf(start)
	if rfSettings.resurrection == 0 || s.spanclass == tinySpanClass { // tiny objects share what a collection marks
		return
	}
	w := &rfWatch.next
	*w = rfWatched{object: uintptr(f.arg), bytes: bytes, function: f.fn.fn + sys.PCQuantum, caller: caller}
	if set := rfSettingOf(w.object); set.object == w.object {
		w.set = *set
	}
}

// rfFinalizerGone is called by runFinalizers when it has let go of the object.
func rfFinalizerGone() {
	if rfWatch.next.object == 0 {
		return
	}
	lock(&rfFinalizing.lock)
	at := rfWatchRow(rfWatch.next.object)
	if at.object == 0 {
		rfWatch.count++
	} else {
		rfKeeperIs(at.function, rfKeeperLost)
	}
	*at = rfWatch.next
	at.cycle = work.cycles.Load()
	rfWatch.next.object = 0
	unlock(&rfFinalizing.lock)
}

// rfWatchRow gives a free row, or the one that has shown least: one whose SetFinalizer isn't known, if there is one.
func rfWatchRow(object uintptr) *rfWatched {
	set := rfWatchSet(object)
	at := &set[0]
	for i := range set {
		if w := &set[i]; w.object == 0 || w.object == object {
			return w
		} else if w.worth() < at.worth() {
			at = w
		}
	}
	return at
}

func (w *rfWatched) worth() uint64 {
	known := uint64(0)
	if w.set.object != 0 {
		known = 1
	}
	return known<<40 | uint64(w.lives)<<32 | uint64(w.cycle)
}

// rfWatchMarked is called by rfMarkDone.
func rfWatchMarked() {
	if rfWatch.count == 0 {
		rfWatch.guessed.Store(0)
		return
	}
	cycle := work.cycles.Load()
	for i := range rfWatch.rows {
		w := &rfWatch.rows[i]
		if w.object == 0 {
			continue
		}
		if !rfFound(w.object) {
			w.object = 0
			rfWatch.count--
		} else if w.cycle != cycle && w.lives < rfWatchLives && !rfGuessReaches(w.object) {
			w.lives++
		}
	}
	rfWatch.guessed.Store(0)
}

// rfGuess is called by scanConservative with what a word in a frame would refer to if it were a pointer.
func rfGuess(s *mspan, i uintptr) {
	if rfWatch.count != 0 && !s.markBitsForIndex(i).isMarked() {
		if n := rfWatch.guessed.Add(1); n <= rfGuessMax {
			rfWatch.guesses[n-1] = s.base() + i*s.elemsize
		}
	}
}

// rfGuessReaches says whether the object may be marked only because such a word was taken for a pointer.
func rfGuessReaches(object uintptr) bool {
	n := rfWatch.guessed.Load()
	if n > rfGuessMax {
		return true
	}
	start, end := rfBlock(object)
	rfWalk.begin(start, end)
	for _, block := range rfWatch.guesses[:n] {
		rfWalk.block(block)
	}
	return rfWalk.run() != rfWalkNo
}

// rfResurrected reports the objects of the finalizers that the test set, or, with all, those of everybody: on a goroutine that
// holds nothing. Those whose SetFinalizer isn't known come last, and only if none was reported of the same finalizer.
func rfResurrected(owner uint32, all bool) {
	if rfWatch.count == 0 || owner == 0 && !all {
		return
	}
	rfWatchTell(owner, all, true)
	if all {
		rfWatchTell(owner, all, false)
	}
}

func rfWatchTell(owner uint32, all, known bool) {
	for i := range rfWatch.rows {
		if w := rfWatchTake(i, owner, all, known); w.object != 0 && !rfHasEnd(w.object) {
			w.report()
		}
	}
}

// rfWatchTake takes a row off the list. No object: there was none to report.
func rfWatchTake(i int, owner uint32, all, known bool) rfWatched {
	lock(&rfFinalizing.lock)
	w := rfWatch.rows[i]
	if w.object == 0 || w.lives < rfWatchLives || known != (w.set.object != 0) || !all && w.set.owner != owner {
		unlock(&rfFinalizing.lock)
		return rfWatched{}
	}
	rfWatch.rows[i].object = 0
	rfWatch.count--
	is := rfKeeperKnown(w.function)
	if is&rfKeeperReuses != 0 || is&rfKeeperTold != 0 && !known {
		w.object = 0
	} else {
		rfKeeperIs(w.function, rfKeeperTold)
	}
	unlock(&rfFinalizing.lock)
	return w
}

func (w *rfWatched) report() {
	finalizer := [2]uintptr{w.function, w.caller}
	f := rfFinding{kind: rfKindResurrection, address: w.object, bytes: w.bytes}
	f.addSide(rfActionStore, fing.goid, fing.rfslot, finalizer[:])
	f.addSide(rfActionFinalize, w.set.goid, w.set.slot, w.set.pcs[:])
	f.detail = "the object lives on, and nothing will be called at its end"
	f.report()
	KeepAlive(&finalizer)
	KeepAlive(w)
}
