//go:build race

// The end of a process. The race detector sleeps there for a second (GORACE=atexit_sleep_ms), so that goroutines which still run
// may race. Here is waited as long as somebody can run at all: then all threads of Go have nothing to do (no P is in
// use), each goroutine waits for another one, and nothing comes from outside: no system call, no network, no timer that is due
// in that time, no finalizer, no thread of C.
//
// Who waits has given up its P, like the detector when it sleeps: nothing that runs can keep the process from its end.

package runtime

import (
	"internal/runtime/atomic"
	"unsafe"
)

//go:linkname __redflag_waited __redflag_waited
var __redflag_waited byte

//go:linkname __redflag_threads __redflag_threads
var __redflag_threads byte

//go:cgo_import_static __redflag_waited
//go:cgo_import_static __redflag_threads

const (
	rfExitLook_us    = 20 // between the first two looks; then twice as long each time
	rfExitLookMax_us = 10 * 1000
)

var rfFiniBegun atomic.Uint32

// rfFini does what racefini does, after which it would be called. It returns if that is left to racefini.
func rfFini() {
	if rfSettings.exitwait == 0 {
		return
	}
	if !rfFiniBegun.CompareAndSwap(0, 1) {
		gopark(nil, nil, waitReasonSelectNoCases, traceBlockForever, 1) // the first one ends the process
	}
	lock(&raceFiniLock) // see racefini
	entersyscallblock()
	systemstack(rfExitWait)
	racecall(&__tsan_fini, 0, 0, 0, 0)
}

// rfExitWait waits on g0, without a P.
func rfExitWait() {
	start := nanotime()
	end := start + int64(rfSettings.exitwait)*1000*1000
	for pause := int64(rfExitLook_us); ; pause = min(2*pause, rfExitLookMax_us) {
		if rfExitCalm(end) {
			racecall(&__redflag_waited, ^uintptr(0), 0, 0, 0)
			return
		}
		left := (end - nanotime()) / 1000
		if left <= 0 {
			racecall(&__redflag_waited, uintptr(nanotime()-start)/1000, 0, 0, 0)
			return
		}
		usleep(uint32(min(pause, left)))
	}
}

// rfExitCalm says whether nothing of the program can run before the end, as checkdead would: while it holds the scheduler's lock
// and all Ps are idle, nobody gets one. So all it looks at stands still.
func rfExitCalm(end int64) bool {
	if sched.npidle.Load() != gomaxprocs {
		return false
	}
	lock(&sched.lock)
	calm := sched.npidle.Load() == gomaxprocs && sched.runq.empty() && rfCollectorCalm(end) && timeSleepUntil() >= end &&
		rfGoroutinesCalm() && !rfForeignThreads()
	unlock(&sched.lock)
	return calm
}

// rfCollectorCalm says whether no finalizer and no cleanup is about to run, nor a collection that may find some.
func rfCollectorCalm(end int64) bool {
	last := int64(atomic.Load64(&memstats.last_gc_nanotime))
	return gcphase == _GCoff && isSweepDone() && finq == nil && gcCleanups.workUnits.Load() == 0 &&
		(last == 0 || last+forcegcperiod > end)
}

// rfGoroutinesCalm says whether each goroutine but the calling one waits for what only others can do.
func rfGoroutinesCalm() bool {
	const deadExtra = 11 // _Gdeadextra, which Go 1.25 doesn't have
	self := getg().m.curg
	first, length := atomicAllG()
	for i := uintptr(0); i < length; i++ {
		gp := atomicAllGIndex(first, i)
		switch status := readgstatus(gp) &^ _Gscan; {
		case gp == self || status == _Gidle || status == _Gdead || status == deadExtra:
		case status != _Gwaiting && status != rfGleaked || !gp.waitreason.rfForOthers():
			return false
		}
	}
	return true
}

// rfForOthers says whether who waits so goes on only when another goroutine does something, a timer is due, or the runtime
// has work for it.
func (w waitReason) rfForOthers() bool {
	switch w {
	case waitReasonChanReceiveNilChan, waitReasonChanSendNilChan, waitReasonSelectNoCases, waitReasonSelect,
		waitReasonChanReceive, waitReasonChanSend, waitReasonSyncCondWait, waitReasonSyncMutexLock,
		waitReasonSyncRWMutexRLock, waitReasonSyncRWMutexLock, waitReasonSyncWaitGroupWait, waitReasonCoroutine,
		waitReasonSynctestRun, waitReasonSynctestWait, waitReasonSynctestChanReceive, waitReasonSynctestChanSend,
		waitReasonSynctestSelect, waitReasonSynctestWaitGroupWait:
		return true
	case waitReasonSleep:
		return true // timers are looked at by themselves
	case waitReasonFinalizerWait, waitReasonCleanupWait, waitReasonForceGCIdle, waitReasonUpdateGOMAXPROCSIdle,
		waitReasonGCSweepWait, waitReasonGCScavengeWait, waitReasonGCWorkerIdle, waitReasonTraceReaderBlocked:
		return true
	}
	return false
}

// rfForeignThreads says whether there is a thread that isn't one of Go's, and could call into it. One that can't be told counts.
func rfForeignThreads() bool {
	var all, own uintptr
	for mp := (*m)(atomic.Loadp(unsafe.Pointer(&allm))); mp != nil; mp = mp.alllink {
		if mp.procid != 0 && !mp.isextra {
			own++
		}
	}
	racecall(&__redflag_threads, uintptr(noescape(unsafe.Pointer(&all))), 0, 0, 0)
	return all != own
}
