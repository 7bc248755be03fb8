//go:build race

// What context tells of values; see runtime/redflag_types_race.go.

package context

import _ "unsafe" // for go:linkname

// Called by WithValue with the value.
//
//go:linkname rfContextValue
func rfContextValue(v any)
