//go:build race

// Samples of what only grows in a process that leaks: goroutines and what they wait for, threads, timers, memory, types.
//
// They are taken by sysmon, which has a thread of its own and no P: nothing waits for a sample, and the world needn't
// stop. Counts are therefore read while they change, each for itself. The time between two samples doubles after every
// rfSamplesAStep, so that their number grows with the logarithm of the run time.

package runtime

import (
	"internal/runtime/atomic"
	"internal/runtime/sys"
	"unsafe"
)

//go:linkname __redflag_sample __redflag_sample
var __redflag_sample byte

//go:cgo_import_static __redflag_sample

const (
	rfSampleNs     = 100 * 1000 * 1000 // between the first ones
	rfSamplesAStep = 32
	rfOriginsEvery = 8   // samples; to find who started the goroutines costs more than to count them
	rfOriginSlots  = 256 // a power of two; goroutines of further origins are counted and not listed
	rfOriginsTop   = 16

	rfGleaked = 10 // _Gleaked, which Go 1.25 doesn't have; waits like _Gwaiting
)

// rfSample is struct rf_sample of the glue.
type rfSample struct {
	elapsed                                                 int64 // ns, since the runtime's start
	goroutines, threads, timers                             uint64
	blockedSend, blockedReceive, blockedSelect, blockedLock uint64
	heapLive, heapInUse, stacks, mapped                     uint64
	itabs, reflected, modules                               uint64
	memoryLimit                                             int64
	queued                                                  uint64 // elements in the buffers of channels
}

// rfOrigin is struct rf_origin of the glue. No field is a pointer, since sysmon may have no write barriers; the texts
// are in the program's file.
type rfOrigin struct {
	pc            uintptr // behind the go statement
	waiting       uintptr // a wait reason, or one of rfReason…
	live          uintptr
	function      uintptr
	functionBytes uintptr
	file          uintptr
	fileBytes     uintptr
	line          uintptr
}

var rfGrowth struct {
	next, between int64
	taken         uint32
	busy          atomic.Uint32 // who has it uses what follows
	origins       [rfOriginSlots]rfOrigin
	top           [rfOriginsTop + rfQueueTop]rfOrigin
}

// rfSysmon is called by sysmon in each of its rounds: on g0, without a P, also while the world is stopped. It may not
// have write barriers, and not allocate.
//
//go:nowritebarrierrec
func rfSysmon(now int64) {
	g := &rfGrowth
	if rfSettings.growth == 0 || now < g.next || runtimeInitTime == 0 {
		return // main starts sysmon before it sets the time
	}
	if g.between == 0 {
		g.between = rfSampleNs
		g.next = runtimeInitTime + rfSampleNs
		return
	}
	g.next = now + g.between
	rfTakeSample(now, g.taken%rfOriginsEvery == rfOriginsEvery-1)
	g.taken++
	if g.taken%rfSamplesAStep == 0 {
		g.between *= 2
	}
}

// rfLastSample is called when the program is about to end in good order, on the goroutine that ends it.
func rfLastSample() {
	if rfSettings.growth != 0 && runtimeInitTime != 0 {
		systemstack(func() {
			rfTakeSample(nanotime(), true)
		})
	}
}

//go:nowritebarrierrec
func rfTakeSample(now int64, origins bool) {
	g := &rfGrowth
	if !g.busy.CompareAndSwap(0, 1) {
		return
	}
	s := rfSample{
		elapsed:     now - runtimeInitTime,
		threads:     uint64(mcount()),
		timers:      rfTimers(),
		heapLive:    gcController.heapMarked,
		heapInUse:   gcController.heapInUse.load(),
		stacks:      gcController.maxStackScan.Load(),
		mapped:      gcController.mappedReady.Load(),
		itabs:       uint64((*itabTableType)(atomic.Loadp(unsafe.Pointer(&itabTable))).count),
		reflected:   uint64(-reflectOffs.next), // goes down from 0
		modules:     uint64(len(activeModules())),
		memoryLimit: gcController.memoryLimit.Load(),
	}
	rfCountGoroutines(&s, origins)
	rfCountQueues(&s, origins)
	goroutines, queues := 0, 0
	if origins {
		goroutines = rfTopOrigins(g.origins[:], g.top[:rfOriginsTop])
		queues = rfTopOrigins(rfQueues.places[:], g.top[goroutines:goroutines+rfQueueTop])
	}
	racecall(&__redflag_sample, uintptr(unsafe.Pointer(&s)), uintptr(unsafe.Pointer(&g.top[0])), uintptr(goroutines), uintptr(queues))
	g.busy.Store(0)
}

// rfTimers counts those that wait for their time. Ps are never freed, but allp may be replaced.
//
//go:nowritebarrierrec
func rfTimers() uint64 {
	n := int64(0)
	lock(&allpLock)
	for _, pp := range allp {
		if pp != nil {
			n += int64(pp.timers.len.Load()) - int64(pp.timers.zombies.Load())
		}
	}
	unlock(&allpLock)
	return uint64(max(n, 0))
}

// rfCountGoroutines looks at all goroutines while they run. gs are never freed.
//
//go:nowritebarrierrec
func rfCountGoroutines(s *rfSample, origins bool) {
	if origins {
		for i := range rfGrowth.origins {
			rfGrowth.origins[i].pc = 0
		}
	}
	n := int64(0)
	first, length := atomicAllG()
	for i := uintptr(0); i < length; i++ {
		gp := atomicAllGIndex(first, i)
		waiting := uintptr(rfReasonUnknown)
		switch readgstatus(gp) &^ _Gscan {
		case _Gwaiting, rfGleaked:
			waiting = uintptr(gp.waitreason)
			rfCountBlocked(s, gp.waitreason)
		case _Gsyscall:
			waiting = rfReasonSyscall
		case _Grunnable, _Grunning, _Gcopystack, _Gpreempted:
		default:
			continue
		}
		n++
		if origins {
			rfCountOriginIn(rfGrowth.origins[:], gp.gopc, waiting, 1)
		}
	}
	s.goroutines = uint64(max(n-int64(sched.ngsys.Load()), 1))
}

//go:nowritebarrierrec
func rfCountBlocked(s *rfSample, reason waitReason) {
	switch reason {
	case waitReasonChanSend, waitReasonChanSendNilChan, waitReasonSynctestChanSend:
		s.blockedSend++
	case waitReasonChanReceive, waitReasonChanReceiveNilChan, waitReasonSynctestChanReceive:
		s.blockedReceive++
	case waitReasonSelect, waitReasonSelectNoCases, waitReasonSynctestSelect:
		s.blockedSelect++
	case waitReasonSemacquire, waitReasonSyncMutexLock, waitReasonSyncRWMutexLock, waitReasonSyncRWMutexRLock,
		waitReasonSyncCondWait, waitReasonSyncWaitGroupWait, waitReasonSynctestWaitGroupWait:
		s.blockedLock++
	}
}

// rfCountOriginIn adds to the origin's sum. The list's length is a power of two.
//
//go:nowritebarrierrec
func rfCountOriginIn(list []rfOrigin, pc, waiting, live uintptr) {
	if pc == 0 {
		return
	}
	at := (pc>>2 ^ pc>>11 ^ waiting*31) % uintptr(len(list))
	for range list {
		o := &list[at]
		if o.pc == 0 {
			*o = rfOrigin{pc: pc, waiting: waiting}
		}
		if o.pc == pc && o.waiting == waiting {
			o.live += live
			return
		}
		at = (at + 1) % uintptr(len(list))
	}
}

// rfTopOrigins fills `top`, the largest sums first, and says how many there are. What the runtime does for itself is left out.
//
//go:nowritebarrierrec
func rfTopOrigins(list, top []rfOrigin) int {
	count := 0
	for count < len(top) {
		var most *rfOrigin
		for i := range list {
			if o := &list[i]; o.pc != 0 && o.live != 0 && (most == nil || o.live > most.live) {
				most = o
			}
		}
		if most == nil {
			break
		}
		if rfNameOrigin(most) {
			top[count] = *most
			count++
		}
		most.live = 0
	}
	return count
}

//go:nowritebarrierrec
func rfNameOrigin(o *rfOrigin) bool {
	f := findfunc(o.pc)
	if !f.valid() {
		return false
	}
	const own = "runtime."
	function := funcname(f)
	if len(function) >= len(own) && function[:len(own)] == own {
		return false
	}
	pc := o.pc
	if pc > f.entry() {
		pc -= sys.PCQuantum
	}
	file, line := funcline(f, pc)
	o.function = uintptr(unsafe.Pointer(unsafe.StringData(function)))
	o.functionBytes = uintptr(len(function))
	o.file = uintptr(unsafe.Pointer(unsafe.StringData(file)))
	o.fileBytes = uintptr(len(file))
	o.line = uintptr(line)
	return true
}
