/* How malloc of a running process uses its memory: glibc's arenas, looked into from outside, block by block. Nothing in the process
 * waits or changes, unlike with malloc_info(3), which takes the lock of each arena in turn.
 *
 * The process goes on meanwhile, so that figures of an arena that is being changed may be off; one whose blocks don't follow
 * each other any more is marked as torn. Blocks in a thread's own cache count as used: glibc marks them so.
 */
#ifndef RF_CMD_AGENT_ARENAS_H
#define RF_CMD_AGENT_ARENAS_H

#include <stdbool.h>
#include <stdint.h>

#define RF_ARENAS_MAX 256u /* further ones aren't looked at */

struct rf_arena_use {
	uint64_t address; /* of the arena; 0: the main one */
	uint32_t heaps, threads; /* threads: 0 of the main one, which isn't looked up */
	uint64_t held, used, free, free_largest; /* bytes; free: between used blocks */
	uint64_t free_blocks, top; /* top: bytes behind the last block */
	bool torn;
};

/* False: the process can't be looked into, or isn't there. */
bool rf_agent_arenas(uint32_t pid, struct rf_arena_use uses[RF_ARENAS_MAX], uint32_t *count);

#endif
