package pool

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// What is allocated where a pool's object was is nobody's to report: objects of all sizes, goroutines' stacks, maps.
func TestGood_AllocatedAgain(t *testing.T) {
	type large [3000]byte
	small, big := newPool(), &sync.Pool{New: func() any { return new(large) }}
	var keep [64][]byte
	for i := range 4000 {
		for range 4 {
			small.Put(new(item))
			big.Put(new(large))
		}
		n := 1 + i%3000
		b := make([]byte, n)
		b[0], b[n-1] = 1, 2
		keep[i%len(keep)] = append(b, make([]byte, n)...)
		m := map[int]string{i: "a", i + 1: "b"}
		m[i+2] = fmt.Sprint(len(m))
		if i%16 == 0 {
			var deep func(int, [64]int) int
			deep = func(n int, a [64]int) int {
				if n == 0 {
					return a[0]
				}
				a[n%64]++
				return deep(n-1, a) + a[n%64]
			}
			after(func() { deep(50, [64]int{}) })
		}
		if i%400 == 0 {
			runtime.GC()
		}
	}
	runtime.KeepAlive(keep)
}

// Objects of a few bytes share a block.
func TestGood_Tiny(t *testing.T) {
	var p sync.Pool
	var all [256]*int32
	for i := range all {
		all[i] = new(int32)
		if i%2 == 0 {
			p.Put(all[i])
		}
	}
	for i := 1; i < len(all); i += 2 {
		*all[i]++
	}
	bytes := [64]*[9]byte{}
	for i := range bytes {
		bytes[i] = new([9]byte)
		if i%2 == 0 {
			p.Put(bytes[i])
		}
	}
	for i := 1; i < len(bytes); i += 2 {
		bytes[i][0]++
		bytes[i][8]++
	}
}

// What has no memory of its own to mark.
func TestGood_NoPointers(t *testing.T) {
	var p sync.Pool
	var none struct{}
	var nilItem *item
	text := make([]byte, 100)
	table := map[string]int{}
	for _, x := range []any{1, "text", text, table, &none, nilItem, none, func() {}, make(chan int), &global} {
		p.Put(x)
		p.Put(x)
	}
	text[0]++
	table["a"]++
	global.n++
}

var global item

type handle struct {
	inner *item
	open  bool
}

// A pool that lost an object to a collection has nothing to say about what its finalizer does.
func TestGood_Finalizer(t *testing.T) {
	var closed atomic.Int32
	again := newPool()
	p := sync.Pool{New: func() any {
		h := &handle{inner: new(item), open: true}
		again.Put(h.inner)
		runtime.SetFinalizer(h, func(h *handle) {
			h.open = false
			h.inner.n++
			closed.Add(1)
			again.Put(h.inner)
		})
		return h
	}}
	for range 64 {
		p.Put(p.New())
	}
	for range 200 {
		runtime.GC()
		if closed.Load() >= 60 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("finalizers didn't run")
}

// New may give what was put before.
func TestGood_Singleton(t *testing.T) {
	only := new(item)
	p := sync.Pool{New: func() any { return only }}
	for range 100 {
		x := p.Get().(*item)
		x.n++
		p.Put(x)
		runtime.GC()
		runtime.GC()
	}
}

// Pools of the standard library, and one inside another, under load.
func TestGood_Load(t *testing.T) {
	outer, inner := &sync.Pool{}, newPool()
	outer.New = func() any { return &handle{inner: inner.Get().(*item)} }
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 300 {
				h := outer.Get().(*handle)
				h.inner.n++
				h.open = !h.open
				if i%3 == 0 {
					inner.Put(h.inner)
					h.inner = inner.Get().(*item)
				}
				outer.Put(h)
				text, err := json.Marshal(map[string]any{"g": g, "i": []int{i}})
				if err != nil || !strings.Contains(fmt.Sprint(string(text)), "g") {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// What one goroutine did before Put comes before what another does with what it gets, also where that one had gone through the
// same pool before: nothing else orders the counts that the objects refer to.
func TestGood_HandedOver(t *testing.T) {
	type counted struct{ count *int }
	made := func() any { return &counted{new(int)} }
	pool := &sync.Pool{New: made}
	var all sync.WaitGroup
	for i := range 4 {
		puts := i%2 == 0
		all.Go(func() {
			for range 20000 {
				one := made().(*counted)
				if !puts {
					one = pool.Get().(*counted)
				}
				*one.count++
				if puts {
					pool.Put(one)
				}
				runtime.Gosched()
			}
		})
	}
	all.Wait()
}
