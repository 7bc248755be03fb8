// The tag comes from a profiler label, which goroutines inherit.
package labels

import (
	"context"
	"runtime/pprof"
	"sync"
	"testing"
)

func TestLabels(t *testing.T) {
	var total int
	var wg sync.WaitGroup
	add := func() {
		total++
		wg.Done()
	}
	pprof.Do(context.Background(), pprof.Labels("tag", "order-service:payment-timeout", "shard", "7"),
		func(context.Context) {
			wg.Add(2)
			go add()
			go add()
		})
	wg.Wait()
}
