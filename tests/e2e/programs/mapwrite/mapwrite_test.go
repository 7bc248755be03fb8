// A map written by one goroutine and read by another, under different locks.
package mapwrite

import (
	"sync"
	"testing"
)

type cache struct {
	a, b sync.Mutex
	m    map[string]int
}

func (c *cache) put(k string) {
	c.a.Lock()
	defer c.a.Unlock()
	c.m[k] = 1
}

func (c *cache) get(k string) int {
	c.b.Lock()
	defer c.b.Unlock()
	return c.m[k]
}

func TestCache(t *testing.T) {
	c := &cache{m: map[string]int{}}
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		c.put("k")
	}()
	c.get("k")
	wg.Wait()
}
