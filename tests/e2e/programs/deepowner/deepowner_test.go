// A goroutine started by a goroutine started by a goroutine of a subtest belongs to the subtest.
package deepowner

import (
	"sync"
	"testing"
)

var state int

func nest(depth int, wg *sync.WaitGroup) {
	if depth == 0 {
		state++
		wg.Done()
		return
	}
	go nest(depth-1, wg)
}

func TestOuter(t *testing.T) {
	t.Run("clean", func(t *testing.T) {})
	t.Run("racy", func(t *testing.T) {
		var wg sync.WaitGroup
		wg.Add(2)
		nest(4, &wg)
		nest(5, &wg)
		wg.Wait()
	})
}
