// Correct programs of many kinds: no finding.
package clean

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestChannels(t *testing.T) {
	values := make(chan int)
	var sum int
	done := make(chan struct{})
	go func() {
		for v := range values {
			sum += v
		}
		close(done)
	}()
	for i := 0; i < 1000; i++ {
		values <- i
	}
	close(values)
	<-done
	if sum != 499500 {
		t.Fatal(sum)
	}
}

func TestStorm(t *testing.T) {
	var n atomic.Int64
	var wg sync.WaitGroup
	for i := 0; i < 20000; i++ {
		wg.Add(1)
		go func() {
			n.Add(1)
			wg.Done()
		}()
	}
	wg.Wait()
	if n.Load() != 20000 {
		t.Fatal(n.Load())
	}
}

func TestOnceAndPool(t *testing.T) {
	var once sync.Once
	var value int
	pool := sync.Pool{New: func() any { return new([64]byte) }}
	var wg sync.WaitGroup
	for i := 0; i < 16; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			once.Do(func() { value = 42 })
			b := pool.Get().(*[64]byte)
			b[0] = byte(value)
			pool.Put(b)
		}()
	}
	wg.Wait()
}

func TestParallel(t *testing.T) {
	for _, name := range []string{"a", "b", "c"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			<-ctx.Done()
		})
	}
}

func TestFinalizer(t *testing.T) {
	ran := make(chan struct{})
	func() {
		p := new([128]byte)
		runtime.SetFinalizer(p, func(*[128]byte) { close(ran) })
	}()
	for i := 0; i < 100; i++ {
		runtime.GC()
		select {
		case <-ran:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatal("the finalizer didn't run")
}

func BenchmarkNothing(b *testing.B) {
	for b.Loop() {
	}
}

func FuzzNothing(f *testing.F) {
	f.Add(1)
	f.Fuzz(func(t *testing.T, n int) {})
}
