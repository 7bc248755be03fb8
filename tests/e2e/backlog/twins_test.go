// Finalizers and cleanups that others wait behind, each beside its correct neighbour. TestBugFinalizerBacklog_<Name> must be
// reported in every run, in a process of its own; TestGood_<Name> never. One second is the limit.
package backlog

import (
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const (
	limit = time.Second
	short = 50 * time.Millisecond
)

type thing struct {
	p *int
	n [8]int
}

var ran atomic.Int32

func count(*thing) { ran.Add(1) }

// began says that one of the functions below is at work.
var began = make(chan struct{}, 1)

// set leaves an object behind that has this finalizer.
//
//go:noinline
func set(f func(*thing)) {
	x := &thing{p: new(int)}
	runtime.SetFinalizer(x, f)
}

//go:noinline
func add(f func(int)) {
	runtime.AddCleanup(&thing{p: new(int)}, f, 1)
}

func until(t *testing.T, what func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !what(); {
		if time.Now().After(end) {
			t.Fatal("it doesn't come")
		}
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
}

func atWork(t *testing.T) {
	t.Helper()
	until(t, func() bool {
		select {
		case <-began:
			return true
		default:
			return false
		}
	})
}

// behind has this finalizer run, then three more objects die. Time goes by.
func behind(t *testing.T, f func(*thing)) {
	t.Helper()
	set(func(x *thing) {
		began <- struct{}{}
		f(x)
	})
	atWork(t)
	for range 3 {
		set(count)
	}
	wait()
}

func behindCleanup(t *testing.T, f func(int)) {
	t.Helper()
	add(func(n int) {
		began <- struct{}{}
		f(n)
	})
	atWork(t)
	for range 3 {
		add(func(int) { ran.Add(1) })
	}
	wait()
}

func wait() {
	for range 3 {
		runtime.GC()
	}
	time.Sleep(limit + limit/2)
}

// --- bugs

func TestBugFinalizerBacklog_Receive(t *testing.T) {
	c := make(chan int)
	behind(t, func(*thing) { <-c })
	close(c)
}

func TestBugFinalizerBacklog_Send(t *testing.T) {
	c := make(chan int)
	behind(t, func(*thing) { c <- 1 })
	<-c
}

// The one that waits for the finalizer has the lock that the finalizer wants.
func TestBugFinalizerBacklog_Lock(t *testing.T) {
	var mu sync.Mutex
	mu.Lock()
	behind(t, func(*thing) { mu.Lock() })
	mu.Unlock()
}

func TestBugFinalizerBacklog_Group(t *testing.T) {
	var wg sync.WaitGroup
	wg.Add(1)
	behind(t, func(*thing) { wg.Wait() })
	wg.Done()
}

func TestBugFinalizerBacklog_Select(t *testing.T) {
	a, b := make(chan int), make(chan int)
	behind(t, func(*thing) {
		select {
		case <-a:
		case b <- 1:
		}
	})
	close(a)
}

func TestBugFinalizerBacklog_ForEver(t *testing.T) {
	behind(t, func(*thing) { select {} })
}

func TestBugFinalizerBacklog_Sleep(t *testing.T) {
	behind(t, func(*thing) { time.Sleep(time.Hour) })
}

// It never waits, and never ends.
func TestBugFinalizerBacklog_Busy(t *testing.T) {
	var stop atomic.Bool
	behind(t, func(*thing) {
		for !stop.Load() {
			runtime.Gosched()
		}
	})
	stop.Store(true)
}

func TestBugFinalizerBacklog_Syscall(t *testing.T) {
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		t.Skip(err)
	}
	behind(t, func(*thing) { syscall.Read(pipe[0], make([]byte, 1)) })
	syscall.Close(pipe[1])
}

func TestBugFinalizerBacklog_Cleanup(t *testing.T) {
	c := make(chan int)
	behindCleanup(t, func(int) { <-c })
	close(c)
}

// All of them became garbage at once.
func TestBugFinalizerBacklog_CleanupsOfOne(t *testing.T) {
	c := make(chan int)
	stuck := func(int) {
		select {
		case began <- struct{}{}:
			<-c
		default:
		}
	}
	for range 100 {
		add(stuck)
	}
	atWork(t)
	wait()
	close(c)
}

// --- neighbours

// Nobody waits.
func TestGood_Alone(t *testing.T) {
	c := make(chan int)
	set(func(*thing) {
		began <- struct{}{}
		<-c
	})
	atWork(t)
	wait()
	close(c)
}

// Others have finalizers, and live.
func TestGood_OthersLive(t *testing.T) {
	c := make(chan int)
	var kept [3]*thing
	for i := range kept {
		kept[i] = &thing{p: new(int)}
		runtime.SetFinalizer(kept[i], count)
	}
	set(func(*thing) {
		began <- struct{}{}
		<-c
	})
	atWork(t)
	wait()
	close(c)
	runtime.KeepAlive(&kept)
}

// Others had one.
func TestGood_Cleared(t *testing.T) {
	c := make(chan int)
	set(func(*thing) {
		began <- struct{}{}
		<-c
	})
	atWork(t)
	for range 3 {
		x := &thing{p: new(int)}
		runtime.SetFinalizer(x, count)
		runtime.SetFinalizer(x, nil)
	}
	wait()
	close(c)
}

// Each is quick, and there are many.
func TestGood_Many(t *testing.T) {
	var done atomic.Int32
	n := int32(2 * limit / short)
	for range n {
		set(func(*thing) {
			time.Sleep(short)
			done.Add(1)
		})
	}
	until(t, func() bool { return done.Load() == n })
}

func TestGood_ManyCleanups(t *testing.T) {
	var done atomic.Int32
	n := int32(2 * limit / short)
	for range n {
		add(func(int) {
			time.Sleep(short)
			done.Add(1)
		})
	}
	until(t, func() bool { return done.Load() == n })
}

// The long work has a goroutine of its own.
func TestGood_Goroutine(t *testing.T) {
	c := make(chan int)
	defer close(c)
	ran.Store(0)
	behind(t, func(*thing) { go func() { <-c }() })
	until(t, func() bool { return ran.Load() == 3 })
}

func TestGood_ShortLock(t *testing.T) {
	var mu sync.Mutex
	ran.Store(0)
	mu.Lock()
	time.AfterFunc(limit/4, mu.Unlock)
	behind(t, func(*thing) {
		mu.Lock()
		defer mu.Unlock()
	})
	until(t, func() bool { return ran.Load() == 3 })
}

// Finalizers don't wait for cleanups, nor the other way round.
func TestGood_OtherQueue(t *testing.T) {
	c := make(chan int)
	ran.Store(0)
	add(func(int) {
		began <- struct{}{}
		<-c
	})
	atWork(t)
	for range 3 {
		set(count)
	}
	wait()
	until(t, func() bool { return ran.Load() == 3 })
	close(c)
}

// A runtime.Cleanup that was stopped isn't one.
func TestGood_Stopped(t *testing.T) {
	c := make(chan int)
	add(func(int) {
		began <- struct{}{}
		<-c
	})
	atWork(t)
	for range 3 {
		runtime.AddCleanup(&thing{p: new(int)}, func(int) {}, 1).Stop()
	}
	wait()
	close(c)
}

func TestGood_Files(t *testing.T) {
	for range 100 {
		if _, err := os.Open(os.DevNull); err != nil {
			t.Fatal(err)
		}
	}
	wait()
}
