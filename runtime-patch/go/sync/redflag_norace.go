//go:build !race

// Without -race the hooks do nothing.

package sync

import "unsafe"

func rfPoolPut(x any)   {}
func rfPoolAlias(x any) {}
func rfPoolMade(x any)  {}
func rfPoolGet(x any)   {}

func rfPoolRelease(hash unsafe.Pointer) {}
func rfPoolAcquire(hash unsafe.Pointer) {}

func rfWanted(lock *Mutex)   {}
func rfTaken(lock *Mutex)    {}
func rfShared(lock *Mutex)   {}
func rfGiven(lock *Mutex)    {}
func rfGone(lock *Mutex)     {}
func rfTry(lock *Mutex) bool { return lock.mu.TryLock() }

func (m *Map) rfSwap(key, value any) (any, bool)        { return m.m.Swap(key, value) }
func (m *Map) rfLoadOrStore(key, value any) (any, bool) { return m.m.LoadOrStore(key, value) }
func (m *Map) rfLoadAndDelete(key any) (any, bool)      { return m.m.LoadAndDelete(key) }
func (m *Map) rfCompareAndSwap(key, old, new any) bool  { return m.m.CompareAndSwap(key, old, new) }
func (m *Map) rfCompareAndDelete(key, old any) bool     { return m.m.CompareAndDelete(key, old) }
