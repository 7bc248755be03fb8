#include "session/session_tests.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define BUCKETS_FIRST 16u

/* Names are short, and parallel tests are thousands at most. */
static uint32_t hash_of(rf_str name)
{
	return (uint32_t)rf_hash_str(RF_HASH_START, name);
}

static bool is_named(const struct rf_open_test *test, rf_str name)
{
	return rf_str_eq((rf_str){ test->name, test->name_len }, name);
}

struct rf_open_test *rf_open_tests_find(struct rf_open_tests *t, rf_str name)
{
	if (t->latest && is_named(t->latest, name))
		return t->latest;
	if (t->count == 0)
		return NULL;
	struct rf_open_test *test = t->buckets[hash_of(name) & (t->bucket_count - 1)];
	while (test && !is_named(test, name))
		test = test->next;
	if (test)
		t->latest = test;
	return test;
}

static bool rehash(struct rf_open_tests *t)
{
	uint32_t count = t->bucket_count ? t->bucket_count * 2 : BUCKETS_FIRST;
	struct rf_open_test **buckets = calloc(count, sizeof(struct rf_open_test *));
	if (!buckets)
		return t->bucket_count > 0;
	for (uint32_t i = 0; i < t->bucket_count; i++) {
		for (struct rf_open_test *test = t->buckets[i], *next; test; test = next) {
			next = test->next;
			test->next = buckets[test->hash & (count - 1)];
			buckets[test->hash & (count - 1)] = test;
		}
	}
	free(t->buckets);
	t->buckets = buckets;
	t->bucket_count = count;
	return true;
}

uint64_t rf_open_tests_start(struct rf_open_tests *t, uint64_t time_unix_ns)
{
	t->last_started = time_unix_ns > t->last_started ? time_unix_ns : t->last_started + 1;
	return t->last_started;
}

static size_t bytes_of(size_t name_len)
{
	return sizeof(struct rf_open_test) + name_len;
}

struct rf_open_test *rf_open_tests_add(struct rf_open_tests *t, rf_str name, uint64_t time_unix_ns, struct rf_kept_pool *tests)
{
	struct rf_open_test *test = rf_open_tests_find(t, name);
	if (test)
		return test;
	if (tests->bytes + bytes_of(name.len) > tests->bytes_max || (t->count >= t->bucket_count && !rehash(t)))
		return NULL;
	test = calloc(1, bytes_of(name.len));
	if (!test)
		return NULL;
	tests->bytes += bytes_of(name.len);
	memcpy(test->name, name.ptr, name.len);
	test->name_len = name.len;
	test->hash = hash_of(name);
	test->started = rf_open_tests_start(t, time_unix_ns);
	test->next = t->buckets[test->hash & (t->bucket_count - 1)];
	t->buckets[test->hash & (t->bucket_count - 1)] = test;
	t->count++;
	return t->latest = test;
}

void rf_open_tests_remove(struct rf_open_tests *t, struct rf_open_test *test, struct rf_kept_pool *tests, struct rf_kept_pool *said)
{
	struct rf_open_test **at = &t->buckets[test->hash & (t->bucket_count - 1)];
	while (*at != test)
		at = &(*at)->next;
	*at = test->next;
	t->count--;
	if (t->latest == test)
		t->latest = NULL;
	rf_kept_release(&test->said, said);
	tests->bytes -= bytes_of(test->name_len);
	free(test);
}

void rf_open_tests_release(struct rf_open_tests *t, struct rf_kept_pool *tests, struct rf_kept_pool *said)
{
	for (uint32_t i = 0; i < t->bucket_count; i++) {
		while (t->buckets[i])
			rf_open_tests_remove(t, t->buckets[i], tests, said);
	}
	rf_kept_release(&t->said, said);
	free(t->buckets);
	*t = (struct rf_open_tests){ 0 };
}

/* --- frames ---------------------------------------------------------------------------------------------------- */

/* "=== RUN   TestA", "=== NAME  TestA" */
static bool is_update(rf_str line)
{
	return rf_str_starts(line, "=== RUN   ") || rf_str_starts(line, "=== PAUSE ") || rf_str_starts(line, "=== CONT  ") ||
	       rf_str_starts(line, "=== NAME  ");
}

/* "    --- PASS: TestA/b (0.00s)" of the test itself */
static bool is_end(rf_str line, rf_str test)
{
	while (line.len && line.ptr[0] == ' ')
		line = rf_str_skip(line, 1);
	if (!rf_str_starts(line, "--- "))
		return false;
	rf_str rest = rf_str_skip(line, 4), word = rf_str_cut(&rest, ' ');
	return word.len && word.ptr[word.len - 1] == ':' && rf_str_eq(rf_str_take(rest, test.len), test) &&
	       rf_str_starts(rf_str_skip(rest, test.len), " (");
}

static bool is_package_line(rf_str line)
{
	return rf_str_eq_cstr(line, "PASS\n") || rf_str_eq_cstr(line, "FAIL\n") || rf_str_starts(line, "ok  \t") ||
	       rf_str_starts(line, "FAIL\t") || rf_str_starts(line, "?   \t") || is_update(line);
}

bool rf_test_output_is_frame(rf_str output, rf_str test)
{
	if (test.len == 0)
		return is_package_line(output);
	switch (output.len ? output.ptr[0] : 0) {
	case '=':
		return is_update(output);
	case ' ':
	case '-':
		return is_end(output, test);
	case 'B': /* a benchmark begins with its name alone */
		return output.len == test.len + 1 && rf_str_eq(rf_str_take(output, test.len), test);
	default:
		return false;
	}
}
