package price

import (
	"sync"
	"testing"
)

func TestQuote(t *testing.T) {
	var c Counter
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c.Quote(100)
		}()
	}
	wg.Wait()
	if c.quotes.Load() != 8 {
		t.Fatal(c.quotes.Load())
	}
}
