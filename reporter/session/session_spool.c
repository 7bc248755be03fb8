/* A session's spools: which to read, reading one, and when it may go. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "query/growth.h"
#include "query/profiles.h"
#include "store/process.h"
#include "session/session_state.h"
#include "tsan-glue/options_list.h"
#include "tsan-glue/spool_format.h"

/* The schedule profile's seed, where the process was given one: REDFLAG=…,seed=N,… */
static rf_str seed_of(rf_str options)
{
	rf_str option;
	while ((option = rf_str_word(&options, RF_OPTION_SEPARATORS)).len) {
		if (rf_str_starts(option, "seed="))
			return rf_str_skip(option, 5);
	}
	return (rf_str){ NULL, 0 };
}

/* A process without a trace ID is a run of its own, named by its spool. */
static rf_str trace_of_spool(const struct rf_process *p, rf_arena *arena)
{
	return p->trace_id.len ? p->trace_id : rf_arena_hex(arena, p->spool_id, sizeof(p->spool_id));
}

static bool is_over(const struct rf_session *s, const struct rf_process *p)
{
	if (p->finished)
		return true;
	return rf_str_eq(p->host, s->options.host) && rf_process_over(p->pid, p->start_unix_ns);
}

/* Where there are no tests, "no test owns it" says nothing. */
static void forget_owners(const struct rf_report *report)
{
	for (uint32_t i = 0; i < report->goroutine_count; i++)
		report->goroutines[i]->test_known = false;
}

static int put_report(struct rf_session *s, struct rf_spool *spool, const struct rf_report *report, int64_t run_id,
		      int64_t process_id, rf_arena *scratch, struct rf_error *err)
{
	const struct rf_process *p = rf_spool_process(spool);
	rf_str id = rf_arena_hex(scratch, p->spool_id, sizeof(p->spool_id));
	if (!p->is_test)
		forget_owners(report);
	struct rf_event event = {
		.report = report, .run_id = run_id, .process_id = process_id,
		.uid = rf_arena_printf(scratch, "%.*s-%u", RF_STR_ARG(id), report->record_sequence),
		.seed = seed_of(p->options), .package = RF_STR(""), .test = RF_STR(""),
		.time_unix_ns = report->time_unix_ns ? report->time_unix_ns : p->start_unix_ns };
	return rf_session_put(s, &event, p->tag, scratch, err);
}

static int put_process(struct rf_session *s, struct rf_spool *spool, rf_str trace, int64_t *run_id, int64_t *process_id,
		       struct rf_error *err)
{
	int rc = rf_session_put_run(s, trace, run_id, err);
	if (rc == 0)
		rc = rf_store_process(s->options.store, *run_id, rf_spool_process(spool), rf_spool_counters(spool),
				      rf_spool_dropped(spool), process_id, err);
	return rc;
}

/* One transaction: up to RF_SESSION_BATCH reports and the process's row. */
static int put_batch(struct rf_session *s, struct rf_spool *spool, rf_str trace, int64_t *run_id, bool *more,
		     rf_arena *scratch, struct rf_error *err)
{
	int64_t process_id;
	struct rf_report report;
	struct rf_session_counts before = s->counts;
	size_t seen_before = s->event_count;
	int rc = rf_session_begin_storing(s, err);
	if (rc == 0)
		rc = put_process(s, spool, trace, run_id, &process_id, err);
	*more = rc == 0;
	for (int i = 0; rc == 0 && *more && i < RF_SESSION_BATCH && !rf_store_is_full(s->options.store); i++) {
		rf_arena_reset(scratch);
		*more = rf_spool_next(spool, scratch, &report);
		if (scratch->failed || rf_spool_starved(spool))
			rc = rf_fail(err, RF_ERR_MEMORY, "Out of memory while reading a spool; it stays for the next time.");
		else if (*more)
			rc = put_report(s, spool, &report, *run_id, process_id, scratch, err);
	}
	if (rc == 0 && !*more) /* counters stand at the end, and samples everywhere */
		rc = put_process(s, spool, trace, run_id, &process_id, err);
	if (rc == 0 && !*more)
		rc = rf_store_growth(s->options.store, process_id, spool, err);
	if (rc == 0 && !*more)
		rc = rf_store_profiles(s->options.store, process_id, spool, scratch, err);
	if (rc == 0)
		rc = rf_session_commit(s, err);
	if (rc < 0) {
		rf_store_rollback(s->options.store);
		s->counts = before;
		s->event_count = seen_before;
	}
	return rc;
}

static void mark_package(struct rf_session *s, const struct rf_process *p)
{
	for (struct rf_source *source = s->sources; source; source = source->next) {
		if (rf_str_eq(source->package.name, p->main_package))
			source->package.spooled = true;
	}
}

static void add_counters(struct rf_session *s, struct rf_spool *spool)
{
	const struct rf_spool_drops *d = rf_spool_dropped(spool);
	const struct rf_process_counters *c = rf_spool_counters(spool);
	s->counts.spools++;
	s->counts.spools_bad += d->records_bad != 0;
	s->counts.drops.records_bad += d->records_bad;
	s->counts.drops.records_unknown += d->records_unknown;
	s->counts.drops.bytes_torn += d->bytes_torn;
	s->counts.counters.reports_dropped += c->reports_dropped;
	s->counts.counters.symbols_dropped += c->symbols_dropped;
	s->counts.counters.labels_cut += c->labels_cut;
	s->counts.counters.tests_dropped += c->tests_dropped;
	s->counts.counters.goroutines_unregistered += c->goroutines_unregistered;
}

/* Stores everything in an open spool. The text that waits comes after it: a record knows the tag by which policies and
 * alerts go. `again`: it will be read once more, and is counted then. */
static int put_spool(struct rf_session *s, struct rf_spool *spool, rf_str trace, bool ours, bool again, struct rf_error *err)
{
	rf_arena scratch;
	int64_t run_id = 0;
	bool more = true;
	int rc = 0;
	rf_session_settle(s);
	if (!s->options.store)
		return 0;
	rc = rf_spool_look_up(spool, err);
	rf_arena_init(&scratch, 0);
	while (more && rc == 0)
		rc = put_batch(s, spool, trace, &run_id, &more, &scratch, err);
	rf_arena_release(&scratch);
	if (rc < 0) {
		s->failure = *err;
		return rc;
	}
	if (again)
		return 0;
	if (ours) {
		s->run_id = run_id;
		mark_package(s, rf_spool_process(spool));
	}
	add_counters(s, spool);
	return 0;
}

/* --- one directory --------------------------------------------------------------------------------------------- */

static bool was_seen(const struct rf_session *s, const char *path)
{
	for (const struct rf_spool_seen *seen = s->spools; seen; seen = seen->next) {
		if (rf_str_eq_cstr(seen->path, path))
			return true;
	}
	return false;
}

static void remember(struct rf_session *s, const char *path)
{
	struct rf_spool_seen *seen = rf_arena_alloc(&s->arena, sizeof(*seen));
	if (!seen)
		return;
	*seen = (struct rf_spool_seen){ s->spools, rf_arena_dup(&s->arena, rf_str_from(path)) };
	s->spools = seen;
}

static const char *lock_path_of(const char *directory, rf_str trace, rf_arena *arena)
{
	for (size_t i = 0; i < trace.len; i++) {
		if (trace.ptr[i] == '/' || trace.ptr[i] == '\0')
			return NULL; /* no trace ID that we would have taken */
	}
	return rf_arena_printf(arena, "%s/%.*s.lock", directory, RF_STR_ARG(trace)).ptr;
}

void rf_session_lock(struct rf_session *s, const char *directory)
{
	s->lock_path = lock_path_of(directory, s->options.trace_id, &s->arena);
	if (!s->lock_path)
		return;
	s->lock_fd = open(s->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (s->lock_fd >= 0)
		flock(s->lock_fd, LOCK_SH | LOCK_NB);
}

/* Does no living reporter have this trace? */
static bool is_orphan(const char *directory, rf_str trace, rf_arena *arena)
{
	const char *path = lock_path_of(directory, trace, arena);
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0)
		return true;
	bool free = flock(fd, LOCK_EX | LOCK_NB) == 0;
	if (free)
		unlink(path);
	close(fd);
	return free;
}

struct done_spool { /* all that could be read of it is committed */
	struct done_spool *next;
	const char *path;
	uint64_t records_bad;
};

struct directory {
	const char *path;
	bool own;
	enum rf_spool_scope scope;
	uint64_t taken, taken_reports; /* left-over spools */
	rf_arena arena;
	struct done_spool *done;
};

#define DAMAGED_SUFFIX ".damaged" /* out of our way, but there for whoever wants to know */

static void set_aside(struct rf_session *s, const char *path, const char *why)
{
	rf_str aside = rf_arena_printf(&s->arena, "%s" DAMAGED_SUFFIX, path);
	if (rename(path, aside.ptr) == 0)
		rf_buf_printf(&s->notes, "%s It is kept as %.*s.\n", why, RF_STR_ARG(aside));
}

/* Are there tables of the agent beside it that aren't in it yet? Then `redflag agent report` will want it. */
static bool has_tables(const char *path, rf_arena *arena)
{
	for (int kind = RF_SPOOL_PROFILE_HEAP; kind < RF_SPOOL_PROFILE_KIND_COUNT; kind++) {
		const char *tables = rf_spool_tables_path(rf_str_from(path), (enum rf_spool_profile_kind)kind, arena);
		if (tables && access(tables, F_OK) == 0)
			return true;
	}
	return false;
}

static void remove_spool(struct rf_session *s, const struct done_spool *done)
{
	char why[128];
	if (has_tables(done->path, &s->arena))
		return;
	if (done->records_bad == 0) {
		unlink(done->path);
		return;
	}
	snprintf(why, sizeof(why), "%llu record%s of a spool %s damaged; the others were stored.",
		 (unsigned long long)done->records_bad, done->records_bad == 1 ? "" : "s",
		 done->records_bad == 1 ? "was" : "were");
	set_aside(s, done->path, why);
}

/* Not before its events are on the disk. One that isn't noted for want of memory stays, and is read again, which adds nothing. */
static void remove_later(struct directory *d, const char *path, const struct rf_spool_drops *drops)
{
	struct done_spool *done = rf_arena_alloc(&d->arena, sizeof(*done));
	const char *copy = rf_arena_cstr(&d->arena, rf_str_from(path));
	if (!done || !copy)
		return;
	*done = (struct done_spool){ .next = d->done, .path = copy, .records_bad = drops->records_bad };
	d->done = done;
}

/* A commit outlives the process and not yet a power cut; a sync costs as much as some hundred reports, so there is one for all. */
static void remove_done(struct rf_session *s, struct directory *d)
{
	if (!d->done)
		return;
	rf_session_settle(s);
	if (rf_store_sync(s->options.store, &s->failure) < 0)
		return;
	for (const struct done_spool *done = d->done; done; done = done->next)
		remove_spool(s, done);
}

#define SETTLED_NS 60000000000u /* a spool that is younger may only not have its header yet */

static void note_unreadable(struct rf_session *s, const struct directory *d, const char *path,
			    const struct rf_error *err)
{
	struct stat st;
	if (stat(path, &st) != 0 || (uint64_t)st.st_mtim.tv_sec * 1000000000u + SETTLED_NS > rf_session_now(s))
		return;
	s->counts.spools_bad++;
	if (d->own && err->code == RF_ERR_INPUT)
		set_aside(s, path, err->text);
	else
		rf_buf_printf(&s->notes, "%s\n", err->text);
	remember(s, path);
}

#define START_SLACK_NS 2000000000u /* go may have started a process before the pipe's other end had started us */
#define LEFT_OVER_NS 60000000000u  /* a spool that names no trace may be of a reporter that lives, until it is this old */

/* A process that was given no trace ID, while our stream got a new one: it is ours when it ran a package of our stream (or our
 * stream is plain text) and started since we did. */
static bool ran_for_us(const struct rf_session *s, const struct rf_process *p)
{
	const struct rf_source *source = s->sources;
	while (source && !rf_str_eq(source->package.name, p->main_package))
		source = source->next;
	return s->options.trace_id.len && p->trace_id.len == 0 && p->start_unix_ns + START_SLACK_NS >= s->opened_ns &&
	       (source || (!s->sources && s->options.mix_trace));
}

static bool is_left_over(struct rf_session *s, const struct directory *d, const struct rf_process *p, rf_str trace,
			 rf_arena *arena)
{
	bool ingest = s->options.trace_id.len == 0; /* asked to take all there is */
	if (d->scope != RF_SPOOLS_ALL || (!d->own && !ingest) || !is_over(s, p))
		return false;
	if (!ingest && p->trace_id.len == 0 && p->start_unix_ns + LEFT_OVER_NS > rf_session_now(s))
		return false;
	return is_orphan(d->path, trace, arena);
}

/* Reads one spool that is known to be readable, if it is to be read now. */
static int visit_open(struct rf_session *s, struct directory *d, const char *path, struct rf_spool *spool,
		      rf_arena *arena, struct rf_error *err)
{
	const struct rf_process *p = rf_spool_process(spool);
	bool over = is_over(s, p);
	int rc = over ? rf_spool_refresh(spool, err) : 0; /* what it wrote between being read and its end */
	if (rc < 0)
		return rc;
	rf_str trace = ran_for_us(s, p) ? s->options.trace_id : trace_of_spool(p, arena);
	bool ours = rf_str_eq(trace, s->options.trace_id);
	if (ours ? d->scope == RF_SPOOLS_OVER && !over : !is_left_over(s, d, p, trace, arena))
		return 0;
	size_t before = s->event_count;
	struct rf_session_counts counts = s->counts;
	rc = put_spool(s, spool, trace, ours, d->scope == RF_SPOOLS_OURS && !over, err);
	if (rc < 0)
		return rc;
	if (!ours && s->options.trace_id.len) { /* stored for the run that it belongs to, not seen by this one */
		d->taken++;
		d->taken_reports += s->event_count - before;
		s->event_count = before;
		s->counts = counts;
	}
	if (over && d->own && s->options.store)
		remove_later(d, path, rf_spool_dropped(spool));
	else if (over)
		remember(s, path);
	return 0;
}

static void visit(struct rf_session *s, struct directory *d, const char *name)
{
	struct rf_error err = { 0 };
	struct rf_spool *spool = NULL;
	rf_arena arena;
	rf_arena_init(&arena, 0);
	rf_session_settle(s);
	const char *path = rf_arena_printf(&arena, "%s/%s", d->path, name).ptr;
	s->starved |= arena.failed;
	int rc = arena.failed || was_seen(s, path) ? RF_ERR_MISSING : rf_spool_open(&spool, path, &err);
	if (rc == 0) {
		rc = visit_open(s, d, path, spool, &arena, &err);
		rf_spool_close(spool);
	} else if (rc == RF_ERR_MEMORY && d->scope == RF_SPOOLS_ALL) {
		s->starved = true;
	} else if (rc != RF_ERR_MISSING && d->scope == RF_SPOOLS_ALL) {
		note_unreadable(s, d, path, &err);
	}
	rf_arena_release(&arena);
}

void rf_session_spools(struct rf_session *s, const char *path, bool own, enum rf_spool_scope scope)
{
	struct directory d = { .path = path, .own = own, .scope = scope };
	DIR *dir = opendir(path);
	struct dirent *entry;
	rf_arena_init(&d.arena, 0);
	while (dir && (entry = readdir(dir))) {
		if (rf_str_ends(rf_str_from(entry->d_name), RF_SPOOL_SUFFIX))
			visit(s, &d, entry->d_name);
	}
	if (dir)
		closedir(dir);
	remove_done(s, &d);
	rf_arena_release(&d.arena);
	if (d.taken)
		rf_buf_printf(&s->notes, "Took in %llu spool%s that an earlier run had left: %llu report%s, stored under "
			      "the trace ID of that run.\n", (unsigned long long)d.taken, d.taken == 1 ? "" : "s",
			      (unsigned long long)d.taken_reports, d.taken_reports == 1 ? "" : "s");
}

int rf_session_spool_file(struct rf_session *s, const char *path, struct rf_error *err)
{
	struct rf_spool *spool = NULL;
	rf_arena arena;
	int rc = rf_spool_open(&spool, path, err);
	if (rc < 0)
		return rc;
	rf_arena_init(&arena, 0);
	rf_str trace = s->options.trace_id.len ? s->options.trace_id : trace_of_spool(rf_spool_process(spool), &arena);
	rc = put_spool(s, spool, trace, true, false, err);
	rf_arena_release(&arena);
	rf_spool_close(spool);
	return rc;
}
