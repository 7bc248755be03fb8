/* Findings for other programs: the formats of `redflag export`, all from the same rows.
 *
 *	rf_export_open -> rf_export_write -> (the caller writes the buffers) -> rf_export_close
 *
 * Findings come in one order everywhere: new ones first, suppressed ones last, among equals the one that was seen first the
 * latest before the others. Each is told by its best occurrence (see rf_query_best_event), of the run that was asked for
 * or of all. One finding at a time is loaded, so memory grows with the text that is written and not with the reports.
 * The same database gives the same bytes: nothing here looks at the clock, the environment or the file system.
 * What the formats hold is described in docs/exports.md, which is the contract with those who read them.
 */
#ifndef RF_EXPORT_EXPORT_H
#define RF_EXPORT_EXPORT_H

#include "finding/finding.h"
#include "policy/suppressions.h"
#include "query/run_query.h"

struct rf_export_kind { /* texts about a kind; NULL: there is none */
	const char *meaning, *cure;
};

struct rf_export_options {
	rf_str version;  /* of redflag, as the outputs name it */
	rf_str status;   /* only findings of this status; ptr NULL: all */
	rf_str trace_id; /* only this run; ptr NULL: all of the database */
	bool last_run;   /* instead of trace_id: the last run */
	rf_str root;     /* paths below this directory are written relative to it; "" none */
	rf_str module;   /* the module, at or below root; "" unknown. Where a run's directory isn't this one (it ran on another
			    machine), paths below the run's directory count as below the module. */
	rf_str module_path; /* its import path, which files of a -trimpath build begin with; "" unknown */
	struct rf_export_kind kinds[RF_KIND_COUNT];
	const struct rf_suppressions *suppressions; /* the list as it is now, for the reasons in it; NULL none */
	rf_str profile, value; /* of the formats pprof and folded: which profile and which of its values; "" the first, the most telling */
	int64_t pid;           /* of these: of this process alone; 0 all */
	rf_str go_version; /* of the go command, for runs that don't know theirs; "" unknown */
};

struct rf_export_format {
	const char *name;
	bool of_last_run; /* what is told is a run: the last one, unless another or all are asked for */
	bool of_profiles; /* no findings, but a profile of that run */
};
extern const struct rf_export_format rf_export_formats[]; /* ends with name NULL */
const struct rf_export_format *rf_export_format_find(const char *name);

struct rf_export; /* opaque */
/* The store and the strings must stay valid. RF_ERR_MISSING when there is no such run. */
int rf_export_open(struct rf_export **out, struct rf_store *store, const struct rf_export_options *options,
		   struct rf_error *err);
void rf_export_close(struct rf_export *x); /* NULL is fine */
int rf_export_write(struct rf_export *x, const struct rf_export_format *format, struct rf_buf *out, struct rf_error *err);
/* What belongs into $GITHUB_STEP_SUMMARY beside the format "github". */
int rf_export_write_step_summary(struct rf_export *x, struct rf_buf *out, struct rf_error *err);

#endif
