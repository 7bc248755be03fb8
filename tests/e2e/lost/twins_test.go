// Twins: channels that are closed and forgotten with elements in their buffers (TestBug…), and what looks like it.
package lost

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"
)

type order struct {
	id   int
	name string
}

// --- bugs: what was sent never arrives ------------------------------------------------------------------------------

// The worker is told to stop, and doesn't look at what is left.
func TestBugLost_Quit(t *testing.T) {
	queue, quit, done := make(chan order, 8), make(chan bool), make(chan bool)
	handled, got := 0, make(chan bool)
	go func() {
		defer close(done)
		for {
			select {
			case <-quit:
				return
			default:
			}
			select {
			case <-queue:
				handled++
				got <- true
			case <-quit:
				return
			}
		}
	}()
	queue <- order{1, "a"}
	<-got
	close(quit)
	<-done
	queue <- order{2, "b"}
	queue <- order{3, "c"}
	close(queue)
}

func TestBugLost_Break(t *testing.T) {
	queue := make(chan order, 8)
	for i := range 5 {
		queue <- order{id: i}
	}
	close(queue)
	for o := range queue {
		if o.id == 1 {
			break
		}
	}
}

func TestBugLost_ReceiverCloses(t *testing.T) {
	queue, full, closed := make(chan order, 4), make(chan bool), make(chan bool)
	go func() {
		<-full
		<-queue
		close(queue)
		close(closed)
	}()
	for i := range 4 {
		queue <- order{id: i}
	}
	full <- true
	<-closed
}

func TestBugLost_NoReceiver(t *testing.T) {
	queue := make(chan int, 3)
	queue <- 1
	close(queue)
}

func TestBugLost_Pointers(t *testing.T) {
	queue := make(chan *order, 3)
	queue <- new(order)
	queue <- new(order)
	<-queue
	close(queue)
}

func TestBugLost_Interfaces(t *testing.T) {
	queue := make(chan any, 3)
	queue <- "text"
	queue <- 7
	<-queue
	close(queue)
}

func TestBugLost_Large(t *testing.T) {
	queue := make(chan [4096]byte, 16)
	for range 9 {
		queue <- [4096]byte{}
	}
	close(queue)
}

func TestBugLost_Select(t *testing.T) {
	queue, never := make(chan order, 3), make(chan bool)
	for i := range 2 {
		select {
		case queue <- order{id: i}:
		case <-never:
		}
	}
	select {
	case <-queue:
	case <-never:
	}
	close(queue)
}

// A sender that waited, whose element a receiver put into the buffer.
func TestBugLost_WaitedSender(t *testing.T) {
	queue, sent := make(chan order, 2), make(chan bool)
	queue <- order{id: 1}
	queue <- order{id: 2}
	go func() {
		queue <- order{id: 3}
		close(sent)
	}()
	for len(queue) == 2 {
		time.Sleep(20 * time.Millisecond)
		<-queue
		<-sent
		<-queue
	}
	close(queue)
}

//go:noinline
func closeDeeper(frames int, queue chan order, closed chan bool) {
	if frames == 0 {
		close(queue)
		close(closed)
		return
	}
	closeDeeper(frames-1, queue, closed)
	runtime.KeepAlive(&frames)
}

// The close is what new goroutines need a larger stack for: one in the middle of noting where it is.
func TestBugLost_GrowingStack(t *testing.T) {
	for frames := range 8 {
		queue, closed := make(chan order, 2), make(chan bool)
		queue <- order{id: frames}
		go closeDeeper(frames, queue, closed)
		<-closed
	}
}

func TestBugLost_Errors(t *testing.T) {
	errs := make(chan error, 4)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { errs <- errors.New("failed") })
	}
	wg.Wait()
	close(errs)
	if <-errs == nil {
		t.Error("no error")
	}
}

type pipe[T any] struct{ c chan T }

func (p *pipe[T]) finish() { close(p.c) }

func TestBugLost_Generic(t *testing.T) {
	p := &pipe[order]{make(chan order, 4)}
	p.c <- order{}
	p.finish()
}

func TestBugLost_DeferredClose(t *testing.T) {
	queue := make(chan int, 10)
	done := make(chan bool)
	go func() {
		defer close(done)
		defer close(queue)
		for i := range 10 {
			queue <- i
		}
	}()
	<-done
	sum := 0
	for i := 0; i < 5; i++ {
		sum += <-queue
	}
}

// --- neighbours -----------------------------------------------------------------------------------------------------

var kept = make(chan order, 4)

func TestGoodDrained(t *testing.T) {
	queue := make(chan order, 4)
	go func() {
		defer close(queue)
		for i := range 20 {
			queue <- order{id: i}
		}
	}()
	for range queue {
	}
}

func TestGoodDrainedAfterClose(t *testing.T) {
	queue := make(chan order, 4)
	queue <- order{}
	queue <- order{}
	close(queue)
	runtime.GC()
	runtime.GC()
	for range queue {
	}
}

func TestGoodDrainedByLength(t *testing.T) {
	queue := make(chan *order, 4)
	queue <- new(order)
	queue <- new(order)
	close(queue)
	for len(queue) > 0 {
		<-queue
	}
}

func TestGoodDrainedBySelect(t *testing.T) {
	queue, quit := make(chan int, 4), make(chan bool)
	queue <- 1
	queue <- 2
	close(queue)
	close(quit)
	for n := 0; n < 2; {
		select {
		case <-queue:
			n++
		case <-quit:
			for range queue {
				n++
			}
		}
	}
}

func TestGoodEmpty(t *testing.T) {
	queue := make(chan order, 4)
	queue <- order{}
	<-queue
	close(queue)
}

func TestGoodNotClosed(t *testing.T) {
	free := make(chan *order, 4)
	free <- new(order)
	free <- new(order)
}

func TestGoodSignals(t *testing.T) {
	c := make(chan struct{}, 4)
	c <- struct{}{}
	close(c)
}

// A result that nobody waits for any more.
func TestGoodResult(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	result, sent := make(chan error, 1), make(chan bool)
	go func() {
		defer close(sent)
		defer close(result)
		result <- errors.New("late")
	}()
	cancel()
	<-ctx.Done()
	<-sent
}

func TestGoodReachable(t *testing.T) {
	kept <- order{}
	close(kept)
}

// A goroutine has the channel still.
func TestGoodStillUsed(t *testing.T) {
	queue, started := make(chan order, 4), make(chan bool)
	queue <- order{}
	close(queue)
	go func() {
		close(started)
		time.Sleep(time.Hour)
		for range queue {
		}
	}()
	<-started
}

func TestGoodUnbuffered(t *testing.T) {
	c := make(chan order)
	go func() { c <- order{}; close(c) }()
	<-c
}

func TestGoodTimers(t *testing.T) {
	time.After(time.Millisecond)
	tick := time.NewTicker(time.Millisecond)
	time.Sleep(5 * time.Millisecond)
	tick.Stop()
}

func TestGoodManyAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 {
				c := make(chan *order, 3)
				c <- new(order)
				c <- new(order)
				close(c)
				for range c {
				}
			}
		})
	}
	wg.Wait()
}
