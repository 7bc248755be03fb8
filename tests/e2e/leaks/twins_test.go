// Twins: each TestBug… leaves a goroutine that is blocked for good, and a TestGood… beside it leaves one that something can
// still wake, or none.
package leaks

import (
	"context"
	"io"
	"sync"
	"testing"
	"time"
)

func work() int { return 1 }

// --- channels

func TestBugLeak_Send(t *testing.T) {
	results := make(chan int)
	for range 5 {
		go func() { results <- work() }()
	}
	<-results
}

func TestGoodLeak_SendWithRoom(t *testing.T) {
	results := make(chan int, 5)
	for range 5 {
		go func() { results <- work() }()
	}
	<-results
}

func TestBugLeak_Receive(t *testing.T) {
	jobs := make(chan int)
	go func() {
		for range jobs {
			work()
		}
	}()
	jobs <- 1
}

func TestGoodLeak_ReceiveClosed(t *testing.T) {
	jobs := make(chan int)
	go func() {
		for range jobs {
			work()
		}
	}()
	jobs <- 1
	close(jobs)
}

func TestBugLeak_Select(t *testing.T) {
	jobs, stop := make(chan int), make(chan bool)
	go func() {
		for {
			select {
			case <-jobs:
			case <-stop:
				return
			}
		}
	}()
	jobs <- 1
}

func TestGoodLeak_SelectStopped(t *testing.T) {
	jobs, stop := make(chan int), make(chan bool)
	go func() {
		for {
			select {
			case <-jobs:
			case <-stop:
				return
			}
		}
	}()
	jobs <- 1
	t.Cleanup(func() { close(stop) })
}

func TestBugLeak_NilChannel(t *testing.T) {
	var never chan int
	go func() { <-never }()
}

// Who writes it wants it so.
func TestGoodLeak_NoCases(t *testing.T) {
	go func() { select {} }()
}

func TestBugLeak_Context(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-ctx.Done() }()
	_ = cancel
}

func TestGoodLeak_ContextCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-ctx.Done() }()
	defer cancel()
}

func TestGoodLeak_ContextOfTest(t *testing.T) {
	go func() { <-t.Context().Done() }()
}

func TestBugLeak_Pipe(t *testing.T) {
	r, w := io.Pipe()
	go io.ReadAll(r)
	w.Write([]byte("and no Close"))
}

func TestGoodLeak_PipeClosed(t *testing.T) {
	r, w := io.Pipe()
	go io.ReadAll(r)
	w.Write([]byte("and then"))
	w.Close()
}

func TestGoodLeak_Ticker(t *testing.T) {
	tick := time.NewTicker(time.Hour)
	go func() {
		for range tick.C {
			work()
		}
	}()
}

// --- each of them waits for the other

func TestBugLeak_EachOther(t *testing.T) {
	a, b := make(chan int), make(chan int)
	swap := func(in, out chan int) { out <- <-in }
	go swap(a, b)
	go swap(b, a)
}

func TestGoodLeak_Chain(t *testing.T) {
	a, b := make(chan int), make(chan int)
	swap := func(in, out chan int) { out <- <-in }
	go swap(a, b)
	go swap(b, a)
	a <- 1
	<-a
}

// --- locks

func TestBugLeak_Mutex(t *testing.T) {
	var mu sync.Mutex
	mu.Lock()
	go func() {
		mu.Lock()
		defer mu.Unlock()
		work()
	}()
}

func TestGoodLeak_MutexUnlocked(t *testing.T) {
	var mu sync.Mutex
	mu.Lock()
	defer mu.Unlock()
	go func() {
		mu.Lock()
		defer mu.Unlock()
		work()
	}()
}

func TestBugLeak_RWMutex(t *testing.T) {
	var mu sync.RWMutex
	mu.RLock()
	go func() {
		mu.Lock()
		defer mu.Unlock()
		work()
	}()
}

func TestBugLeak_ReadLock(t *testing.T) {
	var mu sync.RWMutex
	mu.Lock()
	go func() {
		mu.RLock()
		defer mu.RUnlock()
		work()
	}()
}

func TestBugLeak_WaitGroup(t *testing.T) {
	var wg sync.WaitGroup
	wg.Add(2)
	go wg.Done()
	go func() { wg.Wait() }()
}

func TestGoodLeak_WaitGroupDone(t *testing.T) {
	var wg sync.WaitGroup
	wg.Add(2)
	go wg.Done()
	go wg.Done()
	go func() { wg.Wait() }()
}

func TestBugLeak_Cond(t *testing.T) {
	c := sync.NewCond(new(sync.Mutex))
	go func() {
		c.L.Lock()
		c.Wait()
		c.L.Unlock()
	}()
}

func TestGoodLeak_CondSignalled(t *testing.T) {
	c := sync.NewCond(new(sync.Mutex))
	ready := false
	go func() {
		c.L.Lock()
		for !ready {
			c.Wait()
		}
		c.L.Unlock()
	}()
	c.L.Lock()
	ready = true
	c.Broadcast()
	c.L.Unlock()
}

// --- in subtests

func TestBugLeak_Helper(t *testing.T) {
	start(t)
}

func start(t *testing.T) chan<- int {
	in := make(chan int)
	go func() {
		for v := range in {
			t.Log(v)
		}
	}()
	return in
}
