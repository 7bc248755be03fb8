// Each TestLate… leaves something behind that makes a race a tenth of a second after the test, when all tests are over; each
// TestNever… leaves what can't do anything in the next hour.
package exit

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

const rest = restMs * time.Millisecond

// write leaves its goroutine behind, since the detector takes a later one in its place for the same.
func write(v *int) {
	*v++
	select {}
}

// afterwards is for finalizers and cleanups: all that was done when they begin comes before them, so both writes come later.
func afterwards() (late func()) {
	v := new(int)
	return func() {
		time.AfterFunc(rest/4, func() { write(v) })
		time.Sleep(rest)
		*v++
	}
}

// early has something written by a goroutine that nothing orders with anybody, not even by printing; late writes it again.
func early() (late func()) {
	v := new(int)
	go write(v)
	return func() { *v++ }
}

func TestLateSleep(t *testing.T) {
	late := early()
	go func() {
		time.Sleep(rest)
		late()
	}()
}

func TestLateAfterFunc(t *testing.T) {
	time.AfterFunc(rest, early())
}

func TestLateAfter(t *testing.T) {
	late, never := early(), make(chan bool)
	go func() {
		select {
		case <-time.After(rest):
			late()
		case <-never:
		}
	}()
}

func TestLateTicker(t *testing.T) {
	late, tick := early(), time.NewTicker(rest)
	go func() {
		<-tick.C
		late()
	}()
}

func TestLateContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), rest)
	_ = cancel
	context.AfterFunc(ctx, early())
}

func TestLateBusy(t *testing.T) {
	late, end := early(), time.Now().Add(rest)
	go func() {
		for time.Now().Before(end) {
		}
		late()
	}()
}

func TestLateYields(t *testing.T) {
	late, end := early(), time.Now().Add(rest)
	go func() {
		for time.Now().Before(end) {
			runtime.Gosched()
		}
		late()
	}()
}

func TestLateSyscall(t *testing.T) {
	late := early()
	go func() {
		syscall.Nanosleep(&syscall.Timespec{Nsec: int64(rest)}, nil)
		late()
	}()
}

func TestLateC(t *testing.T) {
	late := early()
	go func() {
		restInC()
		late()
	}()
}

func TestLateThreadOfC(t *testing.T) {
	callBackLater(early())
}

// Another process does something, a tenth of a second from now.
func afterRest(command string) *exec.Cmd {
	return exec.Command("sh", "-c", "sleep 0.1; "+command)
}

func TestLatePipe(t *testing.T) {
	late, c := early(), afterRest("echo")
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		io.ReadAll(out)
		late()
	}()
}

func TestLateProcess(t *testing.T) {
	late, c := early(), afterRest(":")
	go func() {
		c.Run()
		late()
	}()
}

func TestLateSignal(t *testing.T) {
	late, c := early(), make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	go func() {
		<-c
		late()
	}()
	if err := afterRest("kill -USR1 "+strconv.Itoa(os.Getpid())).Start(); err != nil {
		t.Fatal(err)
	}
}

func TestLateNetwork(t *testing.T) {
	late := early()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		if c, err := l.Accept(); err == nil {
			c.Read(make([]byte, 1))
			late()
		}
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c.SetReadDeadline(time.Now().Add(rest))
	go func() {
		c.Read(make([]byte, 1)) // the time is up
		c.Write([]byte("x"))
	}()
}

func TestLateChain(t *testing.T) {
	late, first, second := early(), make(chan bool), make(chan bool)
	var mu sync.Mutex
	mu.Lock()
	go func() {
		<-first
		close(second)
	}()
	go func() {
		<-second
		mu.Unlock()
	}()
	go func() {
		mu.Lock()
		late()
	}()
	time.AfterFunc(rest, func() { close(first) })
}

type thing struct {
	late    func()
	padding [8]int
}

func TestLateFinalizer(t *testing.T) {
	x := &thing{late: afterwards()}
	runtime.SetFinalizer(x, func(x *thing) { x.late() })
	x = nil
	runtime.GC()
}

func TestLateCleanup(t *testing.T) {
	runtime.AddCleanup(new(thing), func(late func()) { late() }, afterwards())
	runtime.GC()
}

// --- what can't do anything any more

func TestNeverBlocked(t *testing.T) {
	c := make(chan int)
	for range 100 {
		go func() { <-c }()
	}
}

func TestNeverPackage(t *testing.T) {
	go func() { <-forever }()
}

var forever = make(chan int)

func TestNeverNoCases(t *testing.T) {
	go func() { select {} }()
}

func TestNeverLock(t *testing.T) {
	var mu sync.RWMutex
	mu.RLock()
	go func() { mu.Lock() }()
}

func TestNeverWaitGroup(t *testing.T) {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() { wg.Wait() }()
}

func TestNeverSleeper(t *testing.T) {
	go func() { time.Sleep(time.Hour) }()
}

func TestNeverTimer(t *testing.T) {
	time.AfterFunc(time.Hour, func() {})
}

func TestNeverStopped(t *testing.T) {
	time.AfterFunc(time.Minute, func() {}).Stop()
	time.NewTicker(time.Minute).Stop()
}

func TestNeverContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	go func() { <-ctx.Done() }()
	_ = cancel
}

func TestNeverFinalized(t *testing.T) {
	x := &thing{}
	runtime.SetFinalizer(x, func(x *thing) {})
	x = nil
	runtime.GC()
	runtime.GC()
}

func TestNeverThreads(t *testing.T) {
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			runtime.LockOSThread() // and the thread goes with it
			restInC()
		})
	}
	wg.Wait()
}
