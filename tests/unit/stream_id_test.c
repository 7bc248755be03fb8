#include "arena_fixture.h"

#include "store/stream_id.h"
#include "store/timestamp.h"

static struct rf_test_event event_of(const char *time, const char *package, const char *test, const char *output)
{
	return (struct rf_test_event){ .action = RF_ACTION_OUTPUT, .time = rf_str_from(time), .package = rf_str_from(package),
				       .test = rf_str_from(test), .output = rf_str_from(output) };
}

static void feed(struct rf_stream_id *id, const char *time, const char *package, const char *test, const char *output)
{
	struct rf_test_event event = event_of(time, package, test, output);
	rf_stream_id_event(id, &event);
}

static const char *uid_of(const struct rf_stream_id *id)
{
	char *uid = rf_arena_alloc(&arena, RF_STREAM_UID_BYTES + 1);
	rf_stream_id_uid(id, uid);
	assert_int_equal(strlen(uid), RF_STREAM_UID_BYTES);
	assert_int_equal(strspn(uid, "0123456789abcdef"), RF_STREAM_UID_BYTES);
	return uid;
}

static void test_grown_stream_keeps_its_uids(void **state)
{
	struct rf_stream_id a, b;
	(void)state;
	rf_stream_id_init(&a, RF_STR(""));
	rf_stream_id_init(&b, RF_STR(""));
	const char *last = "";
	for (unsigned i = 0; i < 300; i++) {
		const char *line = rf_arena_printf(&arena, "line %u\n", i).ptr;
		feed(&a, "2026-01-02T03:04:05.6Z", "p", "T", line);
		feed(&b, "2026-01-02T03:04:05.6Z", "p", "T", line);
		const char *uid = uid_of(&a);
		assert_string_equal(uid, uid_of(&b));
		assert_true(strcmp(last, uid) < 0); /* they stand in order in an index, */
		assert_true(i == 0 || memcmp(last, uid, 8) == 0); /* and together */
		last = uid;
		a.reports++;
		b.reports++;
	}
}

/* Streams of one event whose members differ in one byte, in length, or in where a byte belongs: all are different. */
static void test_every_byte_counts(void **state)
{
	struct rf_stream_id id;
	char text[80];
	const char *uids[1000];
	size_t count = 0;
	(void)state;
	for (size_t len = 0; len < 70; len++) {
		for (size_t at = 0; at <= len; at += len < 20 ? 1 : 7) {
			memset(text, 'a', len);
			text[len] = '\0';
			if (at < len)
				text[at] = 'b';
			rf_stream_id_init(&id, RF_STR(""));
			feed(&id, "", "", "", text);
			uids[count++] = uid_of(&id);
		}
	}
	const char *members[][4] = { { "x", "y", "", "" }, { "xy", "", "", "" }, { "", "xy", "", "" }, { "", "", "x", "y" },
				     { "", "", "", "xy" }, { "", "x", "y", "" } };
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		rf_stream_id_init(&id, RF_STR(""));
		feed(&id, members[i][0], members[i][1], members[i][2], members[i][3]);
		uids[count++] = uid_of(&id);
	}
	assert_true(count < sizeof(uids) / sizeof(uids[0]));
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(uids[i] + 16, uids[k] + 16, 24);
	}
}

/* The hash depends on all that was before, also where streams end in the same lines. */
static void test_history_counts(void **state)
{
	struct rf_stream_id a, b;
	(void)state;
	rf_stream_id_init(&a, RF_STR(""));
	rf_stream_id_init(&b, RF_STR(""));
	rf_stream_id_text(&a, RF_STR("ok 0.01s"));
	rf_stream_id_text(&b, RF_STR("ok 0.02s"));
	for (int i = 0; i < 1000; i++) {
		rf_stream_id_text(&a, RF_STR("the same line in both"));
		rf_stream_id_text(&b, RF_STR("the same line in both"));
	}
	assert_string_not_equal(uid_of(&a), uid_of(&b));
}

static void test_trace_only_without_times(void **state)
{
	struct rf_stream_id a, b;
	char trace_a[RF_STREAM_TRACE_BYTES], trace_b[RF_STREAM_TRACE_BYTES];
	(void)state;
	rf_stream_id_init(&a, RF_STR("t1"));
	rf_stream_id_init(&b, RF_STR("t2"));
	rf_stream_id_text(&a, RF_STR("FAIL"));
	rf_stream_id_text(&b, RF_STR("FAIL"));
	assert_string_not_equal(uid_of(&a), uid_of(&b));
	rf_stream_id_trace(&a, trace_a);
	rf_stream_id_trace(&b, trace_b);
	assert_memory_equal(trace_a, trace_b, sizeof(trace_a));
	feed(&a, "2026-01-02T03:04:05Z", "p", "T", "x");
	feed(&b, "2026-01-02T03:04:05Z", "p", "T", "x");
	assert_string_equal(uid_of(&a), uid_of(&b));
}

/* The short way gives what the parser gives. */
static void test_times(void **state)
{
	static const char *const times[] = {
		"2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05.1Z", "2026-01-02T03:04:05.000000001Z",
		"2026-01-02T03:04:05.99Z", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.12Z", "2026-01-02T03:04:06.12Z",
		"2026-01-02T03:04:06.5+02:00", "2026-01-02T03:04:06.5Z", "2026-01-02T03:04:06.1234567891Z",
		"2026-01-02T03:04:06.Z", "2026-01-02T03:04:06.12xZ", "2026-01-02T03:04:06,12Z", "nonsense", "",
		"1969-12-31T23:59:59.5Z", "2026-13-02T03:04:06.5Z", "2026-13-02T03:04:06.6Z", "2026-01-02T03:04:06.7z",
		"xxxxxxxxxxxxxxxxxxxxx5Z", "2026-01-02T03:04:06.999999999Z", "2026-12-31T23:59:59.999Z",
	};
	struct rf_stream_id id;
	uint64_t want = 0, ns;
	(void)state;
	rf_stream_id_init(&id, RF_STR(""));
	assert_false(id.has_times);
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
			if (rf_time_parse(rf_str_from(times[i]), &ns))
				want = ns;
			struct rf_test_event event = event_of(times[i], "p", "T", "x");
			assert_int_equal(rf_stream_id_event(&id, &event), round == 0 && i == 0);
			if (id.time_unix_ns != want)
				fail_msg("%s: %llu and not %llu", times[i], (unsigned long long)id.time_unix_ns,
					 (unsigned long long)want);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grown_stream_keeps_its_uids),
		cmocka_unit_test(test_every_byte_counts),
		cmocka_unit_test(test_history_counts),
		cmocka_unit_test(test_trace_only_without_times),
		cmocka_unit_test(test_times),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
