// Package cachefixed: as cache, and a lock orders the two.
package cachefixed

import (
	"sync"
	"testing"

	"example.com/history/aside"
)

type cache struct {
	mu      sync.Mutex
	entries map[string]int
}

func (c *cache) fill(key string, calls int) {
	c.mu.Lock()
	c.entries[key] = calls
	c.mu.Unlock()
	aside.Work(calls)
	aside.Arrive()
}

func TestFill(t *testing.T) {
	c, done := &cache{entries: map[string]int{}}, make(chan bool)
	go c.fill("early", 400000)
	aside.Wait()
	go func() {
		c.fill("late", 1)
		done <- true
	}()
	<-done
}
