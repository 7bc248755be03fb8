/* redflag suppress: writes an entry of the suppression list for a finding. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command_list.h"
#include "cmd/noise.h"
#include "cmd/place.h"
#include "cmd/reporter.h"
#include "finding/finding.h"

#define COMPARED_MAX 1000 /* findings that a candidate is tried on */

struct candidate {
	rf_str function; /* raw name */
	struct rf_suppression entry;
	uint32_t others; /* findings besides this one that it fits, of those compared */
};

struct work {
	struct rf_store *store;
	rf_arena *arena;
	struct rf_finding_row row;
	struct rf_report report;
	struct candidate candidates[2];
	uint32_t count;
};

/* Numbers of closures change with every edit: what stands behind "func" is left open. Go's generic names have […] in them,
 * which is no special character here. */
static rf_str pattern_of(rf_str function, rf_arena *arena)
{
	for (size_t i = 0; i + 5 < function.len; i++) {
		rf_str rest = rf_str_skip(function, i);
		if (rf_str_starts(rest, ".func") && rest.ptr[5] >= '0' && rest.ptr[5] <= '9')
			return rf_arena_printf(arena, "^%.*s.func*", RF_STR_ARG(rf_str_take(function, i)));
	}
	return rf_arena_printf(arena, "^%.*s$", RF_STR_ARG(function));
}

/* The first function of the user's on each side. */
static void make_candidates(struct work *w)
{
	struct rf_finding finding;
	rf_finding_make(&w->report, w->arena, &finding);
	for (uint32_t i = 0; i < finding.side_count; i++) {
		const struct rf_side *side = &finding.sides[i];
		const struct rf_stack *stack = &w->report.accesses[side->access].stack;
		for (uint32_t k = 0; k < side->name_count && k < stack->count; k++) {
			if (side->roles[k] != RF_FRAME_LEAF || stack->frames[k].function.len == 0)
				continue;
			struct candidate *c = &w->candidates[w->count];
			c->function = stack->frames[k].function;
			c->entry.type = RF_STR("race");
			c->entry.pattern = pattern_of(c->function, w->arena);
			c->entry.text = rf_arena_printf(w->arena, "race:%.*s", RF_STR_ARG(c->entry.pattern));
			w->count += rf_suppression_fits(&c->entry, &w->report, w->row.tag);
			break;
		}
	}
}

static int count_others(struct work *w, struct rf_error *err)
{
	struct rf_finding_filter all = { 0 };
	struct rf_finding_row *rows;
	uint32_t count;
	int rc = rf_query_findings(w->store, &all, w->arena, &rows, &count, err);
	for (uint32_t i = 0; rc == 0 && i < count && i < COMPARED_MAX; i++) {
		struct rf_event_row event;
		struct rf_report report;
		if (rows[i].id == w->row.id)
			continue;
		rc = rf_query_best_event(w->store, rows[i].id, w->arena, &event, err);
		if (rc == 0)
			rc = rf_query_report(w->store, event.id, w->arena, &report, err);
		for (uint32_t k = 0; rc == 0 && k < w->count; k++)
			w->candidates[k].others += rf_suppression_fits(&w->candidates[k].entry, &report, rows[i].tag);
	}
	return rc;
}

static int one_line(const char *name, const char *value, struct rf_error *err)
{
	if (!value)
		return 0;
	if (value[0] == '\0' || strpbrk(value, "\n\r\""))
		return rf_fail(err, RF_ERR_USAGE, "--%s wants one line of text without quotation marks.", name);
	return 0;
}

static int check_options(const struct rf_args *args, struct rf_error *err)
{
	const char *expires = rf_arg(args, "expires"), *reason = rf_arg(args, "reason");
	uint64_t end;
	if (args->word_count != 1)
		return rf_fail(err, RF_ERR_USAGE, "suppress wants one finding: redflag suppress 12 --reason \"why\".");
	if (!reason)
		return rf_fail(err, RF_ERR_USAGE, "A suppression wants its reason: --reason \"why this race is tolerated\".");
	if (expires && !rf_suppression_date(rf_str_from(expires), &end))
		return rf_fail(err, RF_ERR_USAGE, "%s is no date; write --expires 2027-01-31.", expires);
	int rc = one_line("reason", reason, err);
	return rc < 0 ? rc : one_line("owner", rf_arg(args, "owner"), err);
}

static void put_entry(struct rf_buf *out, const struct rf_args *args, const struct work *w, const struct candidate *c)
{
	const char *expires = rf_arg(args, "expires"), *owner = rf_arg(args, "owner");
	rf_buf_printf(out, "\n# %.*s\n#", RF_STR_ARG(w->row.title));
	if (owner)
		rf_buf_printf(out, " owner=\"%s\"", owner);
	if (expires)
		rf_buf_printf(out, " expires=%s", expires);
	rf_buf_printf(out, " reason=\"%s\"\n%.*s\n", rf_arg(args, "reason"), RF_STR_ARG(c->entry.text));
}

/* One write at the end of the file, so that two of us never mix their lines. It starts with a newline, whatever was there. */
static int append(const char *path, const struct rf_buf *text, struct rf_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0)
		return rf_fail(err, RF_ERR_IO, "Cannot write %s: %s.", path, strerror(errno));
	rf_str bytes = rf_buf_str(text);
	ssize_t n = text->failed ? -1 : write(fd, bytes.ptr, bytes.len);
	int rc = n == (ssize_t)bytes.len ? 0 : rf_fail(err, RF_ERR_IO, "Cannot write %s: %s.", path, strerror(errno));
	close(fd);
	return rc;
}

static const struct rf_suppression *find_entry(const struct rf_suppressions *list, rf_str text, uint64_t now)
{
	for (uint32_t i = 0; i < list->count; i++) {
		if (rf_str_eq(list->entries[i].text, text) && !rf_suppression_expired(&list->entries[i], now))
			return &list->entries[i];
	}
	return NULL;
}

static void explain(const struct work *w, const struct candidate *c, const char *path)
{
	printf("%s: added %.*s\n\n", path, RF_STR_ARG(c->entry.text));
	printf("It suppresses every race that has %.*s on the stack of either side.\n", RF_STR_ARG(c->function));
	if (c->others)
		printf("Of the other findings in the database it fits %u; `redflag suppressions stats` will count them.\n", c->others);
	else
		printf("No other finding in the database has it.\n");
	printf("From the next run on the race doesn't fail its test; finding %lld is still recorded, as suppressed.\n",
	       (long long)w->row.id);
}

static int write_entry(const struct rf_args *args, struct work *w, struct rf_error *err)
{
	struct rf_config config;
	struct rf_suppressions list = { 0 };
	struct rf_clock clock = rf_reporter_clock();
	struct rf_buf out;
	const struct candidate *c = &w->candidates[w->count == 2 && w->candidates[1].others < w->candidates[0].others];
	int rc = rf_config_load(rf_place_module(w->arena), w->arena, &config, err);
	if (rc < 0)
		return rc;
	const char *path = rf_noise_suppressions_path(&config, w->arena);
	struct rf_error missing = { 0 };
	rc = rf_suppressions_load(path, w->arena, &list, &missing);
	if (rc < 0 && rc != RF_ERR_MISSING) {
		*err = missing;
		return rc;
	}
	const struct rf_suppression *there = find_entry(&list, c->entry.text, clock.now_unix_ns(clock.context));
	if (there)
		return rf_fail(err, RF_ERR_USAGE, "%s:%u has %.*s already.", path, there->line, RF_STR_ARG(c->entry.text));
	rf_buf_init(&out);
	put_entry(&out, args, w, c);
	rc = append(path, &out, err);
	rf_buf_release(&out);
	if (rc == 0)
		explain(w, c, path);
	return rc;
}

static int load_finding(const struct rf_args *args, struct work *w, struct rf_error *err)
{
	struct rf_event_row event;
	int rc = rf_query_finding(w->store, rf_str_from(args->words[0]), w->arena, &w->row, err);
	if (rc == 0)
		rc = rf_query_best_event(w->store, w->row.id, w->arena, &event, err);
	if (rc == 0)
		rc = rf_query_report(w->store, event.id, w->arena, &w->report, err);
	if (rc < 0)
		return rc;
	make_candidates(w);
	if (w->count == 0)
		return rf_fail(err, RF_ERR_INPUT, "Finding %lld has no function of its own on either stack, so no pattern would "
			       "mean it alone; write an entry by hand (docs/noise.md).", (long long)w->row.id);
	return count_others(w, err);
}

int rf_cmd_suppress(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	struct work w = { .arena = arena };
	const char *database;
	int rc = check_options(args, err);
	if (rc == 0)
		rc = rf_reporter_open_store(args, arena, &w.store, &database, err);
	if (rc == 0)
		rc = load_finding(args, &w, err);
	if (rc == 0)
		rc = write_entry(args, &w, err);
	rf_store_close(w.store);
	return rc;
}
