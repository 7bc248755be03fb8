// Objects that their finalizer keeps, and that nobody uses.
package finalizers

import (
	"container/list"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// lives lets the collector look three times more.
func lives() {
	for range 3 {
		runtime.GC()
	}
}

var (
	keptObject *object
	keptMap    = map[string]*object{}
	keptSlice  []*object
	keptAny    any
	keptFunc   func() int
	keptList   = list.New()
	keptSync   sync.Map
	keptField  struct{ last *[64]byte }
)

func TestBugResurrection_Global(t *testing.T) {
	var done atomic.Bool
	make0(func(o *object) { keptObject = o; done.Store(true) })
	collect(t, &done)
	lives()
}

func TestBugResurrection_Map(t *testing.T) {
	var done atomic.Bool
	make0(func(o *object) { keptMap[o.name] = o; done.Store(true) })
	collect(t, &done)
	lives()
}

func TestBugResurrection_Slice(t *testing.T) {
	var done atomic.Bool
	for range 3 {
		make0(func(o *object) { keptSlice = append(keptSlice, o); done.Store(true) })
	}
	collect(t, &done)
	lives()
}

func TestBugResurrection_Interface(t *testing.T) {
	var done atomic.Bool
	make0(func(o *object) { keptAny = fmt.Stringer(o); done.Store(true) })
	collect(t, &done)
	lives()
}

func TestBugResurrection_Closure(t *testing.T) {
	var done atomic.Bool
	make0(func(o *object) { keptFunc = func() int { return o.n }; done.Store(true) })
	collect(t, &done)
	lives()
}

func TestBugResurrection_List(t *testing.T) {
	var done atomic.Bool
	make0(func(o *object) { keptList.PushBack(o); done.Store(true) })
	collect(t, &done)
	lives()
}

func TestBugResurrection_SyncMap(t *testing.T) {
	var done atomic.Bool
	make0(func(o *object) { keptSync.Store(o.name, o); done.Store(true) })
	collect(t, &done)
	lives()
}

func TestBugResurrection_NoPointers(t *testing.T) {
	var done atomic.Bool
	func() {
		runtime.SetFinalizer(new([64]byte), func(p *[64]byte) { keptField.last = p; done.Store(true) })
	}()
	collect(t, &done)
	lives()
}

// Of a local variable of a goroutine that waits.
func TestBugResurrection_Stack(t *testing.T) {
	var done atomic.Bool
	var kept atomic.Pointer[object]
	var holding sync.WaitGroup
	holding.Add(1)
	end := make(chan bool)
	make0(func(o *object) { kept.Store(o); done.Store(true) })
	collect(t, &done)
	go func() {
		o := kept.Swap(nil)
		holding.Done()
		<-end
		runtime.KeepAlive(o)
	}()
	holding.Wait()
	lives()
	t.Cleanup(func() { close(end) })
}

type named struct {
	n    int
	next *named
}

func (n *named) finalize() { keptAny = n; methodDone.Store(true) }

var methodDone atomic.Bool

// The finalizer is a method.
func TestBugResurrection_Method(t *testing.T) {
	func() {
		runtime.SetFinalizer(&named{n: 1}, (*named).finalize)
	}()
	collect(t, &methodDone)
	lives()
}

// What was kept is let go before a collection could see it.
func TestGood_LetGo(t *testing.T) {
	var done atomic.Bool
	make0(func(o *object) { keptObject = o; done.Store(true) })
	collect(t, &done)
	keptObject = nil
	lives()
}

// What was kept for long, and is gone when the test ends.
func TestGood_LetGoLater(t *testing.T) {
	var done atomic.Bool
	make0(func(o *object) { keptObject = o; done.Store(true) })
	collect(t, &done)
	lives()
	keptObject = nil
	lives()
}

// The finalizer sets itself again.
func TestGood_KeptAndSet(t *testing.T) {
	var done atomic.Bool
	var kept *object
	var finalize func(*object)
	finalize = func(o *object) {
		kept = o
		runtime.SetFinalizer(o, finalize)
		done.Store(true)
	}
	make0(finalize)
	collect(t, &done)
	lives()
	runtime.KeepAlive(kept)
	keptAny = &kept
}

// Somebody else does, later.
var freeList []*object

func TestGood_FreeList(t *testing.T) {
	var done atomic.Bool
	finalize := func(o *object) { freeList = append(freeList, o); done.Store(true) }
	for range 3 {
		make0(finalize)
	}
	collect(t, &done)
	lives()
	o := freeList[0]
	runtime.SetFinalizer(o, finalize)
	runtime.KeepAlive(o)
}

// A list of free objects of which most had to make room on the watch list.
func TestGood_LongFreeList(t *testing.T) {
	var done atomic.Bool
	var free []*object
	finalize := func(o *object) { free = append(free, o); done.Store(true) }
	for range 10000 {
		make0(finalize)
	}
	collect(t, &done)
	lives()
	returned(t)
	runtime.SetFinalizer(free[0], finalize)
	keptAny = &free
}

// As many objects that are kept and never come back.
func TestBugResurrection_Many(t *testing.T) {
	var done atomic.Bool
	var kept []*object
	for range 10000 {
		make0(func(o *object) { kept = append(kept, o); done.Store(true) })
	}
	collect(t, &done)
	lives()
	returned(t)
	keptAny = &kept
}

func TestGood_KeptWithCleanup(t *testing.T) {
	var done atomic.Bool
	make0(func(o *object) {
		keptAny = o
		runtime.AddCleanup(o, func(int) {}, 1)
		done.Store(true)
	})
	collect(t, &done)
	lives()
}

func TestGood_KeptPart(t *testing.T) {
	var done atomic.Bool
	make0(func(o *object) { keptAny = o.handle; done.Store(true) })
	collect(t, &done)
	lives()
}

func TestGood_KeptInChannel(t *testing.T) {
	var done atomic.Bool
	c := make(chan *object, 1)
	make0(func(o *object) { c <- o; done.Store(true) })
	collect(t, &done)
	lives()
	keptAny = c
}

func TestGood_KeptByGoroutine(t *testing.T) {
	var done atomic.Bool
	end := make(chan bool)
	make0(func(o *object) {
		go func() {
			<-end
			o.handle = nil
		}()
		done.Store(true)
	})
	collect(t, &done)
	lives()
	t.Cleanup(func() { close(end) })
}

// A tiny object dies, and the one beside it in its block lives.
func TestGood_KeptTiny(t *testing.T) {
	var all [64]*int32
	for i := range all {
		all[i] = new(int32)
		if i%4 == 0 {
			runtime.SetFinalizer(all[i], func(p *int32) { *p = 7 })
			all[i] = nil
		}
	}
	returned(t)
	lives()
	keptAny = &all
}

// An address is no pointer.
var keptNumber uintptr

func TestGood_KeptNumber(t *testing.T) {
	var done atomic.Bool
	make0(func(o *object) { keptNumber = uintptr(o.handle.fd); done.Store(true) })
	collect(t, &done)
	lives()
}

// A goroutine that is interrupted anywhere, with words in its frame that once were pointers.
func TestGood_KeptByStaleWords(t *testing.T) {
	var stop, done atomic.Bool
	end := make(chan int)
	go func() {
		n := 0
		o := &object{n: 1}
		for i := range 4 {
			n += spin(o, i)
		}
		runtime.SetFinalizer(o, func(*object) { done.Store(true) })
		for !stop.Load() {
			for i := range 10000 {
				n += i * n
			}
		}
		end <- n
	}()
	for range 20 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	lives()
	stop.Store(true)
	<-end
}

//go:noinline
func spin(o *object, n int) int {
	return o.n + n
}
