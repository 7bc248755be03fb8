/* Samples from the spool to the database, through merge and gc. */
#include "upkeep_sample.h"

#include "query/growth.h"
#include "spool_build.h"

static struct spool_build b;

static struct rf_spool *opened(void)
{
	struct rf_spool *s;
	struct rf_error err = { 0 };
	if (rf_spool_open_bytes(&s, (rf_str){ b.bytes, b.used }, &err))
		fail_msg("%s", err.text);
	return s;
}

static void a_spool_tells_its_samples(void **state)
{
	uint32_t count;
	(void)state;
	spool_begin(&b);
	spool_process(&b);
	spool_growth(&b, 100, 12);
	spool_growth(&b, 200, 5012);
	struct rf_spool *s = opened();
	const struct rf_growth_sample *samples = rf_spool_samples(s, &count);
	assert_int_equal(count, 2);
	assert_int_equal(samples[1].elapsed_ms, 200);
	assert_int_equal(samples[1].values[RF_METRIC_GOROUTINES], 5012);
	assert_int_equal(samples[1].values[RF_METRIC_BLOCKED_SEND], 5010);
	assert_int_equal(samples[1].values[RF_METRIC_HEAP_LIVE], INT64_MAX);
	assert_int_equal(samples[0].memory_limit, 64 << 20);
	const struct rf_growth_origin *origins = rf_spool_origins(s, &count);
	assert_int_equal(count, 2);
	assert_str(origins[0].function, "example.com/shop.(*Server).Serve");
	assert_str(origins[0].waiting, "chan send");
	assert_int_equal(origins[0].live, 5010);
	assert_int_equal(origins[0].line, 42);
	assert_str(origins[1].waiting, "");
	assert_int_equal(samples[1].values[RF_METRIC_QUEUED], 5017);
	const struct rf_growth_origin *queues = rf_spool_queues(s, &count);
	assert_int_equal(count, 2);
	assert_int_equal(queues[0].live, 5015);
	assert_int_equal(queues[1].line, 12);
	const struct rf_spool_drops *d = rf_spool_dropped(s);
	assert_int_equal(d->records_bad + d->records_unknown + d->bytes_torn, 0);
	rf_spool_close(s);
}

/* Spools of before minor 3 end their samples there. */
static void an_older_sample_is_shorter(void **state)
{
	uint32_t count;
	(void)state;
	spool_begin(&b);
	spool_process(&b);
	struct rf_spool_sample *old = spool_record(&b, RF_SPOOL_SAMPLE, RF_SPOOL_SAMPLE_BYTES_MIN);
	old->cgroup_limit = 5000;
	spool_commit(&b);
	spool_record(&b, RF_SPOOL_SAMPLE, RF_SPOOL_SAMPLE_BYTES_MIN - 8);
	spool_commit(&b);
	struct rf_spool *s = opened();
	const struct rf_growth_sample *samples = rf_spool_samples(s, &count);
	assert_int_equal(count, 1);
	assert_int_equal(samples[0].cgroup_limit, 5000);
	assert_int_equal(samples[0].values[RF_METRIC_QUEUED], 0);
	assert_int_equal(rf_spool_dropped(s)->records_bad, 1);
	rf_spool_close(s);
}

/* The checksum holds; what it covers points outside the record. */
static void impossible_origins_are_counted(void **state)
{
	uint32_t count;
	(void)state;
	for (int what = 0; what < 3; what++) {
		spool_begin(&b);
		spool_process(&b);
		spool_growth(&b, 100, 12);
		struct rf_spool_origins *o = spool_record(&b, RF_SPOOL_ORIGINS, sizeof(*o));
		struct rf_spool_origin origins[RF_SPOOL_ORIGINS_MAX + 1] = { { .live = 1, .file = { 4096, 10 } } };
		o->origins = spool_put(&b, origins, what == 0 ? sizeof(origins[0]) : what == 1 ? sizeof(origins) : 17);
		spool_commit(&b);
		struct rf_spool *s = opened();
		assert_int_equal(rf_spool_dropped(s)->records_bad, 1);
		rf_spool_origins(s, &count);
		assert_int_equal(count, 2);
		rf_spool_close(s);
	}
}

/* Stores what `b` holds as a process of run `trace`, in the database at `path`. */
static void store_spool(struct sample *sample, const char *path, const char *trace)
{
	struct rf_store_options options = { .path = path, .clock = { sample_now, &sample->clock } };
	struct rf_run run = { .trace_id = rf_str_from(trace), .command = RF_STR("test"), .directory = RF_STR("/src"),
			      .host = RF_STR("here") };
	struct rf_store *store;
	int64_t run_id, process_id;
	struct rf_spool *s = opened();
	assert_int_equal(rf_store_open(&store, &options, &sample->err), 0);
	assert_int_equal(rf_store_begin(store, &sample->err), 0);
	assert_int_equal(rf_store_run(store, &run, &run_id, &sample->err), 0);
	assert_int_equal(rf_store_process(store, run_id, rf_spool_process(s), rf_spool_counters(s), rf_spool_dropped(s), &process_id,
					  &sample->err), 0);
	assert_int_equal(rf_store_growth(store, process_id, s, &sample->err), 0);
	assert_int_equal(rf_store_commit(store, &sample->err), 0);
	rf_store_close(store);
	rf_spool_close(s);
}

static void a_process_that_goes_on_adds_samples(void **state)
{
	struct sample *s = *state;
	struct rf_growth_row *rows;
	uint32_t count;
	spool_begin(&b);
	spool_process(&b);
	spool_growth(&b, 100, 12);
	store_spool(s, s->path, "t1");
	store_spool(s, s->path, "t1");
	spool_growth(&b, 200, 24);
	store_spool(s, s->path, "t1");
	assert_int_equal(rf_query_growth(s->store, 1, 10, &s->arena, &rows, &count, &s->err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(rows[0].sample_count, 2);
	assert_int_equal(rows[0].samples[1].values[RF_METRIC_GOROUTINES], 24);
	assert_int_equal(rows[0].samples[1].values[RF_METRIC_MODULES], 1);
	assert_int_equal(rows[0].origin_count, 2);
	assert_int_equal(rows[0].origins[0].live, 22);
	assert_int_equal(rows[0].samples[1].values[RF_METRIC_QUEUED], 29);
	assert_int_equal(rows[0].queue_count, 2);
	assert_int_equal(rows[0].queues[0].live, 27);
	assert_str(rows[0].queues[1].function, "main.main");
	assert_str(rows[0].package, "example.com/shop");
	assert_int_equal(rf_query_growth(s->store, 2, 10, &s->arena, &rows, &count, &s->err), 0);
	assert_int_equal(count, 0);
}

/* One database has read the spool while the process ran, the other at its end: in either order the result is what the
 * second has. */
static void merge_keeps_the_later_state(void **state)
{
	struct sample *s = *state;
	const char *early = path_of(s, "early"), *late = path_of(s, "late");
	spool_begin(&b);
	spool_process(&b);
	spool_growth(&b, 100, 12);
	store_spool(s, early, "t1");
	spool_growth(&b, 200, 24);
	store_spool(s, late, "t1");
	assert_merges_to(s, early, late, dump_of(s, late));
}

static void gc_removes_samples_of_old_runs(void **state)
{
	struct sample *s = *state;
	spool_begin(&b);
	spool_process(&b);
	spool_growth(&b, 100, 12);
	store_spool(s, s->path, "t1");
	s->clock.now += 10 * DAY_NS;
	memcpy(((struct rf_spool_file_header *)(void *)b.bytes)->spool_id, "another process.", 16);
	store_spool(s, s->path, "t2");
	gc(s, (struct rf_gc_options){ .keep_ns = 5 * DAY_NS });
	assert_int_equal(sample_count(s, "SELECT count(*) FROM processes"), 1);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM samples"), 1);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM goroutine_creators"), 2);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM channel_makers"), 2);
	assert_sound(s->path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_spool_tells_its_samples),
		cmocka_unit_test(an_older_sample_is_shorter),
		cmocka_unit_test(impossible_origins_are_counted),
		cmocka_unit_test_setup_teardown(a_process_that_goes_on_adds_samples, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(merge_keeps_the_later_state, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(gc_removes_samples_of_old_runs, sample_setup, sample_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
