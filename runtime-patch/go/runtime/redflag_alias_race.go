//go:build race

// Arrays behind objects of sync.Pool: what (*bytes.Buffer).Bytes gives, or a copy of the slice that a *[]byte points to,
// is the pool's as much as the object is. Put marks the array, too, as a mark of its own (tsan-glue/marks.h).
//
// An object may well refer to memory that others own, and then nothing may be said of that. So an array is marked only when
// it is known to be the object's own: it was there when the pool's New made the object, or a bytes.Buffer has made it for
// itself. Which arrays these are is remembered in rfOwned: what has no room there isn't marked. The garbage collector takes
// out what it is about to free, so an address there is the array's and the object's for as long as it is there.

package runtime

import (
	"internal/abi"
	"internal/goarch"
	"internal/runtime/atomic"
	"internal/runtime/sys"
	"unsafe"
)

//go:linkname __redflag_pool_alias __redflag_pool_alias
var __redflag_pool_alias byte

//go:linkname __redflag_pool_unalias __redflag_pool_unalias
var __redflag_pool_unalias byte

//go:cgo_import_static __redflag_pool_alias
//go:cgo_import_static __redflag_pool_unalias

const (
	rfOwnedEntries = 1024
	rfOwnedShared  = ^uintptr(0) // owner of an array that came with two objects
	rfShapes       = 256
	rfShapeNone    = 1<<16 - 1
)

// rfAlias is struct rf_alias of the glue.
type rfAlias struct {
	pc             uintptr // inside sync.(*Pool).Put
	array, bytes   uintptr // what is marked
	object, extent uintptr // what Put marked of the object
}

// rfOwned is direct-mapped by the array. Written with the lock held, or with the world stopped; read without.
var rfOwned struct {
	lock    mutex
	entries [rfOwnedEntries]struct{ array, owner uintptr }
}

// rfShape remembers of types where their array is: the type's address, and below it 16 bits of offset.
var rfShape [rfShapes]uint64

// rfArrays says where in an object of this type is the slice whose array can be its own; rfShapeNone: nowhere.
func rfArrays(t *_type) uintptr {
	e := &rfShape[uintptr(unsafe.Pointer(t))/goarch.PtrSize%rfShapes]
	if known := atomic.Load64(e); known>>16 == uint64(uintptr(unsafe.Pointer(t))) {
		return uintptr(known & rfShapeNone)
	}
	at := rfFindArray(t)
	if at == rfShapeNone && t.Kind() == abi.Struct {
		for _, f := range (*structtype)(unsafe.Pointer(t)).Fields {
			if in := rfFindArray(f.Typ); f.Typ.Kind() == abi.Struct && in != rfShapeNone && f.Offset+in < rfShapeNone {
				at = f.Offset + in
				break
			}
		}
	}
	atomic.Store64(e, uint64(uintptr(unsafe.Pointer(t)))<<16|uint64(at))
	return at
}

// rfFindArray is about the type itself: a slice, or one of std's that keep an array to themselves.
func rfFindArray(t *_type) uintptr {
	if t.Kind() == abi.Slice {
		return 0
	}
	if t.Kind() != abi.Struct || t.TFlag&abi.TFlagNamed == 0 {
		return rfShapeNone
	}
	switch pkg, name := toRType(t).pkgpath(), toRType(t).name(); {
	case pkg == "bytes" && name == "Buffer", pkg == "bufio" && (name == "Reader" || name == "Writer"):
		for _, f := range (*structtype)(unsafe.Pointer(t)).Fields {
			if f.Name.Name() == "buf" && f.Typ.Kind() == abi.Slice {
				return f.Offset
			}
		}
	}
	return rfShapeNone
}

// rfPoolArray gives the array behind the object that a pointer in x points to, and the slice's place as its owner. n: how
// much of it can be marked: whole cells of a block of the heap; 0 nothing.
func rfPoolArray(x any) (owner, array, n uintptr) {
	e := efaceOf(&x)
	if e._type == nil || e._type.Kind() != abi.Pointer || e.data == nil {
		return 0, 0, 0
	}
	t := (*ptrtype)(unsafe.Pointer(e._type)).Elem
	at := rfArrays(t)
	if at == rfShapeNone {
		return 0, 0, 0
	}
	s := (*slice)(add(e.data, at))
	element := uintptr(1) // std's are of bytes
	if t.Kind() == abi.Slice {
		element = (*slicetype)(unsafe.Pointer(t)).Elem.Size_
	}
	base, span, _ := rfFindObject(uintptr(s.array))
	if span == nil || s.cap <= 0 || element == 0 || uintptr(s.cap) > span.elemsize/element {
		return 0, 0, 0
	}
	array = uintptr(s.array)
	n = min(uintptr(s.cap)*element, base+span.elemsize-array, rfMarkedBytes)
	if array%rfCell != 0 || n < rfCell {
		return 0, 0, 0
	}
	return uintptr(unsafe.Pointer(s)), array, alignDown(n, rfCell)
}

func rfOwn(array, owner uintptr) {
	e := &rfOwned.entries[array/rfCell*rfMix>>40%rfOwnedEntries]
	lock(&rfOwned.lock)
	if e.array == array && e.owner != owner {
		owner = rfOwnedShared
	}
	atomic.Storeuintptr(&e.array, 0)
	atomic.Storeuintptr(&e.owner, owner)
	atomic.Storeuintptr(&e.array, array)
	unlock(&rfOwned.lock)
}

func rfOwns(owner, array uintptr) bool {
	e := &rfOwned.entries[array/rfCell*rfMix>>40%rfOwnedEntries]
	return atomic.Loaduintptr(&e.array) == array && atomic.Loaduintptr(&e.owner) == owner && atomic.Loaduintptr(&e.array) == array
}

// rfOwnedMarked is called by rfMarkDone.
func rfOwnedMarked() {
	if rfSettings.aliases == 0 {
		return
	}
	for i := range rfOwned.entries {
		e := &rfOwned.entries[i]
		if e.array != 0 && !(rfFound(e.array) && (e.owner == rfOwnedShared || rfFound(e.owner))) {
			e.array = 0
		}
	}
}

// rfPoolMade is called by Get with what New made.
//
//go:linkname rfPoolMade sync.rfPoolMade
func rfPoolMade(x any) {
	if rfSettings.aliases == 0 {
		return
	}
	if owner, array, n := rfPoolArray(x); n != 0 {
		rfOwn(array, owner)
	}
}

// rfBufferGrew is called by a bytes.Buffer that has made an array for itself; buf: where its slice is.
//
//go:linkname rfBufferGrew bytes.rfBufferGrew
func rfBufferGrew(buf *[]byte) {
	if rfSettings.aliases != 0 && cap(*buf) >= rfCell {
		if _, s, _ := rfFindObject(uintptr(unsafe.Pointer(buf))); s != nil {
			rfOwn(uintptr(unsafe.Pointer(unsafe.SliceData(*buf))), uintptr(unsafe.Pointer(buf)))
		}
	}
}

// rfPoolAlias is called by Put behind rfPoolPut; the pc that it is called from names the Put in reports.
//
//go:linkname rfPoolAlias sync.rfPoolAlias
func rfPoolAlias(x any) {
	if rfSettings.aliases == 0 {
		return
	}
	owner, array, n := rfPoolArray(x)
	if n == 0 || !rfOwns(owner, array) {
		return
	}
	// Finalizers and cleanups get to what is in a pool that nobody has any more.
	object, extent := rfPoolMemory(x)
	if extent == 0 || rfHasEnd(owner) || rfHasEnd(array) {
		return
	}
	a := rfAlias{pc: sys.GetCallerPC(), array: array, bytes: n, object: object, extent: extent}
	caller := rfPoolCaller(unsafe.Pointer(getfp()))
	if caller != 0 {
		racefuncenter(caller)
	}
	racecall(&__redflag_pool_alias, getg().racectx, uintptr(unsafe.Pointer(&a)), 0, 0)
	if caller != 0 {
		racefuncexit()
	}
}

// rfPoolUnalias is called when Get hands x out.
func rfPoolUnalias(x any) {
	if _, array, n := rfPoolArray(x); n != 0 {
		racecall(&__redflag_pool_unalias, array, n, 0, 0)
	}
}
