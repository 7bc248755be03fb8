package cgomem

// #include "deep.h"
import "C"
import "unsafe"

type deep = C.struct_deep

func newDeep(i int) *deep             { return C.deep_new(C.int(i)) }
func freeDeep(d *deep)                { C.deep_free(d) }
func freeDeepInside(d *deep)          { C.deep_free_inside(d) }
func freeDeepDown(d *deep, depth int) { C.deep_free_down(d, C.int(depth)) }
func textOf(d *deep) unsafe.Pointer   { return unsafe.Pointer(d.text) }
