/* Reader of spool files (format: tsan-glue/spool_format.h).
 *
 * Never trusts a byte of the file: every offset, length and count is checked. A damaged record is skipped and counted,
 * also when its length is what was damaged (the next sound record is searched for); a torn tail ends the file. Works on
 * a file that is still being written: rf_spool_next returns false at the end of what is there, and goes on after
 * rf_spool_refresh.
 *
 *	open -> next until false -> read `dropped` -> close
 *
 * Symbols are kept by the reader; reports come out resolved, their memory belongs to the arena given to next.
 */
#ifndef RF_READ_SPOOL_READ_H
#define RF_READ_SPOOL_READ_H

#include "base/arena.h"
#include "base/error.h"
#include "model/growth.h"
#include "model/profile.h"
#include "model/report.h"
#include "tsan-glue/spool_format.h"

struct rf_spool_drops {
	uint64_t records_bad;      /* places with a wrong checksum or impossible content; one may hold several records */
	uint64_t records_unknown;  /* of a type that this version doesn't know */
	uint64_t bytes_torn;       /* behind the last readable record */
};

struct rf_spool_symbol_info {  /* for `redflag symtab SPOOL` */
	rf_str function, file;
	uint64_t pc, entry;
	uint32_t line, argument_bytes, offset;
	uint32_t module; /* of an address without a name: number of the module it lay in, from 1; 0 unknown */
};

struct rf_spool; /* opaque */

/* Memory-maps nothing: reads the file, so that a truncation under our hands is an error and not a signal. */
int rf_spool_open(struct rf_spool **out, const char *path, struct rf_error *err);
/* The same on bytes in memory, which must stay valid (tests, fuzzing). */
int rf_spool_open_bytes(struct rf_spool **out, rf_str bytes, struct rf_error *err);
void rf_spool_close(struct rf_spool *s);
/* Reads what was appended since; RF_ERR_IO as open. */
int rf_spool_refresh(struct rf_spool *s, struct rf_error *err);

/* From here on addresses without names, which the agent leaves, are looked up in the files that the process had mapped, as they are
 * on this machine: an inlined function becomes a frame of its own. Spools of instrumented programs need it not. RF_ERR_MEMORY. */
int rf_spool_look_up(struct rf_spool *s, struct rf_error *err);

/* Filled once the process record was read, which is the first; zero before. Valid until close. */
const struct rf_process *rf_spool_process(const struct rf_spool *s);
const struct rf_process_counters *rf_spool_counters(const struct rf_spool *s);
const struct rf_spool_drops *rf_spool_dropped(const struct rf_spool *s);
/* Did memory run out? Then records may count as damaged that aren't. */
bool rf_spool_starved(const struct rf_spool *s);
/* The next report. */
bool rf_spool_next(struct rf_spool *s, rf_arena *arena, struct rf_report *out);
/* Samples read so far, in the order of time, at most RF_GROWTH_SAMPLES_MAX; and where the goroutines of the latest sample that
 * tells it were started, and where the channels were made that elements waited in. Valid until the next call of next or close. */
const struct rf_growth_sample *rf_spool_samples(const struct rf_spool *s, uint32_t *count);
const struct rf_growth_origin *rf_spool_origins(const struct rf_spool *s, uint32_t *count);
const struct rf_growth_origin *rf_spool_queues(const struct rf_spool *s, uint32_t *count);
/* Snapshots of profiles read so far, in the order of the file; false for one that isn't whole. */
uint32_t rf_spool_snapshot_count(const struct rf_spool *s);
bool rf_spool_snapshot_at(const struct rf_spool *s, uint32_t index, struct rf_profile_point *out);
/* The file beside an agent's spool that the tables of a kind are in while its process lives (agent/heap_file.h); NULL when that is no
 * spool's name. The arena's. */
const char *rf_spool_tables_path(rf_str spool, enum rf_spool_profile_kind kind, rf_arena *arena);
/* The samples of the last whole snapshot of a kind, as estimates; none when there is no such snapshot. The array is the arena's, the
 * frames' texts are the reader's. False: out of memory. */
bool rf_spool_profile(struct rf_spool *s, enum rf_profile_kind kind, rf_arena *arena, struct rf_profile_sample **samples,
		      uint32_t *count);
/* Symbols read so far, in the order of their ids (0-based index). Valid until close. */
uint32_t rf_spool_symbol_count(const struct rf_spool *s);
bool rf_spool_symbol_at(const struct rf_spool *s, uint32_t index, struct rf_spool_symbol_info *out);

#endif
