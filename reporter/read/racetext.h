/* Reader of the text that `go test -race` prints, stock's and what the glue adds (tsan-glue/print.c): lines in, raw
 * reports out.
 *
 * Feed it lines of one stream (one test's output, one log file) in order. A report starts at "WARNING: DATA RACE" or
 * "WARNING: REDFLAG: <kind>" (between two lines of "==================") and ends at the next rule. Lines that belong to
 * no report are ignored here; whoever feeds keeps them. A report that other output is mixed into, or that is cut off,
 * is given out with what could be read (stacks missing, counted in `incomplete`). Lines that all carry a prefix of one
 * width (a CI log's time, a container's name) are read without it.
 *
 * Life cycle: rf_racetext_init, rf_racetext_line for each line, rf_racetext_end at the end of the stream, release.
 * Each stream that can be interleaved with others (a package of a test2json stream, a log file) needs a reader of its
 * own. Not each test: a package's tests write one stream, and test2json may change tests in the middle of a report.
 * Bounds: RF_RACETEXT_BYTES_MAX a report (more is dropped, counted in `bytes_dropped`), RF_RACETEXT_FRAMES_MAX frames
 * a stack (then `cut`). RF_RACETEXT_FOREIGN_LINES_MAX lines of other output in a row end a report that was cut off.
 * A line that cannot open a report costs two comparisons.
 */
#ifndef RF_READ_RACETEXT_H
#define RF_READ_RACETEXT_H

#include "base/arena.h"
#include "model/report.h"

#define RF_RACETEXT_BYTES_MAX ((size_t)1 << 20)
#define RF_RACETEXT_FRAMES_MAX 256u
#define RF_RACETEXT_FOREIGN_LINES_MAX 200u

struct rf_racetext {
	struct rf_buf text;    /* lines of the report that is open */
	bool open;             /* between the first and the last rule */
	bool rule_before;      /* the line before was a rule */
	size_t prefix_bytes;   /* of the rule before, or of the open report: what stands before each line */
	size_t own_bytes;      /* `text` up to the last line that is the report's own */
	uint32_t foreign_lines; /* lines of other output since then */
	uint64_t bytes_dropped;
	uint64_t incomplete;   /* reports given out that were cut or mixed with other output */
};

void rf_racetext_init(struct rf_racetext *r);
void rf_racetext_release(struct rf_racetext *r);
/* One line, with or without its newline. Returns true and a report in *out (memory of `arena`) when it ended one. */
bool rf_racetext_line(struct rf_racetext *r, rf_str line, rf_arena *arena, struct rf_report *out);
/* End of the stream: the report that is still open, if there is one. */
bool rf_racetext_end(struct rf_racetext *r, rf_arena *arena, struct rf_report *out);
/* A rule, with what a program left on the same line before it; a longer row of '=' is somebody else's. */
bool rf_racetext_rule(rf_str line);
/* The kind of the report that a line opens: what the line ends in. RF_KIND_UNKNOWN when it opens none. *bytes: how long
 * the header at its end is. */
enum rf_kind rf_racetext_header(rf_str line, size_t *bytes);
/* Parses the text of one report (with or without its rules). False when it isn't one. */
bool rf_racetext_parse(rf_str text, rf_arena *arena, struct rf_report *out, bool *incomplete);

#endif
