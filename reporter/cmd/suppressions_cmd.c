/* redflag suppressions: what the list says, whether it is right, what it has done. */
#include <stdio.h>
#include <string.h>

#include "cmd/command_list.h"
#include "cmd/noise.h"
#include "cmd/place.h"
#include "cmd/reporter.h"
#include "cmd/terminal.h"
#include "query/suppress.h"

struct suppressions_view {
	rf_arena *arena;
	struct rf_suppress_list all;
	const char *path;
	struct rf_buf out;
};

static void put_attribute(struct rf_buf *out, const char *name, rf_str value)
{
	if (value.len)
		rf_buf_printf(out, "  %s %.*s", name, RF_STR_ARG(value));
}

static int list_entries(struct suppressions_view *v)
{
	for (uint32_t i = 0; i < v->all.list.count; i++) {
		const struct rf_suppression *e = &v->all.list.entries[i];
		rf_buf_printf(&v->out, "%4u  %-8s %.*s\n", e->line, rf_suppress_state(&v->all, e), RF_STR_ARG(e->text));
		if (!e->owner.len && !e->expires.len && !e->reason.len && !e->tag.len && !e->kind.len)
			continue;
		rf_buf_put_cstr(&v->out, "             ");
		put_attribute(&v->out, "owner", e->owner);
		put_attribute(&v->out, "until", e->expires);
		put_attribute(&v->out, "tag", e->tag);
		put_attribute(&v->out, "kind", e->kind);
		put_attribute(&v->out, "reason", e->reason);
		rf_buf_put_char(&v->out, '\n');
	}
	rf_buf_printf(&v->out, "%s%u suppression%s in %s\n", v->all.list.count ? "\n" : "", v->all.list.count,
		      v->all.list.count == 1 ? "" : "s", v->path);
	return RF_EXIT_CLEAN;
}

static uint32_t complain(struct suppressions_view *v, const struct rf_suppression *e, const char *sentence)
{
	rf_buf_printf(&v->out, "%s:%u: %.*s %s\n", v->path, e->line, RF_STR_ARG(e->text), sentence);
	return 1;
}

static const struct rf_suppression *same_above(const struct suppressions_view *v, uint32_t i)
{
	const struct rf_suppression *e = &v->all.list.entries[i];
	for (uint32_t k = 0; k < i; k++) {
		const struct rf_suppression *other = &v->all.list.entries[k];
		if (rf_str_eq(other->text, e->text) && rf_str_eq(other->tag, e->tag) && rf_str_eq(other->kind, e->kind))
			return other;
	}
	return NULL;
}

static int check_entries(struct suppressions_view *v)
{
	uint32_t bad = 0;
	for (uint32_t i = 0; i < v->all.list.count; i++) {
		const struct rf_suppression *e = &v->all.list.entries[i];
		if (rf_suppression_expired(e, v->all.now_unix_ns))
			bad += complain(v, e, "has expired and matches no more; remove it or set a later date");
		else if (v->all.uses_known && rf_str_starts(e->type, "race") && !rf_suppress_use(&v->all, e->text))
			bad += complain(v, e, "has never matched; remove it when its race is gone");
		if (e->reason.len == 0)
			bad += complain(v, e, "has no reason; write # reason=… above it");
		if (e->trailing_comment)
			bad += complain(v, e, "has its comment on the same line, which ThreadSanitizer by itself takes for a part of the "
					"pattern; move it above");
		if (!rf_str_starts(e->type, "race"))
			bad += complain(v, e, "is of a type that means nothing in Go; write race: or race_top:");
		if (same_above(v, i))
			bad += complain(v, e, "stands in the list twice; keep one");
	}
	if (bad == 0)
		rf_buf_printf(&v->out, "%s: %u suppression%s, all in order\n", v->path, v->all.list.count,
			      v->all.list.count == 1 ? "" : "s");
	return bad ? RF_EXIT_TESTS_FAILED : RF_EXIT_CLEAN;
}

static int stats(struct suppressions_view *v)
{
	uint32_t unused = 0;
	rf_buf_put_cstr(&v->out, "  events  findings  last used                 suppression\n");
	for (uint32_t i = 0; i < v->all.use_count; i++) {
		const struct rf_suppression_use *u = &v->all.uses[i];
		rf_buf_printf(&v->out, "%8lld  %8lld  %-24.*s  %.*s%s\n", (long long)u->events, (long long)u->findings,
			      RF_STR_ARG(u->last_used), RF_STR_ARG(u->text), rf_suppress_has(&v->all, u->text) ? "" : " (no longer in the list)");
	}
	for (uint32_t i = 0; i < v->all.list.count; i++) {
		if (rf_suppress_use(&v->all, v->all.list.entries[i].text))
			continue;
		unused++;
		rf_buf_printf(&v->out, "       0         0  never                     %.*s\n", RF_STR_ARG(v->all.list.entries[i].text));
	}
	if (unused)
		rf_buf_printf(&v->out, "\n%u never used: remove what is no longer needed.\n", unused);
	return RF_EXIT_CLEAN;
}

/* The list may be looked at before there is a database; only stats needs one. */
static int load_uses(const struct rf_args *args, struct suppressions_view *v, bool wanted, struct rf_error *err)
{
	struct rf_store *store = NULL;
	struct rf_error missing = { 0 };
	const char *path;
	int rc = rf_reporter_open_store(args, v->arena, &store, &path, &missing);
	if (rc == RF_ERR_MISSING && !wanted)
		return 0;
	if (rc == 0)
		rc = rf_noise_uses(store, v->arena, &v->all.uses, &v->all.use_count, &missing);
	rf_store_close(store);
	v->all.uses_known = rc == 0;
	if (rc < 0)
		*err = missing;
	return rc;
}

int rf_cmd_suppressions(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	static const struct { const char *name; int (*run)(struct suppressions_view *); } verbs[] = {
		{ "list", list_entries }, { "check", check_entries }, { "stats", stats } };
	struct suppressions_view v = { .arena = arena };
	struct rf_config config;
	const char *word = args->word_count ? args->words[0] : "list";
	size_t verb = 0;
	while (verb < 3 && strcmp(verbs[verb].name, word) != 0)
		verb++;
	if (verb == 3 || args->word_count > 1)
		return rf_fail(err, RF_ERR_USAGE, "suppressions takes one of list, check and stats.");
	v.all.now_unix_ns = rf_clock_now(rf_reporter_clock());
	int rc = rf_config_load(rf_place_module(arena), arena, &config, err);
	if (rc == 0)
		rc = rf_noise_suppressions(&config, arena, &v.all.list, err);
	if (rc == 0)
		rc = load_uses(args, &v, verb == 2, err);
	if (rc < 0)
		return rc;
	v.path = rf_noise_suppressions_path(&config, arena);
	rf_buf_init(&v.out);
	rc = verbs[verb].run(&v);
	rf_print(&v.out);
	rf_buf_release(&v.out);
	return rc;
}
