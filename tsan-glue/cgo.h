/* malloc and free of a program with cgo, for findings about C memory. Only in a glue that is built with RF_CGO (the overlay
 * that REDFLAG=cgo=1 selects), with which all programs are linked by the C compiler, so that the dynamic
 * loader prefers our malloc to the C library's.
 *
 * Go's runtime tells when it calls C and when it is back (struct rf_cgo_call in between). What C allocates meanwhile on
 * the same thread is attributed to that call; what it frees is marked as freed (marks.h) when the call is back, by the
 * goroutine that made it, and isn't used again before. Memory that other threads of C free isn't marked.
 */
#ifndef RF_CGO_H
#define RF_CGO_H

#include "tsan-glue/runtime_abi.h"

#include <stdbool.h>

/* Tells the runtime where C memory is. each: every malloc and free has its stack of C, else only those that are wrong by
 * themselves. Where it isn't to be had, malloc and free go on to be the C library's. */
static void rf_cgo_init(const struct rf_start *start, bool each);
#if RF_CGO
/* Whether some call of C isn't back. While the world is stopped. */
static bool rf_cgo_calls_active(void);
#endif
/* Where the block of C memory that holds the address was allocated; NULL: it is none. Valid until the next question. */
static const struct rf_alloc_site *rf_cgo_site(uintptr_t address, struct rf_memory_query *memory);

#endif
