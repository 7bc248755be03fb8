/* redflag backup: a copy of the database that can be put aside, and a look whether a copy is whole. */
#include <stdio.h>
#include <string.h>

#include "cmd/bytes.h"
#include "cmd/command_list.h"
#include "cmd/place.h"
#include "cmd/reporter.h"
#include "upkeep/backup.h"

/* redflag.db gives redflag-20260131T120000Z.db beside it. */
static const char *default_name(const char *database, rf_arena *arena)
{
	rf_str time = rf_time_text(rf_clock_now(rf_reporter_clock()), arena), name = rf_str_from(database);
	const char *t = time.ptr;
	if (rf_str_ends(name, ".db"))
		name.len -= 3;
	return rf_arena_printf(arena, "%.*s-%.4s%.2s%.2sT%.2s%.2s%.2sZ.db", RF_STR_ARG(name), t, t + 5, t + 8, t + 11, t + 14,
			       t + 17).ptr;
}

static void print(const char *path, const char *what, const struct rf_backup *b, rf_arena *arena)
{
	printf("%s\n%s: %s, %lld event%s of %lld finding%s in %lld run%s.\n", path, what, rf_bytes_text(b->bytes, arena),
	       (long long)b->events, b->events == 1 ? "" : "s", (long long)b->findings, b->findings == 1 ? "" : "s",
	       (long long)b->runs, b->runs == 1 ? "" : "s");
}

int rf_cmd_backup(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	const char *database, *to = rf_arg(args, "o"), *copy = rf_arg(args, "verify");
	struct rf_backup b;
	if (args->word_count)
		return rf_fail(err, RF_ERR_USAGE, "backup takes no words; the copy's name is given with -o %s.", args->words[0]);
	if (copy && (to || rf_arg(args, "db")))
		return rf_fail(err, RF_ERR_USAGE, "--verify looks at a copy and makes none; leave out -o and --db.");
	if ((to && !to[0]) || (copy && !copy[0]))
		return rf_fail(err, RF_ERR_USAGE, "The name of a copy is empty; name a file.");
	int rc = copy ? rf_backup_check(copy, &b, err) : rf_place_database(rf_arg(args, "db"), false, arena, &database, err);
	if (rc == 0 && copy) {
		print(copy, "Whole", &b, arena);
		return RF_EXIT_CLEAN;
	}
	if (rc == 0 && !to)
		to = default_name(database, arena);
	if (rc == 0)
		rc = rf_backup_make(database, to, &b, err);
	if (rc == 0)
		print(to, "Copied and checked", &b, arena);
	return rc;
}
