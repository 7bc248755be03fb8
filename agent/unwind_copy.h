/* The stack of a thread as the kernel has copied it, with the registers (PERF_SAMPLE_REGS_USER and PERF_SAMPLE_STACK_USER): walked later,
 * by the same tables as a living one (unwind.h), by any thread.
 *
 * The unwinder reads memory where the registers say. So the copy's words that point into the stack, and the registers that do, are
 * moved to where the copy is; what lies behind the copy is a range of zeros, in which a stack ends. The walk ends where the copy does:
 * the outer frames of a deep stack are missing.
 */
#ifndef RF_AGENT_UNWIND_COPY_H
#define RF_AGENT_UNWIND_COPY_H

#include "agent/unwind.h"

#include <stdbool.h>
#include <stdint.h>

#define RF_COPY_BYTES 4096u /* at most */
/* The registers in DWARF's order (System V ABI, x86-64): rax rdx rcx rbx rsi rdi rbp rsp r8 … r15, and the address of the code. */
enum { RF_COPY_RBP = 6, RF_COPY_RSP = 7, RF_COPY_RIP = 16, RF_COPY_REGISTERS };

struct rf_copy {
	uint64_t registers[RF_COPY_REGISTERS];
	uint32_t count;  /* of words */
	uint64_t *words; /* as they were at rsp: room for RF_COPY_BYTES */
};

/* Under the lock: there is one. NULL: there is no memory. */
static struct rf_copy *rf_copy_get(void);
/* Its words are moved: once for each. Inside the agent; a fault on the way is met by rf_trace_give_up. */
static void rf_trace_take_copy(struct rf_trace *trace, struct rf_copy *copy);

#endif
