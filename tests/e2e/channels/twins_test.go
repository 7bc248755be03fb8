// Twins: each TestBug… has a bug of the kind that its name says, and a TestGood… beside it that does the same right.
// Those whose panic ends the program are run in a process each.
package channels

import (
	"bytes"
	"context"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// swallow runs f, whose panic is nobody's business.
func swallow(f func()) {
	defer func() { recover() }()
	f()
}

// waiting returns when n goroutines of this package wait as told.
func waiting(t *testing.T, n int, state string) {
	t.Helper()
	buf := make([]byte, 1<<20)
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		found := 0
		for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			if strings.Contains(g, "["+state) && strings.Contains(g, "channels.") {
				found++
			}
		}
		if found >= n {
			return
		}
	}
	t.Fatalf("no %d goroutines in %s", n, state)
}

type group struct{ sync.WaitGroup }

func (g *group) run(n int, f func()) {
	for range n {
		g.Add(1)
		go func() { defer g.Done(); swallow(f) }()
	}
}

// --- close while sending

func TestBugCloseWhileSending_One(t *testing.T) {
	var g group
	c := make(chan int)
	g.run(1, func() { c <- 1 })
	waiting(t, 1, "chan send")
	close(c)
	g.Wait()
}

func TestGoodClose_ReceivedFirst(t *testing.T) {
	var g group
	c := make(chan int)
	g.run(1, func() { c <- 1 })
	waiting(t, 1, "chan send")
	<-c
	g.Wait()
	close(c)
}

func TestBugCloseWhileSending_Many(t *testing.T) {
	var g group
	c := make(chan int, 1)
	g.run(6, func() { c <- 1 })
	waiting(t, 5, "chan send")
	close(c)
	g.Wait()
}

func TestGoodClose_Broadcast(t *testing.T) {
	var g group
	c := make(chan int)
	g.run(6, func() { <-c })
	waiting(t, 6, "chan receive")
	close(c)
	g.Wait()
}

func TestBugCloseWhileSending_Select(t *testing.T) {
	var g group
	c, done := make(chan int), make(chan int)
	g.run(1, func() {
		select {
		case c <- 1:
		case <-done:
		}
	})
	waiting(t, 1, "select")
	close(c)
	g.Wait()
}

func TestGoodClose_SelectDone(t *testing.T) {
	var g group
	c, done := make(chan int), make(chan int)
	g.run(3, func() {
		select {
		case c <- 1:
		case <-done:
		}
	})
	waiting(t, 3, "select")
	close(done)
	g.Wait()
	close(c)
}

func TestBugCloseWhileSending_Struct(t *testing.T) {
	type big struct{ a [64]byte }
	var g group
	c := make(chan big)
	g.run(1, func() { c <- big{} })
	waiting(t, 1, "chan send")
	close(c)
	g.Wait()
}

func TestGoodClose_Empty(t *testing.T) {
	c := make(chan struct{})
	close(c)
	<-c
}

func TestBugCloseWhileSending_Reflect(t *testing.T) {
	var g group
	c := make(chan int)
	g.run(1, func() { reflect.ValueOf(c).Send(reflect.ValueOf(1)) })
	waiting(t, 1, "chan send")
	reflect.ValueOf(c).Close()
	g.Wait()
}

func TestGoodClose_TrySend(t *testing.T) {
	c := make(chan int)
	if reflect.ValueOf(c).TrySend(reflect.ValueOf(1)) {
		t.Fatal("somebody received")
	}
	close(c)
}

func TestBugCloseWhileSending_FirstWins(t *testing.T) {
	var g group
	c := make(chan int)
	g.run(3, func() { c <- 1 })
	waiting(t, 3, "chan send")
	<-c
	close(c)
	g.Wait()
}

func TestGoodClose_Drained(t *testing.T) {
	var g group
	c := make(chan int)
	g.run(3, func() { c <- 1 })
	go func() { g.Wait(); close(c) }()
	for range c {
	}
}

func TestBugCloseWhileSending_Timeout(t *testing.T) {
	var g group
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	c := make(chan int)
	g.run(1, func() { c <- 1 })
	waiting(t, 1, "chan send")
	<-ctx.Done()
	close(c)
	g.Wait()
}

func TestGoodClose_TimeoutBuffered(t *testing.T) {
	c := make(chan int, 1)
	var g group
	g.run(1, func() { c <- 1 })
	g.Wait()
	close(c) // the element is lost, nobody panics
}

func TestBugCloseWhileSending_DeepStack(t *testing.T) {
	var g group
	c := make(chan int)
	var deep func(n int)
	deep = func(n int) {
		if n == 0 {
			c <- 1
			return
		}
		deep(n - 1)
	}
	g.run(1, func() { deep(200) })
	waiting(t, 1, "chan send")
	close(c)
	g.Wait()
}

func TestGoodClose_Context(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var g group
	g.run(4, func() { <-ctx.Done() })
	waiting(t, 4, "chan receive")
	cancel()
	g.Wait()
}

// --- a send on a closed channel ends the program

func shut(c chan int) { close(c) }

func TestBugSendAfterClose_Same(t *testing.T) {
	c := make(chan int, 1)
	shut(c)
	c <- 1
}

func TestGoodSend_BeforeClose(t *testing.T) {
	c := make(chan int, 1)
	c <- 1
	shut(c)
}

func TestBugSendAfterClose_OtherGoroutine(t *testing.T) {
	c := make(chan int, 1)
	var g group
	g.run(1, func() { shut(c) })
	g.Wait()
	c <- 1
}

func TestGoodSend_RecoveredOnPurpose(t *testing.T) {
	c := make(chan int, 1)
	shut(c)
	swallow(func() { c <- 1 })
}

func TestBugSendAfterClose_Select(t *testing.T) {
	c, other := make(chan int), make(chan int)
	shut(c)
	select {
	case c <- 1:
	case <-other:
	}
}

func TestGoodSend_SelectReceive(t *testing.T) {
	c, other := make(chan int), make(chan int)
	shut(c)
	select {
	case <-c:
	case <-other:
	}
}

func TestBugSendAfterClose_InGoroutine(t *testing.T) {
	c := make(chan int, 1)
	shut(c)
	go func() { c <- 1 }()
	select {}
}

func TestGoodSend_Nil(t *testing.T) {
	var c chan int
	select {
	case c <- 1:
	default:
	}
}

func TestBugSendAfterClose_NonBlocking(t *testing.T) {
	c := make(chan int)
	shut(c)
	select {
	case c <- 1:
	default:
	}
}

func TestGoodSend_NonBlocking(t *testing.T) {
	c := make(chan int)
	select {
	case c <- 1:
	default:
	}
	shut(c)
}

func TestBugSendAfterClose_Deferred(t *testing.T) {
	c := make(chan int, 1)
	defer func() { c <- 1 }()
	shut(c)
}

func TestGoodSend_Deferred(t *testing.T) {
	c := make(chan int, 1)
	defer shut(c)
	c <- 1
}

func TestBugSendAfterClose_ManyClosedSince(t *testing.T) {
	c := make(chan int, 1)
	shut(c)
	for range 20 {
		close(make(chan int))
	}
	c <- 1
}

func TestGoodSend_MemoryUsedAgain(t *testing.T) {
	for range 2000 {
		c := make(chan int, 1)
		c <- 1
		close(c)
	}
	runtime.GC()
	for range 2000 {
		c := make(chan int, 1)
		c <- 1
		<-c
	}
}

func TestBugSendAfterClose_Reflect(t *testing.T) {
	c := make(chan int, 1)
	reflect.ValueOf(c).Close()
	reflect.ValueOf(c).Send(reflect.ValueOf(1))
}

func TestGoodSend_OwnPanic(t *testing.T) {
	swallow(func() { panic("send on closed channel") })
}

// --- a second close ends the program

func TestBugDoubleClose_Same(t *testing.T) {
	c := make(chan int)
	shut(c)
	shut(c)
}

func TestGoodDouble_Once(t *testing.T) {
	var once sync.Once
	c := make(chan int)
	for range 2 {
		once.Do(func() { shut(c) })
	}
}

func TestBugDoubleClose_OtherGoroutine(t *testing.T) {
	c := make(chan int)
	var g group
	g.run(1, func() { shut(c) })
	g.Wait()
	close(c)
}

func TestGoodDouble_RecoveredOnPurpose(t *testing.T) {
	c := make(chan int)
	for range 2 {
		swallow(func() { shut(c) })
	}
}

func TestBugDoubleClose_Deferred(t *testing.T) {
	c := make(chan int)
	defer close(c)
	shut(c)
}

func TestGoodDouble_Two(t *testing.T) {
	shut(make(chan int))
	shut(make(chan int))
}

type client struct {
	done chan int
	once sync.Once
}

func (c *client) Close()     { close(c.done) }
func (c *client) CloseOnce() { c.once.Do(c.Close) }

func TestBugDoubleClose_Method(t *testing.T) {
	c := &client{done: make(chan int)}
	defer c.Close()
	c.Close()
}

func TestGoodDouble_Method(t *testing.T) {
	c := &client{done: make(chan int)}
	defer c.CloseOnce()
	c.CloseOnce()
}

func TestBugDoubleClose_Cleanup(t *testing.T) {
	c := make(chan int)
	t.Cleanup(func() { close(c) })
	shut(c)
}

func TestGoodDouble_Cleanup(t *testing.T) {
	c := make(chan int)
	t.Cleanup(func() { close(c) })
}

func TestBugDoubleClose_InGoroutine(t *testing.T) {
	c := make(chan int)
	shut(c)
	go shut(c)
	select {}
}

func TestGoodDouble_Cancel(t *testing.T) {
	_, cancel := context.WithCancel(context.Background())
	cancel()
	cancel()
}

func TestBugDoubleClose_Generic(t *testing.T) {
	shutAny(make(chan string))
}

func shutAny[T any](c chan T) {
	close(c)
	close(c)
}

func TestGoodDouble_Set(t *testing.T) {
	c := make(chan int)
	for range 2 {
		if c != nil {
			close(c)
			c = nil
		}
	}
}

func TestBugDoubleClose_Rethrown(t *testing.T) {
	c := make(chan int)
	shut(c)
	defer func() { panic(recover()) }()
	shut(c)
}

func TestGoodDouble_Buffer(t *testing.T) {
	var b bytes.Buffer
	c := make(chan *bytes.Buffer, 1)
	c <- &b
	close(c)
	if <-c != &b {
		t.Fatal("lost")
	}
}
