// Finalizers and cleanups that keep their own object alive.
package finalizers

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"weak"
)

type holder struct {
	name string
	o    *object
}

func (o *object) finalizeSelf(*object) { o.n = 0 }

func newObject() *object { return &object{n: 1, name: "xxx", handle: &handle{7}} }

func TestBugCleanupKeepsAlive_Captured(t *testing.T) {
	o := newObject()
	runtime.SetFinalizer(o, func(*object) { o.handle.fd = -1 })
}

func TestGood_Parameter(t *testing.T) {
	var done atomic.Bool
	func() {
		runtime.SetFinalizer(newObject(), func(o *object) { o.handle.fd = -1; done.Store(true) })
	}()
	collect(t, &done)
}

func TestBugCleanupKeepsAlive_MethodValue(t *testing.T) {
	o := newObject()
	runtime.SetFinalizer(o, o.finalizeSelf)
}

func TestGood_MethodValueOfOther(t *testing.T) {
	var done atomic.Bool
	other := newObject()
	func() {
		runtime.SetFinalizer(newObject(), other.finalizeSelf)
		runtime.SetFinalizer(newObject(), func(*object) { done.Store(true) })
	}()
	collect(t, &done)
	runtime.KeepAlive(other)
}

func TestBugCleanupKeepsAlive_ArgumentField(t *testing.T) {
	o := newObject()
	runtime.AddCleanup(o, func(h holder) { h.o.n = 0 }, holder{"a", o})
}

func TestGood_ArgumentCopy(t *testing.T) {
	var done atomic.Bool
	func() {
		o := newObject()
		runtime.AddCleanup(o, func(h holder) { done.Store(h.o == nil) }, holder{name: o.name})
	}()
	collect(t, &done)
}

func TestBugCleanupKeepsAlive_ArgumentInterface(t *testing.T) {
	o := newObject()
	runtime.AddCleanup(o, func(x any) { x.(*object).n = 0 }, any(o))
}

func TestGood_ArgumentOtherInterface(t *testing.T) {
	var done atomic.Bool
	func() {
		o := newObject()
		runtime.AddCleanup(o, func(x any) { x.(*handle).fd = -1; done.Store(true) }, any(o.handle))
	}()
	collect(t, &done)
}

func TestBugCleanupKeepsAlive_ArgumentFunction(t *testing.T) {
	o := newObject()
	runtime.AddCleanup(o, func(f func()) { f() }, func() { o.n = 0 })
}

func TestGood_ArgumentFunction(t *testing.T) {
	var done atomic.Bool
	func() {
		o := newObject()
		h := o.handle
		runtime.AddCleanup(o, func(f func()) { f(); done.Store(true) }, func() { h.fd = -1 })
	}()
	collect(t, &done)
}

func TestBugCleanupKeepsAlive_NestedFunction(t *testing.T) {
	o := newObject()
	release := func() { o.n = 0 }
	runtime.AddCleanup(o, func(int) { release() }, 1)
}

func TestGood_NestedFunction(t *testing.T) {
	var done atomic.Bool
	func() {
		o := newObject()
		h := o.handle
		release := func() { h.fd = -1 }
		runtime.AddCleanup(o, func(int) { release(); done.Store(true) }, 1)
	}()
	collect(t, &done)
}

func TestBugCleanupKeepsAlive_NestedFinalizer(t *testing.T) {
	o := newObject()
	release := func() { o.n = 0 }
	logged := func() { release() }
	runtime.SetFinalizer(o, func(*object) { logged() })
}

func TestGood_WeakCaptured(t *testing.T) {
	var done atomic.Bool
	func() {
		o := newObject()
		p := weak.Make(o)
		runtime.AddCleanup(o, func(int) { done.Store(p.Value() == nil) }, 1)
	}()
	collect(t, &done)
}

func TestBugCleanupKeepsAlive_InnerPointer(t *testing.T) {
	o := newObject()
	runtime.AddCleanup(o, func(p [2]*[40]byte) { p[1][0] = 0 }, [2]*[40]byte{nil, &o.text})
}

func TestGood_ArgumentNumber(t *testing.T) {
	var done atomic.Bool
	func() {
		o := newObject()
		runtime.AddCleanup(o, func(fd int) { done.Store(fd == 7) }, o.handle.fd)
	}()
	collect(t, &done)
}

func TestBugCleanupKeepsAlive_OtherGoroutine(t *testing.T) {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		o := newObject()
		runtime.SetFinalizer(o, func(*object) { o.n = 0 })
	}()
	wg.Wait()
}

// deeper calls f on a stack of so many frames more.
//
//go:noinline
func deeper(frames int, f func()) {
	if frames == 0 {
		f()
		return
	}
	deeper(frames-1, f)
	runtime.KeepAlive(&frames)
}

// What is set is what new goroutines need a larger stack for: some in the middle of noting where they are.
func TestBugCleanupKeepsAlive_GrowingStack(t *testing.T) {
	var wg sync.WaitGroup
	for frames := range 40 {
		o := newObject()
		finalizer := func(*object) { o.n = 0 }
		wg.Go(func() {
			deeper(frames, func() { runtime.SetFinalizer(o, finalizer) })
		})
	}
	wg.Wait()
}

// A cache that its entries' cleanups know of, and that lets go of them.
func TestGood_Cache(t *testing.T) {
	var done atomic.Bool
	cache := &struct {
		sync.Mutex
		entries map[string]*object
	}{entries: map[string]*object{}}
	func() {
		o := newObject()
		cache.entries["a"] = o
		runtime.AddCleanup(o, func(name string) {
			cache.Lock()
			delete(cache.entries, name)
			cache.Unlock()
			done.Store(true)
		}, "a")
	}()
	runtime.GC()
	cache.Lock()
	delete(cache.entries, "a")
	cache.Unlock()
	collect(t, &done)
}

// A variable that is captured by reference, and cleared later.
func TestGood_VariableCleared(t *testing.T) {
	var done atomic.Bool
	func() {
		o := newObject()
		runtime.SetFinalizer(o, func(*object) { done.Store(o == nil) })
		o = nil
	}()
	collect(t, &done)
}

// A list that the argument leads to, and that the object leaves.
func TestGood_ListLeft(t *testing.T) {
	var done atomic.Bool
	func() {
		o := newObject()
		list := &holder{"list", o}
		runtime.AddCleanup(o, func(h *holder) { done.Store(h.o == nil) }, list)
		list.o = nil
	}()
	collect(t, &done)
}

// Tiny objects share a block.
func TestGood_TinyNeighbours(t *testing.T) {
	var all [8]*int32
	for i := range all {
		all[i] = new(int32)
		if i > 0 {
			runtime.AddCleanup(all[i], func(h struct{ p *int32 }) { *h.p = 1 }, struct{ p *int32 }{all[i-1]})
		}
	}
}
