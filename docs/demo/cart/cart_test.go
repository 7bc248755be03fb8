package cart

import (
	"sync"
	"testing"
	"time"
)

func TestAddWhileSumming(t *testing.T) {
	c := New()
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		time.Sleep(10 * time.Millisecond) // after Total, which nothing orders
		c.Add("book", 1)
	}()
	c.Total()
	wg.Wait()
}
