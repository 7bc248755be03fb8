//go:build race

// Elements that are left in the buffer of a channel that was closed and that nobody can reach any more (REDFLAG=lost=1).
//
// A close that leaves elements behind makes the channel a candidate. After each mark phase, before anything is swept, the
// candidates that weren't found are looked at: what their buffers have then is lost. It is told when next a channel is
// closed, or at the end.

package runtime

import (
	"internal/runtime/atomic"
	"unsafe"
)

const (
	rfLostRowsMax   = 1 << 12 // channels whose makers, senders and receivers are remembered; 1.4 MiB, touched as used
	rfLostClosedMax = 1 << 9  // candidates at a time; 140 KiB. More are left out
	rfLostFoundMax  = 1 << 5  // that wait to be told. More are left out
	rfLostTextMax   = 512
	rfLostSlotsMin  = 2 // of a buffer that is a queue: the one of a result or a signal may well be left alone
)

// rfLostRow is what is known of a channel, by its address: the last that was made there.
type rfLostRow struct {
	busy                 atomic.Uint32 // being written or read
	address              uintptr
	made, sent, received rfBrief
}

var rfLostRows [rfLostRowsMax]rfLostRow

// rfLostNote is a channel that was closed while it had elements.
type rfLostNote struct {
	address                      uintptr
	made, sent, received, closed rfBrief
	left, slots                  uint // when it was found lost
	elem                         uintptr
}

var rfLost struct {
	lock       mutex
	closed     [rfLostClosedMax]rfLostNote
	count      int // of them
	found      [rfLostFoundMax]rfLostNote
	foundCount int
}

// rfLostRowFor gives a channel's row, for the caller alone; nil when that can't be had at once.
func rfLostRowFor(address uintptr) *rfLostRow {
	row := &rfLostRows[(address>>4^address>>14)%rfLostRowsMax]
	if !row.busy.CompareAndSwap(0, 1) {
		return nil
	}
	return row
}

// rfChanMade is called by makechan, on the goroutine that makes the channel.
//
//go:noinline
func rfChanMade(c *hchan) {
	fp := *(*unsafe.Pointer)(unsafe.Pointer(getfp()))
	rfQueueMade(c, fp)
	if rfSettings.lost == 0 || c.dataqsiz < rfLostSlotsMin || c.elemsize == 0 {
		return
	}
	address := uintptr(unsafe.Pointer(c))
	mp := acquirem() // the others have the channel's lock
	if row := rfLostRowFor(address); row != nil {
		row.address = address
		row.made.take(fp)
		row.sent.goid, row.received.goid = 0, 0
		row.busy.Store(0)
	}
	releasem(mp)
}

// rfChanMoves is called by racenotify, under the channel's lock, when an element is about to go into the buffer or come out
// of it: by the calling goroutine, or into it by the one of sg, which waits.
//
//go:noinline
func rfChanMoves(c *hchan, idx uint, sg *sudog) {
	if rfSettings.lost == 0 || c.dataqsiz < rfLostSlotsMin || c.elemsize == 0 {
		return
	}
	address := uintptr(unsafe.Pointer(c))
	row := rfLostRowFor(address)
	if row == nil {
		return
	}
	if row.address == address {
		fp := *(*unsafe.Pointer)(unsafe.Pointer(getfp()))
		switch {
		case sg != nil:
			row.sent.takeWaiting(sg.g)
		case c.qcount == 0 || c.qcount < c.dataqsiz && idx == c.sendx:
			row.sent.take(fp)
		default:
			row.received.take(fp)
		}
	}
	row.busy.Store(0)
}

// rfLostClosed is called by rfClosed, under the channel's lock: elements are left.
func rfLostClosed(c *hchan, fp unsafe.Pointer) {
	if c.dataqsiz < rfLostSlotsMin || c.elemsize == 0 {
		return
	}
	address := uintptr(unsafe.Pointer(c))
	lock(&rfLost.lock)
	for i := range rfLost.closed {
		n := &rfLost.closed[i]
		if n.address != 0 {
			continue
		}
		n.address = address
		n.closed.take(fp)
		n.made.goid, n.sent.goid = 0, 0
		if row := rfLostRowFor(address); row != nil {
			if row.address == address {
				n.made, n.sent = row.made, row.sent
			}
			row.busy.Store(0)
		}
		rfLost.count++
		break
	}
	unlock(&rfLost.lock)
}

// rfLostMarked is called by rfMarkDone.
func rfLostMarked() {
	for i := range rfLost.closed {
		if rfLost.count == 0 {
			return
		}
		n := &rfLost.closed[i]
		if n.address == 0 || rfFound(n.address) {
			continue
		}
		c := (*hchan)(unsafe.Pointer(n.address)) // not swept yet
		if c.qcount != 0 && rfLost.foundCount < rfLostFoundMax {
			n.left, n.slots, n.elem = c.qcount, c.dataqsiz, uintptr(unsafe.Pointer(c.elemtype))
			n.received.goid = 0
			if row := rfLostRowFor(n.address); row != nil {
				if row.address == n.address {
					n.received = row.received
				}
				row.busy.Store(0)
			}
			rfLost.found[rfLost.foundCount] = *n
			rfLost.foundCount++
		}
		n.address = 0
		rfLost.count--
	}
}

// rfLostCheck reports what is lost at the end, and says how much it was.
func rfLostCheck() int {
	if rfSettings.lost == 0 || !memstats.enablegc {
		return 0
	}
	if rfLost.count != 0 {
		GC()
	}
	return rfLostTell()
}

// rfLostTell reports what was found. On a goroutine that has no lock.
//
//go:noinline
func rfLostTell() (told int) {
	for {
		lock(&rfLost.lock)
		if rfLost.foundCount == 0 {
			unlock(&rfLost.lock)
			return told
		}
		rfLost.foundCount--
		n := rfLost.found[rfLost.foundCount]
		unlock(&rfLost.lock)
		n.report()
		told++
	}
}

func (n *rfLostNote) report() {
	var room [rfLostTextMax]byte
	text := rfTextIn(room[:])
	text.put("never received: ")
	text.putNumber(uintptr(n.left))
	text.put(" of type ")
	if rfStatic(n.elem) {
		text.put(toRType((*_type)(unsafe.Pointer(n.elem))).string())
	} else {
		text.put("unknown")
	}
	text.put(", in a buffer of ")
	text.putNumber(uintptr(n.slots))
	if f := findfunc(n.made.pcs[0]); n.made.goid != 0 && f.valid() {
		text.put(" that goroutine ")
		text.putNumber(uintptr(n.made.goid))
		text.put(" made in ")
		text.put(funcname(f))
	}
	f := rfFinding{kind: rfKindLostInChannel, address: n.address, bytes: unsafe.Sizeof(hchan{})}
	f.detail = text.string()
	f.addBrief(rfActionClose, &n.closed)
	f.addBrief(rfActionSend, &n.sent)
	if n.received.goid != 0 {
		f.addBrief(rfActionReceive, &n.received)
	}
	f.report()
	KeepAlive(&room)
	KeepAlive(n)
}
