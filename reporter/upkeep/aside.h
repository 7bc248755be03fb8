/* A database that is written aside, under NAME.part, and gets its name when it is whole. Internal to upkeep/.
 *
 *	open -> (SQLite writes aside->path) -> finish, or drop
 *
 * A lock keeps others from the same name; what a killed process has left is overwritten. Every connection to the file must
 * be closed before finish or drop: closing our descriptor drops SQLite's locks on the file.
 */
#ifndef RF_UPKEEP_ASIDE_H
#define RF_UPKEEP_ASIDE_H

#include "base/arena.h"
#include "base/error.h"

struct rf_aside {
	const char *path, *name; /* of the arena that open was given */
	int fd;
};

/* An empty file. */
int rf_aside_open(struct rf_aside *aside, const char *name, rf_arena *arena, struct rf_error *err);
/* Synced and renamed, in place of a file of that name. */
int rf_aside_finish(struct rf_aside *aside, rf_arena *arena, struct rf_error *err);
/* Removes it, unless it was finished. */
void rf_aside_drop(struct rf_aside *aside, rf_arena *arena);

#endif
