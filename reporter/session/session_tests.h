/* The tests of a package that are running, and what they said: kept until they end, because only then it is known whether anybody
 * will want to read it. Internal to session*.c.
 *
 * A test's name and start make it unique, so that a test that runs several times is told several times, and a log that is read
 * again is the same log. The start is the time of its first event, or a number where the stream has no times; two tests of
 * a package never have the same.
 */
#ifndef RF_SESSION_SESSION_TESTS_H
#define RF_SESSION_SESSION_TESTS_H

#include "read/test2json.h"
#include "session/kept_text.h"

#define RF_TEST_OUTPUT_PASSED_MAX ((size_t)4 << 10)        /* bytes kept of a test that passed; others RF_KEPT_BYTES_MAX */
#define RF_RUN_OUTPUT_MAX ((uint64_t)16 << 20)             /* of all tests and packages that failed or were skipped; from then on */
#define RF_TEST_OUTPUT_LATE_MAX ((size_t)1 << 10)          /* of each so many, up to twice as much */
#define RF_RUN_OUTPUT_PASSED_MAX ((uint64_t)4 << 20)       /* of all that passed */
#define RF_SESSION_OUTPUT_BYTES_MAX ((size_t)8 << 20)      /* of what runs at the moment, in memory */
#define RF_SESSION_TESTS_BYTES_MAX ((size_t)16 << 20)      /* of the tests that run at the moment: about 100,000; others only end */
#define RF_SESSION_BUILDS_MAX 4096u                        /* builds whose words are kept */

struct rf_open_test {
	struct rf_open_test *next;
	uint64_t started;
	bool announced;      /* by a "run" event; else it is only known from its output */
	bool measured;       /* a benchmark whose line of results has come */
	struct rf_kept said;
	uint32_t hash;
	size_t name_len;
	char name[];
};

struct rf_open_tests { /* of a package; zeroed at first */
	struct rf_open_test **buckets, *latest;
	uint32_t bucket_count, count;
	uint64_t started, last_started; /* of the package, of the test that started last */
	struct rf_kept said;            /* outside of tests */
};

struct rf_build { /* what the compiler or vet said about a package that may not build */
	struct rf_build *next;
	rf_str import_path; /* as go test names it: "example.com/a [example.com/a.test]" */
	struct rf_kept said;
};

/* NULL when there is none, or when out of memory. */
struct rf_open_test *rf_open_tests_find(struct rf_open_tests *t, rf_str name);
/* Opens it, or finds it. `time_unix_ns` 0: the stream has no times. NULL when out of memory, also of the pool that they share. */
struct rf_open_test *rf_open_tests_add(struct rf_open_tests *t, rf_str name, uint64_t time_unix_ns, struct rf_kept_pool *tests);
/* The next start, for what isn't opened. */
uint64_t rf_open_tests_start(struct rf_open_tests *t, uint64_t time_unix_ns);
/* `said`: the pool of their texts. */
void rf_open_tests_remove(struct rf_open_tests *t, struct rf_open_test *test, struct rf_kept_pool *tests, struct rf_kept_pool *said);
void rf_open_tests_release(struct rf_open_tests *t, struct rf_kept_pool *tests, struct rf_kept_pool *said);

/* A line that the testing package or go test frames output with, and that says nothing that the result doesn't. */
bool rf_test_output_is_frame(rf_str output, rf_str test);

#endif
