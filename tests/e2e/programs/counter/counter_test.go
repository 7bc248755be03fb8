// One x++ bug: several goroutines, read/write and write/write reports, one finding.
package counter

import (
	"sync"
	"testing"
)

type counter struct{ n int }

func (c *counter) inc() { c.n++ }

func TestCounter(t *testing.T) {
	var c counter
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := 0; k < 1000; k++ {
				c.inc()
			}
		}()
	}
	wg.Wait()
}
