//go:build race

// Switches: which goroutine ran on which P, and why the one before it stopped.

package runtime

import (
	"internal/runtime/atomic"
	"unsafe"
)

const (
	rfRingCount = 256 // Ps above that are not recorded
	rfRingSize  = 64  // a power of two

	// Reasons behind the wait reasons.
	rfReasonUnknown   = 1000
	rfReasonPreempted = 1001
	rfReasonSyscall   = 1002
	rfReasonExited    = 1003
	rfReasonMoved     = 1004
)

type rfSwitchEntry struct {
	ticks    int64
	from, to uint64
	m        uint32
	reason   uint32
}

// rfRing holds the last switches of one P. Only the M that has the P writes; the glue reads at any time and leaves
// out what was overwritten meanwhile (pos tells).
type rfRing struct {
	pos     uint32 // number of switches so far
	_       uint32
	last    uintptr // the g that ran before; gs are never freed
	lastid  uint64
	entries [rfRingSize]rfSwitchEntry
}

var rfRings [rfRingCount]rfRing

// rfSwitch is called by execute, on g0, just before gp runs. No write barriers, no allocation.
func rfSwitch(gp *g) {
	mp := getg().m
	id := uint32(mp.p.ptr().id)
	if id >= rfRingCount {
		return
	}
	r := &rfRings[id]
	e := &r.entries[r.pos%rfRingSize]
	e.ticks = rfTicks()
	e.from = r.lastid
	e.to = gp.goid
	e.m = uint32(mp.id)
	e.reason = rfReason(r.last, r.lastid)
	atomic.StoreRel(&r.pos, r.pos+1)
	r.last = uintptr(unsafe.Pointer(gp))
	r.lastid = gp.goid
}

// rfReason says why a goroutine stopped running, as far as it shows now.
func rfReason(last uintptr, goid uint64) uint32 {
	if last == 0 {
		return rfReasonUnknown
	}
	gp := (*g)(unsafe.Pointer(last))
	if gp.goid != goid {
		return rfReasonExited
	}
	switch readgstatus(gp) &^ _Gscan {
	case _Gwaiting:
		return uint32(gp.waitreason)
	case _Grunnable:
		return rfReasonPreempted
	case _Gsyscall:
		return rfReasonSyscall
	case _Grunning:
		return rfReasonMoved
	case _Gdead:
		return rfReasonExited
	}
	return rfReasonUnknown
}
