/* The anchor table: which lines of ours go where in Go's standard library. The format is described at the head of
 * runtime-patch/anchors.txt.
 *
 * rf_anchors_parse reads the table, rf_anchors_apply puts all insertions for one file into its text. The number of lines
 * never changes, so Go's line numbers stay right. An anchor that isn't found exactly once is RF_ERR_VERSION and names file,
 * anchor and Go version; a table that breaks its format is RF_ERR_INPUT and names the line.
 */
#ifndef RF_TOOLCHAIN_ANCHORS_H
#define RF_TOOLCHAIN_ANCHORS_H

#include "base/arena.h"
#include "base/error.h"

enum rf_anchor_place {
	RF_ANCHOR_OPEN,
	RF_ANCHOR_AFTER,
	RF_ANCHOR_BEFORE,
	RF_ANCHOR_REPLACE,
	RF_ANCHOR_AFTER_FIRST,
	RF_ANCHOR_BEFORE_FIRST,
	RF_ANCHOR_PLACE_COUNT
};

struct rf_anchor {
	rf_str file, within, text, insert;
	enum rf_anchor_place place;
	unsigned line; /* of the stanza in the table, for messages */
};

struct rf_anchors {
	struct rf_anchor *items;
	size_t count;
};

/* Keeps the stanzas for this Go ("go1.26.8", "amd64"); slices point into `table`. */
int rf_anchors_parse(rf_str table, rf_str go_version, rf_str goarch, rf_arena *arena, struct rf_anchors *out,
		     struct rf_error *err);
/* The source text of `file` with its insertions. */
int rf_anchors_apply(const struct rf_anchors *anchors, rf_str file, rf_str source, rf_str go_version, rf_arena *arena,
		     rf_str *out, struct rf_error *err);
/* The minor version of "go1.26.8", "go1.26rc1", "go1.27-devel_…": 26, 27; -1 when it isn't of that form. */
int rf_go_minor(rf_str version);

#endif
