// Bugs with objects of sync.Pool, each beside its correct neighbour. TestBug<Kind>_<Name> must be reported as that kind
// in every run, TestGood_<Name> never.
package pool

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"
)

type item struct {
	n     int
	state atomic.Int32
	mu    sync.Mutex
	text  [64]byte
	next  *item
}

func (x *item) String() string { return fmt.Sprint(x.n) }

func newPool() *sync.Pool { return &sync.Pool{New: func() any { return new(item) }} }

func newBuffers() *sync.Pool { return &sync.Pool{New: func() any { return new(bytes.Buffer) }} }

// finish runs f in a goroutine and comes back when it is done, without anything the detector could take for order.
func finish(f func()) {
	done := new(bool)
	go func() {
		f()
		tell(done)
	}()
	for !told(done) {
		time.Sleep(time.Millisecond)
	}
}

//go:norace
//go:noinline
func tell(done *bool) { *done = true }

//go:norace
//go:noinline
func told(done *bool) bool { return *done }

// after runs f in a goroutine and waits for it in order.
func after(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// --- the same goroutine

func TestBugUseAfterPut_Write(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	p.Put(x)
	x.n = 1
}

// In another goroutine than the one that got it.
func TestBugUseAfterPut_GotElsewhere(t *testing.T) {
	p := newPool()
	var x *item
	after(func() { x = borrow(p) })
	p.Put(x)
	x.n = 1
}

func borrow(p *sync.Pool) *item { return p.Get().(*item) }

func TestBugUseAfterPut_NeverGot(t *testing.T) {
	p := newPool()
	x := new(item)
	p.Put(x)
	x.n = 1
}

// Where objects were that somebody got, and that are gone.
func TestBugUseAfterPut_NeverGotHere(t *testing.T) {
	const many = 2000
	p := newPool()
	gone := make(map[uintptr]bool)
	var kept []*item
	for i := range many {
		kept = append(kept, borrow(p)) // or whole pages would be given back
		x := borrow(p)
		if i > many-20 { // the last ones are remembered
			gone[uintptr(unsafe.Pointer(x))] = true
		}
	}
	for range 3 {
		runtime.GC()
	}
	for range 4 * many {
		x := new(item)
		if gone[uintptr(unsafe.Pointer(x))] {
			p.Put(x)
			x.n = 1
			return
		}
		kept = append(kept, x)
	}
	t.Fatal(len(kept), "objects, none of them at an old place")
}

func TestGood_Write(t *testing.T) {
	p := newPool()
	for i := range 100 {
		x := p.Get().(*item)
		x.n = i
		x.text[i%64]++
		p.Put(x)
	}
}

// --- another goroutine, in order

func TestBugUseAfterPut_OtherGoroutine(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	p.Put(x)
	after(func() { t.Log(x.text[40]) })
}

func TestGood_OtherGoroutine(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	after(func() { t.Log(x.text[40]) })
	p.Put(x)
	for range 4 {
		after(func() {
			y := p.Get().(*item)
			y.text[40]++
			p.Put(y)
		})
	}
}

// --- a method of the standard library

func TestBugUseAfterPut_Method(t *testing.T) {
	p := newBuffers()
	b := p.Get().(*bytes.Buffer)
	b.WriteString("text")
	p.Put(b)
	b.Reset()
}

func TestGood_Method(t *testing.T) {
	p := newBuffers()
	for range 100 {
		b := p.Get().(*bytes.Buffer)
		b.Reset()
		fmt.Fprintf(b, "%d", 7)
		io.WriteString(b, "text")
		p.Put(b)
	}
}

// --- put by defer, used by what is returned

func lazy(p *sync.Pool) func() string {
	x := p.Get().(*item)
	defer p.Put(x)
	return x.String
}

func eager(p *sync.Pool) string {
	x := p.Get().(*item)
	defer p.Put(x)
	return x.String()
}

func TestBugUseAfterPut_Deferred(t *testing.T) { t.Log(lazy(newPool())()) }

func TestGood_Deferred(t *testing.T) { t.Log(eager(newPool())) }

// --- the pool has let go of it: a collection empties it, and a race build drops one in four

func TestBugUseAfterPut_Collected(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	p.Put(x)
	runtime.GC()
	runtime.GC()
	x.n++
}

func TestGood_Collected(t *testing.T) {
	p := newPool()
	for i := range 200 {
		x := p.Get().(*item)
		x.n++
		p.Put(x)
		if i%50 == 0 {
			runtime.GC()
			runtime.GC()
		}
	}
}

// --- an atomic

func TestBugUseAfterPut_Atomic(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	p.Put(x)
	x.state.Store(2)
}

func TestGood_Atomic(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	x.state.Store(2)
	p.Put(x)
}

// --- a pointer into the object, and objects inside a larger one

func TestBugUseAfterPut_Inside(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	inside := &x.text[63]
	p.Put(x)
	*inside = 1
}

func TestGood_Inside(t *testing.T) {
	p := newPool()
	many := new([3]item)
	p.Put(&many[1])
	many[0].text[63]++
	many[0].next = nil
	many[2].n++
}

// --- put twice

func twice(p *sync.Pool, fail bool) {
	x := p.Get().(*item)
	defer p.Put(x)
	if fail {
		p.Put(x)
		return
	}
	x.n++
}

func once(p *sync.Pool, fail bool) {
	x := p.Get().(*item)
	if fail {
		p.Put(x)
		return
	}
	defer p.Put(x)
	x.n++
}

func TestBugDoublePut_Deferred(t *testing.T) { twice(newPool(), true) }

func TestGood_DoublePutDeferred(t *testing.T) {
	p := newPool()
	for i := range 100 {
		once(p, i%2 == 0)
	}
}

func TestBugDoublePut_OtherGoroutine(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	after(func() { p.Put(x) })
	p.Put(x)
}

func TestGood_DoublePutOtherGoroutine(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	for range 100 {
		after(func() { p.Put(x) })
		x = p.Get().(*item)
	}
	p.Put(x)
}

func TestBugDoublePut_TwoPools(t *testing.T) {
	p, q := newPool(), newPool()
	x := p.Get().(*item)
	p.Put(x)
	q.Put(x)
}

func TestGood_TwoPools(t *testing.T) {
	p, q := newPool(), newPool()
	for range 100 {
		q.Put(p.Get())
		p.Put(q.Get())
	}
}

// --- put while another goroutine uses it

func TestBugPutWhileUsed_Write(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	finish(func() { x.n++ })
	p.Put(x)
}

func TestGood_PutWhileUsedWrite(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() { x.text[i]++ })
	}
	wg.Wait()
	p.Put(x)
}

func TestBugPutWhileUsed_Read(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	finish(func() { _ = x.String() })
	p.Put(x)
}

func TestGood_PutWhileUsedRead(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	after(func() { _ = x.String() })
	p.Put(x)
}

func TestBugPutWhileUsed_OtherLock(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	var mu sync.Mutex
	finish(func() {
		mu.Lock()
		x.n++
		mu.Unlock()
	})
	p.Put(x)
}

func TestGood_SameLock(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	var mu sync.Mutex
	finish(func() {
		mu.Lock()
		x.n++
		mu.Unlock()
	})
	mu.Lock()
	defer mu.Unlock()
	p.Put(x)
}

// The last one puts.
func TestGood_Counted(t *testing.T) {
	p := newPool()
	for range 50 {
		x := p.Get().(*item)
		var users atomic.Int32
		users.Store(3)
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				x.text[i]++
				if users.Add(-1) == 0 {
					p.Put(x)
				}
			})
		}
		wg.Wait()
	}
}
