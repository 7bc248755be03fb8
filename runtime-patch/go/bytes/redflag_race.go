//go:build race

// What a bytes.Buffer tells of the arrays that it makes for itself; see runtime/redflag_alias_race.go.

package bytes

import _ "unsafe" // for go:linkname

//go:linkname rfBufferGrew
//go:noescape
func rfBufferGrew(buf *[]byte)
