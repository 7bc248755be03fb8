// Benchmarks of what the runtime's hooks touch: goroutine creation, switches, labels, allocation,
// maps with string keys, clear.
package bench

import (
	"context"
	"fmt"
	"os"
	"runtime/pprof"
	"sync"
	"testing"
)

// BenchmarkStorm starts short goroutines: newproc1, goexit1.
func BenchmarkStorm(b *testing.B) {
	var wg sync.WaitGroup
	for b.Loop() {
		wg.Add(100)
		for i := 0; i < 100; i++ {
			go wg.Done()
		}
		wg.Wait()
	}
}

// BenchmarkPingPong makes two goroutines hand a value to and fro: execute.
func BenchmarkPingPong(b *testing.B) {
	ping, pong := make(chan int), make(chan int)
	go func() {
		for v := range ping {
			pong <- v
		}
		close(pong)
	}()
	for b.Loop() {
		ping <- 1
		<-pong
	}
	close(ping)
}

// BenchmarkLabels sets profiler labels: runtime_setProfLabel.
func BenchmarkLabels(b *testing.B) {
	labels := pprof.Labels("tag", "order-service:payment-timeout", "shard", "7")
	for b.Loop() {
		pprof.Do(context.Background(), labels, func(context.Context) {})
	}
}

type node struct {
	left, right *node
	value       [2]int
}

var sink *node

// BenchmarkAlloc allocates small objects: racemalloc.
func BenchmarkAlloc(b *testing.B) {
	for b.Loop() {
		sink = &node{left: sink}
		if sink.left != nil {
			sink.left.left = nil
		}
	}
}

// BenchmarkMap counts words: string keys on the heap, read, assigned and deleted.
func BenchmarkMap(b *testing.B) {
	words := make([]string, 1000)
	for i := range words {
		words[i] = fmt.Sprintf("word number %d", i)
	}
	counts := map[string]int{}
	for b.Loop() {
		for _, w := range words {
			if counts[w] < 3 {
				counts[w]++
			} else {
				delete(counts, w)
			}
		}
	}
}

// BenchmarkClear clears short slices, as those who reuse buffers do.
func BenchmarkClear(b *testing.B) {
	n := 32 + len(os.Args)%2 // a constant would be cleared in place
	numbers, pointers := make([]int, n), make([]*node, n)
	for b.Loop() {
		clear(numbers)
		clear(pointers)
	}
}
