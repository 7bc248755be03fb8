#include "cmd/reporter.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/quantity.h"
#include "cmd/gorace.h"
#include "cmd/noise.h"
#include "cmd/place.h"
#include "upkeep/gc.h"

#define CLEAN_UP_NS 2000000000u
#define UPGRADE_SILENT_BYTES ((uint64_t)64 << 20) /* about two seconds */

static uint64_t system_now(void *context)
{
	struct timespec t;
	(void)context;
	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

struct rf_clock rf_reporter_clock(void)
{
	return (struct rf_clock){ .now_unix_ns = system_now };
}

rf_str rf_reporter_host(rf_arena *arena)
{
	char name[HOST_NAME_MAX + 1] = "";
	if (gethostname(name, sizeof(name)) != 0)
		return RF_STR("");
	name[HOST_NAME_MAX] = '\0';
	return rf_arena_dup(arena, rf_str_from(name));
}

void rf_reporter_upgrading(const char *path, uint64_t bytes)
{
	struct rf_buf size;
	if (bytes < UPGRADE_SILENT_BYTES)
		return;
	rf_buf_init(&size);
	rf_quantity_put_bytes(&size, bytes, " ");
	fprintf(stderr, "redflag: bringing %s (%.*s) up to date for this version.\n"
			"redflag: That takes about half a minute a GB, once.\n", path, RF_STR_ARG(rf_buf_str(&size)));
	rf_buf_release(&size);
}

static rf_str directory_name(rf_arena *arena)
{
	char path[PATH_MAX];
	return rf_arena_dup(arena, rf_str_from(getcwd(path, sizeof(path)) ? path : ""));
}

static bool same_directory(const char *a, const char *b)
{
	char real_a[PATH_MAX], real_b[PATH_MAX];
	return realpath(a, real_a) && realpath(b, real_b) && strcmp(real_a, real_b) == 0;
}

/* What may fail without stopping the stream. The first failure is kept: it is what to repair first. */
static void open_what_may_fail(struct rf_reporter *r, const char *baseline)
{
	struct rf_error err = { 0 };
	struct rf_store_options options = { .path = r->database, .clock = rf_reporter_clock(),
					    .upgrading = rf_reporter_upgrading };
	if (rf_store_open(&r->store, &options, &err) < 0)
		r->failure = err;
	const char *module = rf_place_module(r->arena);
	if (rf_config_load(module, r->arena, &r->config, &err) < 0 && r->failure.code == 0)
		r->failure = err;
	if (rf_noise_suppressions(&r->config, r->arena, &r->suppressions, &err) < 0 && r->failure.code == 0)
		r->failure = err;
	if (rf_noise_baseline(&r->config, baseline, r->arena, &r->baseline, &err) < 0 && r->failure.code == 0)
		r->failure = err;
}

const char *rf_reporter_gorace(struct rf_reporter *r)
{
	rf_str value;
	struct rf_error err = { 0 };
	int rc = rf_gorace_make(&r->suppressions, r->database, getenv("GORACE"), rf_clock_now(rf_reporter_clock()), r->arena,
				&value, &err);
	if (rc < 0 && r->failure.code == 0)
		r->failure = err;
	return rc < 0 || !value.ptr ? NULL : rf_arena_printf(r->arena, "GORACE=%.*s", RF_STR_ARG(value)).ptr;
}

int rf_reporter_open(struct rf_reporter *r, const struct rf_reporter_request *request, rf_arena *arena,
		     struct rf_error *err)
{
	*r = (struct rf_reporter){ .arena = arena, .trace_id = request->trace_id };
	const char *tag = rf_arg(request->args, "tag");
	int rc = rf_place_database(rf_arg(request->args, "db"), true, arena, &r->database, err);
	if (rc == RF_ERR_IO) {
		r->failure = *err;
		*err = (struct rf_error){ 0 };
	} else if (rc < 0) {
		return rc;
	} else {
		open_what_may_fail(r, rf_arg(request->args, "baseline"));
	}
	r->spools = rf_place_spools(r->database, arena);
	struct rf_error spool_err = { 0 };
	if (request->make_spools && rf_place_make_spools(r->spools, &spool_err) < 0 && r->failure.code == 0)
		r->failure = spool_err;
	if (request->spool && request->spool[0] && !same_directory(request->spool, r->spools))
		r->other_spools = request->spool;
	struct rf_session_options options = {
		.store = r->store, .clock = rf_reporter_clock(), .trace_id = request->trace_id,
		.mix_trace = request->mix_trace, .threaded = request->threaded,
		.suppressions = &r->suppressions, .baseline = &r->baseline,
		.command = request->command, .directory = directory_name(arena),
		.host = rf_reporter_host(arena),
		.tags = { .option = rf_str_from(tag), .process = rf_str_from(request->process_tag),
			  .environment = rf_str_from(getenv("REDFLAG_TAG")), .config = &r->config } };
	rf_reporter_alerts(&r->alerts, r->store, &r->config, arena);
	if (rf_alerts_wanted(&r->alerts)) {
		options.before_commit = rf_alerts_queue;
		options.commit_context = &r->alerts;
	}
	rc = rf_session_open(&r->session, &options, err);
	if (rc == 0 && request->trace_id.len)
		rf_session_lock(r->session, r->spools);
	return rc;
}

void rf_reporter_spools(struct rf_reporter *r, enum rf_spool_scope scope)
{
	rf_session_spools(r->session, r->spools, true, scope);
	if (r->other_spools)
		rf_session_spools(r->session, r->other_spools, false, scope);
}

uint64_t rf_reporter_tick(struct rf_reporter *r)
{
	if (rf_session_text_is_due(r->session))
		rf_reporter_spools(r, RF_SPOOLS_OURS);
	uint64_t storing = rf_session_tick(r->session), alerts = rf_courier_send(&r->courier, r->database, r->alerts.queued);
	return storing && (storing < alerts || !alerts) ? storing : alerts;
}

/* What "database:" in .redflag.yml asks for, once a day. The run's result doesn't depend on it. */
static void clean_up(struct rf_reporter *r)
{
	struct rf_gc_options options = { .keep_ns = r->config.keep_ns, .size_max_bytes = r->config.size_max_bytes,
					 .budget_ns = CLEAN_UP_NS };
	struct rf_gc gc;
	struct rf_gc_files files;
	struct rf_error err = { 0 };
	bool due = false;
	if (!r->store || (!options.keep_ns && !options.size_max_bytes))
		return;
	int rc = rf_gc_is_due(r->store, &due, &err);
	if (rc == 0 && due)
		rc = rf_gc_run(r->store, &options, r->arena, &gc, &err);
	if (rc == 0 && due && options.keep_ns)
		rc = rf_gc_spools(r->spools, options.keep_ns, rf_reporter_clock(), rf_reporter_host(r->arena), false, &files, &err);
	if (rc < 0)
		fprintf(stderr, "redflag: What is old could not be removed (\"database:\" in .redflag.yml): %s\n", err.text);
}

void rf_reporter_close(struct rf_reporter *r)
{
	rf_session_close(r->session);
	clean_up(r);
	rf_alerts_release(&r->alerts);
	rf_store_close(r->store);
}

int rf_reporter_outcome(struct rf_reporter *r, bool settled, rf_arena *arena, struct rf_outcome *out, struct rf_error *err)
{
	int64_t *ids;
	bool *is_new;
	uint32_t count;
	*out = (struct rf_outcome){ 0 };
	if (!r->store)
		return 0;
	int rc = rf_session_findings(r->session, settled, arena, &ids, &is_new, &count, err);
	if (rc < 0)
		return rc;
	out->rows = rf_arena_array(arena, count + 1, sizeof(*out->rows));
	out->is_new = rf_arena_array(arena, count + 1, sizeof(*out->is_new));
	if (!out->rows || !out->is_new)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while adding up the findings.");
	struct rf_finding_row *rows = rf_arena_array(arena, count + 1, sizeof(*rows));
	if (!rows)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while adding up the findings.");
	for (uint32_t i = 0; i < count && rc == 0; i++) {
		rc = rf_query_finding_by_id(r->store, ids[i], arena, &rows[i], err);
		if (rc == 0 && is_new[i] && rf_baseline_find(&r->baseline, rows[i].fingerprint, rows[i].tag))
			is_new[i] = false;
	}
	for (int pass = 0; pass < 2 && rc == 0; pass++) {
		for (uint32_t i = 0; i < count; i++) {
			if (is_new[i] != (pass == 0))
				continue;
			out->rows[out->count] = rows[i];
			out->is_new[out->count++] = is_new[i];
			out->new_count += is_new[i];
		}
	}
	return rc;
}

int rf_reporter_finish(struct rf_reporter *r, rf_arena *arena, struct rf_outcome *out, struct rf_error *err)
{
	int rc = rf_session_finish(r->session, err);
	*out = (struct rf_outcome){ 0 };
	if (r->failure.code < 0) {
		*err = r->failure;
		return err->code;
	}
	return rc < 0 ? rc : rf_reporter_outcome(r, false, arena, out, err);
}

int rf_reporter_open_store(const struct rf_args *args, rf_arena *arena, struct rf_store **out, const char **path,
			   struct rf_error *err)
{
	int rc = rf_place_database(rf_arg(args, "db"), false, arena, path, err);
	struct rf_store_options options = { .path = *path, .must_exist = true, .clock = rf_reporter_clock(),
					    .upgrading = rf_reporter_upgrading };
	return rc < 0 ? rc : rf_store_open(out, &options, err);
}

/* --- alerts ----------------------------------------------------------------------------------------------------- */

static const char *environment(const char *name)
{
	return getenv(name);
}

static void sleep_ns(uint64_t ns)
{
	struct timespec t = { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };
	nanosleep(&t, NULL);
}

/* SIGINT and SIGTERM are blocked while a stream is read; who sends one now wants the end. */
static bool lost_patience(void *context)
{
	sigset_t pending;
	(void)context;
	return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1);
}

void rf_reporter_alerts(struct rf_alerts *alerts, struct rf_store *store, const struct rf_config *config, rf_arena *arena)
{
	struct rf_alerts_options options = {
		.store = store, .config = config, .clock = rf_reporter_clock(), .host = rf_reporter_host(arena),
		.directory = rf_noise_path(config, RF_STR("."), arena), .look_up = environment, .sleep = sleep_ns,
		.stop = lost_patience };
	rf_alerts_init(alerts, &options);
}

void rf_reporter_print_lines(const char *who, rf_str lines)
{
	while (lines.len) {
		rf_str line = rf_str_cut(&lines, '\n');
		fprintf(stderr, "%s: %.*s\n", who, RF_STR_ARG(line));
	}
}

/* What can't be read or written now is told by the next reporter. */
static void print_and_deliver(struct rf_reporter *r)
{
	struct rf_alerts_delivery d = { .time_ns = RF_ALERTS_END_NS };
	uint64_t waited;
	struct rf_error err = { 0 };
	struct rf_buf lines;
	if (!r->store)
		return;
	rf_buf_init(&lines);
	rf_alerts_silences(&r->alerts, &err);
	rf_alerts_put_lines(&r->alerts, &lines);
	rf_reporter_print_lines("redflag", rf_buf_str(&lines));
	fflush(stderr);
	waited = rf_courier_wait(&r->courier, RF_ALERTS_END_NS);
	d.time_ns -= waited < d.time_ns ? waited : d.time_ns;
	if (rf_alerts_deliver(&r->alerts, &d, &err) < 0)
		fprintf(stderr, "redflag: Alerts could not be delivered: %s\n", err.text);
	rf_reporter_print_lines("redflag", rf_buf_str(&d.notes));
	rf_buf_release(&d.notes);
	rf_buf_release(&lines);
}

static void print_drop(uint64_t count, const char *one, const char *many)
{
	if (count)
		fprintf(stderr, "redflag: %llu %s.\n", (unsigned long long)count, count == 1 ? one : many);
}

void rf_reporter_print_notes(struct rf_reporter *r)
{
	const struct rf_session_counts *c = rf_session_counts(r->session);
	rf_reporter_print_lines("redflag", rf_session_notes(r->session));
	rf_noise_print_expired(&r->suppressions, rf_clock_now(rf_reporter_clock()));
	print_drop(c->incomplete, "report could only be read in part (cut, or mixed with other output)",
		   "reports could only be read in part (cut, or mixed with other output)");
	print_drop(c->counters.reports_dropped, "report was dropped in the process (spool full or not writable)",
		   "reports were dropped in the process (spool full or not writable)");
	print_drop(c->counters.symbols_dropped, "code address has no name (spool full)",
		   "code addresses have no name (spool full)");
	print_drop(c->counters.labels_cut, "goroutine's labels were cut", "goroutines' labels were cut");
	print_drop(c->counters.tests_dropped, "test could not be tracked as an owner",
		   "tests could not be tracked as owners");
	print_drop(c->counters.goroutines_unregistered, "goroutine could not be registered (table full)",
		   "goroutines could not be registered (table full)");
	print_drop(c->drops.records_bad, "place in a spool was damaged and skipped",
		   "places in spools were damaged and skipped");
	print_drop(c->drops.records_unknown, "spool record is of a type that this redflag doesn't know",
		   "spool records are of types that this redflag doesn't know");
	print_and_deliver(r);
}

static bool ran_without_us(const struct rf_package *p)
{
	return p->built && !p->cached && !p->no_tests_files && p->result.len && !rf_str_eq_cstr(p->result, "skip") &&
	       !p->spooled;
}

bool rf_reporter_print_uninstrumented(struct rf_reporter *r, rf_str version)
{
	const struct rf_package *p;
	struct rf_buf names;
	uint32_t count = 0;
	rf_buf_init(&names);
	for (uint32_t i = 0; (p = rf_session_package(r->session, i)); i++) {
		if (ran_without_us(p))
			rf_buf_printf(&names, "%s%.*s", count++ ? ", " : "", RF_STR_ARG(p->name));
	}
	if (count)
		fprintf(stderr, "redflag: %u package%s ran but left no spool, so %s not instrumented and only text was read: "
			"%.*s.\nredflag: Likely another Go than %.*s was used (GOTOOLCHAIN, a toolchain line in go.mod), or "
			"-race was off, or TestMain or the test cleared the environment. `redflag doctor` checks.\n",
			count, count == 1 ? "" : "s", count == 1 ? "it was" : "they were", (int)names.len, names.ptr,
			RF_STR_ARG(version.len ? version : RF_STR("the overlay's")));
	rf_buf_release(&names);
	return count != 0;
}
