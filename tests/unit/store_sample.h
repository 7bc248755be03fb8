/* Reports and databases for tests of the store: a text with holes, a file that goes away, a clock that stands. */
#ifndef RF_TESTS_UNIT_STORE_SAMPLE_H
#define RF_TESTS_UNIT_STORE_SAMPLE_H

#include "directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include "read/racetext.h"
#include "session/session.h"
#include "store/database.h"
#include "store/query.h"

#define SAMPLE_NOW 1767225600000000000u /* 2026-01-01T00:00:00Z */

struct sample_clock {
	uint64_t now;
};

static inline uint64_t sample_now(void *context)
{
	return ((struct sample_clock *)context)->now;
}

struct sample {
	rf_arena arena;
	struct sample_clock clock;
	char directory[DIRECTORY_BYTES], path[128];
	struct rf_store *store;
	struct rf_error err;
	struct rf_config config;
	const struct rf_baseline *baseline; /* of sessions; NULL none */
	const char *tag;                    /* --tag of sessions; NULL none */
};

static inline struct rf_store_options sample_options(struct sample *s)
{
	return (struct rf_store_options){ .path = s->path, .clock = { sample_now, &s->clock } };
}

static inline int sample_setup(void **state)
{
	struct sample *s = calloc(1, sizeof(*s));
	struct rf_store_options options;
	rf_arena_init(&s->arena, 0);
	s->clock.now = SAMPLE_NOW;
	directory_make(s->directory);
	snprintf(s->path, sizeof(s->path), "%s/db", s->directory);
	options = sample_options(s);
	assert_int_equal(rf_store_open(&s->store, &options, &s->err), 0);
	*state = s;
	return 0;
}

static inline int sample_teardown(void **state)
{
	struct sample *s = *state;
	rf_store_close(s->store);
	directory_remove(s->directory);
	rf_arena_release(&s->arena);
	free(s);
	return 0;
}

/* One number out of the database. */
static inline int64_t sample_count(struct sample *s, const char *sql)
{
	sqlite3_stmt *q;
	assert_int_equal(sqlite3_prepare_v2(s->store->handle, sql, -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return n;
}

static inline rf_str sample_text(struct sample *s, const char *sql)
{
	sqlite3_stmt *q;
	assert_int_equal(sqlite3_prepare_v2(s->store->handle, sql, -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	rf_str text = rf_db_text(q, 0, &s->arena);
	sqlite3_finalize(q);
	return text;
}

/* The text of a race of functions a and b of example.com/shop; b NULL: the stack could not be restored. */
static inline rf_str sample_race(struct sample *s, const char *a, const char *b, unsigned address)
{
	rf_str older = b ? rf_arena_printf(&s->arena, "  example.com/shop.%s()\n      /src/shop.go:20 +0x11\n", b)
			 : RF_STR("  [failed to restore the stack]\n");
	return rf_arena_printf(
		&s->arena,
		"==================\nWARNING: DATA RACE\nWrite at 0x00c0%08x by goroutine 9:\n"
		"  example.com/shop.%s()\n      /src/shop.go:10 +0x10\n\n"
		"Previous read at 0x00c0%08x by goroutine 8:\n%.*s\n"
		"Goroutine 9 (running) created at:\n  example.com/shop.TestOne()\n      /src/shop_test.go:7 +0x44\n"
		"  testing.tRunner()\n      /go/src/testing/testing.go:1 +0x1\n\n"
		"Goroutine 8 (running) created at:\n  testing.(*T).Run()\n      /go/src/testing/testing.go:2 +0x2\n"
		"==================\n",
		address, a, address, RF_STR_ARG(older));
}

static inline struct rf_report *sample_report(struct sample *s, const char *a, const char *b, unsigned address)
{
	struct rf_report *report = rf_arena_alloc(&s->arena, sizeof(*report));
	bool incomplete;
	assert_true(rf_racetext_parse(sample_race(s, a, b, address), &s->arena, report, &incomplete));
	return report;
}

/* Stores one report as run `trace` would; returns how. */
static inline enum rf_stored sample_store(struct sample *s, const struct rf_report *report, const char *trace,
					  const char *uid, const char *tag, int64_t *id)
{
	struct rf_finding finding;
	struct rf_run run = { .trace_id = rf_str_from(trace), .command = RF_STR("test"), .directory = RF_STR("/src"),
			      .host = RF_STR("here") };
	struct rf_event event = { .report = report, .finding = &finding, .uid = rf_str_from(uid), .seed = { NULL, 0 },
				  .package = RF_STR("example.com/shop"), .test = RF_STR("TestOne"),
				  .time_unix_ns = s->clock.now };
	enum rf_stored how = RF_STORED_KNOWN;
	rf_finding_make(report, &s->arena, &finding);
	event.tag = tag ? rf_str_from(tag) : finding.package;
	assert_int_equal(rf_store_begin(s->store, &s->err), 0);
	assert_int_equal(rf_store_run(s->store, &run, &event.run_id, &s->err), 0);
	assert_int_equal(rf_store_event(s->store, &event, id, &how, &s->err), 0);
	assert_int_equal(rf_store_commit(s->store, &s->err), 0);
	return how;
}

#endif
