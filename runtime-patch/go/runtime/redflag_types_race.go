//go:build race

// The type of what is at an address of the heap, for reports of races. The allocator is told the type of each object; the
// rows of allocation sites keep it, and the collector has it for objects with pointers above 512 bytes.
//
// Types are only taken from the program's file: those live for ever, and naming them takes no lock.

package runtime

import (
	"internal/abi"
	"internal/goarch"
	"unsafe"
)

const rfTypeDepthMax = 32 // structs and arrays inside each other

// rfTypeQuery is struct rf_type_query of the glue.
type rfTypeQuery struct {
	address   uintptr // of the access
	object    uintptr // where its object begins
	kind      uintptr // answer: abi.Kind of what is at the address; 0 unknown
	inContext uintptr // answer: the object was given to context.WithValue
	path      rfText  // answer: the object's type and the field; empty when the object is of no parts
	typ       rfText  // answer: the type of what is at the address
}

// rfText is struct rf_text of the glue: room of whoever asks. A text that doesn't fit is cut.
type rfText struct {
	ptr      *byte
	len, cap uintptr
}

func (b *rfText) put(s string) {
	for i := 0; i < len(s) && b.len < b.cap; i++ {
		*(*byte)(unsafe.Add(unsafe.Pointer(b.ptr), b.len)) = s[i]
		b.len++
	}
}

func rfTextIn(room []byte) rfText {
	return rfText{ptr: unsafe.SliceData(room), cap: uintptr(len(room))}
}

// string is good for as long as the room is.
func (b *rfText) string() string {
	return unsafe.String(b.ptr, b.len)
}

// rest is the room that is left.
func (b *rfText) rest() rfText {
	return rfText{ptr: (*byte)(unsafe.Add(unsafe.Pointer(b.ptr), b.len)), cap: b.cap - b.len}
}

func (b *rfText) putIndex(n uintptr) {
	b.put("[")
	b.putNumber(n)
	b.put("]")
}

func (b *rfText) putNumber(n uintptr) {
	var room [20]byte
	digits := itoa(room[:], uint64(n))
	b.put(unsafe.String(&digits[0], len(digits)))
}

// rfStatic says whether t is a type of the program's file.
func rfStatic(t uintptr) bool {
	for m := &firstmoduledata; m != nil; m = m.next {
		if m.types <= t && t < m.etypes {
			return true
		}
	}
	return false
}

// rfObjectType gives what is known of the object at q.object: its type and its bytes.
func rfObjectType(q *rfTypeQuery) (*_type, uintptr) {
	if _, typ, size, ok := rfAllocTyped(q.object); ok {
		if size&rfAllocInContext != 0 {
			q.inContext = 1
		}
		return (*_type)(unsafe.Pointer(firstmoduledata.types + uintptr(typ))), uintptr(size &^ rfAllocInContext)
	}
	s := spanOf(q.object)
	if s == nil || s.state.get() != mSpanInUse || s.isUserArenaChunk || s.spanclass.noscan() || heapBitsInSpan(s.elemsize) {
		return nil, 0
	}
	t, n := uintptr(unsafe.Pointer(s.largeType)), s.elemsize
	if s.spanclass.sizeclass() != 0 { // malloc's header (malloc.go, mallocgcSmallScanHeader)
		if q.object != s.base()+s.objIndex(q.object)*s.elemsize+goarch.PtrSize {
			return nil, 0
		}
		t = *(*uintptr)(unsafe.Pointer(q.object - goarch.PtrSize))
		n -= goarch.PtrSize
	}
	if !rfStatic(t) {
		return nil, 0
	}
	return (*_type)(unsafe.Pointer(t)), n
}

// rfField gives the field at the offset; its type is nil between two fields.
func rfField(t *structtype, offset uintptr) (name string, typ *_type, start uintptr) {
	for i := range t.Fields {
		f := &t.Fields[i]
		if f.Offset <= offset && offset-f.Offset < f.Typ.Size_ {
			return f.Name.Name(), f.Typ, f.Offset
		}
	}
	return "", nil, 0
}

// rfType says what is at an address. On g0, as every question of the glue.
func rfType(q *rfTypeQuery) {
	t, n := rfObjectType(q)
	if t == nil || t.Size_ == 0 || q.address < q.object {
		return
	}
	offset := q.address - q.object
	index := offset / t.Size_
	if (index+1)*t.Size_ > n {
		return // rounded up: no whole object
	}
	offset -= index * t.Size_
	q.path.put(toRType(t).string())
	parts := false
	if n >= 2*t.Size_ {
		q.path.putIndex(index)
		parts = true
	}
	for depth := 0; depth < rfTypeDepthMax; depth++ {
		switch t.Kind() {
		case abi.Struct:
			name, field, start := rfField((*structtype)(unsafe.Pointer(t)), offset)
			if field == nil {
				return
			}
			q.path.put(".")
			q.path.put(name)
			t, offset = field, offset-start
		case abi.Array:
			elem := (*arraytype)(unsafe.Pointer(t)).Elem
			if elem.Size_ == 0 {
				return
			}
			q.path.putIndex(offset / elem.Size_)
			t, offset = elem, offset%elem.Size_
		default:
			if !parts {
				q.path.len = 0
			}
			q.typ.put(toRType(t).string())
			q.kind = uintptr(t.Kind())
			return
		}
		parts = true
	}
}
