// What can still wake a goroutine, other than another goroutine that waits for nothing.
package leaks

import (
	"bufio"
	"iter"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/cgo"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
	"weak"
)

func TestGoodWaker_After(t *testing.T) {
	go func() { <-time.After(time.Hour) }()
}

func TestGoodWaker_AfterFunc(t *testing.T) {
	c := make(chan int)
	time.AfterFunc(time.Hour, func() { close(c) })
	go func() { <-c }()
}

func TestGoodWaker_Sleeper(t *testing.T) {
	var mu sync.Mutex
	mu.Lock()
	go func() {
		time.Sleep(300 * time.Millisecond)
		mu.Unlock()
	}()
	go func() {
		mu.Lock()
		defer mu.Unlock()
		work()
	}()
}

func TestGoodWaker_Signal(t *testing.T) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR2)
	go func() { <-c }()
}

var global = make(chan int)

func TestGoodWaker_Global(t *testing.T) {
	go func() { <-global }()
}

func TestGoodWaker_Network(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	go func() {
		for c := range accepted {
			line, _ := bufio.NewReader(c).ReadString('\n')
			t.Log(line)
		}
	}()
}

func TestGoodWaker_PipeOfSystem(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := make(chan byte)
	go func() {
		var b [1]byte
		r.Read(b[:])
		c <- b[0]
	}()
	go func() { <-c }()
	runtime.KeepAlive(w)
	kept = append(kept, w)
}

var kept []any

type handle struct {
	done    chan int
	padding [8]int
}

func TestGoodWaker_Finalizer(t *testing.T) {
	h := &handle{done: make(chan int)}
	runtime.SetFinalizer(h, func(h *handle) { close(h.done) })
	done := h.done
	go func() { <-done }()
}

func TestGoodWaker_Cleanup(t *testing.T) {
	h := &handle{done: make(chan int)}
	runtime.AddCleanup(h, func(done chan int) { close(done) }, h.done)
	done := h.done
	go func() { <-done }()
}

var lost weak.Pointer[handle]

func waitFor(h *handle) {
	<-h.done
	runtime.KeepAlive(h)
}

func TestGoodWaker_Weak(t *testing.T) {
	h := &handle{done: make(chan int)}
	lost = weak.Make(h)
	go waitFor(h)
}

// The goroutine's stack has kept what the weak pointer leads to.
func TestGoodWaker_WeakIsStrong(t *testing.T) {
	runtime.GC()
	if h := lost.Value(); h != nil {
		close(h.done)
	} else {
		t.Error("nobody waits")
	}
}

func TestGoodWaker_Handle(t *testing.T) {
	c := make(chan int)
	h := cgo.NewHandle(c)
	kept = append(kept, uintptr(h))
	go func() { <-c }()
}

func TestGoodWaker_Coroutine(t *testing.T) {
	c := make(chan int)
	next, _ := iter.Pull(func(yield func(int) bool) {
		yield(1)
		close(c)
	})
	next()
	kept = append(kept, next)
	go func() { <-c }()
}

func TestGoodWaker_Bubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := make(chan int)
		go func() { <-c }()
		synctest.Wait()
		time.Sleep(time.Hour)
		close(c)
	})
}

func TestGoodWaker_Running(t *testing.T) {
	c := make(chan int)
	go func() {
		for end := time.Now().Add(100 * time.Millisecond); time.Now().Before(end); {
			work()
		}
		close(c)
	}()
	go func() { <-c }()
}

func TestGoodWaker_Syscall(t *testing.T) {
	c := make(chan int)
	go func() {
		syscall.Nanosleep(&syscall.Timespec{Nsec: 200e6}, nil)
		close(c)
	}()
	go func() { <-c }()
}

// A test that is cut short has no say in what it leaves behind.
func TestGoodWaker_CutShort(t *testing.T) {
	t.Run("skipped", func(t *testing.T) {
		c := make(chan int)
		go func() { <-c }()
		time.Sleep(time.Millisecond)
		t.Skip("and the goroutine is still there")
	})
}

// What a subtest leaves to its parent is no leak.
func TestGoodWaker_Parent(t *testing.T) {
	c := make(chan int)
	t.Run("starts", func(t *testing.T) {
		go func() { <-c }()
	})
	t.Run("more", func(t *testing.T) {})
	close(c)
}
