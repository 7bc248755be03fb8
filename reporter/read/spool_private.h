/* Shared by the files of the spool reader: spool_record.c finds sound records, spool_decode.c and spool_growth.c decode
 * them, spool_read.c has the file and the public functions.
 */
#ifndef RF_READ_SPOOL_PRIVATE_H
#define RF_READ_SPOOL_PRIVATE_H

#include "read/spool_read.h"
#include "symtab/symbolizer.h"
#include "tsan-glue/spool_format.h"

/* Behind damage the next sound record is searched for. What that may cost is bounded, since every candidate's
 * checksum has to be computed and a hostile file can be full of candidates. */
#define RF_SPOOL_RESYNC_BYTES_MAX ((uint64_t)64 << 20)

#define RF_SPOOL_SNAPSHOTS_MAX ((uint32_t)1 << 20) /* later ones aren't read */

struct rf_spool_part {      /* of a snapshot */
	size_t pos;         /* of its record */
	uint32_t modules;   /* that had been told by then */
};

struct rf_spool_snapshot {
	struct rf_profile_point point;
	uint32_t first_part, parts;
	bool whole;
};

struct rf_spool_places { /* of one record of origins */
	struct rf_growth_origin rows[RF_GROWTH_ORIGINS_MAX];
	uint32_t count;
};

struct rf_spool {
	rf_arena memory;  /* the process' strings and the symbols' */
	int fd;           /* -1 for bytes in memory */
	char *owned;      /* what was read of the file; NULL for bytes in memory */
	rf_str data;      /* owned, or the caller's bytes */
	size_t pos;       /* start of the next record */
	uint64_t resync_bytes_left;
	uint32_t sequence_last;
	struct rf_process process;
	struct rf_process_counters counters;
	struct rf_spool_drops drops;
	struct rf_spool_symbol_info *symbols; /* index is id - 1; all zero for an id that never came */
	uint32_t symbol_count, symbol_cap;
	rf_str detail;            /* of the report that comes next */
	size_t object_pos; /* of the last record about a report's memory; 0 none */
	struct rf_growth_sample *samples;
	uint32_t sample_count;
	struct rf_spool_places origins, queues; /* of the last record of them */
	struct rf_module *modules; /* in the order of their records: a later one may lie where an earlier one was */
	uint32_t module_count;
	struct rf_spool_snapshot *snapshots; /* in the order of the file */
	uint32_t snapshot_count;
	struct rf_spool_part *parts;
	uint32_t part_count;
	struct rf_symbolizer *symbolizer; /* NULL: addresses aren't looked up */
	bool starved; /* no memory for symbols or samples */
};

/* Moves to the next sound record, over damage if need be, and copies its header. False at the end. */
bool rf_spool_find(struct rf_spool *s, struct rf_spool_record *head);
/* Behind the record that rf_spool_find found. */
void rf_spool_skip(struct rf_spool *s, const struct rf_spool_record *head);
/* Reads the file from `pos` to its end again: behind the last record a running process has gone on writing. */
int rf_spool_read_tail(struct rf_spool *s, struct rf_error *err);

/* What a ref points to, copied into the arena; false when it points outside the record. */
bool rf_spool_ref_text(rf_str record, struct rf_spool_ref ref, rf_arena *arena, rf_str *out);
/* An array of elements of `bytes` each; false when the ref is bad. */
bool rf_spool_ref_array(rf_str record, struct rf_spool_ref ref, size_t bytes, rf_str *out, uint32_t *count);

/* The array with room for one more than `count`, and where it is now; NULL: no memory, or `most` are there. */
void *rf_spool_room(struct rf_spool *s, void *array, uint32_t count, uint32_t most, size_t bytes);

/* False: the record's content is impossible. */
bool rf_spool_decode_process(struct rf_spool *s, rf_str record);
bool rf_spool_decode_symbol(struct rf_spool *s, rf_str record);
bool rf_spool_decode_counters(struct rf_spool *s, rf_str record);
bool rf_spool_decode_sample(struct rf_spool *s, rf_str record);
bool rf_spool_decode_origins(struct rf_spool *s, struct rf_spool_places *places, rf_str record);
bool rf_spool_decode_module(struct rf_spool *s, rf_str record);
/* The 1-based number of the module that holds the address now; 0 none. */
uint32_t rf_spool_module_of(const struct rf_spool *s, uint64_t pc);
/* The same when there were only so many modules. */
uint32_t rf_spool_module_before(const struct rf_spool *s, uint64_t pc, uint32_t modules);
bool rf_spool_decode_profile(struct rf_spool *s, rf_str record);
/* Frames of an address in that module; 0 when it isn't looked up. Valid until the spool is closed. */
uint32_t rf_spool_frames(struct rf_spool *s, uint32_t module, uint64_t pc, const struct rf_frame **frames);
/* Keeps the text for the report that comes next. */
bool rf_spool_decode_detail(struct rf_spool *s, rf_str record);
bool rf_spool_decode_report(struct rf_spool *s, rf_str record, rf_arena *arena, struct rf_report *out);

#endif
