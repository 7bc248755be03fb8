//go:build race

// What redflag adds to the runtime of a race build. Every hook is one line in a file of the standard library that
// calls a function of this file or of a neighbour (redflag_*.go; see anchors.txt); the functions hand what they are told
// to the C glue inside the race detector (tsan-glue/) through racecall, which switches to the g0 stack. None of them may
// fail: what can't be told is left out.
//
// The structs that cross to C are declared again in tsan-glue/runtime_abi.h; rfAbiVersion names their layout.

package runtime

import (
	"internal/abi"
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

//go:cgo_import_static __redflag_init
//go:cgo_import_static __redflag_goroutine_start
//go:cgo_import_static __redflag_goroutine_end
//go:cgo_import_static __redflag_exit

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
