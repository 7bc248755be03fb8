//go:build race

// The race detector's hooks of maps check a string key as a pointer and a length, or not at all; these check the bytes.
// Implemented in package runtime.

package maps

import (
	"internal/abi"
	"unsafe"
)

//go:linkname rfReadString
func rfReadString(key string, callerpc, pc uintptr)

//go:linkname rfReadKey
func rfReadKey(t *abi.Type, key unsafe.Pointer, callerpc, pc uintptr)
