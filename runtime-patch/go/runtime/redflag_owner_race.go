//go:build race

// Owners: which test a goroutine works for. Called by package testing.

package runtime

import "unsafe"

//go:linkname __redflag_test_start __redflag_test_start
var __redflag_test_start byte

//go:linkname __redflag_test_take __redflag_test_take
var __redflag_test_take byte

//go:linkname __redflag_test_end __redflag_test_end
var __redflag_test_end byte

//go:linkname __redflag_test_leftover __redflag_test_leftover
var __redflag_test_leftover byte

//go:cgo_import_static __redflag_test_start
//go:cgo_import_static __redflag_test_take
//go:cgo_import_static __redflag_test_end
//go:cgo_import_static __redflag_test_leftover

// rfTestStart makes the calling goroutine belong to the test called name, and says its number. 0: no owners here, or
// no room for one more, and the goroutine goes on to belong to the test that started it.
//
//go:linkname rfTestStart testing.rfTestStart
func rfTestStart(name string, id uint32) uint32 {
	gp := getg()
	if rfSettings.exact == 0 {
		return 0
	}
	racecall(&__redflag_test_start, uintptr(gp.rfslot), uintptr(unsafe.Pointer(unsafe.StringData(name))),
		uintptr(len(name)), uintptr(unsafe.Pointer(&id)))
	if id != 0 {
		gp.rfowner = id
	}
	return id
}

// rfTestSet makes the calling goroutine belong to test id again, and says to whom it belonged.
//
//go:linkname rfTestSet testing.rfTestSet
func rfTestSet(id uint32) uint32 {
	gp := getg()
	old := gp.rfowner
	gp.rfowner = id
	if rfSettings.exact != 0 {
		racecall(&__redflag_test_start, uintptr(gp.rfslot), 0, 0, uintptr(unsafe.Pointer(&id)))
	}
	return old
}

// rfTestTake says how many races were charged to the test since it was asked last.
//
//go:linkname rfTestTake testing.rfTestTake
func rfTestTake(id uint32) uint32 {
	var n uint32
	racecall(&__redflag_test_take, uintptr(id), uintptr(unsafe.Pointer(&n)), 0, 0)
	return n
}

// rfTestEnd marks the test as over unless there are charges that were not taken yet; it says whether it did.
//
//go:linkname rfTestEnd testing.rfTestEnd
func rfTestEnd(id uint32) bool {
	var done uint32
	racecall(&__redflag_test_end, uintptr(id), uintptr(unsafe.Pointer(&done)), 0, 0)
	return done != 0
}

// rfTestLeftover writes the name of the next test that has charges nobody took to buf, and says its length, or -1
// when there is none left, and whether the test had ended before the race. An empty name stands for races that no test
// owns.
//
//go:linkname rfTestLeftover testing.rfTestLeftover
func rfTestLeftover(buf []byte) (int, bool) {
	n, over := -1, uintptr(0)
	racecall(&__redflag_test_leftover, uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)),
		uintptr(unsafe.Pointer(&n)), uintptr(unsafe.Pointer(&over)))
	return n, over != 0
}

//go:linkname rfExact testing.rfExact
func rfExact() bool {
	return rfSettings.exact != 0
}

// What testing does for itself.

//go:linkname rfIgnoreBegin _ZN6__tsan17ThreadIgnoreBeginEPNS_11ThreadStateEm
var rfIgnoreBegin byte

//go:linkname rfIgnoreEnd _ZN6__tsan15ThreadIgnoreEndEPNS_11ThreadStateE
var rfIgnoreEnd byte

//go:cgo_import_static _ZN6__tsan17ThreadIgnoreBeginEPNS_11ThreadStateEm
//go:cgo_import_static _ZN6__tsan15ThreadIgnoreEndEPNS_11ThreadStateE

// rfHide takes what the calling goroutine does until rfShow out of the detector's sight: synchronisation, which then
// orders nothing, and accesses, which then can't race. Calls nest. A goroutine may block or end in between.
//
//go:linkname rfHide testing.rfHide
func rfHide() {
	if rfSettings.parallel != 0 {
		RaceDisable()
		racecall(&rfIgnoreBegin, getg().racectx, 0, 0, 0)
	}
}

//go:linkname rfShow testing.rfShow
func rfShow() {
	if rfSettings.parallel != 0 {
		racecall(&rfIgnoreEnd, getg().racectx, 0, 0, 0)
		RaceEnable()
	}
}
