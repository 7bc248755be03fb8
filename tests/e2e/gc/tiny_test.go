package gc

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

//go:noinline
func box(n uint64) any { return n }

// hold keeps a value through a loop without calls: a goroutine in it is stopped anywhere, and the frame is looked through for
// anything that may be a pointer. The answer is whether the value is what it was.
//
//go:norace
//go:noinline
func hold(n uint64, rounds int) bool {
	v := box(n)
	sum := n
	for i := range rounds {
		sum = sum*6364136223846793005 + uint64(i)
	}
	return v.(uint64) == n && sum != 0
}

// Values of eight bytes, which stand at the end of a block of sixteen, each held by a goroutine that is in the middle of something,
// while others are collected and their memory is used again.
func TestGoodTinyValues(t *testing.T) {
	var workers, collector sync.WaitGroup
	var wrong, over atomic.Int64
	collector.Add(1)
	go func() {
		defer collector.Done()
		for over.Load() == 0 {
			runtime.GC()
		}
	}()
	for w := range 8 {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for i := range 1500 {
				n := uint64(w)<<32 | uint64(i) | 1<<20
				if !hold(n, 200000) {
					wrong.Add(1)
				}
			}
		}()
	}
	workers.Wait()
	over.Store(1)
	collector.Wait()
	if n := wrong.Load(); n != 0 {
		t.Errorf("%d values have changed", n)
	}
}
