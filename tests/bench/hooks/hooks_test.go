// Benchmarks of what the runtime's hooks touch: goroutine creation, switches, labels, allocation.
package bench

import (
	"context"
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
