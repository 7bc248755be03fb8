//go:build race && amd64

// clear(slice) of packages that aren't runtime's; see redflag_clear_race.go.

#include "funcdata.h"
#include "textflag.h"

// func memclrNoHeapPointers(ptr unsafe.Pointer, n uintptr)
// ABIInternal: AX = ptr, BX = n. Go's own function of this name is rfMemclr here.
TEXT runtime·memclrNoHeapPointers<ABIInternal>(SB), NOSPLIT, $0-16
	MOVQ	0(SP), CX // return address
	SUBQ	runtime·rfRuntimeText(SB), CX
	CMPQ	CX, runtime·rfRuntimeSize(SB)
	JCC	other
	JMP	runtime·rfMemclr<ABIInternal>(SB)
other:
	JMP	runtime·rfMemclrChecked<ABIInternal>(SB)

// func rfMemclrChecked(ptr unsafe.Pointer, n uintptr)
// ABIInternal, jumped to: the return address is that of memclrNoHeapPointers. The first 24 bytes of the frame are for
// the callees' registers.
TEXT runtime·rfMemclrChecked<ABIInternal>(SB), NOSPLIT, $40-16
	NO_LOCAL_POINTERS
	MOVQ	AX, 24(SP)
	MOVQ	BX, 32(SP)
	MOVQ	callerpc-8(FP), CX
	CALL	runtime·rfClear<ABIInternal>(SB)
	MOVQ	24(SP), AX
	MOVQ	32(SP), BX
	CALL	runtime·rfMemclr<ABIInternal>(SB)
	RET
