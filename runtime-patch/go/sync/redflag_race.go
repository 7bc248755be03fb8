//go:build race

// What sync.Pool tells the race detector of the objects that it is given and hands out; see runtime/redflag_pool_race.go.

package sync

import _ "unsafe" // for go:linkname

// Called by Put for every object, also for those that a race build drops at random: whoever puts can't know.
//
//go:linkname rfPoolPut
func rfPoolPut(x any)

// Called by Get with what it returns, be it from the pool or from New.
//
//go:linkname rfPoolGet
func rfPoolGet(x any)
