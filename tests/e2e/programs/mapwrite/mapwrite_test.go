// A map written by one goroutine and read by another, under different locks. Its values have no size: an assignment of
// one that has can race a second time, in the value's own place, which is an operation of another class.
package mapwrite

import (
	"sync"
	"testing"
)

type cache struct {
	a, b sync.Mutex
	m    map[string]struct{}
}

func (c *cache) put(k string) {
	c.a.Lock()
	defer c.a.Unlock()
	c.m[k] = struct{}{}
}

func (c *cache) has(k string) bool {
	c.b.Lock()
	defer c.b.Unlock()
	_, ok := c.m[k]
	return ok
}

func TestCache(t *testing.T) {
	c := &cache{m: map[string]struct{}{}}
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		c.put("k")
	}()
	c.has("k")
	wg.Wait()
}
