// Package cache: two goroutines fill a map without a lock, one long after the other, which has a label.
package cache

import (
	"context"
	"runtime/pprof"
	"testing"

	"example.com/history/aside"
)

type cache struct{ entries map[string]int }

func (c *cache) fill(key string, calls int) {
	c.entries[key] = calls
	aside.Work(calls)
	aside.Arrive()
}

func TestFill(t *testing.T) {
	c, done := &cache{entries: map[string]int{}}, make(chan bool)
	pprof.Do(context.Background(), pprof.Labels("tag", "shop:warm"), func(context.Context) {
		go c.fill("early", 400000)
	})
	aside.Wait()
	go func() {
		c.fill("late", 1)
		done <- true
	}()
	<-done
}
