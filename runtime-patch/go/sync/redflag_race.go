//go:build race

// What sync.Pool tells the race detector of the objects that it is given and hands out (runtime/redflag_pool_race.go and
// runtime/redflag_alias_race.go), and sync.Map of values that are stored and deleted (runtime/redflag_retained_race.go).

package sync

import "unsafe"

// Called by Put for every object, also for those that a race build drops at random: whoever puts can't know.
//
//go:linkname rfPoolPut
func rfPoolPut(x any)

// Called by Put behind that.
//
//go:linkname rfPoolAlias
func rfPoolAlias(x any)

// Called by Get with what New made.
//
//go:linkname rfPoolMade
func rfPoolMade(x any)

// Called by Get with what it returns, be it from the pool or from New.
//
//go:linkname rfPoolGet
func rfPoolGet(x any)

// rfPoolKnown has a word for each of poolRaceHash, for the runtime.
var rfPoolKnown [len(poolRaceHash)]uint64

//go:linkname rfPoolReleased
func rfPoolReleased(hash unsafe.Pointer, known *uint64)

//go:linkname rfPoolAcquired
func rfPoolAcquired(hash unsafe.Pointer, known *uint64)

// Called in the place of race.ReleaseMerge and race.Acquire.
func rfPoolRelease(hash unsafe.Pointer) { rfPoolReleased(hash, &rfPoolKnown[rfPoolHashOf(hash)]) }
func rfPoolAcquire(hash unsafe.Pointer) { rfPoolAcquired(hash, &rfPoolKnown[rfPoolHashOf(hash)]) }

func rfPoolHashOf(hash unsafe.Pointer) uintptr {
	return (uintptr(hash) - uintptr(unsafe.Pointer(&poolRaceHash))) / unsafe.Sizeof(poolRaceHash[0])
}

// Called with each value that was stored, and what was at its place before.
//
//go:linkname rfMapStored
func rfMapStored(v, previous any)

// Called with each value that was deleted.
//
//go:linkname rfMapDeleted
func rfMapDeleted(v any)

// What the methods of sync.Map do that store or delete. They have frames of their own, which the hooks leave out.

//go:noinline
func (m *Map) rfSwap(key, value any) (previous any, loaded bool) {
	previous, loaded = m.m.Swap(key, value)
	rfMapStored(value, previous)
	return previous, loaded
}

//go:noinline
func (m *Map) rfLoadOrStore(key, value any) (actual any, loaded bool) {
	actual, loaded = m.m.LoadOrStore(key, value)
	if !loaded {
		rfMapStored(value, nil)
	}
	return actual, loaded
}

//go:noinline
func (m *Map) rfCompareAndSwap(key, old, new any) bool {
	swapped := m.m.CompareAndSwap(key, old, new)
	if swapped {
		rfMapStored(new, old)
	}
	return swapped
}

//go:noinline
func (m *Map) rfLoadAndDelete(key any) (value any, loaded bool) {
	value, loaded = m.m.LoadAndDelete(key)
	if loaded {
		rfMapDeleted(value)
	}
	return value, loaded
}

//go:noinline
func (m *Map) rfCompareAndDelete(key, old any) bool {
	deleted := m.m.CompareAndDelete(key, old)
	if deleted {
		rfMapDeleted(old)
	}
	return deleted
}
