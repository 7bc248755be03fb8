// Addresses that are kept as numbers across a collection, each bug beside its correct neighbour. TestBugUseAfterGC_<Name> must be
// reported in every run, TestGood_<Name> never.
package gc

import (
	"bytes"
	"os"
	"runtime"
	"runtime/cgo"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"
	"weak"
)

type item struct {
	n    int
	mu   sync.Mutex
	next *item
	text [64]byte
	last int
}

func TestMain(m *testing.M) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(-1) // collections are those that the tests ask for
	}
	os.Exit(m.Run())
}

var sink any

// hide allocates a T on the heap and gives its address as a number, which is all that is left of it.
//
//go:noinline
func hide[T any](value T) uintptr {
	p := new(T)
	*p = value
	sink = p
	sink = nil
	return uintptr(unsafe.Pointer(p))
}

//go:noinline
func hideBytes(n int) uintptr {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'a'
	}
	sink = b
	sink = nil
	return uintptr(unsafe.Pointer(&b[0]))
}

// show makes a number a pointer again, by way of memory: checkptr sees only conversions.
//
//go:noinline
func show[T any](n uintptr) *T { return *(**T)(unsafe.Pointer(&n)) }

var read int

// --- bugs

type holder struct{ address uintptr }

func TestBugUseAfterGC_Field(t *testing.T) {
	h := &holder{hide(item{n: 1})}
	runtime.GC()
	read = show[item](h.address).n
}

func TestBugUseAfterGC_Map(t *testing.T) {
	m := map[string]uintptr{"a": hide(item{})}
	runtime.GC()
	show[item](m["a"]).n = 2
}

var global uintptr

func TestBugUseAfterGC_Global(t *testing.T) {
	global = hide(item{})
	runtime.GC()
	read = show[item](global).last
}

func TestBugUseAfterGC_Channel(t *testing.T) {
	c := make(chan uintptr, 1)
	c <- hide(item{})
	runtime.GC()
	done := make(chan bool)
	go func() {
		show[item](<-c).n++
		close(done)
	}()
	<-done
}

func TestBugUseAfterGC_MemoryOfC(t *testing.T) {
	c := cell()
	defer release(c)
	*c = hide(item{})
	runtime.GC()
	show[item](*c).text[7] = 1
}

func TestBugUseAfterGC_SliceHeader(t *testing.T) {
	n := hideBytes(100)
	runtime.GC()
	b := unsafe.Slice(show[byte](n), 100)
	b[99]++
}

func TestBugUseAfterGC_Conversion(t *testing.T) {
	n := hideBytes(40)
	runtime.GC()
	sink = string(unsafe.Slice(show[byte](n), 40))
}

func TestBugUseAfterGC_StringKey(t *testing.T) {
	n := hideBytes(40)
	runtime.GC()
	read = map[string]int{"b": 1}[unsafe.String(show[byte](n), 40)]
}

func TestBugUseAfterGC_MethodOfStd(t *testing.T) {
	n := hide(bytes.Buffer{})
	runtime.GC()
	show[bytes.Buffer](n).WriteByte('x')
}

func TestBugUseAfterGC_Lock(t *testing.T) {
	n := hide(item{})
	runtime.GC()
	x := show[item](n)
	x.mu.Lock()
	x.mu.Unlock()
}

var number atomic.Uintptr

func TestBugUseAfterGC_Atomic(t *testing.T) {
	number.Store(hide(atomic.Int64{}))
	runtime.GC()
	show[atomic.Int64](number.Load()).Add(1)
}

func TestBugUseAfterGC_TwoCollections(t *testing.T) {
	n := hide([300]int{1})
	runtime.GC()
	runtime.GC()
	read = show[[300]int](n)[5]
}

func TestBugUseAfterGC_Large(t *testing.T) {
	n := hideBytes(100000)
	runtime.GC()
	b := unsafe.Slice(show[byte](n), 100000)
	b[10] = 1
}

// --- neighbours

type pointerHolder struct{ address unsafe.Pointer }

func TestGood_Field(t *testing.T) {
	h := &pointerHolder{unsafe.Pointer(&item{n: 1})}
	runtime.GC()
	read = (*item)(h.address).n
}

func TestGood_Map(t *testing.T) {
	m := map[string]unsafe.Pointer{"a": unsafe.Pointer(new(item))}
	runtime.GC()
	(*item)(m["a"]).n = 2
}

var globalPointer unsafe.Pointer

func TestGood_Global(t *testing.T) {
	globalPointer = unsafe.Pointer(new(item))
	runtime.GC()
	runtime.GC()
	read = (*item)(globalPointer).last
}

func TestGood_KeptAlive(t *testing.T) {
	x := new(item)
	sink = x
	sink = nil
	n := uintptr(unsafe.Pointer(x))
	runtime.GC()
	show[item](n).n++
	runtime.KeepAlive(x)
}

func TestGood_OtherPointer(t *testing.T) {
	x := &item{next: new(item)}
	sink = x
	n := uintptr(unsafe.Pointer(x.next))
	runtime.GC()
	show[item](n).n++
	sink = nil
}

func TestGood_Interior(t *testing.T) {
	x := new(item)
	sink = x
	last := &x.last
	sink, x = nil, nil
	runtime.GC()
	y := (*item)(unsafe.Add(unsafe.Pointer(last), -int(unsafe.Offsetof(item{}.last))))
	y.n++
}

func TestGood_OneExpression(t *testing.T) {
	x := new(item)
	sink = x
	sink = nil
	runtime.GC()
	last := (*int)(unsafe.Pointer(uintptr(unsafe.Pointer(x)) + unsafe.Offsetof(x.last)))
	x = nil
	runtime.GC()
	*last = 1
}

func TestGood_Slice(t *testing.T) {
	b := make([]byte, 100)
	sink = b
	sink = nil
	c := unsafe.Slice(&b[50], 50)
	b = nil
	runtime.GC()
	c[0]++
	sink = unsafe.String(&c[0], 50)
	runtime.GC()
	read = int(sink.(string)[3])
}

func TestGood_Handle(t *testing.T) {
	c := cell()
	defer release(c)
	*c = uintptr(cgo.NewHandle(&item{n: 3}))
	runtime.GC()
	h := cgo.Handle(*c)
	read = h.Value().(*item).n
	h.Delete()
}

func TestGood_Pinned(t *testing.T) {
	c := cell()
	defer release(c)
	var pin runtime.Pinner
	x := new(item)
	pin.Pin(x)
	*c = uintptr(unsafe.Pointer(x))
	x = nil
	runtime.GC()
	runtime.GC()
	show[item](*c).n++
	pin.Unpin()
}

func TestGood_Weak(t *testing.T) {
	x := new(item)
	sink = x
	w := weak.Make(x)
	runtime.GC()
	w.Value().n++
	sink, x = nil, nil
	runtime.GC()
	if w.Value() != nil {
		t.Error("a weak pointer keeps what it points to")
	}
}

// What was freed is used again for something else, which isn't anybody's mistake.
func TestGood_Reused(t *testing.T) {
	for round := 0; round < 6; round++ {
		for i := 0; i < 2000; i++ {
			hide(item{n: i})
			hide(i)
			hideBytes(i + 1)
		}
		runtime.GC()
	}
}

func TestGood_Finalizer(t *testing.T) {
	done := make(chan int)
	x := &item{n: 4, next: &item{n: 5}}
	runtime.SetFinalizer(x, func(x *item) { done <- x.n + x.next.n })
	sink = x
	sink, x = nil, nil
	runtime.GC()
	if n := <-done; n != 9 {
		t.Error(n)
	}
	runtime.GC()
}

func TestGood_Pool(t *testing.T) {
	pool := sync.Pool{New: func() any { return new(item) }}
	for i := 0; i < 10; i++ {
		x := pool.Get().(*item)
		x.n++
		pool.Put(x)
		runtime.GC()
	}
}

func deep(n int, x *item) int {
	var pad [64]int
	pad[n%64] = x.n
	if n == 0 {
		return pad[0]
	}
	return deep(n-1, x) + pad[n%64]
}

// Stacks grow and shrink into what the collector freed, while it works.
func TestGood_Stacks(t *testing.T) {
	var wg sync.WaitGroup
	for i := 0; i < 200; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			x := &item{n: i}
			read := deep(i, x)
			for j := 0; j < 20; j++ {
				x = &item{next: x, n: read}
				x.text[0] = byte(len(make([]byte, 1<<(j%14+i%2))))
			}
			if i%40 == 0 {
				runtime.GC()
			}
			for ; x != nil; x = x.next {
				x.last++
			}
		}()
	}
	wg.Wait()
}

// A tiny block is free when nobody has any of the objects that share it.
func TestGood_Tiny(t *testing.T) {
	var keep []*int16
	for i := 0; i < 1000; i++ {
		a, b := new(int16), new(int16)
		*a, *b = int16(i), int16(i)
		sink = b
		if i%3 == 0 {
			keep = append(keep, a)
		}
	}
	sink = nil
	runtime.GC()
	for _, p := range keep {
		*p++
	}
}
