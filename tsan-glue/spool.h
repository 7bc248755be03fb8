/* Writer of the spool file (format: spool_format.h). One file a process, appended under the glue's lock.
 *
 * A record is built in a static buffer and copied into the mapped file at once; its length is stored last. File space
 * is allocated before it is touched, so a full disk is an error here and not a SIGBUS. The first failure prints one
 * line on stderr; after it, or without REDFLAG_SPOOL, records are dropped and counted. The end of the file is kept free
 * for the counters.
 */
#ifndef RF_SPOOL_H
#define RF_SPOOL_H

#include "tsan-glue/spool_format.h"

#include <stdbool.h>

/* Opens a file in that directory, which must be an absolute path; NULL or "": there will be none. In a forked child it lets
 * go of its parent's file first. */
static void rf_spool_init(const char *directory);
static bool rf_spool_mine(void);      /* there is a file, and this process opened it */
static bool rf_spool_active(void);    /* and it could always be written so far */
/* Past RLIMIT_FSIZE the kernel sends SIGXFSZ, which ends a Go program: ask first, of every file. */
static bool rf_spool_size_allowed(uint64_t bytes);
static inline const char *rf_spool_path(void); /* of the file */
static void rf_spool_finish(void);    /* marks the process as ended in good order */

/* Building a record: begin, any number of put and array, then commit or nothing. Caller holds the lock. */
static void *rf_spool_begin(enum rf_spool_type type, uint32_t struct_bytes);
/* Appends bytes to the record that is being built. An empty ref, and `cut` set, when there is no room. */
static struct rf_spool_ref rf_spool_put(const void *bytes, size_t len);
static struct rf_spool_ref rf_spool_put_text(const char *text); /* NULL is empty */
/* Room for `count` elements of `bytes` each, 8-aligned and zeroed; NULL when there is none. */
static void *rf_spool_array(uint32_t count, uint32_t bytes, struct rf_spool_ref *ref);
static bool rf_spool_cut(void);       /* something didn't fit since begin */
static bool rf_spool_commit(void);    /* false: dropped */

#endif
