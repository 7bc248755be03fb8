/* Leaks: sampled blocks (heap.h) that nothing refers to when the program calls exit, or returns from main; in front of its
 * own atexit functions and destructors, which take down what refers to things.
 *
 * A reference is any word that is an address in the block, one behind its end (C allows it) or up to 16 bytes in front of it
 * (arrays that count from 1), whatever its upper 17 bits hold (boxed values), at any multiple of four bytes; outside the
 * block itself. Blocks in the lower 4 GiB, which half a word can refer to, are left out. A block that another lost block
 * refers to isn't told. What isn't known for certain (roots.h) is no leak; but blocks that only encoded addresses lead to,
 * such as the XOR of two, are told wrongly.
 *
 * A report for each stack that at least `least` lost blocks have. Takes so many thousandths of the processor time that
 * the process has used, and RF_LEAKS_NS_MAX at most; then nothing is said. Where that is less than RF_LEAKS_NS_MIN it isn't begun.
 * Up to 1.2 MB while it looks.
 */
#ifndef RF_AGENT_LEAKS_H
#define RF_AGENT_LEAKS_H

#include <stdint.h>

#define RF_LEAKS_NS_MAX 300000000u
#define RF_LEAKS_NS_MIN 200000u /* the smallest program has no less to be searched */
#define RF_LEAKS_REPORTS_MAX 64u /* stacks, those with the most bytes */

/* Once a process; stack: the lowest address of the stack that is still in use. Inside the agent, without the lock. */
static void rf_leaks_look(uintptr_t stack, uint64_t least, uint64_t cost_permille);

#endif
