/* How the database is: its size, what is in it, what was lost on the way, and whether it is sound. */
#ifndef RF_QUERY_HEALTH_H
#define RF_QUERY_HEALTH_H

#include "store/query.h"

struct rf_health_verdict {
	rf_str verdict;
	int64_t events;
};

struct rf_health {
	int64_t schema_version;
	int64_t file_bytes, wal_bytes; /* of the files beside each other */
	int64_t free_bytes;            /* within the file, for rows to come */
	int64_t findings, events, runs, processes, tags, silences; /* events: all that were ever counted, removed ones too */
	int64_t processes_open;        /* that didn't end in order, or run still */
	rf_str last_write;             /* of a run; "" never */
	struct rf_health_verdict *verdicts; /* of the last seven days, the most frequent first */
	uint32_t verdict_count;
	struct rf_process_counters counters; /* drops of all processes, */
	struct rf_spool_drops drops;         /* and of their spools */
};
int rf_health_read(struct rf_store *s, uint64_t now_unix_ns, rf_arena *arena, struct rf_health *out, struct rf_error *err);
/* PRAGMA quick_check and foreign_key_check: reads all of the file. *said is "ok" or what it says first. */
int rf_health_check(struct rf_store *s, rf_arena *arena, rf_str *said, struct rf_error *err);

#endif
