package cgo

import (
	"sync"
	"testing"
)

type sum struct{ total int }

func (s *sum) add(n int) { s.total = Add(s.total, n) }

func TestSum(t *testing.T) {
	var s sum
	var wg sync.WaitGroup
	for i := 0; i < 2; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			s.add(i)
		}()
	}
	wg.Wait()
}
