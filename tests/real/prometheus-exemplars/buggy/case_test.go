// Observations with exemplars while others observe: the exemplar store looked at its slice before it took the lock.
package realworld

import (
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestObserveFromTwoHandlers(t *testing.T) {
	latency := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:                        "latency_seconds",
		Help:                        "How long a request took.",
		NativeHistogramBucketFactor: 1.1,
	})
	var wg sync.WaitGroup
	for handler := range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 50 {
				seconds := float64(handler*50+i) / 100
				latency.(prometheus.ExemplarObserver).ObserveWithExemplar(seconds, prometheus.Labels{"trace_id": "a"})
			}
		}()
	}
	wg.Wait()
}
