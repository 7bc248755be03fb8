/* JSON as the go command writes it: objects whose members are strings (`go env -json`), or one object of strings inside
 * (an overlay file's "Replace"). Members of other types are skipped. Written for these two files, strict about syntax. */
#ifndef RF_TOOLCHAIN_FLAT_JSON_H
#define RF_TOOLCHAIN_FLAT_JSON_H

#include "base/arena.h"
#include "base/error.h"

struct rf_pair {
	rf_str key, value;
};

struct rf_pairs {
	struct rf_pair *items;
	size_t count;
};

/* The string members of the object `text`, or, with `member`, of the object that is its member of that name. */
int rf_flat_json_read(rf_str text, const char *member, rf_arena *arena, struct rf_pairs *out, struct rf_error *err);
/* The value of a key; empty when it isn't there. */
rf_str rf_pairs_get(const struct rf_pairs *pairs, const char *key);
/* Appends `s` as a JSON string, with its quotes. */
void rf_flat_json_put(struct rf_buf *out, rf_str s);

#endif
