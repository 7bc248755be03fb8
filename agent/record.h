/* The agent's records: opens the spool when there is something to write, and writes reports with what they need in front of
 * them: process, modules, symbols (tsan-glue/spool_format.h). Names are found by the reporter.
 *
 * Under the lock of lock.h, inside the agent. A forked child gets a spool of its own.
 */
#ifndef RF_AGENT_RECORD_H
#define RF_AGENT_RECORD_H

#include "agent/unwind.h"
#include "tsan-glue/spool_format.h"

#define RF_RECORD_SIDES_MAX 2u

struct rf_record_side {
	uint64_t address;
	uint32_t size;   /* bytes; 0 unknown */
	uint32_t flags;  /* RF_SPOOL_ACCESS_* */
	const struct rf_trace *trace;
};

struct rf_record_report {
	enum rf_spool_kind kind;
	struct rf_record_side sides[RF_RECORD_SIDES_MAX];
	uint32_t side_count;
	uint64_t memory_start, memory_bytes; /* the block; 0 none */
	const struct rf_trace *allocated;    /* NULL unknown */
	const char *detail;                  /* a sentence without a full stop; NULL none */
};

/* Copies what is taken from the environment. At the start of the process. */
static void rf_record_init(void);
/* In a forked child. */
static void rf_record_forked(void);
/* Is there a spool to write to? Opened, and begun with the process, when it is asked first. */
static bool rf_record_open(void);
static uint64_t rf_record_reports(void); /* so far */
static void rf_record_report(const struct rf_record_report *report);
/* The counters, and the mark of an orderly end; nothing where nothing was written. */
static void rf_record_finish(void);

#endif
