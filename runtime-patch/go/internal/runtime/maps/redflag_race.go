//go:build race

// The race detector's hooks of maps check a string key as a pointer and a length, or not at all; these check the bytes.
// And deletes say what was deleted (runtime/redflag_retained_race.go). Implemented in package runtime.

package maps

import (
	"internal/abi"
	"unsafe"
)

//go:linkname rfReadString
func rfReadString(key string, callerpc, pc uintptr)

//go:linkname rfReadKey
func rfReadKey(t *abi.Type, key unsafe.Pointer, callerpc, pc uintptr)

//go:linkname rfWatched
func rfWatched() bool

//go:linkname rfDeleted
func rfDeleted(m unsafe.Pointer, t *abi.Type, value unsafe.Pointer)
