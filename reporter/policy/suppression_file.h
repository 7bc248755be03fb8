/* Changing a suppression list: entries are added at its end and given an end; everything else in the file stays as it is, byte by byte.
 *
 * Several processes may do so at once: each takes the file's lock, looks at what is there, and writes. Adding is one write at the
 * end; an end is written aside and renamed, so a reader sees the old file or the whole new one. What comes out is parsed before it
 * is written: a list that was in order stays in order.
 */
#ifndef RF_POLICY_SUPPRESSION_FILE_H
#define RF_POLICY_SUPPRESSION_FILE_H

#include "policy/suppressions.h"

/* The attributes of an entry as people give them: one line each, without quotation marks; expires a date; a reason must be given.
 * RF_ERR_USAGE with a sentence. ptr NULL: not given. */
int rf_suppression_check(rf_str reason, rf_str expires, rf_str owner, struct rf_error *err);
/* Appends `entry` (its text and attributes) below a comment with `title`. RF_ERR_USAGE when the list has the same text and it holds
 * still. The file is made when it isn't there. */
int rf_suppression_add(const char *path, const struct rf_suppression *entry, rf_str title, uint64_t now_unix_ns, rf_arena *arena,
		       struct rf_error *err);
/* The entry of this text in this line stops holding now: its last day is yesterday. RF_ERR_USAGE when the line has something else
 * by now, or has expired already. */
int rf_suppression_expire(const char *path, rf_str text, uint32_t line, uint64_t now_unix_ns, rf_arena *arena,
			  struct rf_error *err);

#endif
