//go:build race

// Parallel tests are concurrent, also when one of them waited for another's slot, or its name, result or output was
// handled after the other's: what package testing does for itself between tests orders nothing. What a test may rely on
// stays: what comes before T.Run or T.Parallel is done before all that follows it in the parent, and before the parallel
// part of every test of the group; all of a test is done before its parent goes on.
//
// So the detector doesn't see what happens between rfHide and rfShow. All plain data that is touched there is touched
// nowhere else, or under a mutex that the others take in its sight.
//
// REDFLAG=parallel=stock turns it off.

package testing

import (
	"sync"
	"sync/atomic"
	_ "unsafe" // for go:linkname
)

// Implemented in package runtime.

//go:linkname rfHide
func rfHide()

//go:linkname rfShow
func rfShow()

// rfReported is called when T.report returns. What goroutines of the test did under its own mutex (T.Log) stays before
// its end.
func (c *common) rfReported() {
	rfShow()
	c.mu.Lock()
	c.mu.Unlock()
}

// rfMap is the map of running tests. Its methods are called as those of sync.Map are, and not inlined, so that T.Run,
// which is in the stack that every report of a test prints, keeps its size.
type rfMap struct{ m sync.Map }

//go:noinline
func (m *rfMap) Store(key, value any) {
	rfHide()
	defer rfShow()
	m.m.Store(key, value)
}

//go:noinline
func (m *rfMap) Delete(key any) {
	rfHide()
	defer rfShow()
	m.m.Delete(key)
}

func (m *rfMap) Range(f func(key, value any) bool) { m.m.Range(f) }

// rfInt64 counts parallel tests.
type rfInt64 struct{ n atomic.Int64 }

//go:noinline
func (i *rfInt64) Add(delta int64) int64 {
	rfHide()
	defer rfShow()
	return i.n.Add(delta)
}

func (i *rfInt64) Load() int64 { return i.n.Load() }
