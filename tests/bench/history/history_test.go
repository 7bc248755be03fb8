// Package bench has what long histories cost most: many goroutines that all live long and call much.
package bench

import (
	"sync"
	"testing"
)

//go:noinline
func step(n *int) { *n++ }

func TestManyLive(t *testing.T) {
	var wg sync.WaitGroup
	called := make(chan struct{})
	for range 200 {
		wg.Add(1)
		go func() {
			mine := 0
			for range 400000 {
				step(&mine)
			}
			wg.Done()
			<-called
		}()
	}
	wg.Wait()
	close(called)
}
