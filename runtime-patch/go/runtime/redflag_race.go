//go:build race

// What redflag adds to the runtime of a race build. Every hook is one line in a file of the standard library that
// calls a function of this file (see anchors.txt); the functions hand what they are told to the C glue inside the race
// detector (tsan-glue/) through racecall, which switches to the g0 stack. None of them may fail: what can't be told is
// left out.
//
// The structs that cross to C are declared again in tsan-glue/runtime_abi.h; rfAbiVersion names their layout.

package runtime

import (
	"internal/abi"
	"internal/goarch"
	"internal/runtime/atomic"
	"unsafe"
)

const rfAbiVersion = 22

//go:linkname __redflag_init __redflag_init
var __redflag_init byte

//go:linkname __redflag_goroutine_start __redflag_goroutine_start
var __redflag_goroutine_start byte

//go:linkname __redflag_goroutine_end __redflag_goroutine_end
var __redflag_goroutine_end byte

//go:linkname __redflag_exit __redflag_exit
var __redflag_exit byte

//go:linkname __redflag_test_start __redflag_test_start
var __redflag_test_start byte

//go:linkname __redflag_test_take __redflag_test_take
var __redflag_test_take byte

//go:linkname __redflag_test_end __redflag_test_end
var __redflag_test_end byte

//go:linkname __redflag_test_leftover __redflag_test_leftover
var __redflag_test_leftover byte

//go:cgo_import_static __redflag_init
//go:cgo_import_static __redflag_goroutine_start
//go:cgo_import_static __redflag_goroutine_end
//go:cgo_import_static __redflag_exit
//go:cgo_import_static __redflag_test_start
//go:cgo_import_static __redflag_test_take
//go:cgo_import_static __redflag_test_end
//go:cgo_import_static __redflag_test_leftover

// rfSettings is what the glue answers at start.
var rfSettings struct {
	exact    uintptr // attribution by owner is on
	allocs   uintptr // allocation sites are recorded
	parallel uintptr // what testing does between tests orders nothing
	mapkeys  uintptr // the bytes of string keys are checked
	clears   uintptr // clear(slice) is checked
	pool     uintptr // objects in a sync.Pool count as freed

	finalizers uintptr // so do objects whose finalizer has run
	gc         uintptr // what the collector frees is marked and kept for a cycle
	shadow     uintptr // where the shadow of address 0 would be
	growth     uintptr // what only grows is sampled
	channels   uintptr // findings of channels are wanted
	cgo        uintptr // C memory is watched: its first address
	cgoBytes   uintptr

	resurrection uintptr // so are objects that their finalizer keeps
	cleanups     uintptr // and finalizers and cleanups that keep their own object alive
	leaks        uintptr // goroutines that are blocked for good are
	retained     uintptr // whose deletes are watched: rfRetained…
	lost         uintptr // so are channels that are closed with elements in their buffers
	aliases      uintptr // arrays behind objects in a sync.Pool count as freed
	fast         uintptr // which short cuts into the detector are taken (redflag_fast_race.go)
	backlog      uintptr // seconds that a finalizer may have others wait for; 0: any time
	exitwait     uintptr // ms that the end waits for what still runs; 0: the detector's sleep stays
	exitleaks    uintptr // goroutines that are blocked for good are looked for at the end of a program
	views        uintptr // sections of locks are told, and accesses come to the glue first
}

// rfStart is struct rf_start of the glue.
type rfStart struct {
	abiVersion  uintptr
	callback    uintptr // racecallbackthunk
	text, etext uintptr
	reasons     *string // wait reasons by number
	reasonCount uintptr
	rings       *rfRing
	ringCount   uintptr
	allocs      *rfAllocSite
	allocCount  uintptr
	goids       unsafe.Pointer
	cycles      *rfCycleEntry // the last collections
	cycleCount  uintptr
	ticks       int64 // cputicks now
	modinfo     string
	version     string
	settings    unsafe.Pointer
}

// rfInit is called by raceinit, on the first thread's g0, before there is a heap.
//
//go:nosplit
func rfInit() {
	s := rfStart{
		abiVersion:  rfAbiVersion,
		callback:    abi.FuncPCABI0(racecallbackthunk),
		text:        firstmoduledata.text,
		etext:       firstmoduledata.etext,
		reasons:     &waitReasonStrings[0],
		reasonCount: uintptr(len(waitReasonStrings)),
		rings:       &rfRings[0],
		ringCount:   rfRingCount,
		allocs:      &rfAllocs[0],
		allocCount:  rfAllocCount,
		goids:       unsafe.Pointer(&sched.goidgen),
		cycles:      &rfCycles[0],
		cycleCount:  rfCycleSize,
		ticks:       cputicks(),
		modinfo:     modinfo,
		version:     buildVersion,
		settings:    unsafe.Pointer(&rfSettings),
	}
	racecall(&__redflag_init, uintptr(unsafe.Pointer(&s)), 0, 0, 0)
	rfCgoInit()
	rfViewInit()
	if rfSettings.clears != 0 {
		rfFindRuntime()
	}
	d := &firstmoduledata
	rfTouchShadow(d.noptrdata, d.enoptrdata)
	rfTouchShadow(d.data, d.edata)
	rfTouchShadow(d.bss, d.ebss)
	rfTouchShadow(d.noptrbss, d.enoptrbss)
}

const (
	rfTouchBytesMax = 256 << 10 // of a section
	rfTouchStep     = 2048      // their shadow is a page
)

// rfTouchShadow has the kernel map the shadow of package variables before there is a second goroutine. The detector looks at
// cells first and writes its own afterwards; two that do so at once miss each other, and the first access to a page takes a
// hundred times as long in between: of 1600 runs of a program whose first two accesses race (tests/bench/missed.sh), 13 were
// silent. The heap's shadow is written when an object is allocated.
func rfTouchShadow(start, end uintptr) {
	if rfSettings.shadow == 0 {
		return
	}
	// The linker sorts a section's variables by size, and large ones are mostly tables of the runtime.
	end = min(end, start+rfTouchBytesMax)
	for at := alignDown(start, rfTouchStep); at < end; at += rfTouchStep {
		atomic.Or8((*uint8)(unsafe.Pointer(rfSettings.shadow+2*at)), 0)
	}
}

// rfExit is called by os_beforeExit, on the goroutine that called os.Exit, also with a status that is not 0 (which
// doesn't reach the race detector's own exit function), and by main when the program's main function returns.
func rfExit() {
	racecall(&__redflag_exit, 0, 0, 0, 0)
}

// Goroutines.

// rfGoroutine is struct rf_goroutine_start of the glue.
type rfGoroutine struct {
	thread       uintptr // ThreadState
	goid, parent uint64
	g            uintptr
	entry        uintptr
	creator      uintptr // pc of the go statement
	parentSlot   uint32
	owner        uint32
	slot         *uint32
}

// rfGoroutineStart is called by newproc1 when the new goroutine has its race context: on the system stack, with
// preemption off. It may not split the stack of a goroutine (it isn't on one), nor allocate.
func rfGoroutineStart(newg, callergp *g, callerpc uintptr) {
	if callergp == fing {
		rfFinalizing.spared = true
	}
	newg.rfowner = callergp.rfowner
	newg.rfslot = 0
	s := rfGoroutine{
		thread:     newg.racectx,
		goid:       newg.goid,
		parent:     callergp.goid,
		g:          uintptr(unsafe.Pointer(newg)),
		entry:      newg.startpc,
		creator:    callerpc,
		parentSlot: callergp.rfslot,
		owner:      newg.rfowner,
		slot:       &newg.rfslot,
	}
	racecall(&__redflag_goroutine_start, uintptr(unsafe.Pointer(&s)), 0, 0, 0)
}

// rfGoroutineEnd is called by goexit1 and coroexit, on the goroutine that ends. Its labels are kept for reports that come later.
func rfGoroutineEnd() {
	rfViewOver()
	gp := getg()
	list := rfLabels(gp)
	racecall(&__redflag_goroutine_end, uintptr(gp.rfslot), uintptr(unsafe.Pointer(unsafe.SliceData(list))),
		uintptr(len(list)), 0)
}

// rfNobody is called at the start of the goroutines that run finalizers and cleanups. They are started by whoever needs
// them first, and work for everybody.
func rfNobody() {
	rfTestSet(0)
	rfBacklogWatched()
}

type rfLabel struct{ key, value string }

// rfLabels gives a goroutine's profiler labels. gp.labels points to runtime/pprof's labelMap, which is a slice of pairs
// of strings (proved in runtime/pprof/redflag.go) that is never changed. Nothing of it is taken on trust: there are
// packages that keep something else there (runtime_setProfLabel by linkname, as storage local to a goroutine).
func rfLabels(gp *g) []rfLabel {
	const word = goarch.PtrSize
	p := uintptr(gp.labels)
	if p == 0 || p%word != 0 || !rfReadable(p, 3*word) {
		return nil
	}
	header := (*slice)(unsafe.Pointer(p))
	first, n := header.array, header.len
	if n <= 0 || n > header.cap || n > rfLabelsMax || uintptr(first)%word != 0 ||
		!rfReadable(uintptr(first), uintptr(n)*unsafe.Sizeof(rfLabel{})) {
		return nil
	}
	list := unsafe.Slice((*rfLabel)(first), n)
	for i := range list {
		if !rfReadableString(list[i].key) || !rfReadableString(list[i].value) {
			return list[:i]
		}
	}
	return list
}

const rfLabelsMax = 1 << 12

func rfReadableString(s string) bool {
	return len(s) == 0 || len(s) > 0 && rfReadable(uintptr(unsafe.Pointer(unsafe.StringData(s))), uintptr(len(s)))
}

// rfReadable says whether n bytes at p are memory of the heap's blocks, or of the program's own file.
func rfReadable(p, n uintptr) bool {
	if s := spanOf(p); s != nil {
		return s.state.get() == mSpanInUse && s.base() <= p && p < s.limit && n <= s.limit-p
	}
	for m := &firstmoduledata; m != nil; m = m.next {
		if min(m.text, m.rodata) <= p && p < m.end && n <= m.end-p {
			return true
		}
	}
	return false
}

// Switches.

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

// Questions of the glue, asked while it writes a report.

const (
	rfCmdFunction  = 1000
	rfCmdGoroutine = 1001
	rfCmdMemory    = 1002
	rfCmdType      = 1003
	rfCmdGot       = 1004
)

// rfFunctionQuery is struct rf_function_query of the glue.
type rfFunctionQuery struct {
	pc    uintptr
	entry uintptr
	args  uintptr // bytes; ^0 unknown
	name  *byte
}

// rfGoroutineQuery is struct rf_goroutine_query of the glue.
type rfGoroutineQuery struct {
	g      uintptr
	goid   uint64
	reason uintptr
	labels []rfLabel
}

// rfCallback is called first by racecallback, on g0. It says whether the command was one of ours.
func rfCallback(cmd uintptr, ctx unsafe.Pointer) bool {
	switch cmd {
	case rfCmdFunction:
		rfFunction((*rfFunctionQuery)(ctx))
	case rfCmdGoroutine:
		rfGoroutineState((*rfGoroutineQuery)(ctx))
	case rfCmdMemory:
		rfMemory((*rfMemoryQuery)(ctx))
	case rfCmdType:
		rfType((*rfTypeQuery)(ctx))
	case rfCmdGot:
		rfWhoGot((*rfGotQuery)(ctx))
	default:
		return false
	}
	return true
}

// rfGoroutineState reads a goroutine that may be running. Its labels stay valid until the answer is used: a collection
// can't end while this M is here, outside of any safe point. A g that was reused meanwhile has another goid.
func rfGoroutineState(q *rfGoroutineQuery) {
	gp := (*g)(unsafe.Pointer(q.g))
	q.reason = uintptr(rfReason(q.g, q.goid))
	labels := rfLabels(gp)
	if gp.goid == q.goid {
		q.labels = labels
	}
}

// rfMemoryQuery is struct rf_memory_query of the glue.
type rfMemoryQuery struct {
	address     uintptr
	kind        uintptr // 0 unknown, 1 heap, 2 global
	start, size uintptr
	object      uintptr // where the object begins: behind malloc's header, if there is one
}

func rfMemory(q *rfMemoryQuery) {
	if start, s, _ := rfFindObject(q.address); s != nil {
		q.kind = 1
		q.start = start
		q.size = s.elemsize
		q.object = start + rfFirst(s)
		return
	}
	if racedatastart <= q.address && q.address < racedataend {
		q.kind = 2
	}
}

func rfFunction(q *rfFunctionQuery) {
	f := findfunc(q.pc)
	if !f.valid() {
		return
	}
	q.entry = f.entry()
	q.args = uintptr(f.args)
	if f.args < 0 {
		q.args = ^uintptr(0)
	}
	name := funcname(f)
	q.name = unsafe.StringData(name) // ends in NUL in the name table
}

// Owners: which test a goroutine works for. Called by package testing.

// rfTestStart makes the calling goroutine belong to the test called name, and says its number. 0: no owners here, or
// no room for one more, and the goroutine goes on to belong to the test that started it.
//
//go:linkname rfTestStart testing.rfTestStart
func rfTestStart(name string, id uint32) uint32 {
	gp := getg()
	if rfSettings.exact == 0 {
		return 0
	}
	racecall(&__redflag_test_start, uintptr(gp.rfslot), uintptr(unsafe.Pointer(unsafe.StringData(name))),
		uintptr(len(name)), uintptr(unsafe.Pointer(&id)))
	if id != 0 {
		gp.rfowner = id
	}
	return id
}

// rfTestSet makes the calling goroutine belong to test id again, and says to whom it belonged.
//
//go:linkname rfTestSet testing.rfTestSet
func rfTestSet(id uint32) uint32 {
	gp := getg()
	old := gp.rfowner
	gp.rfowner = id
	if rfSettings.exact != 0 {
		racecall(&__redflag_test_start, uintptr(gp.rfslot), 0, 0, uintptr(unsafe.Pointer(&id)))
	}
	return old
}

// rfTestTake says how many races were charged to the test since it was asked last.
//
//go:linkname rfTestTake testing.rfTestTake
func rfTestTake(id uint32) uint32 {
	var n uint32
	racecall(&__redflag_test_take, uintptr(id), uintptr(unsafe.Pointer(&n)), 0, 0)
	return n
}

// rfTestEnd marks the test as over unless there are charges that were not taken yet; it says whether it did.
//
//go:linkname rfTestEnd testing.rfTestEnd
func rfTestEnd(id uint32) bool {
	var done uint32
	racecall(&__redflag_test_end, uintptr(id), uintptr(unsafe.Pointer(&done)), 0, 0)
	return done != 0
}

// rfTestLeftover writes the name of the next test that has charges nobody took to buf, and says its length, or -1
// when there is none left, and whether the test had ended before the race. An empty name stands for races that no test
// owns.
//
//go:linkname rfTestLeftover testing.rfTestLeftover
func rfTestLeftover(buf []byte) (int, bool) {
	n, over := -1, uintptr(0)
	racecall(&__redflag_test_leftover, uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)),
		uintptr(unsafe.Pointer(&n)), uintptr(unsafe.Pointer(&over)))
	return n, over != 0
}

//go:linkname rfExact testing.rfExact
func rfExact() bool {
	return rfSettings.exact != 0
}

// What testing does for itself.

//go:linkname rfIgnoreBegin _ZN6__tsan17ThreadIgnoreBeginEPNS_11ThreadStateEm
var rfIgnoreBegin byte

//go:linkname rfIgnoreEnd _ZN6__tsan15ThreadIgnoreEndEPNS_11ThreadStateE
var rfIgnoreEnd byte

//go:cgo_import_static _ZN6__tsan17ThreadIgnoreBeginEPNS_11ThreadStateEm
//go:cgo_import_static _ZN6__tsan15ThreadIgnoreEndEPNS_11ThreadStateE

// rfHide takes what the calling goroutine does until rfShow out of the detector's sight: synchronisation, which then
// orders nothing, and accesses, which then can't race. Calls nest. A goroutine may block or end in between.
//
//go:linkname rfHide testing.rfHide
func rfHide() {
	if rfSettings.parallel != 0 {
		RaceDisable()
		racecall(&rfIgnoreBegin, getg().racectx, 0, 0, 0)
	}
}

//go:linkname rfShow testing.rfShow
func rfShow() {
	if rfSettings.parallel != 0 {
		racecall(&rfIgnoreEnd, getg().racectx, 0, 0, 0)
		RaceEnable()
	}
}

// Map keys.

// rfReadString is called by the functions that look a string up in a map: the bytes are read, by the function that
// returns to callerpc. Strings of the program's file, which nobody writes, cost no call.
//
//go:linkname rfReadString internal/runtime/maps.rfReadString
func rfReadString(key string, callerpc, pc uintptr) {
	p := unsafe.Pointer(unsafe.StringData(key))
	if rfSettings.mapkeys != 0 && len(key) != 0 && isvalidaddr(p) {
		racereadrangepc(p, uintptr(len(key)), callerpc, pc)
	}
}

// rfReadKey does the same for a map of any type, by a pointer to the key.
//
//go:linkname rfReadKey internal/runtime/maps.rfReadKey
func rfReadKey(t *abi.Type, key unsafe.Pointer, callerpc, pc uintptr) {
	if t.Kind() == abi.Interface && len((*interfacetype)(unsafe.Pointer(t)).Methods) == 0 {
		e := (*eface)(key)
		t, key = e._type, e.data
	}
	if t != nil && t.Kind() == abi.String {
		rfReadString(*(*string)(key), callerpc, pc)
	}
}

// clear(slice), which the compiler makes a call of memclrNoHeapPointers or memclrHasPointers, and doesn't instrument.
// Package runtime itself calls the first all the time, for memory of its own; who calls is told by the return address.

var (
	rfRuntimeText uintptr               // start of this package's code
	rfRuntimeSize uintptr = ^uintptr(0) // bytes of it; all there is until rfFindRuntime
)

// rfFindRuntime finds the code of this package: the functions of its compilation unit that have its name, and their
// neighbours of the same unit. Functions of other names (by linkname) may lie elsewhere: the linker moves those of
// crypto/internal/fips140. Called by rfInit.
//
//go:nosplit
func rfFindRuntime() {
	md := &firstmoduledata
	n := len(md.ftab) - 1
	own := -1
	for i := range n {
		if md.text+uintptr(md.ftab[i].entryoff) == abi.FuncPCABIInternal(rfExit) {
			own = i
			break
		}
	}
	if own < 0 {
		return
	}
	unit := rfFuncAt(own).cuOffset
	low, high := own, own
	for i := range n {
		if f := rfFuncAt(i); f.cuOffset == unit && rfNamedRuntime(f) {
			low = min(low, i)
			high = max(high, i)
		}
	}
	for low > 0 && rfFuncAt(low-1).cuOffset == unit {
		low--
	}
	for high+1 < n && rfFuncAt(high+1).cuOffset == unit {
		high++
	}
	rfRuntimeText = md.text + uintptr(md.ftab[low].entryoff)
	rfRuntimeSize = uintptr(md.ftab[high+1].entryoff - md.ftab[low].entryoff)
}

//go:nosplit
func rfFuncAt(i int) *_func {
	md := &firstmoduledata
	return (*_func)(unsafe.Pointer(&md.pclntable[md.ftab[i].funcoff]))
}

//go:nosplit
func rfNamedRuntime(f *_func) bool {
	const prefix = "runtime."
	name := firstmoduledata.funcnametab[f.nameOff:]
	for i := range len(prefix) {
		if name[i] != prefix[i] {
			return false // names end in NUL
		}
	}
	return true
}

// rfClear is called by memclrNoHeapPointers (redflag_clear_race.s) when its caller is not of this package: on the
// goroutine that clears, which may not be preempted nor grow its stack. The write is one of the function at callerpc.
//
//go:nosplit
func rfClear(p unsafe.Pointer, n, callerpc uintptr) {
	gp := getg()
	if gp == gp.m.curg && n != 0 && isvalidaddr(p) {
		racewriterangepc1(uintptr(p), n, callerpc-1)
	}
}

// rfClearPointers is called by memclrHasPointers.
//
//go:nosplit
func rfClearPointers(p unsafe.Pointer, n, callerpc uintptr) {
	if callerpc-rfRuntimeText >= rfRuntimeSize {
		rfClear(p, n, callerpc)
	}
}
