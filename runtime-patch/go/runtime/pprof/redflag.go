package pprof

import "unsafe"

// The runtime's hook for labels (runtime/redflag_ask_race.go) reads *labelMap as a slice of pairs of strings. These
// constants overflow, and the build stops, when a Go version changes that.
const (
	_ = uint(3*unsafe.Sizeof(uintptr(0)) - unsafe.Sizeof(labelMap{}))
	_ = uint(unsafe.Sizeof(labelMap{}) - unsafe.Sizeof(LabelSet{}.list))
	_ = uint(2*unsafe.Sizeof("") - unsafe.Sizeof(LabelSet{}.list[0]))
	_ = uint(unsafe.Sizeof(LabelSet{}.list[0]) - 2*unsafe.Sizeof(""))
)
