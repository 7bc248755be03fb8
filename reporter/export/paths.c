#include "export/paths.h"

/* The path below `directory`; false when it isn't. */
static bool below(rf_str directory, rf_str path, rf_str *rest)
{
	if (directory.len > 1 && directory.ptr[directory.len - 1] == '/')
		directory.len--;
	if (directory.len == 0 || path.len <= directory.len + 1 || path.ptr[directory.len] != '/' ||
	    !rf_str_eq(rf_str_take(path, directory.len), directory))
		return false;
	*rest = rf_str_skip(path, directory.len + 1);
	return true;
}

rf_str rf_paths_in_module(const struct rf_paths *paths, rf_str rest, rf_arena *arena)
{
	rf_str prefix;
	if (!below(paths->root, paths->module, &prefix))
		return rest;
	return rf_arena_printf(arena, "%.*s/%.*s", RF_STR_ARG(prefix), RF_STR_ARG(rest));
}

struct rf_place rf_paths_place(const struct rf_paths *paths, const struct rf_frame *frame, rf_arena *arena)
{
	struct rf_place place = { .function = frame->function, .file = frame->file, .line = frame->line };
	rf_str rest;
	if (below(paths->root, frame->file, &rest)) {
		place.file = rest;
		place.relative = true;
	} else if (below(paths->directory, frame->file, &rest) ||
		   below(paths->module_path, frame->file, &rest)) { /* the latter when built with -trimpath */
		place.file = rf_paths_in_module(paths, rest, arena);
		place.relative = true;
	}
	return place;
}
