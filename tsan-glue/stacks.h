/* The stacks of the report that is being written, as symbol ids. Symbols are records of their own and have to be written
 * before the report is begun, so they are collected here first. Under the lock.
 */
#ifndef RF_STACKS_H
#define RF_STACKS_H

#include "tsan-glue/report_layout.h"
#include "tsan-glue/spool_format.h"

#define RF_STACKS_MAX 24u /* both sides, what is listed, and the allocation */

struct rf_stack_ids {
	const void *source; /* a ts_stack, or an allocation site: what the ids are looked up by */
	uint32_t count;
	bool cut;
	uint32_t ids[RF_SPOOL_STACK_FRAMES_MAX];
};

/* The next report. */
static void rf_stacks_begin(void);
/* An empty one; NULL: no room. */
static struct rf_stack_ids *rf_stack_new(const void *source);
/* NULL is fine. */
static void rf_stack_collect(const struct ts_stack *source);
/* NULL: it wasn't collected. */
static const struct rf_stack_ids *rf_stack_of(const void *source);
/* Into the record that is begun. NULL gives an empty one. */
static struct rf_spool_ref rf_stack_put(const struct rf_stack_ids *s);

#endif
