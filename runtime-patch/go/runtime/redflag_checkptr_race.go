//go:build race

// Checks of unsafe.Pointer, which -race switches on (checkptr.go): most of them are about two addresses in one object, which takes
// less than to find the object of each.

package runtime

import "unsafe"

// rfSameObject is asked by checkptrStraddles: whether checkptrBase is sure to give the same for both. If it isn't, or might throw,
// the answer is no, and checkptrBase is asked.
func rfSameObject(p, q uintptr) bool {
	if p-rfFast.text < rfFast.textBytes {
		return q-rfFast.text < rfFast.textBytes
	}
	if rfFast.textBytes == 0 {
		return false
	}
	if gp := getg(); gp.stack.lo <= p && p < gp.stack.hi {
		return gp.stack.lo <= q && q < gp.stack.hi
	}
	s := spanOf(p)
	if s == nil {
		d := &firstmoduledata
		return d.data <= p && p < d.edata && d.data <= q && q < d.edata ||
			d.bss <= p && p < d.ebss && d.bss <= q && q < d.ebss
	}
	base, limit := s.base(), s.limit
	return s.state.get() == mSpanInUse && base <= p && p < limit && base <= q && q < limit && s.objIndex(p) == s.objIndex(q)
}

// rfArithmetic is asked by checkptrArithmetic: whether p is sure to be fine.
func rfArithmetic(p unsafe.Pointer, originals []unsafe.Pointer) bool {
	if uintptr(p)-rfFast.text < rfFast.textBytes {
		return true
	}
	for _, original := range originals {
		if rfSameObject(uintptr(p), uintptr(original)) {
			return true
		}
	}
	return false
}
