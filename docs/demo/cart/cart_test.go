package cart

import (
	"sync"
	"testing"
)

func TestAddWhileSumming(t *testing.T) {
	c := New()
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		c.Add("book", 1)
	}()
	c.Total()
	wg.Wait()
}
