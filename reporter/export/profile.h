/* Profiles on their way out: the samples of a run, of one kind, of all of its processes or of one.
 */
#ifndef RF_EXPORT_PROFILE_H
#define RF_EXPORT_PROFILE_H

#include "export/item.h"
#include "query/profiles.h"

#define RF_EXPORT_PROCESSES_MAX 1000u /* of a run; it is an error when there are more */

struct rf_export_process {
	const struct rf_profile_row *row;
	struct rf_profile_sample *samples;
	uint32_t sample_count;
};

struct rf_export_profile {
	enum rf_profile_kind kind;
	uint32_t value; /* the one that was asked for, or that matters most */
	struct rf_export_process *processes;
	uint32_t process_count;
};
/* As the options say. RF_ERR_MISSING, with the sentence, when there is none; RF_ERR_USAGE for names that are none. */
int rf_export_profile_load(struct rf_export *x, struct rf_export_profile *out, struct rf_error *err);

/* What a frame is called: "[unknown]" when it has no name. */
rf_str rf_export_frame_name(const struct rf_frame *f);

/* profile.proto of pprof, in gzip. */
int rf_export_pprof(struct rf_export *x, struct rf_buf *out, struct rf_error *err);
/* A line a stack, "main;handle;parse 4096", as flamegraph.pl and its like read them. */
int rf_export_folded(struct rf_export *x, struct rf_buf *out, struct rf_error *err);

#endif
