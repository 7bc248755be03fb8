//go:build race

// Channels: a close while others wait to send, which makes them panic, and who closed the channel that a send or a close
// panics on. Receivers that a close wakes are how Go tells many goroutines of an end, and no finding.

package runtime

import (
	"internal/runtime/atomic"
	"unsafe"
)

const (
	rfSendersMax = rfFindingSidesMax - 1 // that are named; the others are counted
	rfCloseSets  = 1 << 8                // remembered, by channel; 560 KiB, touched as used
	rfCloseWays  = 4
)

// rfSenders collects the goroutines that a close finds waiting to send. A variable of closechan.
type rfSenders struct {
	gs    [rfSendersMax]*g
	count int
}

// add is called by closechan with each sender that it takes off the queue, under the channel's lock.
func (s *rfSenders) add(sg *sudog) {
	if sg == nil {
		return
	}
	if s.count < rfSendersMax {
		s.gs[s.count] = sg.g
	}
	s.count++
}

// report is called by closechan when it has let go of the lock and didn't yet wake anybody.
//
//go:noinline
func (s *rfSenders) report(c *hchan) {
	if rfLost.foundCount != 0 {
		rfLostTell()
	}
	if s.count != 0 && rfSettings.channels != 0 {
		s.tell(c)
	}
}

//go:noinline
func (s *rfSenders) tell(c *hchan) {
	var stacks [1 + rfSendersMax]rfStack
	var room [rfDetailBytesMax]byte
	gp := getg()
	f := rfFinding{kind: rfKindCloseWhileSending, address: uintptr(unsafe.Pointer(c)), bytes: unsafe.Sizeof(*c)}
	stacks[0].walk(gp, *(*uintptr)(unsafe.Pointer(getfp()))) // from report's frame on
	f.add(rfActionClose, gp.goid, gp.rfslot, &stacks[0])
	for i := range min(s.count, rfSendersMax) {
		stacks[1+i].walkWaiting(s.gs[i])
		f.add(rfActionSend, s.gs[i].goid, s.gs[i].rfslot, &stacks[1+i])
	}
	if s.count > rfSendersMax {
		detail := rfTextIn(room[:])
		detail.putNumber(uintptr(s.count - rfSendersMax))
		detail.put(" more wait to send")
		f.detail = detail.string()
	}
	f.report()
	KeepAlive(&stacks)
	KeepAlive(&room)
}

// rfClose is a close, for those who find the channel closed. Rows are looked up by the channel's address: a channel that
// is closed is the last one that was closed there. The oldest of a set makes room.
type rfClose struct {
	busy    atomic.Uint32 // being written or read
	slot    uint32
	address uintptr
	number  uint32 // of the closes; 0: none
	goid    uint64
	stack   rfStack
}

var (
	rfCloses     [rfCloseSets][rfCloseWays]rfClose
	rfCloseCount atomic.Uint32
)

// rfCloseRow is the row for a close of a channel at that address.
func rfCloseRow(address uintptr) *rfClose {
	set := &rfCloses[(address>>4^address>>14)%rfCloseSets]
	oldest := &set[0]
	for i := range set {
		if set[i].address == address {
			return &set[i]
		}
		if int32(set[i].number-oldest.number) < 0 {
			oldest = &set[i]
		}
	}
	return oldest
}

// rfClosed is called by closechan under the channel's lock.
//
//go:noinline
func rfClosed(c *hchan) {
	if rfSettings.lost != 0 && c.qcount != 0 {
		rfLostClosed(c, unsafe.Pointer(getfp()))
	}
	if rfSettings.channels == 0 {
		return
	}
	row := rfCloseRow(uintptr(unsafe.Pointer(c)))
	if !row.busy.CompareAndSwap(0, 1) {
		return
	}
	gp := getg()
	row.address = uintptr(unsafe.Pointer(c))
	row.number = rfCloseCount.Add(1)
	row.goid = gp.goid
	row.slot = gp.rfslot
	row.stack.walk(gp, getfp())
	row.busy.Store(0)
}

// rfPanicked is a panic over a closed channel, kept until it is known whether anybody recovers from it.
type rfPanicked struct {
	busy    atomic.Uint32
	slot    uint32
	kind    uintptr
	goid    uint64
	address uintptr
	stack   rfStack
	close   struct {
		goid  uint64
		slot  uint32
		stack rfStack
	}
}

const rfPanickedMax = 16 // the last ones of all goroutines

var (
	rfPanickeds    [rfPanickedMax]rfPanicked
	rfPanickedNext atomic.Uint32
)

// rfChanPanic is called by chansend and closechan, on the goroutine that is about to panic.
//
//go:noinline
func rfChanPanic(c *hchan, send bool) {
	if rfSettings.channels == 0 {
		return
	}
	row := &rfPanickeds[rfPanickedNext.Add(1)%rfPanickedMax]
	if !row.busy.CompareAndSwap(0, 1) {
		return
	}
	gp := getg()
	row.kind = rfKindDoubleClose
	if send {
		row.kind = rfKindSendAfterClose
	}
	row.goid, row.slot, row.address = gp.goid, gp.rfslot, uintptr(unsafe.Pointer(c))
	row.stack.walk(gp, getfp())
	row.close.goid, row.close.slot = 0, 0
	row.close.stack.pcs[0] = 0
	if last := rfCloseRow(row.address); last.busy.CompareAndSwap(0, 1) {
		if last.address == row.address {
			row.close.goid, row.close.slot = last.goid, last.slot
			row.close.stack = last.stack
		}
		last.busy.Store(0)
	}
	row.busy.Store(0)
}

// rfFatalPanic is called by fatalpanic, on the goroutine whose panic nobody recovers from, before its text is printed. The
// finding is of the panic whose text is the runtime's own, also when a deferred function let it go on.
//
//go:noinline
func rfFatalPanic(p *_panic) {
	if rfSettings.channels == 0 {
		return
	}
	gp := getg()
	for ; p != nil; p = p.link {
		kind := rfPanicKind(p.arg)
		for i := uint32(0); kind != 0 && i < rfPanickedMax; i++ {
			row := &rfPanickeds[(rfPanickedNext.Load()-i)%rfPanickedMax]
			if row.kind == kind && row.goid == gp.goid && row.busy.CompareAndSwap(0, 1) {
				row.report()
				row.kind = 0
				row.busy.Store(0)
				return
			}
		}
	}
}

// preprintpanics has made a string of it.
func rfPanicKind(arg any) uintptr {
	text, _ := arg.(string)
	switch text {
	case "send on closed channel":
		return rfKindSendAfterClose
	case "close of closed channel":
		return rfKindDoubleClose
	}
	return 0
}

func (row *rfPanicked) report() {
	f := rfFinding{kind: row.kind, address: row.address, bytes: unsafe.Sizeof(hchan{})}
	action := uintptr(rfActionSend)
	if row.kind == rfKindDoubleClose {
		action = rfActionClose
	}
	f.add(action, row.goid, row.slot, &row.stack)
	f.add(rfActionClose, row.close.goid, row.close.slot, &row.close.stack)
	f.report()
}
