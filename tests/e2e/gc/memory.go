// Package gc has what tests can't have themselves: memory of C.
package gc

// #include <stdlib.h>
import "C"

import "unsafe"

// cell gives memory of C for one word, which the collector doesn't look into.
func cell() *uintptr { return (*uintptr)(C.calloc(1, 8)) }

func release(p *uintptr) { C.free(unsafe.Pointer(p)) }
