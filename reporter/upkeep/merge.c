#include "upkeep/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "query/peek.h"
#include "store/schema.h"
#include "upkeep/aside.h"
#include "upkeep/backup.h"
#include "upkeep/merge_work.h"

/* One state for as long as the merge lasts: what others write meanwhile isn't seen. */
static int hold_state(struct rf_store *s, struct rf_error *err)
{
	int64_t ignored;
	int rc = rf_db_exec(s, "BEGIN", err);
	return rc < 0 ? rc : rf_db_number(s, "SELECT count(*) FROM sqlite_schema", &ignored, err);
}

/* An older version, brought up to date in a copy beside the result. */
static int open_copy(struct rf_merge_work *w, struct rf_merge_input *in, uint32_t number)
{
	struct rf_store *original = in->store;
	char *path = sqlite3_mprintf("%s.part-%u", w->options->to, number);
	if (!path)
		return rf_fail(w->err, RF_ERR_MEMORY, "Out of memory while merging.");
	in->copy = path;
	in->store = NULL;
	unlink(path);
	int rc = rf_store_peek_copy(original, path, w->err);
	rf_store_close(original);
	struct rf_store_options options = { .path = path, .must_exist = true, .clock = w->options->clock };
	return rc < 0 ? rc : rf_store_open(&in->store, &options, w->err);
}

static int open_input(struct rf_merge_work *w, uint32_t number)
{
	struct rf_merge_input *in = &w->inputs[number];
	const char *path = w->options->inputs[number];
	int64_t version = 0;
	rf_arena_init(&in->arena, 0);
	w->count = number + 1;
	int rc = rf_store_peek(&in->store, path, &version, w->err);
	if (rc == 0 && version > rf_schema_version())
		rc = rf_fail(w->err, RF_ERR_VERSION, "%s has schema version %lld and this redflag knows %d at most; use the newer "
			     "redflag that made it.", path, (long long)version, rf_schema_version());
	if (rc == 0 && version < rf_schema_version())
		rc = open_copy(w, in, number);
	return rc < 0 ? rc : hold_state(in->store, w->err);
}

static void close_inputs(struct rf_merge_work *w)
{
	for (uint32_t i = 0; i < w->count; i++) {
		struct rf_merge_input *in = &w->inputs[i];
		sqlite3_finalize(in->events);
		rf_store_close(in->store);
		rf_arena_release(&in->arena);
		if (in->copy)
			unlink(in->copy);
		sqlite3_free(in->copy);
	}
	free(w->inputs);
}

static int merge_all(struct rf_merge_work *w)
{
	int rc = 0;
	for (uint32_t i = 0; i < w->options->count && rc >= 0; i++)
		rc = open_input(w, i);
	if (rc >= 0)
		rc = rf_merge_runs(w);
	if (rc >= 0)
		rc = rf_merge_events(w);
	return rc < 0 ? rc : rf_merge_rest(w);
}

/* The file has no name yet, so nothing need be durable before the end. */
static int fill(struct rf_merge_work *w, const char *path)
{
	struct rf_store_options options = { .path = path, .must_exist = true, .clock = w->options->clock };
	int rc = rf_store_open(&w->to, &options, w->err);
	if (rc >= 0)
		rc = rf_db_once(w->to, "PRAGMA synchronous = OFF", NULL, w->err, "");
	if (rc >= 0)
		rc = merge_all(w);
	if (rc >= 0)
		rc = rf_db_once(w->to, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, w->err, "");
	rf_store_close(w->to);
	return rc < 0 ? rc : 0;
}

static int check_target(const char *to, struct rf_error *err)
{
	struct stat st;
	if (lstat(to, &st) == 0)
		return rf_fail(err, RF_ERR_USAGE, "%s is there already; name another file with -o, and %s among the inputs if it is "
			       "to be part of the result.", to, to);
	return errno == ENOENT ? 0 : rf_fail(err, RF_ERR_IO, "Cannot write %s: %s.", to, strerror(errno));
}

static int make(struct rf_merge_work *w, rf_arena *arena)
{
	struct rf_aside aside;
	struct rf_backup b;
	int rc = rf_aside_open(&aside, w->options->to, arena, w->err);
	if (rc < 0)
		return rc;
	rc = fill(w, aside.path);
	if (rc == 0)
		rc = rf_backup_check(aside.path, &b, w->err);
	if (rc == 0)
		rc = check_target(w->options->to, w->err);
	if (rc == 0)
		rc = rf_aside_finish(&aside, arena, w->err);
	rf_aside_drop(&aside, arena);
	if (rc == 0) {
		w->out->runs = b.runs;
		w->out->findings = b.findings;
		w->out->events = b.events;
		w->out->bytes = b.bytes;
	}
	return rc;
}

int rf_merge_run(const struct rf_merge_options *options, struct rf_merge *out, struct rf_error *err)
{
	struct rf_merge_work w = { .options = options, .out = out, .err = err };
	rf_arena arena;
	*out = (struct rf_merge){ 0 };
	int rc = check_target(options->to, err);
	if (rc < 0)
		return rc;
	if (options->count > RF_MERGE_INPUTS_MAX)
		return rf_fail(err, RF_ERR_USAGE, "More than %d databases at once; merge them in parts.", RF_MERGE_INPUTS_MAX);
	w.inputs = calloc(options->count ? options->count : 1, sizeof(*w.inputs));
	if (!w.inputs)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while merging.");
	rf_arena_init(&arena, 0);
	rc = make(&w, &arena);
	close_inputs(&w);
	rf_arena_release(&arena);
	return rc;
}
