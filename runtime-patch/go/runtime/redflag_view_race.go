//go:build race

// View inconsistencies (REDFLAG=views=1; tsan-glue/views.h): sections of sync.Mutex and sync.RWMutex are told to the glue, and what
// instrumented code reads and writes comes to it first, in the place of the detector's functions. There are no short cuts
// for accesses then (rfFastArena), so none of that costs anything while it is off but a load in each full call.

package runtime

import "unsafe"

//go:linkname __redflag_view_wanted __redflag_view_wanted
var __redflag_view_wanted byte

//go:linkname __redflag_view_taken __redflag_view_taken
var __redflag_view_taken byte

//go:linkname __redflag_view_given __redflag_view_given
var __redflag_view_given byte

//go:linkname __redflag_view_gone __redflag_view_gone
var __redflag_view_gone byte

//go:linkname __redflag_view_over __redflag_view_over
var __redflag_view_over byte

//go:linkname __redflag_view_flush __redflag_view_flush
var __redflag_view_flush byte

//go:linkname __redflag_view_malloc __redflag_view_malloc
var __redflag_view_malloc byte

//go:linkname __redflag_view_read __redflag_view_read
var __redflag_view_read byte

//go:linkname __redflag_view_write __redflag_view_write
var __redflag_view_write byte

//go:linkname __redflag_view_read_pc __redflag_view_read_pc
var __redflag_view_read_pc byte

//go:linkname __redflag_view_write_pc __redflag_view_write_pc
var __redflag_view_write_pc byte

//go:linkname __redflag_view_read_range __redflag_view_read_range
var __redflag_view_read_range byte

//go:linkname __redflag_view_write_range __redflag_view_write_range
var __redflag_view_write_range byte

//go:linkname rfTsanRead __tsan_read
var rfTsanRead byte

//go:linkname rfTsanWrite __tsan_write
var rfTsanWrite byte

//go:linkname rfTsanReadPC __tsan_read_pc
var rfTsanReadPC byte

//go:linkname rfTsanWritePC __tsan_write_pc
var rfTsanWritePC byte

//go:linkname rfTsanReadRange __tsan_read_range
var rfTsanReadRange byte

//go:linkname rfTsanWriteRange __tsan_write_range
var rfTsanWriteRange byte

//go:cgo_import_static __redflag_view_wanted
//go:cgo_import_static __redflag_view_taken
//go:cgo_import_static __redflag_view_given
//go:cgo_import_static __redflag_view_gone
//go:cgo_import_static __redflag_view_over
//go:cgo_import_static __redflag_view_flush
//go:cgo_import_static __redflag_view_malloc
//go:cgo_import_static __redflag_view_read
//go:cgo_import_static __redflag_view_write
//go:cgo_import_static __redflag_view_read_pc
//go:cgo_import_static __redflag_view_write_pc
//go:cgo_import_static __redflag_view_read_range
//go:cgo_import_static __redflag_view_write_range

// rfAccessCalls is what race_amd64.s calls in C for an access.
type rfAccessCalls struct {
	read, write, readPC, writePC, readRange, writeRange *byte
}

var rfAccess = rfAccessCalls{&rfTsanRead, &rfTsanWrite, &rfTsanReadPC, &rfTsanWritePC, &rfTsanReadRange, &rfTsanWriteRange}

// rfViews is what package sync looks at.
//
//go:linkname rfViews
var rfViews bool

// rfViewInit is called by rfInit.
//
//go:nosplit
func rfViewInit() {
	if rfSettings.views == 0 {
		return
	}
	rfAccess = rfAccessCalls{&__redflag_view_read, &__redflag_view_write, &__redflag_view_read_pc, &__redflag_view_write_pc,
		&__redflag_view_read_range, &__redflag_view_write_range}
	rfViews = true
}

// rfViewSection is struct rf_view_section of the glue.
type rfViewSection struct {
	thread, lock uintptr
	goid         uint64
	slot         uintptr
	waits        uintptr
	shared       uintptr
	stack        *stack
}

// rfViewLock says whether a lock is looked at: those on a goroutine's own stack are nobody else's.
func rfViewLock(gp *g, lock unsafe.Pointer) bool {
	p := uintptr(lock)
	return gp == gp.m.curg && gp.racectx != 0 && (p < gp.stack.lo || gp.stack.hi <= p)
}

func rfViewTell(hook *byte, lock unsafe.Pointer, shared uintptr) {
	gp := getg()
	if !rfViewLock(gp, lock) {
		return
	}
	s := rfViewSection{gp.racectx, uintptr(lock), gp.goid, uintptr(gp.rfslot), uintptr(gp.rfwaits), shared, &gp.stack}
	racecall(hook, uintptr(unsafe.Pointer(&s)), 0, 0, 0)
}

// rfViewWanted is called when a lock is about to be taken.
//
//go:linkname rfViewWanted sync.rfViewWanted
func rfViewWanted(lock unsafe.Pointer) {
	rfViewTurn(&__redflag_view_wanted, lock)
}

func rfViewTurn(hook *byte, lock unsafe.Pointer) {
	if gp := getg(); rfViewLock(gp, lock) {
		racecall(hook, gp.racectx, uintptr(lock), 0, 0)
	}
}

// rfViewTaken is called when it was taken: not 0: with others that read.
//
//go:linkname rfViewTaken sync.rfViewTaken
func rfViewTaken(lock unsafe.Pointer, shared uintptr) {
	rfViewTell(&__redflag_view_taken, lock, shared)
}

// rfViewGiven is called when it is about to be given back.
//
//go:linkname rfViewGiven sync.rfViewGiven
func rfViewGiven(lock unsafe.Pointer) {
	rfViewTell(&__redflag_view_given, lock, 0)
}

// rfViewGone is called when it was given back.
//
//go:linkname rfViewGone sync.rfViewGone
func rfViewGone(lock unsafe.Pointer) {
	rfViewTurn(&__redflag_view_gone, lock)
}

// rfViewOver is called when the goroutine ends.
func rfViewOver() {
	if rfViews {
		racecall(&__redflag_view_over, getg().racectx, 0, 0, 0)
	}
}

// rfViewFlush reports what waits for the end of a call that is over by now.
func rfViewFlush() {
	if rfViews {
		racecall(&__redflag_view_flush, 0, 0, 0, 0)
	}
}

// rfViewMalloc is called by racemalloc for every heap object, deep inside mallocgc, on any stack: what is known of locks that were
// there is forgotten.
//
//go:nosplit
func rfViewMalloc(p unsafe.Pointer, n uintptr) {
	if rfViews {
		racecall(&__redflag_view_malloc, uintptr(p), n, 0, 0)
	}
}

// rfParks is called by gopark, and where sync.Cond.Wait may not have to park: a goroutine that waits for anything but a lock may well know what happens meanwhile.
func rfParks(reason waitReason) {
	if rfViews && !reason.isMutexWait() {
		getg().rfwaits++
	}
}
