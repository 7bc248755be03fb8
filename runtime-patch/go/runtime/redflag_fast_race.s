//go:build race && amd64

// Short cuts of the functions that instrumented code calls most; redflag_fast_race.go. Stock's own of each is rf…Full
// (anchors.txt): it is jumped to before anything was changed, with the return address it looks for, so that what isn't
// decided here goes on as if this file weren't there.
//
// What is accepted here is exactly what the detector's function does in its inlined part (MemoryAccess of
// tsan_rtl_access.cpp, FuncEntry and FuncExit of tsan_rtl.h), with the same stores in the same order, but that an empty cell
// is filled only if it still is empty. So no race is lost: whatever may be one is left to the full call. tsan-glue/fast_model.h says the same in C; the probe compares that with
// the detector of this Go before any of this is used, and tests/e2e/fast.sh compares this file with the full calls.
//
// Called by instrumented code, ABIInternal, on the stack of a user goroutine; no frame and no calls, so nothing is asked
// of that stack. The ThreadState is the goroutine's own and stays so: assembly isn't preempted (isAsyncSafePoint in
// preempt.go), and signal handlers run as gsignal, in code that isn't instrumented. Only the detector itself moves another
// thread's trace_pos, when it begins anew (DoResetImpl), "best effort": C has the same window between load and store.
//
// May change all registers but SP, BP, R14 (g) and X15 (0); racefuncenter also keeps DX, the closure that was called.

#include "go_asm.h"
#include "textflag.h"

// ThreadState (tsan_rtl.h), as the probe proves it. At 0 is fast_state: sid in bits 8 to 15, epoch in 16 to 29, and
// 31, the ignore bit.
#define SHADOW_STACK_POS	8
#define TRACE_POS	16
#define TRACE_PREV_PC	24
#define CLOCK	44
#define SHADOW_STACK_END	576

#define SHADOW	0x200000000000
#define READ	0x40000000 // is_read of a cell
#define READ_OR_ATOMIC	0xc0000000

// AX: the address of an access. Goes on at known when the detector has shadow for it; returns when it hasn't, as stock
// does; goes to full when there are no short cuts.
#define CHECK_ADDRESS \
	MOVQ	AX, CX \
	SUBQ	runtime·rfFast+rfFastLimits_heap(SB), CX \
	CMPQ	CX, runtime·rfFast+rfFastLimits_heapBytes(SB) \
	JB	known \
	MOVQ	AX, CX \
	SUBQ	runtime·rfFast+rfFastLimits_data(SB), CX \
	CMPQ	CX, runtime·rfFast+rfFastLimits_dataBytes(SB) \
	JB	known \
	CMPQ	runtime·rfFast+rfFastLimits_dataBytes(SB), $0 \
	JEQ	full \
	RET \
known:

// DI = ThreadState, SI = the four cells, DX = the cell of this access but for is_read.
#define LOAD_STATE \
	MOVQ	g_racectx(R14), DI \
	MOVQ	$SHADOW, SI \
	MOVQ	AX, CX \
	ANDQ	$~7, CX \
	LEAQ	(SI)(CX*2), SI \
	MOVL	AX, CX \
	ANDL	$7, CX \
	MOVL	(DI), DX \
	BTSL	CX, DX

// func raceread(addr uintptr)
// void __tsan_read(ThreadState *thr, void *addr, void *pc)
// Returns when a cell has this access, or a write like it. Four compares at once come second, since mostly it is the
// first cell. The cells are aligned to 16, so that each of them is loaded as a whole.
TEXT	runtime·raceread<ABIInternal>(SB), NOSPLIT|NOFRAME, $0-8
	CHECK_ADDRESS
	LOAD_STATE
	MOVL	$READ, R9
	ORL	R9, DX
	MOVL	(SI), CX
	ORL	R9, CX
	CMPL	CX, DX
	JEQ	same
	MOVQ	R9, X1
	PSHUFD	$0, X1, X1
	MOVQ	DX, X0
	PSHUFD	$0, X0, X0
	MOVOU	(SI), X2
	POR	X1, X2
	PCMPEQL	X0, X2
	PMOVMSKB	X2, CX
	TESTL	CX, CX
	JNE	same
	JMP	rfAccess<>(SB)
same:
	RET
full:
	JMP	runtime·rfReadFull<ABIInternal>(SB)

// func racewrite(addr uintptr)
// void __tsan_write(ThreadState *thr, void *addr, void *pc)
TEXT	runtime·racewrite<ABIInternal>(SB), NOSPLIT|NOFRAME, $0-8
	CHECK_ADDRESS
	LOAD_STATE
	CMPL	(SI), DX
	JEQ	same
	MOVQ	DX, X0
	PSHUFD	$0, X0, X0
	MOVOU	(SI), X2
	PCMPEQL	X0, X2
	PMOVMSKB	X2, CX
	TESTL	CX, CX
	JNE	same
	XORL	R9, R9
	JMP	rfAccess<>(SB)
same:
	RET
full:
	JMP	runtime·rfWriteFull<ABIInternal>(SB)

// The rest of an access: AX, DX, SI, DI as above, with is_read; R9 = READ, or 0 for a write; 0(SP) is the access's pc.
// Nothing is stored before all four cells were looked at. A second cell of the same goroutine and byte, and whatever may
// race, are left to the full call.
TEXT	rfAccess<>(SB), NOSPLIT|NOFRAME, $0-8
	TESTL	DX, DX
	JMI	done // the ignore bit
	MOVQ	TRACE_POS(DI), R10
	LEAQ	8(R10), R11
	TESTQ	R11, runtime·rfFast+rfFastLimits_store(SB)
	JEQ	full
	XORL	R12, R12 // the cell that this access goes to
	XORL	R8, R8 // AX, if that cell is empty
	XORL	R13, R13
cell:
	MOVL	(SI)(R13*4), CX
	TESTL	CX, CX
	JEQ	empty
	MOVL	CX, BX
	ANDL	DX, BX
	TESTL	$0xff, BX // bytes in common
	JEQ	next
	MOVL	CX, BX
	XORL	DX, BX
	TESTL	$0xff00, BX
	JNE	other
	// The same sid: this access takes its place when that was of the same byte and no stronger.
	TESTL	$0xff, BX
	JNE	next
	ANDL	$READ_OR_ATOMIC, CX
	CMPL	CX, R9
	JB	next
	TESTQ	R12, R12
	JNE	full
	LEAQ	(SI)(R13*4), R12
next:
	INCL	R13
	CMPL	R13, $4
	JNE	cell
	JMP	trace
other:
	// Two reads, or what came before by this goroutine's clock.
	TESTL	R9, CX
	JNE	next
	MOVL	CX, BX
	SHRL	$8, BX
	ANDL	$0xff, BX
	MOVWLZX	CLOCK(DI)(BX*2), BX
	SHRL	$16, CX
	ANDL	$0x3fff, CX
	CMPL	BX, CX
	JAE	next
full:
	TESTL	R9, R9
	JEQ	write
	JMP	runtime·rfReadFull<ABIInternal>(SB)
write:
	JMP	runtime·rfWriteFull<ABIInternal>(SB)
empty:
	TESTQ	R12, R12
	JNE	trace
	LEAQ	(SI)(R13*4), R12
	MOVQ	AX, R8
trace:
	// EventAccess, or EventAccessExt when the pc is far from that of the last one (TryTraceMemoryAccess).
	MOVQ	(SP), BX
	MOVQ	BX, CX
	SUBQ	TRACE_PREV_PC(DI), CX
	MOVQ	BX, TRACE_PREV_PC(DI)
	ADDQ	$0x4000, CX
	SHLQ	$20, AX
	CMPQ	CX, $0x7fff
	JHI	far
	SHLQ	$5, CX
	ORQ	CX, AX
	SHRL	$29, R9
	LEAQ	1(AX)(R9*1), AX
	MOVQ	AX, (R10)
	JMP	store
far:
	MOVQ	BX, 8(R10)
	SHRL	$25, R9
	ORQ	R9, AX
	MOVQ	AX, (R10)
	ADDQ	$8, R11
store:
	MOVQ	R11, TRACE_POS(DI)
	TESTQ	R12, R12
	JEQ	replace
	TESTQ	R8, R8
	JNE	first
	MOVL	DX, (R12)
done:
	RET
first:
	// The detector just stores. Then of two goroutines that come at once, the first's cell is lost when the second has seen
	// the cell empty too, and so is a race of theirs.
	XORL	AX, AX
	LOCK
	CMPXCHGL	DX, (R12)
	JEQ	done
	MOVQ	R8, AX // the event is in the trace twice then, which says nothing else
	JMP	full
replace:
	// Four cells of others: the trace's position is what chance there is.
	SHRL	$1, R11
	ANDL	$0xc, R11
	MOVL	DX, (SI)(R11*1)
	RET

// func racefuncenter(callpc uintptr)
// void __tsan_func_enter(ThreadState *thr, void *pc)
TEXT	runtime·racefuncenter<ABIInternal>(SB), NOSPLIT|NOFRAME, $0-8
	MOVQ	g_racectx(R14), DI
	MOVQ	TRACE_POS(DI), R8
	LEAQ	8(R8), R9
	TESTQ	R9, runtime·rfFast+rfFastLimits_trace(SB)
	JEQ	full
	MOVQ	SHADOW_STACK_POS(DI), R10
	CMPQ	R10, SHADOW_STACK_END(DI)
	JEQ	full
	LEAQ	2(AX*4), R11
	MOVQ	R11, (R8)
	MOVQ	R9, TRACE_POS(DI)
	MOVQ	AX, (R10)
	ADDQ	$8, R10
	MOVQ	R10, SHADOW_STACK_POS(DI)
	RET
full:
	MOVQ	AX, R11
	JMP	runtime·rfFuncEnterFull<ABIInternal>(SB)

// func racefuncexit()
// void __tsan_func_exit(ThreadState *thr)
TEXT	runtime·racefuncexit<ABIInternal>(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ	g_racectx(R14), DI
	MOVQ	TRACE_POS(DI), R8
	LEAQ	8(R8), R9
	TESTQ	R9, runtime·rfFast+rfFastLimits_trace(SB)
	JEQ	full
	MOVQ	$2, (R8)
	SUBQ	$8, SHADOW_STACK_POS(DI)
	MOVQ	R9, TRACE_POS(DI)
	RET
full:
	JMP	runtime·rfFuncExitFull<ABIInternal>(SB)
