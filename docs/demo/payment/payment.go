// Package payment counts retries, from several goroutines, without a lock. Its work carries a business tag.
package payment

import (
	"context"
	"runtime/pprof"
	"sync"
)

type Gateway struct{ retries int }

func (g *Gateway) retry() { g.retries++ }

// Charge tries n times at once.
func (g *Gateway) Charge(ctx context.Context, n int) {
	labels := pprof.Labels("tag", "order-service:payment-timeout")
	pprof.Do(ctx, labels, func(context.Context) {
		var wg sync.WaitGroup
		for i := 0; i < n; i++ {
			wg.Add(1)
			go func() {
				defer wg.Done()
				g.retry()
			}()
		}
		wg.Wait()
	})
}
