//go:build race

// What locks tell of their sections (runtime/redflag_view_race.go).

package sync

import _ "unsafe" // for go:linkname

// rfViews is whether they do.
//
//go:linkname rfViews runtime.rfViews
var rfViews bool

//go:linkname rfViewWanted
//go:noescape
func rfViewWanted(lock *Mutex)

//go:linkname rfViewTaken
//go:noescape
func rfViewTaken(lock *Mutex, shared uintptr)

//go:linkname rfViewGiven
//go:noescape
func rfViewGiven(lock *Mutex)

//go:linkname rfViewGone
//go:noescape
func rfViewGone(lock *Mutex)

func rfWanted(lock *Mutex) {
	if rfViews {
		rfViewWanted(lock)
	}
}

func rfTaken(lock *Mutex) {
	if rfViews {
		rfViewTaken(lock, 0)
	}
}

func rfTry(lock *Mutex) bool {
	rfWanted(lock)
	taken := lock.mu.TryLock()
	if taken {
		rfTaken(lock)
	}
	return taken
}

func rfShared(lock *Mutex) {
	if rfViews {
		rfViewTaken(lock, 1)
	}
}

func rfGiven(lock *Mutex) {
	if rfViews {
		rfViewGiven(lock)
	}
}

func rfGone(lock *Mutex) {
	if rfViews {
		rfViewGone(lock)
	}
}
