//go:build race

// Map keys that are strings: the bytes are read, too, which the compiler leaves to a runtime that isn't instrumented.

package runtime

import (
	"internal/abi"
	"unsafe"
)

// rfReadString is called by the functions that look a string up in a map: the bytes are read, by the function that
// returns to callerpc. Strings of the program's file, which nobody writes, cost no call.
//
//go:linkname rfReadString internal/runtime/maps.rfReadString
func rfReadString(key string, callerpc, pc uintptr) {
	p := unsafe.Pointer(unsafe.StringData(key))
	if rfSettings.mapkeys != 0 && len(key) != 0 && isvalidaddr(p) {
		racereadrangepc(p, uintptr(len(key)), callerpc, pc)
	}
}

// rfReadKey does the same for a map of any type, by a pointer to the key.
//
//go:linkname rfReadKey internal/runtime/maps.rfReadKey
func rfReadKey(t *abi.Type, key unsafe.Pointer, callerpc, pc uintptr) {
	if t.Kind() == abi.Interface && len((*interfacetype)(unsafe.Pointer(t)).Methods) == 0 {
		e := (*eface)(key)
		t, key = e._type, e.data
	}
	if t != nil && t.Kind() == abi.String {
		rfReadString(*(*string)(key), callerpc, pc)
	}
}
