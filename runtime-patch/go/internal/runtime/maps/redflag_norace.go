//go:build !race

package maps

import (
	"internal/abi"
	"unsafe"
)

func rfReadString(key string, callerpc, pc uintptr)                   {}
func rfReadKey(t *abi.Type, key unsafe.Pointer, callerpc, pc uintptr) {}
