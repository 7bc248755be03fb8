/* Spools that are cut, flipped and made up: the reader gives what can be read, counts the rest and never crashes. */
#include "spool_fixture.h"

/* Cut anywhere: what is whole is read, the rest is counted as torn, byte for byte. */
static void test_cut_everywhere(void **state)
{
	(void)state;
	spool_sample(&b);
	size_t full = b.used;
	for (size_t n = 0; n <= full; n++) {
		struct rf_spool_drops d;
		char *exact = malloc(n ? n : 1); /* so that ASan sees a read behind the end */
		memcpy(exact, b.bytes, n);
		int found = count_reports((rf_str){ exact, n }, &d);
		assert_int_equal(found < 0, n < sizeof(struct rf_spool_file_header));
		assert_true(found <= 2);
		assert_int_equal(d.records_bad, 0);
		if (n == full)
			assert_int_equal(found, 2);
		if (found == 2 && n < full)
			assert_true(n > full - 1000);
		free(exact);
	}
}

/* The tail is zero, as in a file whose space was taken ahead. */
static void test_cut_with_space_behind(void **state)
{
	static char padded[sizeof(b.bytes)];
	(void)state;
	spool_sample(&b);
	for (size_t n = sizeof(struct rf_spool_file_header); n < b.used; n++) {
		struct rf_spool_drops d;
		memset(padded, 0, sizeof(padded));
		memcpy(padded, b.bytes, n);
		int found = count_reports((rf_str){ padded, b.used + 4096 }, &d);
		assert_true(found >= 0 && found <= 2);
		assert_true(d.bytes_torn <= n);
		assert_true(d.records_bad <= 1);
	}
}

/* Every bit: no crash, the flip is noticed, and at most the record that was hit is lost. */
static void test_every_flipped_bit(void **state)
{
	unsigned refused = 0;
	struct rf_spool_drops d;
	(void)state;
	spool_sample(&b);
	assert_int_equal(count_reports(spool_end(&b), &d), 2);
	for (size_t bit = 0; bit < b.used * 8; bit++) {
		b.bytes[bit / 8] = (char)(b.bytes[bit / 8] ^ 1 << bit % 8);
		int found = count_reports(spool_end(&b), &d);
		b.bytes[bit / 8] = (char)(b.bytes[bit / 8] ^ 1 << bit % 8);
		if (bit / 8 < sizeof(struct rf_spool_file_header)) {
			refused += found < 0;
			continue;
		}
		assert_true(found == 1 || found == 2);
		/* a flip in the padding between records changes nothing */
		if (found < 2)
			assert_true(d.records_bad == 1 || d.bytes_torn > 0);
	}
	assert_true(refused > 8 * 8); /* magic and major version at least */
}

/* A length that was hit does not cost the records behind it. */
static void test_damaged_length(void **state)
{
	static const uint32_t lengths[] = { 0, 1, 23, 24, 100, 1 << 19, UINT32_MAX };
	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct rf_spool_drops d;
		spool_begin(&b);
		size_t at = spool_process(&b);
		uint32_t id = spool_symbol(&b, "main.f", "/a.go", 1), ids[4] = { id, id, id, id };
		spool_report(&b, ids);
		memcpy(b.bytes + at, &lengths[i], sizeof(lengths[i]));
		assert_int_equal(count_reports(spool_end(&b), &d), 1);
		assert_int_equal(d.records_bad, 1);
	}
}

/* A checksum can be right and the content impossible. */
static void test_bad_refs(void **state)
{
	static const struct rf_spool_ref refs[] = { { 8, 1 << 20 }, { UINT32_MAX, 16 }, { 16, UINT32_MAX }, { 100000, 8 },
						    { 64, 7 } };
	(void)state;
	for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
		for (size_t field = 0; field < 5; field++) {
			struct rf_spool_drops d;
			spool_begin(&b);
			struct rf_spool_report *r = spool_record(&b, RF_SPOOL_REPORT, sizeof(*r));
			struct rf_spool_ref *all[] = { &r->memory_name, &r->allocation_stack, &r->accesses, &r->goroutines,
						       &r->switches };
			*all[field] = refs[i];
			spool_commit(&b);
			bool text_of_any_length = field == 0 && refs[i].length == 7;
			assert_int_equal(count_reports(spool_end(&b), &d), text_of_any_length);
			assert_int_equal(d.records_bad, !text_of_any_length);
		}
	}
}

static void test_bad_symbol_ids(void **state)
{
	static const uint32_t ids[] = { 0, 1000000, UINT32_MAX };
	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct rf_spool_drops d;
		spool_begin(&b);
		b.symbols = ids[i] - 1;
		spool_symbol(&b, "main.f", "/a.go", 1);
		assert_int_equal(count_reports(spool_end(&b), &d), 0);
		assert_int_equal(d.records_bad, 1);
	}
	/* reports that name symbols nobody wrote */
	struct rf_report r;
	uint32_t unknown[4] = { 0, 99, UINT32_MAX, 5 };
	spool_begin(&b);
	spool_report(&b, unknown);
	struct rf_spool *s = opened(spool_end(&b));
	assert_true(rf_spool_next(s, &arena, &r));
	assert_int_equal(r.accesses[0].stack.count, 2);
	assert_str(r.accesses[0].stack.frames[1].function, "");
	rf_spool_close(s);
}

/* More than a report holds: the rest is left out, an access always has a goroutine. */
static void test_more_than_a_report_holds(void **state)
{
	struct rf_spool_access a[9];
	struct rf_spool_goroutine g[40];
	uint32_t ids[400] = { 0 };
	struct rf_report out;
	(void)state;
	memset(a, 0, sizeof(a));
	memset(g, 0, sizeof(g));
	spool_begin(&b);
	struct rf_spool_report *r = spool_record(&b, RF_SPOOL_REPORT, sizeof(*r));
	struct rf_spool_ref stack = spool_ids(&b, ids, 400);
	for (uint32_t i = 0; i < 9; i++)
		a[i] = (struct rf_spool_access){ .thread = 100 + i, .goroutine = i * 13, .stack = stack };
	for (uint32_t i = 0; i < 40; i++)
		g[i].thread = i;
	r->accesses = spool_put(&b, a, sizeof(a));
	r->goroutines = spool_put(&b, g, sizeof(g));
	spool_commit(&b);
	struct rf_spool *s = opened(spool_end(&b));
	assert_true(rf_spool_next(s, &arena, &out));
	assert_int_equal(out.access_count, RF_REPORT_ACCESSES_MAX);
	assert_int_equal(out.goroutine_count, RF_REPORT_GOROUTINES_MAX);
	assert_int_equal(out.accesses[0].stack.count, RF_SPOOL_STACK_FRAMES_MAX);
	assert_true(out.accesses[0].stack.cut);
	assert_int_equal(out.accesses[0].goroutine->thread, 100); /* index 0: found by thread, here a new one */
	assert_int_equal(out.accesses[1].goroutine->thread, 12);  /* index 13 */
	assert_int_equal(out.accesses[2].goroutine->thread, 102); /* index 26: not kept */
	rf_spool_close(s);
}

/* Damage made so that every word could be the start of a long record costs a bounded time. */
static void test_cost_of_damage(void **state)
{
	struct rf_spool_drops d;
	size_t n = (size_t)8 << 20;
	char *bytes = malloc(n);
	(void)state;
	spool_begin(&b);
	memcpy(bytes, b.bytes, sizeof(struct rf_spool_file_header));
	for (size_t at = sizeof(struct rf_spool_file_header); at + 24 <= n; at += 24) {
		struct rf_spool_record head = { .length = RF_SPOOL_RECORD_BYTES_MAX, .type = RF_SPOOL_REPORT, .sequence = 1 };
		memcpy(bytes + at, &head, sizeof(head));
	}
	assert_int_equal(count_reports((rf_str){ bytes, n }, &d), 0);
	assert_true(d.bytes_torn > 0);
	free(bytes);
}

static void test_memory_runs_out(void **state)
{
	(void)state;
	spool_sample(&b);
	for (size_t cap = 1; cap < 6000; cap += 40) {
		struct rf_spool *s = opened(spool_end(&b));
		struct rf_report r;
		rf_arena small;
		rf_arena_init(&small, cap);
		while (rf_spool_next(s, &small, &r)) {
			for (uint32_t i = 0; i < r.access_count; i++)
				assert_non_null(r.accesses[i].goroutine);
		}
		rf_arena_release(&small);
		rf_spool_close(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_everywhere),
		cmocka_unit_test(test_cut_with_space_behind),
		cmocka_unit_test(test_every_flipped_bit),
		cmocka_unit_test(test_damaged_length),
		cmocka_unit_test(test_bad_refs),
		cmocka_unit_test(test_bad_symbol_ids),
		cmocka_unit_test(test_more_than_a_report_holds),
		cmocka_unit_test(test_cost_of_damage),
		cmocka_unit_test(test_memory_runs_out),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
