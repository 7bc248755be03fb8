//go:build !race && amd64

#include "textflag.h"

// func memclrNoHeapPointers(ptr unsafe.Pointer, n uintptr)
// ABIInternal. Go's own function of this name is rfMemclr here.
TEXT runtime·memclrNoHeapPointers<ABIInternal>(SB), NOSPLIT, $0-16
	JMP	runtime·rfMemclr<ABIInternal>(SB)
