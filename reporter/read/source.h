/* Lines of source around a frame's, from the file as it is now: it may have been changed since the report, or not be there.
 *
 * Paths come from reports, so a report could name any file. Only regular files with the name of a source are read, up to
 * RF_SOURCE_BYTES_MAX; who shows them to others than the user asks rf_source_path_below first.
 */
#ifndef RF_READ_SOURCE_H
#define RF_READ_SOURCE_H

#include "base/arena.h"

#define RF_SOURCE_BYTES_MAX ((size_t)8 << 20) /* larger files are no source to look at */
#define RF_SOURCE_LINE_BYTES_MAX 1000         /* longer lines are cut */
#define RF_SOURCE_AROUND 3                    /* lines before and after */
#define RF_SOURCE_LINES_MAX (2 * RF_SOURCE_AROUND + 1)

struct rf_source {
	struct {
		uint32_t number;
		rf_str text; /* any bytes, tabs too */
	} lines[RF_SOURCE_LINES_MAX];
	uint32_t count;
	bool changed; /* the file is younger than the report */
};

/* False when there is no such file or line. */
bool rf_source_read(rf_str path, uint32_t line, uint64_t report_unix_ns, rf_arena *arena, struct rf_source *out);
/* root/path without symbolic links and dots, when that is below root; else "". */
rf_str rf_source_path_below(const char *root, rf_str path, rf_arena *arena);

#endif
