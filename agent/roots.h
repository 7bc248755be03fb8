/* Everything that a program of one thread can still get at: its memory, and what the kernel keeps for it.
 *
 * For the search of what nothing refers to any more (leaks.h), so in doubt the answer is that it isn't known: another thread lives,
 * whose registers nobody sees; io_uring or aio hold addresses; a pipe or socket of its own has bytes in it; memory is protected
 * from the program itself; time is up. Of what the kernel keeps epoll's data, timers' values and the stack for signals are
 * looked at. Memory is read by the kernel (process_vm_readv), so that nothing that is mapped oddly can be run into.
 */
#ifndef RF_AGENT_ROOTS_H
#define RF_AGENT_ROOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RF_ROOTS_CHUNK 65536u
#define RF_ROOTS_TAIL 8u /* of the next chunk, for words that begin in this one */

struct rf_roots {
	uintptr_t stack;                /* below it the main thread's stack is over */
	uintptr_t own_start, own_end;   /* the caller's own memory, which isn't looked at */
	uint64_t until_ns;              /* CLOCK_MONOTONIC: then time is up */
	char *buffer;                   /* of RF_ROOTS_CHUNK + RF_ROOTS_TAIL bytes, in that memory */
	/* A copy of what is at the address; words may begin at each `step` bytes. False: no more is wanted. */
	bool (*see)(const char *copy, size_t bytes, uintptr_t at, uint32_t step);
};

/* False: stopped by see, or not everything is known. */
static bool rf_roots_walk(const struct rf_roots *roots);

#endif
