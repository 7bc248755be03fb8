//go:build race

// Calls of C: the glue is told when one begins and when it is back, so that what C allocates and frees meanwhile has a
// goroutine and a stack (tsan-glue/cgo.c). Only with REDFLAG=cgo=1.

package runtime

import (
	"internal/abi"
	"internal/runtime/atomic"
	"internal/runtime/sys"
	"unsafe"
)

//go:linkname __redflag_cgo_enter __redflag_cgo_enter
var __redflag_cgo_enter byte

//go:linkname __redflag_cgo_leave __redflag_cgo_leave
var __redflag_cgo_leave byte

//go:linkname __redflag_cgo_leaks __redflag_cgo_leaks
var __redflag_cgo_leaks byte

//go:linkname __redflag_cgo_leak __redflag_cgo_leak
var __redflag_cgo_leak byte

//go:cgo_import_static __redflag_cgo_leaks
//go:cgo_import_static __redflag_cgo_leak
//go:cgo_import_static __redflag_cgo_enter
//go:cgo_import_static __redflag_cgo_leave

// rfCgoCall is the beginning of struct rf_cgo_call of the glue, in memory of its own.
type rfCgoCall struct {
	events   uint32
	frames   uint32  // of callers that don't tell the detector of their calls
	function uintptr // of C, which cgo made
	pcs      [2]uintptr
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
func rfCgoEnter(fn unsafe.Pointer) (call *rfCgoCall) {
	if rfSettings.cgo != 0 {
		gp := getg()
		racecall(&__redflag_cgo_enter, uintptr(gp.goid), uintptr(unsafe.Pointer(&gp.stack)), getfp(),
			uintptr(unsafe.Pointer(&call)))
	}
	if call != nil {
		call.function = uintptr(fn)
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
		rfCgoRead(p, findnull(p)+1, rfPoolCaller(unsafe.Pointer(getfp())))
	}
}

// rfCgoBytes is called by gostringn and gobytes.
func rfCgoBytes(p *byte, n int) {
	if rfSettings.cgo != 0 && uintptr(unsafe.Pointer(p))-rfSettings.cgo < rfSettings.cgoBytes && n > 0 {
		rfCgoRead(p, n, rfPoolCaller(unsafe.Pointer(getfp())))
	}
}

// rfCgoRead has the detector check a read of the function that callerpc returns to.
func rfCgoRead(p *byte, n int, callerpc uintptr) {
	if gp := getg(); gp == gp.m.curg {
		racereadrangepc(unsafe.Pointer(p), uintptr(n), callerpc, abi.FuncPCABIInternal(gostring)+sys.PCQuantum)
	}
}

// C memory that nothing points to any more, looked for once, at the end of the process.

const (
	rfCgoLeaksBegin = iota // as in tsan-glue/runtime_abi.h
	rfCgoLeaksSkip
	rfCgoLeaksSee
	rfCgoLeaksFinish

	rfCgoExitTries   = 200 // while a finalizer, say, still calls C, or a thread only just begins or ends
	rfCgoExitWait_us = 1000
	rfCgoEndTries    = 100 // while goroutines that could go on may come to their ends
	rfCgoEndWait_ns  = 1000000
)

var rfCgoExited atomic.Uint32

// rfCgoExit is called by runExitHooks, on the goroutine that ends the process, before races are counted. Two collections let
// go of what dead objects point to, and of what is kept of them for a cycle more.
func rfCgoExit() {
	if rfSettings.cgo == 0 || !rfCgoExited.CompareAndSwap(0, 1) {
		return
	}
	for try := 0; try < rfCgoEndTries && rfOthersGoOn(); try++ {
		timeSleep(rfCgoEndWait_ns)
	}
	GC()
	GC()
	places := ^uintptr(0)
	for try := 0; places == ^uintptr(0); try++ {
		if try == rfCgoExitTries {
			return
		}
		if try > 0 {
			usleep(rfCgoExitWait_us)
		}
		calm := uintptr(0)
		stw := stopTheWorldGC(stwGOMAXPROCS)
		systemstack(func() {
			rfCgoLeaks(rfCgoLeaksBegin, uintptr(noescape(unsafe.Pointer(&calm))), 0, 0)
			if calm != 0 {
				rfCgoSee()
				rfCgoLeaks(rfCgoLeaksFinish, uintptr(noescape(unsafe.Pointer(&places))), 0, 0)
			}
		})
		startTheWorldGC(stw)
	}
	for i := range places {
		racecall(&__redflag_cgo_leak, i, 0, 0, 0)
	}
}

// rfOthersGoOn says whether a goroutine of the program's could go on, if it had a processor. One that has let the end know that it
// is done has its last words on its stack until it gets to its own, which on a busy machine may be later than the process's.
func rfOthersGoOn() (found bool) {
	self := getg()
	forEachG(func(gp *g) {
		switch readgstatus(gp) &^ _Gscan {
		case _Grunnable, _Grunning, _Gpreempted:
			found = found || gp != self && !isSystemGoroutine(gp, false)
		}
	})
	return found
}

func rfCgoLeaks(step, start, end, thread uintptr) {
	racecall(&__redflag_cgo_leaks, step, start, end, thread)
}

// rfCgoSee shows the glue where Go may hold addresses of C memory; the glue itself looks at variables, Go's among them.
func rfCgoSee() {
	for mp := allm; mp != nil; mp = mp.alllink {
		rfCgoLeaks(rfCgoLeaksSkip, mp.g0.stack.lo, mp.g0.stack.hi, uintptr(mp.procid))
	}
	forEachGRace(func(gp *g) {
		if readgstatus(gp)&^_Gscan != _Gdead {
			rfCgoSeeStack(gp)
		}
	})
	for _, s := range mheap_.allspans {
		if s.state.get() != mSpanInUse {
			continue
		}
		for i := uintptr(0); i < uintptr(s.nelems); i++ {
			if !s.isFree(i) {
				rfCgoLeaks(rfCgoLeaksSee, s.base()+i*s.elemsize, s.base()+(i+1)*s.elemsize, 0)
			}
		}
	}
}

// rfCgoSeeStack leaves out what lies below the stack pointer: the past.
func rfCgoSeeStack(gp *g) {
	sp := gp.sched.sp
	if gp.syscallsp != 0 && gp.syscallsp < sp {
		sp = gp.syscallsp
	}
	if sp < gp.stack.lo || sp >= gp.stack.hi {
		sp = gp.stack.lo
	}
	rfCgoLeaks(rfCgoLeaksSee, sp, gp.stack.hi, 0)
}
