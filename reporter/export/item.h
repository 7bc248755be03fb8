/* What the formats are made from: one finding at a time, with its report, and words for its parts. Internal to export/. */
#ifndef RF_EXPORT_ITEM_H
#define RF_EXPORT_ITEM_H

#include "export/export.h"
#include "export/paths.h"
#include "export/words.h"
#include "query/noise.h"

#define RF_EXPORT_EVENTS_MAX 100 /* of a finding, the latest; how many there are is always told */

struct rf_export {
	struct rf_export_options options;
	struct rf_store *store;
	rf_arena arena;  /* for as long as the export is open */
	rf_arena scratch; /* of the finding that was loaded last */
	bool lacking;    /* memory ran out somewhere: what was written isn't all */
	bool has_run;
	struct rf_run_row run;
	struct rf_finding_row *rows;
	uint32_t count;
	int64_t directory_run_id; /* whose directory `directory` is */
	rf_str directory;
};

struct rf_item_side {
	const struct rf_side *side;
	const struct rf_access *access;
	const struct rf_goroutine *goroutine;
	uint32_t goroutine_index; /* in the report */
	bool has_place;
	struct rf_place place;    /* of the user's code that is to be looked at */
};

struct rf_item {
	const struct rf_finding_row *row;
	struct rf_event_row event; /* the best one */
	struct rf_report report;
	struct rf_finding finding;
	struct rf_item_side sides[RF_REPORT_ACCESSES_MAX]; /* the one to blame first: a use before a free, else in the order of
	                                                      the fingerprint; then those that are in no fingerprint */
	struct rf_side more[RF_FINDING_MORE_MAX];          /* what the latter point to */
	uint32_t side_count;
	bool is_new;               /* seen first in the run that is exported; without one, in one run only */
	bool suppressed;
	struct rf_suppression *suppressions; /* what did it, the most used first */
	uint32_t suppression_count;
	struct rf_event_row *events; /* the latest first */
	uint32_t event_count;
};

/* Ends a text on the way into an output, and the use of x->scratch. Where memory lacked, the export fails in the end. */
void rf_export_end_text(struct rf_export *x, struct rf_buf *text);
void rf_export_end_scratch(struct rf_export *x);
/* Is all of it in `out`? */
int rf_export_check(struct rf_export *x, int rc, const struct rf_buf *out, struct rf_error *err);

/* Loads finding x->rows[i]; what the one before held is gone. Strings are of x->scratch. */
int rf_item_load(struct rf_export *x, uint32_t i, struct rf_item *item, struct rf_error *err);
/* Is the goroutine of side i that of one before it, too? */
bool rf_item_is_again(const struct rf_item *item, uint32_t i);
/* The first side with a place below the root, else with any; NULL when neither has one. */
const struct rf_item_side *rf_item_first_place(const struct rf_item *item);
/* Of a frame of the finding that was loaded last. */
struct rf_place rf_item_place(struct rf_export *x, const struct rf_frame *frame);
/* For readers that insist on a place, where no stack has one: the module's go.mod. */
struct rf_place rf_item_no_place(struct rf_export *x);
bool rf_item_is_new_row(const struct rf_export *x, const struct rf_finding_row *row);

int rf_item_load_suppressions(struct rf_export *x, struct rf_item *item, struct rf_error *err);

/* --- words ----------------------------------------------------------------------------------------------------- */

/* "Write in cart.(*Cart).Add at cart/cart.go:16 by a goroutine of TestAdd": without numbers, the same in each run. */
rf_str rf_words_side(const struct rf_item_side *side, rf_arena *arena);
/* Both sides with their stacks, and where goroutines and memory come from: plain text of several lines. */
void rf_words_put_stacks(struct rf_buf *out, struct rf_export *x, const struct rf_item *item);
/* "race:^pkg.F$: reason; owner NAME; until 2027-01-31", and the texts of all of them. */
rf_str rf_words_suppression(const struct rf_suppression *entry, rf_arena *arena);
rf_str rf_words_suppressions(const struct rf_item *item, rf_arena *arena);

/* --- formats: one file each ------------------------------------------------------------------------------------ */

int rf_export_json(struct rf_export *x, struct rf_buf *out, struct rf_error *err);
int rf_export_sarif(struct rf_export *x, struct rf_buf *out, struct rf_error *err);
int rf_export_junit(struct rf_export *x, struct rf_buf *out, struct rf_error *err);
int rf_export_github(struct rf_export *x, struct rf_buf *out, struct rf_error *err);
int rf_export_markdown(struct rf_export *x, struct rf_buf *out, struct rf_error *err);
int rf_export_html(struct rf_export *x, struct rf_buf *out, struct rf_error *err);
int rf_export_ctrf(struct rf_export *x, struct rf_buf *out, struct rf_error *err);
int rf_export_otlp(struct rf_export *x, struct rf_buf *out, struct rf_error *err);

#endif
