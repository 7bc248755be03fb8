/* Frames of C, C++ and the like, as the symbolizer makes them: which ones say nothing of who made a mistake.
 */
#ifndef RF_MODEL_NATIVE_H
#define RF_MODEL_NATIVE_H

#include "model/report.h"

/* The base name of a path. */
rf_str rf_path_base(rf_str path);
/* Of a mapped file: the C library and its parts, the C++ library, the loader, an allocator, the agent, the kernel's vdso. */
bool rf_path_is_system(rf_str path);
/* Is it called by its place ("libz.so.1+0x3f0a"), because nothing there has a name? */
bool rf_frame_is_place(const struct rf_frame *f);
/* Of such a file, from a header of the system, or a function of the C library by its name: an allocator's, or one that works on
 * memory or strings, whoever defines it. */
bool rf_frame_is_system(const struct rf_frame *f);
/* A native race that Go's runtime had with itself, or with what it does for a goroutine: it orders its own accesses by means of its own.
 * Copying, clearing and maps are done for the function that calls them. */
bool rf_native_race_is_of_runtime(const struct rf_report *report);

#endif
