//go:build race

// Finalizers and cleanups that wait behind one that doesn't come to its end. One goroutine runs all finalizers, and one to
// GOMAXPROCS/4 of them all cleanups. REDFLAG=backlog=SECONDS: told of is what has been running for that long while others have
// been waiting for that long.
//
// A goroutine of ours looks for it from time to time while something runs; so do the end of each test and that of the process.

package runtime

import (
	"internal/runtime/atomic"
	"internal/runtime/sys"
	"unsafe"
)

const (
	rfRunnersMax  = 32 // goroutines that run finalizers or cleanups; of further ones nothing is known
	rfBacklogPart = 8  // of the limit passes between two looks

	rfFinalizers = 0 // queues
	rfCleanups   = 1
)

// rfQueue counts what is to be run.
type rfQueue struct {
	queued, begun atomic.Int64
	since         atomic.Int64 // something has been waiting since then, and nothing was begun; 0: nothing waits
}

// rfRunner is a goroutine that runs finalizers or cleanups.
type rfRunner struct {
	gp       uintptr
	queue    int
	began    int64      // 0: nothing runs
	object   uintptr    // the finalizer's, or the cleanup's argument
	function [2]uintptr // pcs in what runs, and in who called it
	behind   int        // cleanups that nobody else can run
	told     bool
	set      rfFinalizerSetting
}

var rfBacklog struct {
	queues  [2]rfQueue // written without the lock
	lock    mutex
	runners [rfRunnersMax]rfRunner
	count   int
	watched bool     // there is a goroutine that looks
	watcher guintptr // and it waits
}

// rfQueued is called by queuefinalizer and enqueue, on any stack.
func rfQueued(queue int) {
	if rfSettings.backlog == 0 {
		return
	}
	q := &rfBacklog.queues[queue]
	q.queued.Add(1)
	if q.since.Load() == 0 {
		q.since.CompareAndSwap(0, nanotime())
	}
}

// rfCleanupQueued is called by enqueue for each cleanup of an object that is gone.
func rfCleanupQueued() { rfQueued(rfCleanups) }

// rfCleanupSet is called by AddCleanup. The key is what only this cleanup has, and is called with.
//
//go:noinline
func rfCleanupSet(key unsafe.Pointer) {
	if rfSettings.backlog == 0 || rfSettings.resurrection == 0 {
		return
	}
	lock(&rfFinalizing.lock)
	rfWatchArm(uintptr(key), unsafe.Pointer(getfp()))
	unlock(&rfFinalizing.lock)
}

// rfBegin is called by the goroutine that is about to run something.
func rfBegin(queue int, object, function, caller uintptr, behind int) {
	now := nanotime()
	q := &rfBacklog.queues[queue]
	if q.begun.Add(1) < q.queued.Load() {
		q.since.Store(now)
	} else {
		q.since.Store(0)
	}
	lock(&rfBacklog.lock)
	if r := rfRunnerOf(getg()); r != nil {
		*r = rfRunner{gp: r.gp, queue: queue, began: now, object: object, function: [2]uintptr{function + sys.PCQuantum, caller},
			behind: behind}
		lock(&rfFinalizing.lock)
		if s := rfSettingOf(object); s.object == object {
			r.set = *s
		}
		unlock(&rfFinalizing.lock)
	}
	watcher := rfBacklog.watcher.ptr()
	rfBacklog.watcher = 0
	unlock(&rfBacklog.lock)
	if watcher != nil {
		goready(watcher, 1)
	}
}

// rfRunnerOf wants the lock. nil: there is no room.
func rfRunnerOf(gp *g) *rfRunner {
	b := &rfBacklog
	for i := range b.runners[:b.count] {
		if b.runners[i].gp == uintptr(unsafe.Pointer(gp)) {
			return &b.runners[i]
		}
	}
	if b.count == rfRunnersMax {
		return nil
	}
	b.count++
	b.runners[b.count-1].gp = uintptr(unsafe.Pointer(gp))
	return &b.runners[b.count-1]
}

func rfEnded() {
	lock(&rfBacklog.lock)
	if r := rfRunnerOf(getg()); r != nil {
		r.began = 0
	}
	unlock(&rfBacklog.lock)
}

// rfCleanupBegin is called by runCleanups before each cleanup: number i of the block.
func rfCleanupBegin(b *cleanupBlock, i int, fn *funcval, key unsafe.Pointer) {
	if rfSettings.backlog != 0 {
		rfBegin(rfCleanups, uintptr(key), fn.fn, sys.GetCallerPC(), int(b.n)-i-1)
	}
}

// rfCleanupsEnd is called by runCleanups behind the last cleanup of a block.
func rfCleanupsEnd() {
	if rfSettings.backlog != 0 {
		rfEnded()
	}
}

// rfBacklogWatched is called by the goroutines that run finalizers and cleanups, when they start.
func rfBacklogWatched() {
	b := &rfBacklog
	if rfSettings.backlog == 0 {
		return
	}
	lock(&b.lock)
	start := !b.watched
	b.watched = true
	unlock(&b.lock)
	if start {
		go rfBacklogWatch()
	}
}

func rfBacklogWatch() {
	for {
		lock(&rfBacklog.lock)
		if rfRunning() {
			unlock(&rfBacklog.lock)
			timeSleep(rfBacklogLimit() / rfBacklogPart)
		} else {
			rfBacklog.watcher.set(getg())
			goparkunlock(&rfBacklog.lock, waitReasonFinalizerWait, traceBlockSystemGoroutine, 1)
		}
		rfBacklogTell()
	}
}

func rfBacklogLimit() int64 {
	return int64(rfSettings.backlog) * 1e9
}

// rfRunning says whether something runs that wasn't told of. With the lock.
func rfRunning() bool {
	b := &rfBacklog
	for i := range b.runners[:b.count] {
		if r := &b.runners[i]; r.began != 0 && !r.told {
			return true
		}
	}
	return false
}

// rfOverdue gives something that is to be told of. With the lock.
func rfOverdue(now int64) *rfRunner {
	b := &rfBacklog
	limit := rfBacklogLimit()
	for i := range b.runners[:b.count] {
		r := &b.runners[i]
		if r.began == 0 || r.told || now-r.began < limit {
			continue
		}
		if n, since := r.waiting(now - limit); n > 0 && since <= now-limit {
			return r
		}
	}
	return nil
}

// waiting says how many wait behind it, and since when at least one of them does. Others that serve the same queue, and that
// haven't been at the same since that time, take what is in it.
func (r *rfRunner) waiting(before int64) (n int, since int64) {
	b := &rfBacklog
	for i := range b.runners[:b.count] {
		if o := &b.runners[i]; o.queue == r.queue && (o.began == 0 || o.began > before) {
			return r.behind, r.began
		}
	}
	q := &b.queues[r.queue]
	since = q.since.Load()
	if since == 0 {
		return 0, 0
	}
	return int(q.queued.Load() - q.begun.Load()), since
}

// rfBacklogTell reports all that is overdue.
func rfBacklogTell() {
	if rfSettings.backlog == 0 {
		return
	}
	var told rfRunner
	var stack rfStack
	for {
		lock(&rfBacklog.lock)
		now := nanotime()
		r := rfOverdue(now)
		if r == nil {
			unlock(&rfBacklog.lock)
			return
		}
		r.told = true
		told = *r
		n, since := r.waiting(now - rfBacklogLimit())
		// It can't come to its end meanwhile: that wants the lock.
		stack.walkWaiting((*g)(unsafe.Pointer(r.gp)))
		unlock(&rfBacklog.lock)
		told.report(&stack, n, now-since)
	}
}

// report tells of it: what it is blocked in, or what is known without a stack, and who set it.
//
//go:noinline
func (r *rfRunner) report(stack *rfStack, n int, ns int64) {
	var room [rfDetailBytesMax]byte
	gp := (*g)(unsafe.Pointer(r.gp))
	detail := rfTextIn(room[:])
	if stack.pcs[0] != 0 {
		detail.put(gp.waitreason.String())
		detail.put("; ")
	} else {
		copy(stack.pcs[:], r.function[:])
		stack.pcs[len(r.function)] = 0
	}
	detail.putNumber(uintptr(n))
	if n == 1 {
		detail.put(" waits behind it, for ")
	} else {
		detail.put(" wait behind it, the oldest for ")
	}
	detail.putNumber(uintptr(ns / 1e9))
	detail.put(" s at least")
	f := rfFinding{kind: rfKindBacklog, address: r.object}
	f.add(rfActionWait, gp.goid, gp.rfslot, stack)
	f.addSide(rfActionFinalize, r.set.goid, r.set.slot, r.set.pcs[:])
	f.detail = detail.string()
	f.report()
	KeepAlive(&room)
	KeepAlive(stack)
	KeepAlive(r)
}
