/* Which instruction a thread shall be stopped at, and what can be proved of it. */
#ifndef RF_AGENT_WATCH_CODE_H
#define RF_AGENT_WATCH_CODE_H

#include "agent/decode.h"
#include "agent/unwind.h"

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/* Why an access is no atomic operation. */
enum rf_proof {
	RF_PROOF_NONE,
	RF_PROOF_UPDATE, /* reads and writes, without a lock prefix: two that write lose an update. One that only reads beside it may be
	                    meant so: clang makes one instruction of an atomic load and store */
	RF_PROOF_STORE   /* wider than atomics are, misaligned, or of Go, whose atomic stores are exchanges */
};

struct rf_target {
	uintptr_t address;
	uint64_t bytes;
};

static void rf_watch_code_init(void);
/* An address of code that the interrupted thread may come to soon, with an instruction that something can be proved of; 0: none was
 * met. trace: its stack, from the context. */
static uintptr_t rf_watch_choose(const ucontext_t *context, const struct rf_trace *trace);
/* The instruction that a thread stands in front of, and what it will write. */
static enum rf_proof rf_watch_look(const ucontext_t *context, struct rf_instruction *instruction, struct rf_target *target);
/* What the instruction that has just run did to one of the bytes: RF_ACCESS_UNKNOWN where more than one answer is possible. A
 * read that isn't inside of `inside` is unknown, too: it may be of a neighbour. */
static enum rf_access rf_watch_look_back(const ucontext_t *context, const struct rf_target *watched, const struct rf_target *inside);
/* Copies memory of this process that may not be there. */
static bool rf_watch_read(void *to, uintptr_t from, size_t bytes);

#endif
