/* The glue's sources made into one C file. The go command doesn't hash headers from outside of a package, so everything
 * has to stand in the one file that it compiles in runtime/race.
 */
#ifndef RF_TOOLCHAIN_GLUE_H
#define RF_TOOLCHAIN_GLUE_H

#include "base/arena.h"
#include "base/error.h"
#include "toolchain/embedded.h"

#define RF_GLUE_DIRECTORY "tsan-glue/"
#define RF_GLUE_PROBE "tsan-glue/probe.c"
#define RF_GLUE_LAYOUT_HEADER "redflag_layout.h"

/* Appends to `out`: `head`, `layout` (the text of redflag_layout.h), then every tsan-glue C file but the probe, in the order of
 * the table. A line #include "…" that names a file of tsan-glue is replaced by the file, the first time. */
int rf_glue_put(const struct rf_embedded_file *table, rf_str head, rf_str layout, struct rf_buf *out, struct rf_error *err);

#endif
