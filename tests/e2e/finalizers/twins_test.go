// Bugs with finalizers, each beside its correct neighbour. TestBug<Kind>_<Name> must be reported as that kind in every
// run, TestGood_<Name> never.
package finalizers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

type object struct {
	n      int
	name   string
	next   *object
	handle *handle
	state  atomic.Int32
	mu     sync.Mutex
	text   [40]byte
}

type handle struct{ fd int }

func (o *object) String() string { return fmt.Sprint("object ", o.n) }

// make0 makes an object that nobody knows of when it returns.
//
//go:noinline
func make0(finalizer func(*object)) {
	o := &object{n: 1, name: strings.Repeat("x", 3), handle: &handle{7}}
	runtime.SetFinalizer(o, finalizer)
}

// collect collects until a finalizer has said that it is at its end, and then gives it time to return.
func collect(t *testing.T, done *atomic.Bool) {
	t.Helper()
	for range 500 {
		runtime.GC()
		if done.Load() {
			returned(t)
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("no finalizer ran")
}

// returned waits until the finalizer that runs now has returned: the next one runs after it.
func returned(t *testing.T) {
	t.Helper()
	next := make(chan bool, 1)
	last(next)
	for range 500 {
		runtime.GC()
		select {
		case <-next:
			return
		case <-time.After(time.Millisecond):
		}
	}
	t.Fatal("no finalizer returned")
}

//go:noinline
func last(next chan bool) {
	runtime.SetFinalizer(&object{}, func(*object) { next <- true })
}

// Stored in a global variable.

var global *object

func TestBugUseAfterFinalize_Global(t *testing.T) {
	var done atomic.Bool
	make0(func(o *object) { global = o; done.Store(true) })
	collect(t, &done)
	global.n++
}

func TestGood_FieldStored(t *testing.T) {
	var done atomic.Bool
	var kept *handle
	make0(func(o *object) { kept = o.handle; done.Store(true) })
	collect(t, &done)
	kept.fd++
}

// Stored in a map of the living.

func TestBugUseAfterFinalize_Map(t *testing.T) {
	var done atomic.Bool
	var mu sync.Mutex
	known := map[string]*object{}
	make0(func(o *object) {
		mu.Lock()
		known[o.name] = o
		mu.Unlock()
		done.Store(true)
	})
	collect(t, &done)
	mu.Lock()
	defer mu.Unlock()
	if known["xxx"].n != 1 {
		t.Error("another object")
	}
}

func TestGood_CopyStored(t *testing.T) {
	var done atomic.Bool
	known := map[string]*object{}
	make0(func(o *object) {
		known[o.name] = &object{n: o.n, name: o.name}
		done.Store(true)
	})
	collect(t, &done)
	known["xxx"].n++
}

// Read by a function of the standard library.

func TestBugUseAfterFinalize_Method(t *testing.T) {
	var done atomic.Bool
	var kept *bytes.Buffer
	b := bytes.NewBufferString("text")
	runtime.SetFinalizer(b, func(b *bytes.Buffer) { kept = b; done.Store(true) })
	b = nil
	collect(t, &done)
	io.WriteString(io.Discard, kept.String())
}

func TestGood_OwnArray(t *testing.T) {
	var done atomic.Bool
	var kept []byte
	b := bytes.NewBufferString("text")
	runtime.SetFinalizer(b, func(b *bytes.Buffer) { kept = b.Bytes(); done.Store(true) })
	b = nil
	collect(t, &done)
	kept[0] = 'T'
}

// By another goroutine.

func TestBugUseAfterFinalize_Goroutine(t *testing.T) {
	var done atomic.Bool
	var kept atomic.Pointer[object]
	end := make(chan bool)
	ready := make(chan bool)
	go func() {
		<-ready
		kept.Load().name = "late"
		close(end)
	}()
	make0(func(o *object) { kept.Store(o); done.Store(true) })
	collect(t, &done)
	close(ready)
	<-end
}

// A finalizer that takes long is to start a goroutine (runtime.SetFinalizer says so), which has the object then.
func TestGood_GoroutineOfFinalizer(t *testing.T) {
	var done atomic.Bool
	end := make(chan bool)
	ready := make(chan bool)
	make0(func(o *object) {
		go func() {
			<-ready
			o.handle.fd = -1
			o.n = 0
			close(end)
		}()
		done.Store(true)
	})
	collect(t, &done)
	close(ready)
	<-end
}

// Atomic operations are uses.

func TestBugUseAfterFinalize_Atomic(t *testing.T) {
	var done atomic.Bool
	var kept *object
	make0(func(o *object) { kept = o; done.Store(true) })
	collect(t, &done)
	kept.state.Add(1)
}

// So is a mutex of the object; a finalizer may lock it as long as it runs.
func TestGood_LockedInFinalizer(t *testing.T) {
	var done atomic.Bool
	make0(func(o *object) {
		o.mu.Lock()
		o.n, o.name = 0, ""
		o.mu.Unlock()
		done.Store(true)
	})
	collect(t, &done)
}

// Through an interface and reflection.

func TestBugUseAfterFinalize_Interface(t *testing.T) {
	var done atomic.Bool
	var kept any
	type record struct{ N, M int }
	r := &record{1, 2}
	runtime.SetFinalizer(r, func(x any) { kept = x; done.Store(true) })
	r = nil
	collect(t, &done)
	if b, _ := json.Marshal(kept); string(b) == "" {
		t.Error("nothing")
	}
}

// What was finalized without being used again.
var forgotten *object

func TestGood_StoredAndForgotten(t *testing.T) {
	var done atomic.Bool
	make0(func(o *object) { forgotten = o; done.Store(true) })
	collect(t, &done)
	forgotten = nil
	collect(t, &done)
}

// In a list of the living, whose neighbour writes to it.

func TestBugUseAfterFinalize_List(t *testing.T) {
	var done atomic.Bool
	var list *object
	make0(func(o *object) { o.next, list = list, o; done.Store(true) })
	collect(t, &done)
	for o := list; o != nil; o = o.next {
		runtime.KeepAlive(o)
	}
}

// Held by a function that the finalizer leaves behind.

func TestBugUseAfterFinalize_Closure(t *testing.T) {
	var done atomic.Bool
	var later func() int
	make0(func(o *object) { later = func() int { return len(o.name) }; done.Store(true) })
	collect(t, &done)
	if later() != 3 {
		t.Error("another object")
	}
}

func TestGood_ClosureOfField(t *testing.T) {
	var done atomic.Bool
	var later func() int
	make0(func(o *object) { n := len(o.name); later = func() int { return n }; done.Store(true) })
	collect(t, &done)
	if later() != 3 {
		t.Error("another object")
	}
}

// A finalizer that sets itself again has not ended its object.
func TestGood_SetsItself(t *testing.T) {
	var runs atomic.Int32
	var done atomic.Bool
	var kept *object
	var finalize func(o *object)
	finalize = func(o *object) {
		runs.Add(1)
		kept = o
		runtime.SetFinalizer(o, finalize)
		done.Store(true)
	}
	make0(finalize)
	for round := range 3 {
		collect(t, &done)
		done.Store(false)
		kept.n++
		kept = nil
		_ = round
	}
}

// Some other function sets it again, when the object is handed out anew.
func TestGood_SetAgainLater(t *testing.T) {
	var done atomic.Bool
	var kept *object
	finalize := func(o *object) { kept = o; done.Store(true) }
	make0(finalize)
	for range 3 {
		collect(t, &done)
		done.Store(false)
		o := kept
		kept = nil
		runtime.SetFinalizer(o, finalize)
		o.n++
		o.name = "again"
	}
}

// A cleanup is an end as well, set before or in the finalizer.
func TestGood_CleanupInFinalizer(t *testing.T) {
	var done atomic.Bool
	var kept *object
	make0(func(o *object) {
		kept = o
		runtime.AddCleanup(o, func(int) {}, 1)
		done.Store(true)
	})
	collect(t, &done)
	kept.n++
}

func TestGood_CleanupBefore(t *testing.T) {
	var done atomic.Bool
	var kept *object
	o := &object{n: 1}
	runtime.AddCleanup(o, func(int) {}, 1)
	runtime.SetFinalizer(o, func(o *object) { kept = o; done.Store(true) })
	o = nil
	collect(t, &done)
	kept.n++
}

// Handed on by a channel: whoever takes it may destroy it.
func TestGood_Channel(t *testing.T) {
	var done atomic.Bool
	dead := make(chan *object, 1)
	make0(func(o *object) { dead <- o; done.Store(true) })
	collect(t, &done)
	o := <-dead
	o.handle, o.n = nil, -1
}

func TestGood_ChannelOfFunctions(t *testing.T) {
	var done atomic.Bool
	work := make(chan func(), 1)
	make0(func(o *object) { work <- func() { o.handle, o.n = nil, -1 }; done.Store(true) })
	collect(t, &done)
	(<-work)()
}

func TestGood_Select(t *testing.T) {
	var done atomic.Bool
	dead, never := make(chan any, 1), make(chan int)
	make0(func(o *object) {
		select {
		case dead <- o:
		case never <- 1:
		}
		done.Store(true)
	})
	collect(t, &done)
	(<-dead).(*object).n = -1
}

func TestGood_Timer(t *testing.T) {
	var done atomic.Bool
	end := make(chan bool)
	make0(func(o *object) {
		time.AfterFunc(5*time.Millisecond, func() { o.n = -1; close(end) })
		done.Store(true)
	})
	collect(t, &done)
	<-end
}

func TestGood_Pool(t *testing.T) {
	var done atomic.Bool
	var pool sync.Pool
	make0(func(o *object) { pool.Put(o); done.Store(true) })
	collect(t, &done)
	if o, _ := pool.Get().(*object); o != nil {
		o.n++
	}
}

// Later finalizers clear up what earlier ones left to them.
func TestGood_LeftToTheNext(t *testing.T) {
	var done atomic.Bool
	var left []*object
	finalize := func(o *object) {
		left = append(left, o)
		if len(left) == 3 {
			for _, o := range left {
				o.handle, o.n = nil, -1
			}
			done.Store(true)
		}
	}
	for range 3 {
		make0(finalize)
	}
	collect(t, &done)
}
