/* Where a frame's file is, for those who look at the module: the path that the binary has, below the module's root if it can be. */
#ifndef RF_EXPORT_PATHS_H
#define RF_EXPORT_PATHS_H

#include "base/arena.h"
#include "model/report.h"

struct rf_paths {
	rf_str root;        /* paths below this directory are given relative to it; "" none */
	rf_str module;      /* the module, at or below root; "" unknown. Where a run's directory isn't this one (it ran on another
			       machine), paths below the run's directory count as below the module. */
	rf_str module_path; /* its import path, which files of a -trimpath build begin with; "" unknown */
	rf_str directory;   /* of the run */
};

struct rf_place {
	rf_str function; /* "" unknown */
	rf_str file;     /* relative to the root where it is below it; "" unknown */
	uint32_t line;
	bool relative;
};

struct rf_place rf_paths_place(const struct rf_paths *paths, const struct rf_frame *frame, rf_arena *arena);
/* What is below the module, as a path below the root. */
rf_str rf_paths_in_module(const struct rf_paths *paths, rf_str rest, rf_arena *arena);

#endif
