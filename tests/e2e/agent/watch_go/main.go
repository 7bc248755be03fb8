// Programs of Go with C for the watchpoints: `watch CASE SECONDS`. Names that begin with "racy" have a race, the others have none.
package main

/*
static long hits;
static __attribute__((noinline)) void hit(void) { hits++; }
static __attribute__((noinline)) void think(int n) { for (volatile int i = 0; i < n; i++); }
static __attribute__((noinline)) void raise_at(long *p) { ++*p; }
*/
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

type point struct{ x, y, z, w int64 }

var (
	counter  int64
	atomics  [4]atomic.Int64
	shared   point
	words    []string
	held     any
	table    = map[int]int{}
	mutex    sync.Mutex
	rwmutex  sync.RWMutex
	channel  = make(chan *point, 16)
	newest   atomic.Pointer[point]
	checksum atomic.Int64
	raised   = new(int64)
	pool     = sync.Pool{New: func() any { return new(point) }}
)

//go:noinline
func count() { counter++ }

//go:noinline
func put(p point) { shared = p }

//go:noinline
func sum() int64 { return shared.x + shared.y + shared.z + shared.w }

//go:noinline
func move(p *point) { p.x++; p.y += p.x }

//go:noinline
func setWords(w []string) { words = w }

//go:noinline
func raiseIt(p *int64) { *p++ }

var lists = [][]string{{"one"}, {"two", "words"}, {"and", "now", "three"}}

var cases = map[string]func(me int){
	"racy-counter": func(me int) { count() },
	"racy-struct":  func(me int) { put(point{int64(me), 1, 2, 3}) },
	"racy-reader": func(me int) {
		if me == 0 {
			put(point{1, 2, 3, 4})
		} else {
			checksum.Add(sum())
		}
	},
	"racy-slice": func(me int) { setWords(lists[me]) },
	"racy-c":     func(me int) { C.hit() },
	"racy-both": func(me int) {
		if me == 0 {
			C.raise_at((*C.long)(unsafe.Pointer(raised)))
		} else {
			raiseIt(raised)
		}
	},
	"mutex": func(me int) {
		mutex.Lock()
		count()
		put(point{int64(me), 1, 2, 3})
		setWords(lists[me])
		table[me]++
		C.hit()
		mutex.Unlock()
	},
	"rwmutex": func(me int) {
		if me == 0 {
			rwmutex.Lock()
			put(point{1, 2, 3, 4})
			rwmutex.Unlock()
		} else {
			rwmutex.RLock()
			checksum.Add(sum())
			rwmutex.RUnlock()
		}
	},
	"atomics": func(me int) {
		atomics[0].Add(1)
		atomics[1].Store(int64(me))
		atomics[2].CompareAndSwap(atomics[1].Load(), int64(me))
		atomics[3].Swap(atomics[2].Load())
	},
	"channel": func(me int) {
		if me == 0 {
			p := &point{1, 2, 3, 4}
			move(p)
			select {
			case channel <- p:
			default:
			}
		} else {
			select {
			case p := <-channel:
				move(p)
				checksum.Add(p.y)
			default:
			}
		}
	},
	"publish": func(me int) {
		if me == 0 {
			p := &point{1, 2, 3, 4}
			move(p)
			newest.Store(p)
		} else if p := newest.Load(); p != nil {
			checksum.Add(p.x + p.w)
		}
	},
	"own": func(me int) {
		var p point
		q := new(point)
		move(&p)
		move(q)
		checksum.Add(p.y + q.y)
	},
	"garbage": func(me int) {
		var all [][]byte
		m := map[string]int{}
		for i := range 100 {
			b := make([]byte, 10+i*7)
			copy(b, "what there is to copy")
			all = append(all, b)
			m[strconv.Itoa(i%17)] += len(all)
		}
		checksum.Add(int64(len(m)))
		if me == 0 {
			runtime.GC()
		}
	},
	"pool": func(me int) {
		p := pool.Get().(*point)
		move(p)
		pool.Put(p)
	},
	"goroutines": func(me int) {
		p := new(point)
		var wait sync.WaitGroup
		var inner sync.Mutex
		for range 4 {
			wait.Add(1)
			go func() {
				defer wait.Done()
				inner.Lock()
				move(p)
				inner.Unlock()
			}()
		}
		wait.Wait()
		checksum.Add(p.x)
	},
	"timers": func(me int) {
		t := time.AfterFunc(time.Microsecond, func() { checksum.Add(1) })
		time.Sleep(time.Microsecond)
		t.Stop()
	},
}

func main() {
	if len(os.Args) < 3 {
		for name := range cases {
			fmt.Println(name)
		}
		return
	}
	runtime.GOMAXPROCS(4)
	round := cases[os.Args[1]]
	seconds, _ := strconv.ParseFloat(os.Args[2], 64)
	end := time.Now().Add(time.Duration(seconds * 1e9))
	var wait sync.WaitGroup
	for me := range 3 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for time.Now().Before(end) {
				for range 20 {
					round(me)
				}
			}
		}()
	}
	wait.Wait()
	held = checksum.Load()
}
