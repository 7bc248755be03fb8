//go:build !race

package maps

import (
	"internal/abi"
	"unsafe"
)

func rfReadString(key string, callerpc, pc uintptr)                   {}
func rfReadKey(t *abi.Type, key unsafe.Pointer, callerpc, pc uintptr) {}
func rfWatched() bool                                                 { return false }
func rfDeleted(m unsafe.Pointer, t *abi.Type, value unsafe.Pointer)   {}
