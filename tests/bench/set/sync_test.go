// Benchmarks of what goroutines share: locks, pools, maps, atomics, channels; and how it all scales.
package set

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

const inner = 1000 // steps of a round

// BenchmarkMutex locks a mutex that nobody else wants, for a section of one access.
func BenchmarkMutex(b *testing.B) {
	var mu sync.Mutex
	n := new(int)
	for b.Loop() {
		for range inner {
			mu.Lock()
			*n++
			mu.Unlock()
		}
	}
}

// BenchmarkMutexShared does so from four goroutines.
func BenchmarkMutexShared(b *testing.B) {
	var mu sync.Mutex
	n := new(int)
	for b.Loop() {
		together(4, func(int) {
			for range inner {
				mu.Lock()
				*n++
				mu.Unlock()
			}
		})
	}
}

// BenchmarkRWMutex reads under a read lock, and writes now and then, from two goroutines.
func BenchmarkRWMutex(b *testing.B) {
	var mu sync.RWMutex
	n := new(int)
	for b.Loop() {
		together(2, func(int) {
			sum := 0
			for i := range inner {
				if i%64 == 0 {
					mu.Lock()
					*n++
					mu.Unlock()
				}
				mu.RLock()
				sum += *n
				mu.RUnlock()
			}
		})
	}
}

// BenchmarkPool takes a buffer, uses it and puts it back.
func BenchmarkPool(b *testing.B) {
	pool := sync.Pool{New: func() any { return new([64]int) }}
	for b.Loop() {
		for i := range inner {
			p := pool.Get().(*[64]int)
			p[i%64]++
			pool.Put(p)
		}
	}
}

// BenchmarkSyncMap mostly loads, and stores now and then, from two goroutines.
func BenchmarkSyncMap(b *testing.B) {
	var m sync.Map
	for b.Loop() {
		together(2, func(who int) {
			for i := range inner {
				if i%16 == 0 {
					m.Store(i%128, who)
				}
				m.Load(i % 256)
			}
		})
	}
}

// BenchmarkAtomics loads, stores, adds and compares atomics that nobody else touches.
func BenchmarkAtomics(b *testing.B) {
	var count atomic.Int64
	var flag atomic.Bool
	var at atomic.Pointer[int]
	for b.Loop() {
		for i := range inner {
			count.Add(1)
			if !flag.Load() && count.Load() > 0 {
				at.Store(nil)
			}
			count.CompareAndSwap(int64(i), 0)
		}
	}
}

// BenchmarkPingPong hands a value to and fro between two goroutines.
func BenchmarkPingPong(b *testing.B) {
	ping, pong := make(chan int), make(chan int)
	go func() {
		for v := range ping {
			pong <- v
		}
		close(pong)
	}()
	for b.Loop() {
		for i := range inner {
			ping <- i
			<-pong
		}
	}
	close(ping)
}

// BenchmarkFanIn has eight goroutines send to one through a buffer.
func BenchmarkFanIn(b *testing.B) {
	for b.Loop() {
		c := make(chan int, 64)
		go func() {
			together(8, func(who int) {
				for range inner / 8 {
					c <- who
				}
			})
			close(c)
		}()
		for range c {
		}
	}
}

// BenchmarkSelect receives from whichever of three channels has something.
func BenchmarkSelect(b *testing.B) {
	for b.Loop() {
		var c [3]chan int
		for i := range c {
			c[i] = make(chan int, 4)
			go func() {
				for n := range inner / 3 {
					c[i] <- n
				}
				close(c[i])
			}()
		}
		for open := len(c); open > 0; {
			var ok bool
			var from int
			select {
			case _, ok = <-c[0]:
			case _, ok = <-c[1]:
				from = 1
			case _, ok = <-c[2]:
				from = 2
			}
			if !ok {
				c[from] = nil
				open--
			}
		}
	}
}

// BenchmarkStorm starts 100 000 short goroutines.
func BenchmarkStorm(b *testing.B) {
	for b.Loop() {
		var wg sync.WaitGroup
		for range 1000 {
			wg.Add(100)
			for range 100 {
				go wg.Done()
			}
			wg.Wait()
		}
	}
}

// BenchmarkGoroutines divides the same accesses among so many goroutines that live at once.
func BenchmarkGoroutines(b *testing.B) {
	const steps = 1 << 20
	for _, n := range []int{1, 100, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			words := make([]int, 16*n)
			for b.Loop() {
				together(n, func(who int) {
					mine := words[16*who : 16*who+16]
					for i := range steps / n {
						mine[i%16] += i
					}
				})
			}
		})
	}
}

// BenchmarkHeap writes and reads words all over a heap of so many KiB.
func BenchmarkHeap(b *testing.B) {
	const steps = 1 << 20
	for _, kib := range []int{1, 1 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("%dKiB", kib), func(b *testing.B) {
			words := make([]uint64, kib<<10/8)
			at, sum := uint64(1), uint64(0)
			for b.Loop() {
				for i := range words {
					words[i]++
				}
				for range steps {
					at = at*6364136223846793005 + 1442695040888963407
					sum += words[at>>33%uint64(len(words))]
				}
			}
		})
	}
}

// BenchmarkFound executes one racy line a million times.
func BenchmarkFound(b *testing.B) {
	n := new(int)
	for b.Loop() {
		together(2, func(int) {
			for range 500000 {
				*n++
			}
		})
	}
}

func together(n int, f func(int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			f(i)
		}()
	}
	wg.Wait()
}
