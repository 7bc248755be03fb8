// A race before m.Run belongs to no test.
package testmain

import (
	"os"
	"sync"
	"testing"
)

var setup int

func prepare(wg *sync.WaitGroup) {
	setup++
	wg.Done()
}

func TestMain(m *testing.M) {
	var wg sync.WaitGroup
	wg.Add(2)
	go prepare(&wg)
	go prepare(&wg)
	wg.Wait()
	os.Exit(m.Run())
}

func TestNothing(t *testing.T) {}
