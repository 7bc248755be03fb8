package pool

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// --- copied whole, by value

func TestBugUseAfterPut_Copy(t *testing.T) {
	p := &sync.Pool{New: func() any { return new([32]int) }}
	x := p.Get().(*[32]int)
	p.Put(x)
	copied := *x
	t.Log(copied[31])
}

func TestGood_Copy(t *testing.T) {
	p := &sync.Pool{New: func() any { return new([32]int) }}
	x := p.Get().(*[32]int)
	copied := *x
	p.Put(x)
	t.Log(copied[31])
}

// --- kept by a longer-lived object: an encoder that outlives its buffer

func TestBugUseAfterPut_Encoder(t *testing.T) {
	p := newBuffers()
	b := p.Get().(*bytes.Buffer)
	e := json.NewEncoder(b)
	p.Put(b)
	if err := e.Encode(1); err != nil {
		t.Fatal(err)
	}
}

func TestGood_Encoder(t *testing.T) {
	p := newBuffers()
	for i := range 50 {
		b := p.Get().(*bytes.Buffer)
		b.Reset()
		if err := json.NewEncoder(b).Encode(i); err != nil {
			t.Fatal(err)
		}
		p.Put(b)
	}
}

// --- closed twice, where Close puts

type conn struct {
	pool *sync.Pool
	x    *item
}

func (c *conn) closeAlways() { c.pool.Put(c.x) }

func (c *conn) closeOnce() {
	if c.x != nil {
		c.pool.Put(c.x)
		c.x = nil
	}
}

func TestBugDoublePut_CloseTwice(t *testing.T) {
	p := newPool()
	c := &conn{p, p.Get().(*item)}
	defer c.closeAlways()
	c.closeAlways()
}

func TestGood_CloseTwice(t *testing.T) {
	p := newPool()
	c := &conn{p, p.Get().(*item)}
	defer c.closeOnce()
	c.closeOnce()
}

// --- put by who is called, when it fails, and by the caller

func parse(p *sync.Pool, x *item, text string, keep bool) error {
	if strings.HasPrefix(text, "bad") {
		if !keep {
			p.Put(x)
		}
		return errors.New("bad text")
	}
	x.n = len(text)
	return nil
}

func TestBugDoublePut_CalleeAndCaller(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	if err := parse(p, x, "bad", false); err != nil {
		p.Put(x)
	}
}

func TestGood_CalleeAndCaller(t *testing.T) {
	p := newPool()
	for _, text := range []string{"bad", "good", "bad again"} {
		x := p.Get().(*item)
		_ = parse(p, x, text, true)
		p.Put(x)
	}
}

// --- two names of one object in a list

func TestBugDoublePut_List(t *testing.T) {
	p := newPool()
	x, y := p.Get().(*item), p.Get().(*item)
	for _, each := range []*item{x, y, x} {
		p.Put(each)
	}
}

func TestGood_List(t *testing.T) {
	p := newPool()
	for range 20 {
		x, y := p.Get().(*item), p.Get().(*item)
		for _, each := range []*item{x, y} {
			p.Put(each)
		}
	}
}

// --- put again after a collection took it from the pool

func TestBugDoublePut_Collected(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	p.Put(x)
	runtime.GC()
	runtime.GC()
	p.Put(x)
}

func TestGood_DoublePutCollected(t *testing.T) {
	p := newPool()
	for range 10 {
		x := p.Get().(*item)
		p.Put(x)
		runtime.GC()
		runtime.GC()
	}
}

// --- put by two workers that were handed the same object

func TestBugDoublePut_Workers(t *testing.T) {
	p := newPool()
	work := make(chan *item, 2)
	x := p.Get().(*item)
	work <- x
	work <- x
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { p.Put(<-work) })
	}
	wg.Wait()
}

func TestGood_Workers(t *testing.T) {
	p := newPool()
	work := make(chan *item, 2)
	work <- p.Get().(*item)
	work <- p.Get().(*item)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { p.Put(<-work) })
	}
	wg.Wait()
}

// --- put while a worker of the standard library's writes into it

func TestBugPutWhileUsed_Buffer(t *testing.T) {
	p := newBuffers()
	b := p.Get().(*bytes.Buffer)
	finish(func() { fmt.Fprintf(b, "%d", 7) })
	p.Put(b)
}

func TestGood_PutWhileUsedBuffer(t *testing.T) {
	p := newBuffers()
	b := p.Get().(*bytes.Buffer)
	after(func() { fmt.Fprintf(b, "%d", 7) })
	p.Put(b)
}

// --- while a timer's function uses it

func TestBugPutWhileUsed_Timer(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	done := new(bool)
	time.AfterFunc(0, func() {
		x.n++
		tell(done)
	})
	for !told(done) {
		time.Sleep(time.Millisecond)
	}
	p.Put(x)
}

func TestGood_Timer(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	done := make(chan bool)
	time.AfterFunc(0, func() {
		x.n++
		close(done)
	})
	<-done
	p.Put(x)
}

// --- readers with a lock for reading, and a Put that has none

func TestBugPutWhileUsed_Readers(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	var mu sync.RWMutex
	finish(func() {
		mu.RLock()
		_ = x.n
		mu.RUnlock()
	})
	mu.RLock()
	p.Put(x)
	mu.RUnlock()
}

func TestGood_Readers(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	var mu sync.RWMutex
	finish(func() {
		mu.RLock()
		_ = x.n
		mu.RUnlock()
	})
	mu.Lock()
	p.Put(x)
	mu.Unlock()
}

// --- a flag that says "done" and is not atomic

func TestBugPutWhileUsed_Flag(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	finish(func() { x.text[63] = 1 })
	if told(new(bool)) {
		return
	}
	p.Put(x)
}

func TestGood_Flag(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	finish(func() {
		x.text[63] = 1
		x.state.Store(1)
	})
	for x.state.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	p.Put(x)
}

// --- a field that the object refers to is no part of it

func TestBugPutWhileUsed_Link(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	finish(func() { x.next = nil })
	p.Put(x)
}

func TestGood_Link(t *testing.T) {
	p := newPool()
	x := p.Get().(*item)
	x.next = new(item)
	next := x.next
	finish(func() { next.n++ })
	p.Put(x)
}
