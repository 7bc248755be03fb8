//go:build race

// Calls of C: the glue is told when one begins and when it is back, so that what C allocates and frees meanwhile has a
// goroutine and a stack (tsan-glue/cgo.c). Only with REDFLAG=cgo=1.

package runtime

import (
	"internal/abi"
	"internal/runtime/sys"
	"unsafe"
)

//go:linkname __redflag_cgo_enter __redflag_cgo_enter
var __redflag_cgo_enter byte

//go:linkname __redflag_cgo_leave __redflag_cgo_leave
var __redflag_cgo_leave byte

//go:cgo_import_static __redflag_cgo_enter
//go:cgo_import_static __redflag_cgo_leave

// rfCgoCall is the beginning of struct rf_cgo_call of the glue, in memory of its own.
type rfCgoCall struct {
	events uint32
	frames uint32 // of callers that don't tell the detector of their calls
	pcs    [2]uintptr
}

// rfCgoInit lets the detector have C memory: rfInit calls it before Go's heap is there, which begins where this ends.
//
//go:nosplit
func rfCgoInit() {
	if rfSettings.cgo != 0 {
		racemapshadow(unsafe.Pointer(rfSettings.cgo), rfSettings.cgoBytes)
	}
}

// rfCgoEnter is called by cgocall, before the goroutine leaves Go.
//
//go:nosplit
//go:noinline
func rfCgoEnter() (call *rfCgoCall) {
	if rfSettings.cgo != 0 {
		gp := getg()
		racecall(&__redflag_cgo_enter, uintptr(gp.goid), uintptr(unsafe.Pointer(&gp.stack)), getfp(),
			uintptr(unsafe.Pointer(&call)))
	}
	return call
}

// rfCgoLeave is called by cgocall when the goroutine is back and has acquired what C code may have ordered.
//
//go:nosplit
//go:noinline
func rfCgoLeave(call *rfCgoCall) {
	if call == nil {
		return
	}
	frames := uint32(0)
	if call.events != 0 {
		frames = call.frames
	}
	if frames > 1 {
		racefuncenter(call.pcs[1])
	}
	if frames > 0 {
		racefuncenter(call.pcs[0])
	}
	racecall(&__redflag_cgo_leave, uintptr(unsafe.Pointer(call)), getg().racectx, sys.GetCallerPC(), 0)
	for ; frames > 0; frames-- {
		racefuncexit()
	}
}

// Bytes of C memory that Go's runtime copies for C.GoString, C.GoStringN and C.GoBytes.

// rfCgoText is called by gostring.
func rfCgoText(p *byte) {
	if rfSettings.cgo != 0 && uintptr(unsafe.Pointer(p))-rfSettings.cgo < rfSettings.cgoBytes {
		rfCgoRead(p, findnull(p)+1, rfPoolCaller(getfp()))
	}
}

// rfCgoBytes is called by gostringn and gobytes.
func rfCgoBytes(p *byte, n int) {
	if rfSettings.cgo != 0 && uintptr(unsafe.Pointer(p))-rfSettings.cgo < rfSettings.cgoBytes && n > 0 {
		rfCgoRead(p, n, rfPoolCaller(getfp()))
	}
}

// rfCgoRead has the detector check a read of the function that callerpc returns to.
func rfCgoRead(p *byte, n int, callerpc uintptr) {
	if gp := getg(); gp == gp.m.curg {
		racereadrangepc(unsafe.Pointer(p), uintptr(n), callerpc, abi.FuncPCABIInternal(gostring)+sys.PCQuantum)
	}
}
