/* Suppression lists: races that are known and wanted out of the way, in ThreadSanitizer's own file format.
 *
 *	# owner=payment expires=2027-01-31 reason=the driver's own race, fixed in its next release
 *	race:^example.com/driver.(*Conn).Close$
 *
 * A line is TYPE:PATTERN, a comment (# first) or empty. The pattern matches anywhere in a name; * is any text, ^ at the start
 * and $ at the end anchor it. `race:` looks at function and file of every frame of the stacks of both accesses, `race_top:`
 * at the innermost frame of each. ThreadSanitizer's other types (mutex, thread, signal, deadlock, called_from_lib) are
 * read, and mean nothing in Go.
 *
 * What is ours stands in comments, so that the file loads everywhere: name=value in the comment lines right above an
 * entry, or behind it after a blank and # (which only redflag understands: ThreadSanitizer takes the comment for a part of the
 * pattern). owner, expires (the last day on which it holds, UTC), reason (up to the next name=, quotes allowed), tag
 * (with *), kind. An entry with tag or kind can't be decided inside the process: only the reporter applies it.
 *
 * Matching is ThreadSanitizer's: compiler-rt, tsan_suppressions.cpp (IsSuppressed) and sanitizer_common.cpp (TemplateMatch).
 */
#ifndef RF_POLICY_SUPPRESSIONS_H
#define RF_POLICY_SUPPRESSIONS_H

#include "base/arena.h"
#include "base/error.h"
#include "model/report.h"

#define RF_SUPPRESSIONS_BYTES_MAX ((size_t)4 << 20)
#define RF_SUPPRESSIONS_FILE ".redflag.supp"

struct rf_suppression {
	rf_str text;              /* TYPE:PATTERN, what the database knows it by */
	rf_str type, pattern;
	rf_str owner, expires, reason, tag, kind; /* "" not given */
	uint64_t expires_unix_ns; /* the instant from which it no longer holds; 0 never */
	uint32_t line;            /* in its file, from 1 */
	bool trailing_comment;    /* only redflag reads this line as it is meant */
};

struct rf_suppressions {
	rf_str path; /* "" no list */
	rf_str source; /* the text that entries point into */
	struct rf_suppression *entries;
	uint32_t count;
};

/* A malformed line is RF_ERR_INPUT with file and line; no file is RF_ERR_MISSING. Memory of `arena`. */
int rf_suppressions_load(const char *path, rf_arena *arena, struct rf_suppressions *out, struct rf_error *err);
int rf_suppressions_parse(rf_str text, const char *path, rf_arena *arena, struct rf_suppressions *out,
			  struct rf_error *err);

bool rf_suppression_expired(const struct rf_suppression *entry, uint64_t now_unix_ns);
bool rf_suppression_in_process(const struct rf_suppression *entry); /* without tag and kind, of a type that Go knows */
/* Does it fit the report, whatever its expiry? */
bool rf_suppression_fits(const struct rf_suppression *entry, const struct rf_report *report, rf_str tag);
/* The first entry that holds at `now` and fits; NULL none. */
const struct rf_suppression *rf_suppressions_match(const struct rf_suppressions *list, const struct rf_report *report,
						   rf_str tag, uint64_t now_unix_ns);
/* ThreadSanitizer's TemplateMatch. */
bool rf_suppression_template(rf_str pattern, rf_str name);
/* The entries that hold at `now` and that ThreadSanitizer can decide, one a line. Their number. */
uint32_t rf_suppressions_put_process(const struct rf_suppressions *list, uint64_t now_unix_ns, struct rf_buf *out);
/* A date as YYYY-MM-DD; *end is the first instant after it, UTC. */
bool rf_suppression_date(rf_str text, uint64_t *end_unix_ns);

#endif
