//go:build race && amd64

// Short cuts of the functions that instrumented code calls most; redflag_fast_race.go. Stock's own of each is rf…Full
// (anchors.txt): it is jumped to with all as it would have found it, and with the return address it looks for, so that what isn't
// decided here goes on as if this file weren't there.
//
// What is accepted here is exactly what the detector's function does in its inlined part (MemoryAccess and
// MemoryAccessRangeT of tsan_rtl_access.cpp, FuncEntry and FuncExit of tsan_rtl.h), with the same stores in the same order,
// but that an empty cell is filled only if it still is empty. So no race is lost: whatever may be one is left to the full
// call. tsan-glue/fast_model.h says the same in C; the probe compares that with the detector of this Go before any of this
// is used, and tests/e2e/fast.sh compares this file with the full calls.
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
// 31, the ignore bit. At IGNORE_SYNC is how often synchronisation is ignored.
#define IGNORE_SYNC	4
#define SHADOW_STACK_POS	8
#define TRACE_POS	16
#define TRACE_PREV_PC	24
#define CLOCK	44
#define SHADOW_STACK_END	576

#define ARENA_CELLS	0x8000000 // bytes of the shadow of an arena (malloc.go, heapArenaBytes)

#define READ	0x40000000 // is_read of a cell
#define READ_OR_ATOMIC	0xc0000000

DATA	rfNotRead<>+0(SB)/8, $0xbfffffffbfffffff
DATA	rfNotRead<>+8(SB)/8, $0xbfffffffbfffffff
GLOBL	rfNotRead<>(SB), RODATA|NOPTR, $16

// AX: the address of an access. SI = its word's four cells; goes to data when it isn't the heap's.
#define CHECK_HEAP \
	MOVQ	AX, SI \
	SUBQ	runtime·rfFast+rfFastLimits_heap(SB), SI \
	CMPQ	SI, runtime·rfFast+rfFastLimits_heapBytes(SB) \
	JAE	data \
	ANDQ	$~7, SI \
	ADDQ	SI, SI \
	ADDQ	runtime·rfFast+rfFastLimits_heapCells(SB), SI \
known:

// The same of package variables, when the detector has shadow for them; returns when it hasn't, as stock does; goes to full when
// there are no short cuts.
#define CHECK_DATA \
data: \
	MOVQ	AX, SI \
	SUBQ	runtime·rfFast+rfFastLimits_data(SB), SI \
	ANDQ	$~7, SI \
	CMPQ	SI, runtime·rfFast+rfFastLimits_dataBytes(SB) \
	LEAQ	(SI)(SI*1), SI \
	JAE	outside \
	ADDQ	runtime·rfFast+rfFastLimits_dataCells(SB), SI \
	JMP	known \
outside: \
	CMPQ	runtime·rfFast+rfFastLimits_dataBytes(SB), $0 \
	JEQ	full \
	RET

// DI = ThreadState, DX = the cell of this access but for is_read, X0 = four times that.
#define LOAD_STATE \
	MOVQ	g_racectx(R14), DI \
	MOVL	AX, CX \
	ANDL	$7, CX \
	MOVL	(DI), DX \
	BTSL	CX, DX \
	MOVQ	DX, X0 \
	PSHUFD	$0, X0, X0

// What may be done about an access: DX = its cell, R9 = READ, or 0 for a write; SI = the four cells, X2 = what was in them, X0 = four
// times DX (is_read or not). Goes on with R12 = where the cell goes, or 0 when it takes the place of any, and R8 = 0 when that
// place is taken; goes to undecided when it isn't decided here: a second cell of the same goroutine and byte, and whatever may race.
// Changes BX, CX, R11, R13. Cells with bytes in common are loaded again, and all that is decided of each is decided of what it is
// now. Of the masks, bits are bytes of the cells; those behind an empty cell aren't looked at.
#define FIND_PLACE \
	PAND	X2, X0 \
	PSLLL	$24, X0 \
	PCMPEQL	X15, X0 \
	PMOVMSKB	X0, BX \
	PCMPEQL	X15, X2 \
	PMOVMSKB	X2, R8 \
	XORL	R12, R12 \
	XORL	$0xffff, BX \
	JNE	shared \
place: \
	TESTL	R8, R8 \
	JEQ	found \
	BSFL	R8, R12 \
	ADDQ	SI, R12 \
	JMP	found \
other: /* two reads, or what came before by this goroutine's clock */ \
	TESTL	R9, CX \
	JNE	next \
	MOVL	CX, R11 \
	SHRL	$8, R11 \
	ANDL	$0xff, R11 \
	MOVWLZX	CLOCK(DI)(R11*2), R11 \
	SHRL	$16, CX \
	ANDL	$0x3fff, CX \
	CMPL	R11, CX \
	JAE	next \
	JMP	undecided \
shared: \
	ANDL	$0x1111, BX \
	MOVL	R8, CX \
	NEGL	CX \
	ANDL	R8, CX \
	DECL	CX \
	ANDL	CX, BX \
	JEQ	place \
cell: \
	BSFL	BX, R13 \
	ADDQ	SI, R13 \
	LEAL	-1(BX), CX \
	ANDL	CX, BX \
	MOVL	(R13), CX \
	MOVL	CX, R11 \
	ANDL	DX, R11 \
	TESTL	$0xff, R11 \
	JEQ	next \
	MOVL	CX, R11 \
	XORL	DX, R11 \
	TESTL	$0xff00, R11 \
	JNE	other \
	TESTL	$0xff, R11 /* the same sid: it gives way if it is of the same byte and no stronger */ \
	JNE	next \
	ANDL	$READ_OR_ATOMIC, CX \
	CMPL	CX, R9 \
	JB	next \
	TESTQ	R12, R12 \
	JNE	undecided \
	MOVQ	R13, R12 \
next: \
	TESTL	BX, BX \
	JNE	cell \
	TESTQ	R12, R12 \
	JEQ	place \
	XORL	R8, R8 \
found:

// EventAccess, or EventAccessExt when the pc is far from that of the last one (TryTraceMemoryAccess), at R10, which has room for it:
// AX = the address, R9 = READ, or 0 for a write; 0(SP) is the pc. Changes AX, BX and CX; R9 stays 0 or not; R11 = where the next
// event goes.
#define WRITE_EVENT \
	LEAQ	8(R10), R11 \
	MOVQ	(SP), BX \
	MOVQ	BX, CX \
	SUBQ	TRACE_PREV_PC(DI), CX \
	MOVQ	BX, TRACE_PREV_PC(DI) \
	ADDQ	$0x4000, CX \
	SHLQ	$20, AX \
	CMPQ	CX, $0x7fff \
	JHI	far \
	SHLQ	$5, CX \
	ORQ	CX, AX \
	SHRL	$29, R9 \
	LEAQ	1(AX)(R9*1), AX \
	MOVQ	AX, (R10) \
	JMP	store \
far: \
	MOVQ	BX, 8(R10) \
	SHRL	$25, R9 \
	ORQ	R9, AX \
	MOVQ	AX, (R10) \
	ADDQ	$8, R11 \
store: \
	MOVQ	R11, TRACE_POS(DI)

// func raceread(addr uintptr)
// void __tsan_read(ThreadState *thr, void *addr, void *pc)
// Returns when a cell has this access, or a write like it. Four compares at once, though mostly it is the first cell: a
// branch about that costs more, being guessed wrong too often. The cells are aligned to 16, so that each of them is
// loaded as a whole.
TEXT	runtime·raceread<ABIInternal>(SB), NOSPLIT|NOFRAME, $0-8
	CHECK_HEAP
	LOAD_STATE
	PXOR	(SI), X0
	PAND	rfNotRead<>(SB), X0
	PCMPEQL	X15, X0
	PMOVMSKB	X0, CX
	TESTL	CX, CX
	JEQ	more
	RET
more:
	MOVL	$READ, R9
	ORL	R9, DX
	JMP	rfAccess<>(SB)
	CHECK_DATA
full:
	JMP	runtime·rfReadFull<ABIInternal>(SB)

// func racewrite(addr uintptr)
// void __tsan_write(ThreadState *thr, void *addr, void *pc)
// A write just behind a read of the same bytes (x++), where nobody else was, is done at once: its cell takes the place of the read's. That
// one is looked at by itself, and first: four bytes that were stored a moment ago can be loaded at once, the sixteen with them can't.
TEXT	runtime·racewrite<ABIInternal>(SB), NOSPLIT|NOFRAME, $0-8
	CHECK_HEAP
	LOAD_STATE
	LEAL	READ(DX), CX
	CMPL	CX, (SI)
	JEQ	own
four:
	PCMPEQL	(SI), X0
	PMOVMSKB	X0, CX
	TESTL	CX, CX
	JEQ	more
	RET
more:
	XORL	R9, R9
	JMP	rfAccess<>(SB)
own:
	MOVQ	4(SI), CX
	MOVL	12(SI), BX
	ORQ	BX, CX
	JNE	four
	TESTL	DX, DX
	JMI	four // the ignore bit
	MOVQ	TRACE_POS(DI), R10
	LEAQ	8(R10), R11
	TESTQ	R11, runtime·rfFast+rfFastLimits_store(SB)
	JEQ	full
	XORL	R9, R9
	WRITE_EVENT
	MOVL	DX, (SI)
	RET
	CHECK_DATA
full:
	JMP	runtime·rfWriteFull<ABIInternal>(SB)

// The rest of an access: AX, SI, DI, DX and R9 as FIND_PLACE wants them; 0(SP) is the access's pc. Nothing is stored before all four
// cells were looked at.
TEXT	rfAccess<>(SB), NOSPLIT|NOFRAME, $0-8
	TESTL	DX, DX
	JMI	done // the ignore bit
	MOVQ	TRACE_POS(DI), R10
	LEAQ	8(R10), R11
	TESTQ	R11, runtime·rfFast+rfFastLimits_store(SB)
	JEQ	full
	MOVQ	DX, X0
	PSHUFD	$0, X0, X0
	MOVOU	(SI), X2
	FIND_PLACE
	WRITE_EVENT
	TESTQ	R12, R12
	JEQ	replace
	TESTL	R8, R8
	JNE	first
	MOVL	DX, (R12)
done:
	RET
replace:
	// Four cells of others: the trace's position is what chance there is.
	SHRL	$1, R11
	ANDL	$0xc, R11
	MOVL	DX, (SI)(R11*1)
	RET
first:
	// The detector just stores. Then of two goroutines that come at once, the first's cell is lost when the second has seen
	// the cell empty too, and so is a race of theirs.
	MOVQ	AX, BX
	XORL	AX, AX
	LOCK
	CMPXCHGL	DX, (R12)
	JEQ	filled
	MOVQ	BX, AX // the event is in the trace twice then, which says nothing else
	SHRQ	$20, AX
full:
undecided:
	TESTL	R9, R9
	JEQ	write
	JMP	runtime·rfReadFull<ABIInternal>(SB)
write:
	JMP	runtime·rfWriteFull<ABIInternal>(SB)
filled:
	// The first cell of a page of the shadow. A page that is read and then written costs two page faults; one that is written, one.
	TESTL	$0xfff, R12
	JNE	done
	MOVQ	R12, BX
	SUBQ	runtime·rfFast+rfFastLimits_heapCells(SB), BX
	SHRQ	$1, BX
	CMPQ	BX, runtime·rfFast+rfFastLimits_heapBytes(SB)
	JAE	done
	// A read of the first word of a page of the heap, behind a word that was written: who goes through memory in order, and writes
	// each word, comes to write this one. So it is written, without being changed, before it is read.
	TESTL	$0x1fff, R12
	JNE	ahead
	TESTL	R9, R9
	JEQ	ahead
	TESTL	$ARENA_CELLS-1, R12
	JEQ	ahead
	MOVL	-16(R12), CX
	TESTL	CX, CX
	JEQ	ahead
	TESTL	$READ, CX
	JNE	ahead
	ADDQ	runtime·rfFast+rfFastLimits_heap(SB), BX
	LOCK
	ORL	$0, (BX)
ahead: // who goes on comes to the shadow's next page, and reads it first; there is shadow for whole arenas
	ADDQ	$0x1000, R12
	TESTL	$ARENA_CELLS-1, R12
	JEQ	done
	LOCK
	ORL	$0, (R12)
	RET

// func racereadrange(addr, size uintptr)
// void __tsan_read_range(ThreadState *thr, void *addr, uintptr size, void *pc)
TEXT	runtime·racereadrange<ABIInternal>(SB), NOSPLIT|NOFRAME, $0-16
	MOVL	$READ, R9
	MOVQ	(SP), CX
	LEAQ	runtime·rfReadRangeFull<ABIInternal>(SB), R8
	JMP	rfRange<>(SB)

// func racewriterange(addr, size uintptr)
// void __tsan_write_range(ThreadState *thr, void *addr, uintptr size, void *pc)
TEXT	runtime·racewriterange<ABIInternal>(SB), NOSPLIT|NOFRAME, $0-16
	XORL	R9, R9
	MOVQ	(SP), CX
	LEAQ	runtime·rfWriteRangeFull<ABIInternal>(SB), R8
	JMP	rfRange<>(SB)

// func racereadrangepc1(addr, size, pc uintptr)
// pc is that of a function's first instruction; the detector wants a return address.
TEXT	runtime·racereadrangepc1<ABIInternal>(SB), NOSPLIT|NOFRAME, $0-24
	MOVL	$READ, R9
	INCQ	CX
	LEAQ	rfReadRangePC<>(SB), R8
	JMP	rfRange<>(SB)

// func racewriterangepc1(addr, size, pc uintptr)
TEXT	runtime·racewriterangepc1<ABIInternal>(SB), NOSPLIT|NOFRAME, $0-24
	XORL	R9, R9
	INCQ	CX
	LEAQ	rfWriteRangePC<>(SB), R8
	JMP	rfRange<>(SB)

// Stock's own of these two, which take their arguments from the stack.
TEXT	rfReadRangePC<>(SB), NOSPLIT, $24-0
	DECQ	CX
	MOVQ	AX, 0(SP)
	MOVQ	BX, 8(SP)
	MOVQ	CX, 16(SP)
	CALL	runtime·rfReadRangePCFull(SB)
	RET

TEXT	rfWriteRangePC<>(SB), NOSPLIT, $24-0
	DECQ	CX
	MOVQ	AX, 0(SP)
	MOVQ	BX, 8(SP)
	MOVQ	CX, 16(SP)
	CALL	runtime·rfWriteRangePCFull(SB)
	RET

// A range: AX = its address, BX = its size, CX = the pc, R9 = READ, or 0 for a write; R8 = where to go with these AX, BX and CX when
// it isn't decided here. MemoryAccessRangeT of tsan_rtl_access.cpp: one event, then word by word what rfAccess does for an access. A
// full call from the middle finds the words in front as it would have left them, and writes the same event at the same place.
TEXT	rfRange<>(SB), NOSPLIT|NOFRAME, $0-16
	LEAQ	-1(BX), R10
	CMPQ	R10, $63
	JHI	full
	MOVL	AX, R11
	ANDL	$7, R11
	ADDL	BX, R11
	CMPL	R11, $64
	JHI	full
	CHECK_HEAP
	MOVQ	g_racectx(R14), DI
	MOVL	(DI), DX
	MOVQ	TRACE_POS(DI), R11
	LEAQ	8(R11), R12
	TESTQ	R12, runtime·rfFast+rfFastLimits_ranges(SB)
	JEQ	full
	TESTL	DX, DX
	JMI	done // the ignore bit
	CMPL	(SI), $READ
	JEQ	done // a race was reported here (kRodata)
	ORL	R9, DX
	MOVQ	DX, X3
	MOVQ	AX, X4
	MOVQ	BX, X5
	MOVQ	CX, X6
	MOVQ	R8, X7
	MOVQ	R9, X8
	PSHUFD	$0, X8, X8
	// EventAccessRange.
	MOVQ	CX, TRACE_PREV_PC(DI)
	SHLQ	$20, CX
	MOVQ	BX, R10
	SHLQ	$7, R10
	ORQ	R10, CX
	MOVL	R9, R10
	SHRL	$25, R10
	LEAQ	4(CX)(R10*1), CX
	MOVQ	CX, (R11)
	MOVQ	AX, 8(R11)
	ADDQ	$16, R11
	MOVQ	R11, TRACE_POS(DI)
	// R10 = a bit for each byte of the range, the first word's first byte at bit 0.
	MOVL	$64, CX
	SUBL	BX, CX
	MOVQ	$-1, R10
	SHRQ	CX, R10
	MOVL	AX, CX
	ANDL	$7, CX
	SHLQ	CX, R10
word:
	MOVQ	X3, DX
	MOVBLZX	R10, CX
	ORL	CX, DX
	MOVQ	DX, X0
	PSHUFD	$0, X0, X0
	MOVOU	(SI), X2
	MOVO	X2, X1
	POR	X8, X1
	PCMPEQL	X0, X1
	PMOVMSKB	X1, CX
	TESTL	CX, CX
	JNE	same
	FIND_PLACE
	TESTQ	R12, R12
	JEQ	replace
	TESTL	R8, R8
	JNE	first
	MOVL	DX, (R12)
same:
	ADDQ	$16, SI
	SHRQ	$8, R10
	JNE	word
done:
	RET
replace: // as in rfAccess
	MOVL	TRACE_POS(DI), R11
	SHRL	$1, R11
	ANDL	$0xc, R11
	MOVL	DX, (SI)(R11*1)
	JMP	same
first: // as there
	XORL	AX, AX
	LOCK
	CMPXCHGL	DX, (R12)
	JEQ	same
undecided:
	SUBQ	$16, TRACE_POS(DI)
	MOVQ	X4, AX
	MOVQ	X5, BX
	MOVQ	X6, CX
	MOVQ	X7, R8
full:
	JMP	R8
	CHECK_DATA

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

// Atomics of sync/atomic while the goroutine's synchronisation is ignored: nothing but the operation (ATOMIC and ATOMIC_RET of
// tsan_interface_atomic.cpp). Called by the functions of sync/atomic in race_amd64.s, ABI0, in the place of stock's racecallatomic, which
// is rfAtomicFull and gets everything else: AX = the detector's function, 16(SP) = the arguments. The result of Add is the value before.
#define IGNORED(otherwise) \
	MOVQ	g_racectx(R14), R12 \
	MOVL	IGNORE_SYNC(R12), R13 \
	TESTL	R13, runtime·rfFast+rfFastLimits_ignored(SB) \
	JEQ	otherwise \
	MOVQ	16(SP), R12

// func LoadInt32(addr *int32) int32
TEXT	runtime·rfLoad32(SB), NOSPLIT|NOFRAME, $0-0
	IGNORED(full)
	MOVL	(R12), R13
	MOVL	R13, 24(SP)
	RET
full:
	JMP	runtime·rfAtomicFull(SB)

// func LoadInt64(addr *int64) int64
TEXT	runtime·rfLoad64(SB), NOSPLIT|NOFRAME, $0-0
	IGNORED(full)
	MOVQ	(R12), R13
	MOVQ	R13, 24(SP)
	RET
full:
	JMP	runtime·rfAtomicFull(SB)

// func StoreInt32(addr *int32, val int32)
TEXT	runtime·rfStore32(SB), NOSPLIT|NOFRAME, $0-0
	IGNORED(full)
	MOVL	24(SP), R13
	XCHGL	R13, (R12)
	RET
full:
	JMP	runtime·rfAtomicFull(SB)

// func StoreInt64(addr *int64, val int64)
TEXT	runtime·rfStore64(SB), NOSPLIT|NOFRAME, $0-0
	IGNORED(full)
	MOVQ	24(SP), R13
	XCHGQ	R13, (R12)
	RET
full:
	JMP	runtime·rfAtomicFull(SB)

// func SwapInt32(addr *int32, new int32) (old int32)
TEXT	runtime·rfSwap32(SB), NOSPLIT|NOFRAME, $0-0
	IGNORED(full)
	MOVL	24(SP), R13
	XCHGL	R13, (R12)
	MOVL	R13, 32(SP)
	RET
full:
	JMP	runtime·rfAtomicFull(SB)

// func SwapInt64(addr *int64, new int64) (old int64)
TEXT	runtime·rfSwap64(SB), NOSPLIT|NOFRAME, $0-0
	IGNORED(full)
	MOVQ	24(SP), R13
	XCHGQ	R13, (R12)
	MOVQ	R13, 32(SP)
	RET
full:
	JMP	runtime·rfAtomicFull(SB)

// func AddInt32(addr *int32, delta int32) (new int32)
TEXT	runtime·rfAdd32(SB), NOSPLIT|NOFRAME, $0-0
	CMPL	g_rfunlocks(R14), $0
	JNE	unlock
	IGNORED(full)
	MOVL	24(SP), R13
	LOCK
	XADDL	R13, (R12)
	MOVL	R13, 32(SP)
	RET
unlock: // by sync.Mutex.Unlock, and whatever happens by no other
	MOVL	$0, g_rfunlocks(R14)
	MOVQ	$__redflag_unlock(SB), AX
full:
	JMP	runtime·rfAtomicFull(SB)

// func AddInt64(addr *int64, delta int64) (new int64)
TEXT	runtime·rfAdd64(SB), NOSPLIT|NOFRAME, $0-0
	IGNORED(full)
	MOVQ	24(SP), R13
	LOCK
	XADDQ	R13, (R12)
	MOVQ	R13, 32(SP)
	RET
full:
	JMP	runtime·rfAtomicFull(SB)

// func CompareAndSwapInt32(addr *int32, old, new int32) (swapped bool)
TEXT	runtime·rfSwapIf32(SB), NOSPLIT|NOFRAME, $0-0
	IGNORED(full)
	MOVL	24(SP), AX
	MOVL	28(SP), R13
	LOCK
	CMPXCHGL	R13, (R12)
	SETEQ	32(SP)
	RET
full:
	JMP	runtime·rfAtomicFull(SB)

// func CompareAndSwapInt64(addr *int64, old, new int64) (swapped bool)
TEXT	runtime·rfSwapIf64(SB), NOSPLIT|NOFRAME, $0-0
	IGNORED(full)
	MOVQ	24(SP), AX
	MOVQ	32(SP), R13
	LOCK
	CMPXCHGQ	R13, (R12)
	SETEQ	40(SP)
	RET
full:
	JMP	runtime·rfAtomicFull(SB)

// func rfTicks() int64
// cputicks, which waits for what was begun before; a switch of goroutines is told often, and to the nanosecond by nobody.
TEXT	runtime·rfTicks<ABIInternal>(SB), NOSPLIT|NOFRAME, $0-8
	RDTSC
	SHLQ	$32, DX
	ORQ	DX, AX
	RET
