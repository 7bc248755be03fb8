/* The parts of `redflag show`, each as a block or as text. */
#ifndef RF_CMD_SHOW_PARTS_H
#define RF_CMD_SHOW_PARTS_H

#include "cmd/block.h"
#include "finding/finding.h"
#include "store/query.h"

struct rf_show {
	rf_arena *arena;
	const struct rf_terminal *terminal;
	struct rf_report report;   /* the occurrence that is shown */
	struct rf_finding finding; /* made of it again, for the frames' roles */
	struct rf_event_row event;
	rf_str directory;          /* paths below it are shown relative to it */
};

#define RF_SHOW_FRAMES_MAX 16 /* of a stack; the rest is counted */

/* A line of its own behind an empty one. */
void rf_show_heading(struct rf_buf *out, const struct rf_terminal *t, const char *text);
/* "  name        value", wrapped below itself; nothing when the value is empty. */
void rf_show_field(struct rf_buf *out, const struct rf_terminal *t, const char *name, rf_str value);
rf_str rf_show_file(const struct rf_show *s, rf_str file);
/* One side: what it did, by whom, its stack, the source. */
void rf_show_side(const struct rf_show *s, const struct rf_side *side, struct rf_block *out);
void rf_show_goroutines(const struct rf_show *s, struct rf_block *out);
void rf_show_memory(const struct rf_show *s, struct rf_block *out);
/* Lanes, one a goroutine of the report, of the switches before it. */
void rf_show_interleaving(const struct rf_show *s, struct rf_block *out);

#endif
