//go:build race

// What a mutex tells the detector (runtime/redflag_fast_race.go).

package sync

import "unsafe"

//go:linkname rfMutexTaken
//go:noescape
func rfMutexTaken(mutex unsafe.Pointer)

//go:linkname rfMutexGiven
//go:noescape
func rfMutexGiven(mutex unsafe.Pointer)
