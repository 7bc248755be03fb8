/* Profiles from the spool to the database and out of it, through merge and gc. */
#include "upkeep_sample.h"

#include "export/export.h"
#include "native_build.h"
#include "query/profiles.h"
#include "spool_build.h"

#include <zlib.h>

static struct spool_build b;
static const uint64_t pcs[] = { 0x7f1000001010, 0x7f1000001020, 0x7f1000001030, 0x7f1000001040 };

static struct rf_spool *opened(void)
{
	struct rf_spool *s;
	struct rf_error err = { 0 };
	if (rf_spool_open_bytes(&s, (rf_str){ b.bytes, b.used }, &err))
		fail_msg("%s", err.text);
	assert_int_equal(rf_spool_look_up(s, &err), 0);
	return s;
}

static void begin(void)
{
	spool_begin(&b);
	spool_agent_process(&b, "/opt/nowhere/libparse.so.1", 0x7f1000001000, 0x7f1000002000, 0x7f1000000000, "\1\2\3\4", 4);
}

static void finish(void)
{
	((struct rf_spool_file_header *)(void *)b.bytes)->finished = 1;
}

/* Numbers that Go's scaleHeapSample gives. */
static void heap_is_estimated_as_go_does(void **state)
{
	static const struct { uint64_t objects, bytes, period; int64_t all, whole; } cases[] = {
		{ 1, 16, 524288, 32768, 524296 }, { 10, 16384, 524288, 3205, 5251076 }, { 3, 3 << 20, 524288, 3, 3638089 },
		{ 7, 700, 1, 7, 700 }, { 7, 700, 0, 7, 700 }, { 0, 5, 524288, 0, 0 }, { 5, 0, 524288, 0, 0 },
		{ 1000000, 512 << 20, 524288, 977062585, 524556481269 },
		{ UINT64_MAX, UINT64_MAX, 524288, INT64_MAX, INT64_MAX },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t sampled[4] = { cases[i].objects, cases[i].bytes, cases[i].objects, cases[i].bytes };
		int64_t out[4];
		rf_profile_scale(RF_PROFILE_HEAP, cases[i].period, sampled, out);
		assert_int_equal(out[0], cases[i].all);
		assert_int_equal(out[1], cases[i].whole);
		assert_int_equal(out[2], out[0]);
		assert_int_equal(out[3], out[1]);
	}
}

static void others_are_estimated_by_their_period(void **state)
{
	const uint64_t sampled[4] = { 3, 5, 7, 9 };
	int64_t out[4];
	(void)state;
	rf_profile_scale(RF_PROFILE_CPU, 10000000, sampled, out);
	assert_true(out[0] == 3 && out[1] == 5 && out[2] == 0 && out[3] == 0);
	rf_profile_scale(RF_PROFILE_IO, 100, sampled, out);
	assert_true(out[0] == 300 && out[1] == 500 && out[2] == 700 && out[3] == 900);
	rf_profile_scale(RF_PROFILE_COUNTERS, 10, sampled, out);
	assert_true(out[0] == 30 && out[1] == 50 && out[2] == 70 && out[3] == 90);
	rf_profile_scale(RF_PROFILE_PROCESSOR, 10, sampled, out);
	assert_true(out[0] == 30 && out[1] == 50 && out[2] == 70 && out[3] == 90);
	assert_int_equal(rf_profile_add(INT64_MAX - 1, 5), INT64_MAX);
}

static uint32_t whole_snapshots(struct rf_spool *s, rf_arena *arena, enum rf_profile_kind kind, uint32_t *samples)
{
	struct rf_profile_point point;
	struct rf_profile_sample *array;
	uint32_t whole = 0;
	for (uint32_t i = 0; i < rf_spool_snapshot_count(s); i++)
		whole += rf_spool_snapshot_at(s, i, &point);
	assert_true(rf_spool_profile(s, kind, arena, &array, samples));
	return whole;
}

/* Of a killed process the last snapshot counts when a part without samples has ended it; else the one before. */
static void a_torn_snapshot_does_not_count(void **state)
{
	rf_arena arena;
	uint32_t samples;
	(void)state;
	rf_arena_init(&arena, 0);
	for (int end = 0; end < 5; end++) {
		begin();
		spool_profile(&b, RF_SPOOL_PROFILE_HEAP, 1, pcs, 3);
		spool_profile(&b, RF_SPOOL_PROFILE_HEAP, 2, pcs, 2);
		spool_profile(&b, RF_SPOOL_PROFILE_HEAP, 2, pcs, 2);
		if (end == 1)
			spool_profile(&b, RF_SPOOL_PROFILE_HEAP, 2, pcs, 0);
		else if (end == 2)
			spool_profile(&b, RF_SPOOL_PROFILE_CPU, 3, pcs, 1);
		else if (end == 3)
			finish();
		else if (end == 4)
			spool_counters(&b, 0);
		struct rf_spool *s = opened();
		bool whole = end >= 1 && end <= 3;
		assert_int_equal(whole_snapshots(s, &arena, RF_PROFILE_HEAP, &samples), whole ? 2 : 1);
		assert_int_equal(samples, whole ? 4 : 3);
		assert_int_equal(rf_spool_dropped(s)->records_bad + rf_spool_dropped(s)->records_unknown, 0);
		rf_spool_close(s);
	}
	rf_arena_release(&arena);
}

static void impossible_records_are_counted(void **state)
{
	rf_arena arena;
	uint32_t samples;
	(void)state;
	rf_arena_init(&arena, 0);
	for (int what = 0; what < 3; what++) {
		begin();
		struct rf_spool_profile *p = spool_record(&b, RF_SPOOL_PROFILE, what ? sizeof(*p) : sizeof(struct rf_spool_record));
		struct rf_spool_profile_sample sample = { .values = { 1, 2, 3, 4 }, .stack = { 60000, 8 } };
		if (what) {
			p->kind = RF_SPOOL_PROFILE_HEAP;
			p->samples = spool_put(&b, &sample, what == 1 ? 8 : sizeof(sample));
		}
		spool_commit(&b);
		finish();
		struct rf_spool *s = opened();
		assert_int_equal(rf_spool_dropped(s)->records_bad, what < 2);
		whole_snapshots(s, &arena, RF_PROFILE_HEAP, &samples);
		assert_int_equal(samples, 0); /* a stack outside the record is no stack */
		rf_spool_close(s);
	}
	rf_arena_release(&arena);
}

/* --- the database ------------------------------------------------------------------------------------------------ */

static void store_spool(struct sample *sample, const char *path, const char *trace)
{
	struct rf_store_options options = { .path = path, .clock = { sample_now, &sample->clock } };
	struct rf_run run = { .trace_id = rf_str_from(trace), .command = RF_STR("test"), .directory = RF_STR("/src"),
			      .host = RF_STR("here") };
	struct rf_store *store;
	struct rf_report report;
	int64_t run_id, process_id;
	rf_arena scratch;
	struct rf_spool *s = opened();
	rf_arena_init(&scratch, 0);
	while (rf_spool_next(s, &scratch, &report))
		;
	assert_int_equal(rf_store_open(&store, &options, &sample->err), 0);
	assert_int_equal(rf_store_begin(store, &sample->err), 0);
	assert_int_equal(rf_store_run(store, &run, &run_id, &sample->err), 0);
	assert_int_equal(rf_store_process(store, run_id, rf_spool_process(s), rf_spool_counters(s), rf_spool_dropped(s), &process_id,
					  &sample->err), 0);
	if (rf_store_profiles(store, process_id, s, &scratch, &sample->err) != 0)
		fail_msg("%s", sample->err.text);
	assert_int_equal(rf_store_commit(store, &sample->err), 0);
	rf_store_close(store);
	rf_spool_close(s);
	rf_arena_release(&scratch);
}

static void the_last_snapshot_is_stored(void **state)
{
	struct sample *s = *state;
	struct rf_profile_row *rows;
	struct rf_profile_sample *samples;
	uint32_t count, sample_count;
	begin();
	spool_profile(&b, RF_SPOOL_PROFILE_HEAP, 1, pcs, 3);
	spool_profile(&b, RF_SPOOL_PROFILE_CPU, 2, pcs, 2);
	store_spool(s, s->path, "t1");
	store_spool(s, s->path, "t1");
	assert_int_equal(rf_query_profiles(s->store, 1, 0, 10, &s->arena, &rows, &count, &s->err), 0);
	assert_int_equal(count, 1); /* nothing ends the second */
	spool_profile(&b, RF_SPOOL_PROFILE_HEAP, 3, pcs, 3);
	spool_profile(&b, RF_SPOOL_PROFILE_HEAP, 3, pcs + 2, 1);
	finish();
	store_spool(s, s->path, "t1");
	assert_int_equal(rf_query_profiles(s->store, 1, 0, 10, &s->arena, &rows, &count, &s->err), 0);
	assert_int_equal(count, 2);
	assert_int_equal(rows[0].kind, RF_PROFILE_HEAP);
	assert_int_equal(rows[0].point_count, 2);
	assert_int_equal(rows[0].points[1].snapshot, 3);
	assert_int_equal(rows[0].points[1].elapsed_ms, 3000);
	assert_int_equal(rows[0].points[1].stacks, 4);
	assert_int_equal(rows[0].points[1].dropped, 3);
	assert_int_equal(rows[0].pid, 4711);
	assert_str(rows[0].program, "parse");
	assert_int_equal(rf_query_profile_samples(s->store, &rows[0], &s->arena, &samples, &sample_count, &s->err), 0);
	assert_int_equal(sample_count, 3); /* the third and the fourth have one and the same stack */
	int64_t sum = 0;
	for (uint32_t i = 0; i < sample_count; i++) {
		assert_true(i == 0 || samples[i].values[1] <= samples[i - 1].values[1]);
		sum += samples[i].values[1];
	}
	assert_int_equal(sum, rows[0].points[1].totals[1]);
	assert_str(samples[0].stack.frames[0].function, "libparse.so.1+0x1030");
	assert_int_equal(samples[0].stack.count, 1);
	assert_int_equal(rf_query_profiles(s->store, 1, 4711, 10, &s->arena, &rows, &count, &s->err), 0);
	assert_int_equal(count, 2);
	assert_int_equal(rf_query_profiles(s->store, 1, 1, 10, &s->arena, &rows, &count, &s->err), 0);
	assert_int_equal(count, 0);
	assert_sound(s->path);
}

/* One database has read the spool while the process ran, the other at its end. */
static void merge_keeps_the_later_state(void **state)
{
	struct sample *s = *state;
	const char *early = path_of(s, "early"), *late = path_of(s, "late");
	begin();
	spool_profile(&b, RF_SPOOL_PROFILE_HEAP, 1, pcs, 3);
	spool_profile(&b, RF_SPOOL_PROFILE_HEAP, 1, pcs, 0);
	store_spool(s, early, "t1");
	spool_profile(&b, RF_SPOOL_PROFILE_HEAP, 2, pcs, 2);
	finish();
	store_spool(s, late, "t1");
	assert_merges_to(s, early, late, dump_of(s, late));
}

/* The same snapshot, read where the program's files are and where they aren't: the names stay. */
static void merge_keeps_the_names(void **state)
{
	struct sample *s = *state;
	const char *here = path_of(s, "here"), *there = path_of(s, "there");
	struct native n;
	native_make(&n, "-g");
	spool_begin(&b);
	spool_agent_process(&b, n.library, n.start, n.end, n.bias, n.build_id, n.build_id_bytes);
	spool_profile(&b, RF_SPOOL_PROFILE_HEAP, 1, &n.inlined, 1);
	finish();
	store_spool(s, here, "t1");
	native_release(&n);
	store_spool(s, there, "t1");
	rf_str want = dump_of(s, here);
	assert_true(rf_str_contains(want, "innermost"));
	assert_merges_to(s, here, there, want);
}

static void gc_removes_profiles_of_old_runs(void **state)
{
	struct sample *s = *state;
	begin();
	spool_profile(&b, RF_SPOOL_PROFILE_HEAP, 1, pcs, 3);
	finish();
	store_spool(s, s->path, "t1");
	s->clock.now += 10 * DAY_NS;
	memcpy(((struct rf_spool_file_header *)(void *)b.bytes)->spool_id, "another process.", 16);
	store_spool(s, s->path, "t2");
	gc(s, (struct rf_gc_options){ .keep_ns = 5 * DAY_NS });
	assert_int_equal(sample_count(s, "SELECT count(*) FROM processes"), 1);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM profiles"), 1);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM profile_samples"), 3);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM profile_frames"), 3);
	assert_sound(s->path);
}

/* --- out of it --------------------------------------------------------------------------------------------------- */

static rf_str exported(struct sample *s, const char *format, struct rf_export_options options)
{
	struct rf_export *x;
	struct rf_buf out;
	rf_buf_init(&out);
	assert_int_equal(rf_export_open(&x, s->store, &options, &s->err), 0);
	if (rf_export_write(x, rf_export_format_find(format), &out, &s->err) < 0)
		rf_buf_reset(&out);
	rf_export_close(x);
	rf_str text = rf_arena_dup(&s->arena, rf_buf_str(&out));
	rf_buf_release(&out);
	return text;
}

static rf_str inflated(struct sample *s, rf_str bytes)
{
	char *plain = rf_arena_alloc(&s->arena, 1 << 16);
	z_stream z = { .next_in = (Bytef *)(uintptr_t)bytes.ptr, .avail_in = (uInt)bytes.len, .next_out = (Bytef *)plain,
		       .avail_out = 1 << 16 };
	assert_int_equal(inflateInit2(&z, MAX_WBITS + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.avail_in, 0);
	inflateEnd(&z);
	return (rf_str){ plain, z.total_out };
}

static uint64_t varint(rf_str *bytes)
{
	uint64_t value = 0;
	for (int shift = 0; bytes->len; shift += 7) {
		unsigned char c = (unsigned char)bytes->ptr[0];
		*bytes = rf_str_skip(*bytes, 1);
		value |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80)
			return value;
	}
	fail_msg("a number without an end");
	return 0;
}

/* How many fields of each number a message has; the sum of the values of sample_type `value`; texts go to `texts`. */
static void walk(rf_str bytes, uint32_t fields[16], int64_t *sum, uint32_t value, rf_str *texts)
{
	while (bytes.len) {
		uint64_t key = varint(&bytes), n = varint(&bytes);
		assert_true(key >> 3 < 16);
		rf_str body = (key & 7) == 2 ? rf_str_take(bytes, (size_t)n) : RF_STR("");
		assert_true((key & 7) == 0 || ((key & 7) == 2 && body.len == n));
		bytes = rf_str_skip(bytes, body.len);
		if (key >> 3 == 6)
			texts[fields[6]] = body;
		fields[key >> 3]++;
		while (key >> 3 == 2 && body.len) {
			uint64_t inner = varint(&body), length = varint(&body);
			rf_str packed = rf_str_take(body, (size_t)length);
			body = rf_str_skip(body, (size_t)length);
			for (uint32_t i = 0; inner >> 3 == 2 && packed.len; i++) {
				uint64_t number = varint(&packed);
				*sum += i == value ? (int64_t)number : 0;
			}
		}
	}
}

static void pprof_has_it_all(void **state)
{
	struct sample *s = *state;
	uint32_t fields[16] = { 0 }, count;
	rf_str texts[64];
	int64_t sum = 0;
	struct rf_profile_row *rows;
	begin();
	spool_profile(&b, RF_SPOOL_PROFILE_HEAP, 1, pcs, 3);
	finish();
	store_spool(s, s->path, "t1");
	rf_str first = exported(s, "pprof", (struct rf_export_options){ .last_run = true });
	rf_str again = exported(s, "pprof", (struct rf_export_options){ .last_run = true });
	assert_true(first.len > 0 && rf_str_eq(first, again));
	walk(inflated(s, first), fields, &sum, 1, texts);
	assert_int_equal(fields[1], 4); /* types of values */
	assert_int_equal(fields[2], 3); /* samples */
	assert_int_equal(fields[3], 1); /* mapping */
	assert_int_equal(fields[4], 3); /* locations */
	assert_int_equal(fields[5], 3); /* functions */
	assert_str(texts[0], "");
	for (uint32_t i = 0; i < fields[6]; i++) {
		for (uint32_t k = 0; k < i; k++)
			assert_false(rf_str_eq(texts[i], texts[k]));
	}
	assert_int_equal(rf_query_profiles(s->store, 1, 0, 10, &s->arena, &rows, &count, &s->err), 0);
	assert_int_equal(sum, rows[0].points[0].totals[1]);
}

static void folded_is_a_line_a_stack(void **state)
{
	struct sample *s = *state;
	begin();
	spool_profile(&b, RF_SPOOL_PROFILE_CPU, 1, pcs, 2);
	finish();
	store_spool(s, s->path, "t1");
	memcpy(((struct rf_spool_file_header *)(void *)b.bytes)->spool_id, "another process.", 16);
	store_spool(s, s->path, "t1");
	assert_str(exported(s, "folded", (struct rf_export_options){ .last_run = true }),
		   "libparse.so.1+0x1020 4000\nlibparse.so.1+0x1020;libparse.so.1+0x1010 2000\n");
	assert_str(exported(s, "folded", (struct rf_export_options){ .last_run = true, .value = RF_STR("samples"), .pid = 4711 }),
		   "libparse.so.1+0x1020 4\nlibparse.so.1+0x1020;libparse.so.1+0x1010 2\n");
	assert_str(exported(s, "folded", (struct rf_export_options){ .last_run = true, .profile = RF_STR("heap") }), "");
	assert_says(s->err, "has no heap profile");
	assert_str(exported(s, "pprof", (struct rf_export_options){ .last_run = true, .profile = RF_STR("disk") }), "");
	assert_says(s->err, "heap, cpu, io, contention, offcpu, faults, system, syscalls, counters and processor");
	assert_str(exported(s, "pprof", (struct rf_export_options){ .last_run = true, .value = RF_STR("bytes") }), "");
	assert_says(s->err, "samples and cpu");
	assert_str(exported(s, "pprof", (struct rf_export_options){ .last_run = false }), "");
	assert_says(s->err, "--run last");
}

/* A database that fails at any moment is an error, and never a file that lacks something. */
static void a_failing_database_is_an_error(void **state)
{
	struct sample *s = *state;
	struct rf_export_options o = { .last_run = true };
	uint32_t failures = 0;
	begin();
	spool_profile(&b, RF_SPOOL_PROFILE_HEAP, 1, pcs, 3);
	finish();
	store_spool(s, s->path, "t1");
	for (int f = 0; f < 2; f++) {
		for (uint64_t n = 1;; n++) {
			struct rf_export *x;
			struct rf_buf out;
			rf_buf_init(&out);
			s->store->fail_at_step = s->store->steps + n;
			int rc = rf_export_open(&x, s->store, &o, &s->err);
			if (rc == 0)
				rc = rf_export_write(x, rf_export_format_find(f ? "pprof" : "folded"), &out, &s->err);
			bool reached = s->store->steps >= s->store->fail_at_step;
			s->store->fail_at_step = 0;
			rf_export_close(x);
			rf_buf_release(&out);
			assert_int_equal(rc, reached ? RF_ERR_DATABASE : 0);
			if (!reached)
				break;
			failures++;
		}
	}
	assert_true(failures > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heap_is_estimated_as_go_does),
		cmocka_unit_test(others_are_estimated_by_their_period),
		cmocka_unit_test(a_torn_snapshot_does_not_count),
		cmocka_unit_test(impossible_records_are_counted),
		cmocka_unit_test_setup_teardown(the_last_snapshot_is_stored, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(merge_keeps_the_later_state, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(merge_keeps_the_names, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(gc_removes_profiles_of_old_runs, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(pprof_has_it_all, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(folded_is_a_line_a_stack, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(a_failing_database_is_an_error, sample_setup, sample_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
