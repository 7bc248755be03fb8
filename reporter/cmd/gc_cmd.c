/* redflag gc: removes what is old, by hand or at the end of a run. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/quantity.h"
#include "cmd/bytes.h"
#include "cmd/command_list.h"
#include "cmd/place.h"
#include "cmd/reporter.h"
#include "upkeep/gc.h"

static int parse(const struct rf_args *args, struct rf_gc_options *o, struct rf_error *err)
{
	const char *keep = rf_arg(args, "keep"), *size = rf_arg(args, "max-size");
	if (args->word_count)
		return rf_fail(err, RF_ERR_USAGE, "gc takes no words; how long to keep is given with --keep %s.", args->words[0]);
	if (keep && !rf_quantity_span(rf_str_from(keep), &o->keep_ns))
		return rf_fail(err, RF_ERR_USAGE, "--keep takes a time such as " RF_QUANTITY_SPAN_SHAPE ", not %s.", keep);
	if (size && !rf_quantity_bytes(rf_str_from(size), &o->size_max_bytes))
		return rf_fail(err, RF_ERR_USAGE, "--max-size takes a size such as " RF_QUANTITY_BYTES_SHAPE ", not %s.", size);
	o->dry_run = rf_arg(args, "dry-run") != NULL;
	o->vacuum = rf_arg(args, "vacuum") != NULL;
	if (!keep && !size && !o->vacuum)
		return rf_fail(err, RF_ERR_USAGE, "gc removes nothing unless told what: how long to keep (--keep 90d), or how large the "
			       "database may be (--max-size 500MB).");
	if (o->dry_run && !keep)
		return rf_fail(err, RF_ERR_USAGE, "--dry-run counts what --keep would remove; name a time, such as --keep 90d.");
	return 0;
}

static const char *plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

static bool has_removed(const struct rf_gc *gc, const struct rf_gc_files *files)
{
	return gc->events + gc->runs + gc->processes + gc->results + gc->stacks + gc->frames + gc->silences + (int64_t)files->files > 0;
}

static void put_removed(struct rf_buf *out, const struct rf_gc *gc, const struct rf_gc_files *files, bool dry_run, rf_arena *arena)
{
	const char *verb = dry_run ? "Would remove" : "Removed";
	if (!has_removed(gc, files)) {
		rf_buf_printf(out, "Nothing %s.\n", dry_run ? "to remove" : "was removed");
		return;
	}
	if (gc->before.len)
		rf_buf_printf(out, "%s what is older than %.10s %.5s UTC:\n", verb, gc->before.ptr, gc->before.ptr + 11);
	else
		rf_buf_printf(out, "%s:\n", verb);
	rf_buf_printf(out, "  %lld event%s, %lld run%s", (long long)gc->events, plural(gc->events), (long long)gc->runs, plural(gc->runs));
	if (!dry_run)
		rf_buf_printf(out, ", %lld process%s, %lld result%s", (long long)gc->processes, gc->processes == 1 ? "" : "es",
			      (long long)gc->results, plural(gc->results));
	rf_buf_put_char(out, '\n');
	if (!dry_run)
		rf_buf_printf(out, "  %lld stack%s, %lld frame%s, %lld silence%s\n", (long long)gc->stacks, plural(gc->stacks),
			      (long long)gc->frames, plural(gc->frames), (long long)gc->silences, plural(gc->silences));
	if (files->files)
		rf_buf_printf(out, "  %llu left-over file%s of the spool directory, %s\n", (unsigned long long)files->files,
			      plural((int64_t)files->files), rf_bytes_text(files->bytes, arena));
	rf_buf_put_cstr(out, "Findings, their counts and their latest events stay.\n");
}

static void put_size(struct rf_buf *out, const struct rf_gc_options *o, const struct rf_gc *gc, rf_arena *arena)
{
	const char *used = rf_bytes_text(gc->used_after, arena), *file = rf_bytes_text(gc->file_after, arena);
	uint64_t unused = gc->file_after - gc->used_after;
	if (o->dry_run) {
		rf_buf_printf(out, "The database uses %s of a file of %s.\n", used, file);
		return;
	}
	rf_buf_printf(out, "The database uses %s (before: %s) of a file of %s.\n", used, rf_bytes_text(gc->used_before, arena), file);
	if (o->size_max_bytes && gc->used_after > o->size_max_bytes && !gc->unfinished)
		rf_buf_printf(out, "That is more than %s, but the rest is findings, their latest events, and\nthe last hour.\n",
			      rf_bytes_text(o->size_max_bytes, arena));
	if (gc->disk_missing)
		rf_buf_printf(out, "--vacuum was left out: it needs %s more on the disk.\n", rf_bytes_text(gc->disk_missing, arena));
	else if (!gc->can_shrink && !o->vacuum && unused > gc->file_after / 4)
		rf_buf_printf(out, "The other %s are used again by later runs. `redflag gc --vacuum` gives them\nback to the disk: it needs "
				   "%s there meanwhile, and nobody can write.\n", rf_bytes_text(unused, arena),
			      rf_bytes_text(2 * gc->used_after, arena));
}

int rf_cmd_gc(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	struct rf_gc_options options = { 0 };
	struct rf_gc_files files = { 0 };
	struct rf_store *store = NULL;
	struct rf_gc gc;
	struct rf_buf out;
	const char *path;
	int rc = parse(args, &options, err);
	if (rc == 0)
		rc = rf_reporter_open_store(args, arena, &store, &path, err);
	if (rc < 0)
		return rc;
	rc = rf_gc_run(store, &options, arena, &gc, err);
	if (rc == 0 && options.keep_ns)
		rc = rf_gc_spools(rf_place_spools(path, arena), options.keep_ns, rf_reporter_clock(), rf_reporter_host(arena),
				  options.dry_run, &files, err);
	rf_store_close(store);
	rf_buf_init(&out);
	if (rc == 0 || has_removed(&gc, &files))
		put_removed(&out, &gc, &files, options.dry_run, arena);
	if (rc == 0)
		put_size(&out, &options, &gc, arena);
	else if (has_removed(&gc, &files))
		rf_buf_put_cstr(&out, "It was broken off; what was removed is, and calling it again goes on.\n");
	fwrite(out.ptr, 1, out.len, rc < 0 ? stderr : stdout);
	rf_buf_release(&out);
	return rc;
}
