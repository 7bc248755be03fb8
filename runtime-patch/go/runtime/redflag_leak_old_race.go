//go:build race && !go1.26

// The collector of Go 1.25 can't tell goroutines that are blocked for good from others.

package runtime

import _ "unsafe" // for go:linkname

//go:linkname rfLeakCheck testing.rfLeakCheck
func rfLeakCheck(owner uint32) {}
