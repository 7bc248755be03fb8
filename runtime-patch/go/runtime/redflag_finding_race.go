//go:build race

// What the runtime finds by itself is handed to the glue here (tsan-glue/finding.h): on a goroutine or on the system
// stack, with no allocation, and without waiting for anything but the lock of reports.

package runtime

import (
	"internal/goarch"
	"unsafe"
)

//go:linkname __redflag_finding __redflag_finding
var __redflag_finding byte

//go:cgo_import_static __redflag_finding

const (
	rfFindingSidesMax  = 4
	rfFindingFramesMax = 64 // of a side
	rfBriefFramesMax   = 12 // of what is only kept in case
	rfDetailBytesMax   = 96

	// Kinds and actions, as in tsan-glue/spool_format.h.
	rfKindCloseWhileSending = 8
	rfKindSendAfterClose    = 9
	rfKindDoubleClose       = 10
	rfKindResurrection      = 13
	rfKindCleanupKeepsAlive = 14
	rfKindGoroutineLeak     = 15
	rfKindRetained          = 16
	rfKindLostInChannel     = 17
	rfKindBacklog           = 20

	rfActionClose    = 1
	rfActionSend     = 2
	rfActionReceive  = 3
	rfActionWait     = 4
	rfActionStart    = 5
	rfActionFinalize = 6
	rfActionStore    = 7
	rfActionDelete   = 8
)

type rfStack struct {
	pcs [rfFindingFramesMax]uintptr // return addresses, innermost first; a 0 ends them
}

// rfFindingSide is struct rf_finding_side of the glue.
type rfFindingSide struct {
	action  uintptr
	goid    uint64
	slot    uintptr
	pcs     *uintptr
	pcCount uintptr
	address uintptr // 0: that of the finding
	write   uintptr // not 0: without an action it is a write
}

// rfFinding is struct rf_finding of the glue.
type rfFinding struct {
	kind           uintptr
	address, bytes uintptr
	quiet          uintptr // not 0: nothing fails for it
	sideCount      uintptr
	sides          [rfFindingSidesMax]rfFindingSide
	detail         string
}

// add adds a side, if there is room. The stack must be kept (KeepAlive) until the finding is reported.
func (f *rfFinding) add(action uintptr, goid uint64, slot uint32, stack *rfStack) {
	f.addSide(action, goid, slot, stack.pcs[:])
}

func (f *rfFinding) addSide(action uintptr, goid uint64, slot uint32, pcs []uintptr) {
	if f.sideCount == rfFindingSidesMax {
		return
	}
	f.sides[f.sideCount] = rfFindingSide{
		action: action, goid: goid, slot: uintptr(slot), pcs: (*uintptr)(noescape(unsafe.Pointer(&pcs[0]))), pcCount: uintptr(len(pcs)),
	}
	f.sideCount++
}

// report hands the finding over. What it points to is read before it returns.
//
//go:noinline
func (f *rfFinding) report() {
	racecall(&__redflag_finding, uintptr(unsafe.Pointer(f)), 0, 0, 0)
}

// rfReturns takes the return addresses from the frame at fp outwards, as far as they lie on gp's stack; zeros behind them. What
// runs meanwhile must not be gp, but for its own stack.
//
//go:nosplit
func rfReturns(pcs []uintptr, gp *g, fp uintptr) {
	for i := range pcs {
		pcs[i] = 0
		if gp.stack.lo <= fp && fp+2*goarch.PtrSize <= gp.stack.hi && fp%goarch.PtrSize == 0 {
			pcs[i] = *(*uintptr)(unsafe.Pointer(fp + goarch.PtrSize))
			fp = *(*uintptr)(unsafe.Pointer(fp))
		}
	}
}

//go:nosplit
func (s *rfStack) walk(gp *g, fp uintptr) {
	rfReturns(s.pcs[:], gp, fp)
}

// walkWaiting does it for a goroutine that waits. While its status has the scan bit, nobody moves its stack nor wakes it;
// who can't have the bit at once leaves the stack empty.
func (s *rfStack) walkWaiting(gp *g) {
	s.pcs[0] = 0
	if gp.atomicstatus.CompareAndSwap(_Gwaiting, _Gscanwaiting) {
		s.walk(gp, gp.sched.bp)
		gp.atomicstatus.CompareAndSwap(_Gscanwaiting, _Gwaiting)
	}
}

// rfBrief says who did something, and where: what is kept of many, for the few that are reported.
type rfBrief struct {
	goid uint64 // 0: unknown
	slot uint32
	site uint32 // hash of pcs
	pcs  [rfBriefFramesMax]uintptr
}

// take notes the calling goroutine and its stack, from the frame at fp outwards. As everywhere a frame's address is handed to a
// function whose call may move the stack, it is a pointer, which moves with it: as a number it would stay behind.
func (b *rfBrief) take(fp unsafe.Pointer) {
	gp := getg()
	*b = rfBrief{goid: gp.goid, slot: gp.rfslot}
	rfReturns(b.pcs[:], gp, uintptr(fp))
	for _, pc := range b.pcs {
		b.site = (b.site ^ uint32(pc)) * 0x9e3779b1
	}
}

// takeWaiting notes a goroutine that waits, as rfStack.walkWaiting does.
func (b *rfBrief) takeWaiting(gp *g) {
	var stack rfStack
	stack.walkWaiting(gp)
	*b = rfBrief{goid: gp.goid, slot: gp.rfslot}
	copy(b.pcs[:], stack.pcs[:])
}

// addBrief adds a side, if there is room. It must be kept until the finding is reported.
func (f *rfFinding) addBrief(action uintptr, b *rfBrief) {
	f.addSide(action, b.goid, b.slot, b.pcs[:])
}

// rfTestOver reports what the end of a test shows. It is called by testing, on the test's goroutine.
//
//go:linkname rfTestOver testing.rfTestOver
func rfTestOver(owner uint32) {
	rfViewFlush()
	rfResurrected(owner, false)
	rfLeakCheck(owner)
	rfBacklogTell()
}

// rfAtEnd reports what only the end of the program shows. It is called when all tests are over, and when the program ends, on
// the goroutine that ends it; it says how many findings of what lived longer than its test there were.
//
//go:linkname rfAtEnd testing.rfAtEnd
func rfAtEnd() int {
	rfViewFlush()
	rfBacklogTell()
	found := rfRetainedCheck() + rfLostCheck()
	rfResurrected(0, true) // makes no collection of its own
	return found
}
