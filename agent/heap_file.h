/* The profiles of a running process, as files beside its spool: the same name with one of RF_HEAP_FILE_SUFFIXES. The agent keeps its
 * tables in them (agent/profile.c), so that they outlive a process that is killed, or that ends without telling anybody, as Go's do;
 * `redflag agent` reads them (reporter/cmd/agent_heap.c). An orderly end writes a last snapshot to the spool instead and
 * removes it. While the process lives others read it (`redflag agent top`), and change its rates in it (`redflag agent set`).
 *
 * Native byte order, for the machine that wrote it. A reader takes no number on trust: the writer may have been killed between
 * any two stores.
 */
#ifndef RF_AGENT_HEAP_FILE_H
#define RF_AGENT_HEAP_FILE_H

#include <stdint.h>

#define RF_HEAP_FILE_MAGIC "RFHEAP2\n" /* 8 bytes, no NUL */
#define RF_HEAP_FILE_SUFFIX ".heap"
/* By enum rf_spool_profile_kind. */
#define RF_HEAP_FILE_SUFFIXES { "", RF_HEAP_FILE_SUFFIX, ".cpu", ".io", ".wait", ".offcpu", ".faults", ".system", \
			       ".syscalls", ".counters", ".processor" }
#define RF_HEAP_STACKS_MAX 4096u
#define RF_HEAP_FRAMES_MAX 65536u /* of all stacks */

struct rf_heap_file_stack {
	uint64_t hash;
	uint64_t values[4]; /* as struct rf_spool_profile_sample has them */
	uint32_t frames;    /* index of the first */
	uint32_t count;     /* of frames */
};

/* What `redflag agent set` wants of the process: written by others, followed by the agent at a thread's next long way through
 * malloc (hooks_malloc.c). `generation` is changed last. The agent itself writes all of it, once, before the magic. */
struct rf_heap_control {
	uint32_t generation;
	uint32_t off;          /* nothing is sampled or guarded */
	uint64_t guard_rate, alloc_sample, leaks; /* as the options of those names */
	uint32_t guard_ready;  /* the process has guard pages, so that guard_rate can be something */
	uint32_t reserved;
};

struct rf_heap_file {
	char magic[8]; /* stored last: without it the file is still being made */
	uint32_t pid;
	uint32_t snapshot;           /* numbers that were taken; who writes one takes the next, by an atomic addition */
	uint64_t start_ns;           /* CLOCK_MONOTONIC */
	uint64_t changed_ns;         /* when something was counted last */
	uint64_t period, dropped;    /* as struct rf_spool_profile has them */
	uint64_t guarded, guard_full; /* allocations that were put between guard pages; that found no room there */
	uint64_t reports;
	uint32_t stack_count, frame_count;
	uint32_t live_count;         /* here and in the rest of the heads: of the memory profile alone */
	uint32_t kind;               /* enum rf_spool_profile_kind */
	struct rf_heap_control control;
	struct rf_heap_file_stack stacks[RF_HEAP_STACKS_MAX];
	uint64_t frames[RF_HEAP_FRAMES_MAX]; /* addresses inside the calls, innermost first */
};

#endif
