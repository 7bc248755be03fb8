//go:build race && go1.26

// Goroutines that are blocked for good: what they wait on can't be reached by anything that can still run. The collector
// proves it (findGoroutineLeaks in mgc.go): it marks from the goroutines that can run, then from those whose channel or lock
// was marked meanwhile, and so on; who is left can't be woken. Go's own goroutineleak profile is made of the same.
//
// The question is asked at the end of a test that leaves goroutines of its own behind in such a wait, once more when all
// tests are over, and at the end of a program that is no test (redflag_leak_exit_race.go). A goroutine is reported when two
// collections have found it: at the first, its waker may have been on the way, with nothing but the goroutine in hand.
//
// Unlike the profile, a goroutine that was found keeps its status: one that somebody wakes all the same (by an address that
// the collector doesn't see) would end the program.

package runtime

import (
	"unsafe"
)

const (
	rfLeaksMax      = 1 << 16 // looked at in a time; the next time finds the others. 2 MiB, touched as used
	rfLeakGroupsMax = 256     // reported at a time

	rfLeakSettleNs  = 20 * 1000 * 1000 // a test's goroutines that run at its end have to get to where they wait
	rfLeakSettleMax = 50               // times that, while they do
	rfLeakLookNs    = 100 * 1000
	rfLeakConfirmNs = 1000 * 1000
	rfLeakTries     = 4 // collections of others that may come first

	// Collections that found nothing are made in any case until they may have cost so much; then they may take a part of
	// the time. Their cost is estimated, so that it is the same on a machine that has more to do.
	rfLeakFreeNs   = 100 * 1000 * 1000
	rfLeakShare    = 32
	rfLeakOneNs    = 1000 * 1000
	rfLeakOneBytes = 1 // of the heap that are marked in 1 ns

	rfLeakAnyOwner = ^uint32(0)

	// rfleak of a g says what is known of the goroutine: its number, shifted, and one of these.
	rfLeakShift = 2
	rfLeakFound = 1 // once
	rfLeakTold  = 2 // or excused
)

type rfLeak struct {
	g       uintptr // gs are never freed
	goid    uint64
	key     uint64 // of its stack and its creator; 0: nothing to report
	address uintptr
}

var rfLeaks = struct {
	sema    uint32  // who has it uses what follows
	starter uintptr // the g whose gcStart is to look for leaks
	started bool
	active  bool // the collection that goes on is ours. Written with the world stopped
	found   int  // for the first time
	count   int  // in rfLeakList
	keeps   rfLeakKeeps
	words   uintptr // in rfLeakWords
	spent   int64
}{sema: 1}

var rfLeakList [rfLeaksMax]rfLeak

// rfLeakStart is called by gcStart with the world stopped, on the goroutine that called it.
func rfLeakStart() {
	l := &rfLeaks
	l.active = l.starter == uintptr(unsafe.Pointer(getg())) && !work.goroutineLeak.pending.Load()
	if l.active {
		l.started = true
		l.found, l.count = 0, 0
		rfLeakKeep()
		work.goroutineLeak.pending.Store(true)
	}
}

// rfLeaked is called by findGoroutineLeaks for each goroutine that it has found, with the world stopped. It says whether
// the goroutine was found for us, and keeps its status.
func rfLeaked(gp *g) bool {
	l := &rfLeaks
	if !l.active {
		return false
	}
	switch {
	case gp.goid == 1 || gp.waitreason == waitReasonSelectNoCases || isSystemGoroutine(gp, false):
		// Who writes select {} wants to wait for good.
	case gp.rfleak == gp.goid<<rfLeakShift|rfLeakTold:
	case gp.rfleak != gp.goid<<rfLeakShift|rfLeakFound:
		gp.rfleak = gp.goid<<rfLeakShift | rfLeakFound
		l.found++
	case l.count < rfLeaksMax:
		rfLeakList[l.count] = rfLeak{g: uintptr(unsafe.Pointer(gp)), goid: gp.goid}
		l.count++
	}
	return true
}

// rfLeakWeak is called by markrootSpans for each object that a weak pointer leads to. Who has the weak pointer may make it
// a strong one, since the stack of the goroutine that waits keeps the object: it counts as reachable.
func rfLeakWeak(p uintptr) {
	if rfLeaks.active && work.goroutineLeak.enabled {
		shade(p)
	}
}

// rfLeakCheck is called by testing on the goroutine of a test that has come to its end, and with rfLeakAnyOwner when all
// have.
//
//go:linkname rfLeakCheck testing.rfLeakCheck
func rfLeakCheck(owner uint32) {
	rfLeakMain.tests = true
	if owner != 0 {
		rfLeakLook(owner, rfLeakKeeps{})
	}
}

// rfLeakLook looks for the owner's goroutines.
func rfLeakLook(owner uint32, keeps rfLeakKeeps) {
	gp := getg()
	if rfSettings.leaks == 0 || gcController.gcPercent.Load() < 0 || debug.gccheckmark > 0 {
		return // findGoroutineLeaks allocates where a collection that is checked may not
	}
	if gp.bubble != nil {
		return // it has a clock of its own, and wants all its goroutines to end
	}
	if gp._panic != nil {
		rfLeakExcuse(owner) // the test was cut short: by a panic, by FailNow or by SkipNow
		return
	}
	if !rfLeakSettle(owner) {
		return
	}
	l := &rfLeaks
	semacquire(&l.sema)
	l.keeps = keeps
	if l.spent < rfLeakFreeNs+(nanotime()-runtimeInitTime)/rfLeakShare || owner == rfLeakAnyOwner {
		if rfLeakCollect() && l.found != 0 {
			timeSleep(rfLeakConfirmNs)
			rfLeakCollect()
		}
		if l.count != 0 {
			rfLeakTell()
		} else {
			l.spent += rfLeakOneNs + int64(gcController.heapMarked/rfLeakOneBytes)
		}
	}
	semrelease(&l.sema)
}

// rfLeakSettle waits for the owner's goroutines that still run, while they get fewer, and says whether there are some that
// wait for something that may be lost.
func rfLeakSettle(owner uint32) bool {
	start, least := nanotime(), -1
	for end := start; ; {
		busy, blocked := 0, false
		rfLeakEach(owner, func(gp *g, status uint32) {
			switch status &^ _Gscan {
			case _Gwaiting:
				if gp.waitreason.rfBriefly() {
					busy++
				}
				blocked = blocked || !gp.internalBlocked() && gp.waitreason != waitReasonSelectNoCases
			case _Grunnable, _Grunning, _Gcopystack, _Gpreempted:
				busy++
			}
		})
		now := nanotime()
		if busy < least || least < 0 {
			least = busy
			end = min(now+rfLeakSettleNs, start+rfLeakSettleNs*rfLeakSettleMax)
		}
		if busy == 0 || now >= end {
			return blocked
		}
		timeSleep(rfLeakLookNs)
	}
}

// rfBriefly says whether a goroutine waits that goes on when the collector, or whoever is busy in the runtime, lets it.
func (w waitReason) rfBriefly() bool {
	switch w {
	case waitReasonGCAssistMarking, waitReasonGCAssistWait, waitReasonGarbageCollection, waitReasonGarbageCollectionScan,
		waitReasonGCMarkTermination, waitReasonStoppingTheWorld, waitReasonPreempted, waitReasonSemacquire:
		return true
	}
	return false
}

// rfLeakEach calls f for every goroutine of the owner that nothing was told of, but for the calling and the main one, while
// they run.
func rfLeakEach(owner uint32, f func(gp *g, status uint32)) {
	self := getg()
	first, length := atomicAllG()
	for i := uintptr(0); i < length; i++ {
		gp := atomicAllGIndex(first, i)
		mine := gp.rfowner == owner || owner == rfLeakAnyOwner
		if mine && gp != self && gp.goid > 1 && gp.rfleak != gp.goid<<rfLeakShift|rfLeakTold {
			f(gp, readgstatus(gp))
		}
	}
}

func rfLeakExcuse(owner uint32) {
	rfLeakEach(owner, func(gp *g, status uint32) {
		if status&^_Gscan != _Gdead {
			gp.rfleak = gp.goid<<rfLeakShift | rfLeakTold
		}
	})
}

// rfLeakCollect runs a collection that looks for leaks. It doesn't wait for the sweep.
func rfLeakCollect() bool {
	l := &rfLeaks
	for range rfLeakTries {
		n := work.cycles.Load()
		gcWaitOnMark(n)
		l.started = false
		l.starter = uintptr(unsafe.Pointer(getg()))
		gcStart(gcTrigger{kind: gcTriggerCycle, n: n + 1})
		l.starter = 0
		gcWaitOnMark(n + 1)
		if l.started {
			return true
		}
	}
	return false
}

// rfLeakTell reports what is in the list, those that are alike once.
func rfLeakTell() {
	list := rfLeakList[:rfLeaks.count]
	for i := range list {
		var stack rfStack
		list[i].read(&stack)
	}
	groups := 0
	for i := range list {
		if key := list[i].key; key != 0 && groups < rfLeakGroupsMax {
			groups++
			alike := -1
			for k := i; k < len(list); k++ {
				if list[k].key == key {
					list[k].key = 0
					(*g)(unsafe.Pointer(list[k].g)).rfleak = list[k].goid<<rfLeakShift | rfLeakTold
					alike++
				}
			}
			list[i].report(alike)
		}
	}
}

// read takes the stack of the goroutine, and what it waits on. While its status has the scan bit, nobody wakes it.
func (e *rfLeak) read(stack *rfStack) {
	gp := (*g)(unsafe.Pointer(e.g))
	e.key = 0
	if !gp.atomicstatus.CompareAndSwap(_Gwaiting, _Gscanwaiting) {
		return
	}
	if gp.goid == e.goid && !gp.internalBlocked() {
		stack.walk(gp, gp.sched.bp)
		if sg := gp.waiting; sg != nil && gp.waitreason.isChanWait() {
			e.address = uintptr(unsafe.Pointer(sg.c.get()))
		} else if sg != nil {
			e.address = uintptr(sg.elem.get())
		}
		e.key = uint64(gp.gopc)
		for _, pc := range stack.pcs {
			e.key = (e.key ^ uint64(pc)) * 0x9e3779b97f4a7c15
		}
		e.key |= 1
	}
	gp.atomicstatus.CompareAndSwap(_Gscanwaiting, _Gwaiting)
}

// report tells of the goroutine, and of how many are like it.
//
//go:noinline
func (e *rfLeak) report(alike int) {
	var stacks [2]rfStack
	var room [rfDetailBytesMax]byte
	e.read(&stacks[0])
	if e.key == 0 {
		return
	}
	gp := (*g)(unsafe.Pointer(e.g))
	stacks[1].pcs[0] = gp.gopc
	f := rfFinding{kind: rfKindGoroutineLeak, address: e.address}
	f.add(rfActionWait, gp.goid, gp.rfslot, &stacks[0])
	f.add(rfActionStart, gp.parentGoid, 0, &stacks[1])
	detail := rfTextIn(room[:])
	detail.put(gp.waitreason.String())
	detail.put(rfLeakReason(gp.waitreason))
	if alike > 0 {
		detail.put("; ")
		detail.putNumber(uintptr(alike))
		detail.put(" more like it")
	}
	f.detail = detail.string()
	f.report()
	KeepAlive(&stacks)
	KeepAlive(&room)
}

func rfLeakReason(reason waitReason) string {
	switch {
	case reason == waitReasonSelect:
		return "; nothing that can run refers to its channels"
	case reason.isChanWait():
		return "; nothing that can run refers to the channel"
	case reason.isSyncWait():
		return "; nothing that can run refers to it"
	}
	return "" // a nil channel
}
