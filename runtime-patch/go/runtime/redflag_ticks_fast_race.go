//go:build race && amd64

package runtime

// rfTicks is in redflag_fast_race.s.
//
//go:noescape
func rfTicks() int64
