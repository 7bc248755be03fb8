/* A copy of the database while others write to it.
 *
 * The copy is what was committed when it began (one read transaction; writers go on). It is packed, so it is often smaller.
 * It is written to "TO.part", checked, synced to the disk and then renamed: TO is never half a copy, and a copy that was broken off
 * leaves at most TO.part, which the next one overwrites. Spools that weren't read yet are not part of it.
 */
#ifndef RF_UPKEEP_BACKUP_H
#define RF_UPKEEP_BACKUP_H

#include "base/arena.h"
#include "base/error.h"

struct rf_backup {
	int64_t version;  /* of the schema */
	int64_t runs, findings, events;
	uint64_t bytes;   /* of the file */
};

/* Replaces a copy of that name. RF_ERR_USAGE when `to` is the database itself, or a database that is in use. */
int rf_backup_make(const char *from, const char *to, struct rf_backup *out, struct rf_error *err);
/* Is it whole? RF_ERR_INPUT with what is wrong. Reads all of it. */
int rf_backup_check(const char *path, struct rf_backup *out, struct rf_error *err);

#endif
