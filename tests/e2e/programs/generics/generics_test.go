// Two instantiations of one generic type have the same bug: one finding.
package generics

import (
	"sync"
	"testing"
)

type box[T any] struct{ v T }

func (b *box[T]) set(v T) { b.v = v }

func race[T any](v T) {
	var b box[T]
	var wg sync.WaitGroup
	for i := 0; i < 2; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			b.set(v)
		}()
	}
	wg.Wait()
}

func TestBoxes(t *testing.T) {
	race(1)
	race(1.5)
}
