/* Parts of canonical names that the other files of this stage need; the public functions are in finding.h. */
#ifndef RF_FINDING_CANON_H
#define RF_FINDING_CANON_H

#include "base/str.h"

/* Length of the package part of a Go function name: up to the first dot behind the last slash, both before any
 * bracket. 0 when the name has none (C functions, type:.eq.…). */
size_t rf_canon_package_bytes(rf_str function);
/* Made by the compiler for a `go` or `defer` statement: the last part of the name is gowrapN or deferwrapN. */
bool rf_canon_is_wrapper(rf_str function);
/* Decodes the linker's %2e and the like; `out` has room for package.len bytes. Returns the length. */
size_t rf_canon_unescape(rf_str package, char *out);

#endif
