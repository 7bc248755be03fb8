/* A day in the life of a process, in seconds: only the agent's own readings of the clock are made up. Its tables, files and records
 * stay bounded, and its counters say what happened.
 */
#include <time.h>

static int day_clock(clockid_t clock, struct timespec *now);
#define clock_gettime(clock, now) day_clock(clock, now)

#include "tests/unit/agent_fixture.h"
#include "tests/unit/directory.h"

#include <sys/stat.h>

#define SECONDS 86400u
#define EACH_SECOND 2u       /* blocks of malloc that are sampled; as many waits */
#define KEPT 2000u
#define HUGE ((size_t)1 << 40) /* mapped and unmapped each second */
#define SPOOL_BYTES_MAX ((off_t)4 << 20)
#define SNAPSHOTS_MAX 40u    /* after 1, 3, 7 … seconds, and each hour */
#define SAMPLES_MAX 600u

static uint64_t second = 1000;

static int day_clock(clockid_t clock, struct timespec *now)
{
	*now = (struct timespec){ .tv_sec = (time_t)second, .tv_nsec = clock == CLOCK_MONOTONIC ? 7 : 0 };
	return 0;
}

static uint32_t records_of(const char *path, enum rf_spool_type type)
{
	struct rf_spool_record record;
	uint32_t count = 0;
	off_t at = sizeof(struct rf_spool_file_header);
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	while (pread(fd, &record, sizeof(record), at) == (ssize_t)sizeof(record) && record.length) {
		count += record.type == type;
		at += (off_t)((record.length + 7u) & ~7u);
	}
	close(fd);
	assert_true(at < SPOOL_BYTES_MAX);
	return count;
}

static void live_a_second(void **kept)
{
	for (uint32_t i = 0; i < EACH_SECOND; i++) {
		void **place = &kept[rf_random() % KEPT];
		if (*place) {
			assert_true(rf_heap_forget(*place));
			rf_next.free(*place);
		}
		*place = rf_heap_allocate(100 + i, 1, false);
		rf_waits_count(UINT32_MAX);
	}
	void *huge = (void *)(uintptr_t)0x10000000000u;
	rf_heap_map(huge, HUGE);
	if (second % 2)
		rf_heap_unmap(huge, HUGE);
}

/* The sums of a profile; its stacks are those of one function, so they are few. */
static void sum(const struct rf_heap_file *file, uint64_t sums[4])
{
	memset(sums, 0, 4 * sizeof(*sums));
	assert_true(file->stack_count < 20);
	for (uint32_t i = 0; i < file->stack_count; i++) {
		for (int v = 0; v < 4; v++)
			sums[v] += file->stacks[i].values[v];
	}
}

static void test_day(void **state)
{
	static void *kept[KEPT];
	uint64_t sums[4], live = 0, waited[4];
	struct stat st;
	(void)state;
	rf_heap_init(1000);
	rf_waits_init(1000);
	for (uint32_t i = 0; i < SECONDS; i++, second++)
		live_a_second(kept);
	rf_heap_unmap(NULL, (size_t)1 << 47);
	for (uint32_t i = 0; i < KEPT; i++)
		live += kept[i] != NULL;
	sum(&heap.t->stacks.file, sums);
	assert_int_equal(sums[VALUE_OBJECTS], SECONDS * (EACH_SECOND + 1u));
	assert_int_equal(sums[VALUE_BYTES], SECONDS * (HUGE + 100u * EACH_SECOND + 1u));
	assert_int_equal(sums[VALUE_LIVE_OBJECTS], live);
	assert_int_equal(heap.t->stacks.file.live_count, live);
	assert_int_equal(heap.t->stacks.file.dropped, 0);
	assert_int_equal(heap.mappings, 0);
	assert_true(fabs(heap.live_bytes / ((double)live * rf_heap_estimate(100)) - 1) < 0.02);
	sum(&waits.t->file, waited);
	assert_int_equal(waited[VALUE_WAITS], SECONDS * EACH_SECOND);
	assert_int_equal(waited[VALUE_WAITS_NS], (uint64_t)SECONDS * EACH_SECOND * UINT32_MAX);
	assert_true(heap.t->stacks.file.snapshot <= SNAPSHOTS_MAX && heap.t->stacks.file.snapshot > SECONDS / 3600);
	assert_true(waits.t->file.snapshot <= SNAPSHOTS_MAX);
	assert_int_equal(stat(heap.profile.path, &st), 0);
	assert_int_equal(st.st_size, RF_PROFILE_FILE_BYTES);
	rf_heap_finish();
	rf_waits_finish();
	rf_record_finish();
	assert_int_equal(stat(heap.profile.path, &st), -1);
	uint32_t samples = records_of(rf_spool_path(), RF_SPOOL_SAMPLE);
	assert_true(samples > 300 && samples <= SAMPLES_MAX);
	for (uint32_t i = 0; i < KEPT; i++)
		rf_next.free(kept[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_day) };
	char directory[DIRECTORY_BYTES];
	directory_make(directory);
	setenv("REDFLAG_SPOOL", directory, 1);
	rf_next_init();
	rf_record_init();
	rf_settings.pid = getpid();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	directory_remove(directory);
	return failed;
}
