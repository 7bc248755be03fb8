//go:build race

// Heap objects that are watched without being kept alive: after each mark phase, while the world is stopped and nothing
// has been swept, the collector says here which of them it found (tsan-glue has no part in this).
//
// An object that wasn't found leaves the list before its memory can be anybody else's. The addresses are numbers in
// memory that the collector doesn't look at.

package runtime

const (
	rfFollowMax    = 1 << 15 // watched at a time, a power of two; 512 KiB, touched as used. More are left out
	rfFollowProbes = 16      // places of an object
)

type rfFollowed struct {
	block  uintptr // start of the object's block in the heap
	cycles uint32  // collections that it has survived
	stored uint32  // places in maps that it was stored at; 0: it was deleted
}

var rfFollows struct {
	lock    mutex
	count   int
	deleted int // of them
	list    [rfFollowMax]rfFollowed
}

// rfFollowHash gives the i-th place where an object may be.
func rfFollowHash(block, i uintptr) uintptr {
	return ((block>>4 ^ block>>17) + i) % rfFollowMax
}

// rfFollowPlace gives the number of a watched object's place, or -1. The caller has the lock, or the world stopped.
func rfFollowPlace(block uintptr) int {
	for i := range uintptr(rfFollowProbes) {
		at := rfFollowHash(block, i)
		if w := &rfFollows.list[at]; w.block == block {
			return int(at)
		}
	}
	return -1
}

// rfFollowAdd puts an object on the list, if it isn't there, and gives the number of its place: there the
// watcher may keep what it knows of the object. -1: no room. The caller has the lock, and the object.
func rfFollowAdd(block uintptr) int {
	if at := rfFollowPlace(block); at >= 0 {
		return at
	}
	for i := range uintptr(rfFollowProbes) {
		at := rfFollowHash(block, i)
		if w := &rfFollows.list[at]; w.block == 0 {
			*w = rfFollowed{block: block}
			rfFollows.count++
			return int(at)
		}
	}
	return -1
}

// rfFollowDrop takes what is at a place off the list. The caller has the lock, or the world stopped.
func rfFollowDrop(at int) {
	if rfFollows.list[at].stored == 0 {
		rfFollows.deleted--
	}
	rfFollows.list[at] = rfFollowed{}
	rfFollows.count--
}

// rfFound says whether this collection has found the object. Only where rfMarkDone is called from.
func rfFound(block uintptr) bool {
	_, s, i := rfFindObject(block)
	return s != nil && s.markBitsForIndex(i).isMarked()
}

// rfMarkDone is called by gcMarkTermination between mark and sweep: on the system stack, the world is stopped, so nobody has
// the lock. It may not allocate.
func rfMarkDone() {
	rfOwnedMarked()
	rfGotsMarked()
	rfWatchMarked()
	rfLostMarked()
	rfQueuesMarked()
	rfFollowMarked()
	rfRetainedMarked()
}

func rfFollowMarked() {
	if rfFollows.count == 0 {
		return
	}
	for at := range rfFollows.list {
		w := &rfFollows.list[at]
		if w.block == 0 {
			continue
		}
		if !rfFound(w.block) {
			rfFollowDrop(at)
			continue
		}
		w.cycles++
	}
}
