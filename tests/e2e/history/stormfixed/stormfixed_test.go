// Package stormfixed: more goroutines than the detector has slots, all of them alive, with long pasts, that share words in
// order, while the detector uses up its epochs and begins anew.
package stormfixed

import (
	"sync"
	"testing"

	"example.com/history/aside"
)

const (
	workers = 300
	rounds  = 6
)

func TestStorm(t *testing.T) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	shared := make([]int, 64)
	for w := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for r := range rounds {
				mu.Lock()
				shared[(w+r)%len(shared)]++
				mu.Unlock()
				aside.Work(1000)
				for range 2500 {
					mu.Lock()
					mu.Unlock()
				}
			}
		}()
	}
	wg.Wait()
	for i := range shared {
		shared[i]++
	}
}
