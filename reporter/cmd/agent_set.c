#include "cmd/agent_set.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cmd/agent_heap.h"

struct wanted {
	rf_arena *arena;
	unsigned long pid;
	const char *path; /* NULL: not found */
};

static void find(const char *spool, void *context)
{
	struct wanted *w = context;
	const struct rf_heap_file *heap = rf_agent_heap_running(spool, w->arena);
	if (heap && heap->pid == w->pid)
		w->path = rf_agent_heap_path(spool, w->arena);
}

/* Numbers were looked at by the caller. */
static void change(const struct rf_args *args, const char *name, uint64_t *value)
{
	const char *text = rf_arg(args, name);
	if (text)
		__atomic_store_n(value, strtoull(text, NULL, 10), __ATOMIC_RELAXED);
}

static int check(const struct rf_args *args, const struct rf_heap_control *c, struct rf_error *err)
{
	if (rf_arg(args, "guard-slots"))
		return rf_fail(err, RF_ERR_USAGE, "--guard-slots is for the start of a program: its pages are reserved then.");
	if (rf_arg(args, "guard-rate") && !c->guard_ready)
		return rf_fail(err, RF_ERR_USAGE, "%s was started without guard pages (--guard-rate 0, or a malloc that isn't the C library's), so "
			       "--guard-rate can't be changed.", args->words[0]);
	return 0;
}

int rf_agent_set(const struct rf_args *args, const char *directory, rf_arena *arena, struct rf_error *err)
{
	char *end = NULL;
	struct wanted w = { .arena = arena, .pid = strtoul(args->words[0], &end, 10) };
	const char *state = args->word_count > 1 ? args->words[1] : "";
	bool on = strcmp(state, "on") == 0, off = strcmp(state, "off") == 0;
	if (*end || end == args->words[0] || (*state && !on && !off))
		return rf_fail(err, RF_ERR_USAGE, "agent set wants the number of a process, and perhaps on or off, such as: redflag agent set "
			       "--guard-rate 100 4711.");
	rf_agent_heap_each(directory, arena, find, &w);
	struct rf_heap_file *file = w.path ? rf_agent_heap_map(w.path) : NULL;
	if (!file)
		return rf_fail(err, RF_ERR_MISSING, "There is no process %s that can be told in %s; `redflag agent top` shows those that can.",
			       args->words[0], directory);
	struct rf_heap_control *c = &file->control;
	int rc = check(args, c, err);
	if (rc == 0) {
		change(args, "guard-rate", &c->guard_rate);
		change(args, "alloc-sample", &c->alloc_sample);
		change(args, "leaks", &c->leaks);
		if (on || off)
			__atomic_store_n(&c->off, off, __ATOMIC_RELAXED);
		__atomic_add_fetch(&c->generation, 1, __ATOMIC_RELEASE);
	}
	munmap(file, sizeof(*file));
	return rc;
}
