/* The agent's counters: samples at every place of the ring and such that are none, what is taken off and what isn't whole, the group of a
 * processor that counts (its counters are played by the kernel's), each event refused in turn, and what goes into the profiles. */
#include "tests/unit/agent_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <string.h>
#include <unistd.h>

#define AREA_PAGES 200u

static int opens, refused_open; /* the one of this number is refused; 0: none */
static bool processor_counts;

/* As perf_event_open(2), and the processor has counters: cycles are the task clock, instructions page faults, cache misses switches. */
static long open_as_told(long number, struct perf_event_attr *attr, int thread, int processor, int leader, unsigned long flags)
{
	static const uint64_t instead[] = { [PERF_COUNT_HW_CPU_CYCLES] = PERF_COUNT_SW_TASK_CLOCK,
					    [PERF_COUNT_HW_INSTRUCTIONS] = PERF_COUNT_SW_PAGE_FAULTS,
					    [PERF_COUNT_HW_CACHE_MISSES] = PERF_COUNT_SW_CONTEXT_SWITCHES };
	bool hardware = attr->type == PERF_TYPE_HARDWARE;
	if (++opens == refused_open || (hardware && !processor_counts)) {
		errno = ENOENT;
		return -1;
	}
	if (hardware) {
		attr->type = PERF_TYPE_SOFTWARE;
		attr->config = instead[attr->config];
	}
	return syscall(number, attr, thread, processor, leader, flags);
}

#define syscall open_as_told
#include "agent/counters_attr.h"
#undef syscall

#include "agent/counters_group.h"
#include "agent/counters.h"

#include "agent/counters_group.c"
#include "agent/counters.c"

static _Alignas(4096) uint64_t ring[2 * RF_PAGE / 8];

static void put_word(uint64_t position, uint64_t word)
{
	ring[RF_PAGE / 8 + position % RF_PAGE / 8] = word;
}

/* With two counters: header, number of values, both times, the leader, and they. */
static uint64_t put_sample(uint64_t head)
{
	const uint64_t words[] = { 7 * 8ull << 48 | (uint64_t)PERF_RECORD_MISC_KERNEL << 32 | PERF_RECORD_SAMPLE, 3, 1000, 999, 5, 77, 88 };
	for (uint32_t i = 0; i < 7; i++)
		put_word(head + i * 8u, words[i]);
	return head;
}

static void test_samples(void **state)
{
	(void)state;
	struct rf_counters_group group = { .page = (void *)ring };
	struct rf_counts counts;
	group.pages[RF_COUNTER_FAULTS] = group.pages[RF_COUNTER_CYCLES] = ring;
	for (uint64_t at = 0; at < RF_PAGE; at += 8) {
		uint64_t head = put_sample(0 - at); /* it falls from 0 */
		assert_true(read_sample(&group, head, &counts));
		assert_int_equal(counts.enabled, 1000);
		assert_int_equal(counts.running, 999);
		for (int i = 0; i < RF_COUNTER_COUNT; i++)
			assert_int_equal(counts.values[i], i == RF_COUNTER_FAULTS ? 77 : i == RF_COUNTER_CYCLES ? 88 : 0);
		put_word(head, 7 * 8ull << 48 | PERF_RECORD_THROTTLE);
		assert_false(read_sample(&group, head, &counts));
		put_word(head, 8 * 8ull << 48 | PERF_RECORD_SAMPLE);
		assert_false(read_sample(&group, head, &counts));
		put_sample(head);
		put_word(head + 8, 4);
		assert_false(read_sample(&group, head, &counts));
	}
}

static void test_between(void **state)
{
	(void)state;
	struct rf_counters_group group = { .own = { 10, 1, 0, 0, 500 } };
	struct rf_counts before = { { 100, 7, 3, 1, UINT64_MAX - 99 }, 50, 40 }, after = { { 105, 9, 3, 2, 900 }, 70, 60 };
	uint64_t values[RF_COUNTER_COUNT];
	assert_true(rf_counters_between(&group, &before, &after, values));
	assert_int_equal(values[RF_COUNTER_CLOCK], 0); /* less than reading takes */
	assert_int_equal(values[RF_COUNTER_FAULTS], 1);
	assert_int_equal(values[RF_COUNTER_SWITCHES], 0);
	assert_int_equal(values[RF_COUNTER_MIGRATIONS], 1);
	assert_int_equal(values[RF_COUNTER_CYCLES], 500);
	after.running--; /* somebody else had the counters meanwhile */
	assert_false(rf_counters_between(&group, &before, &after, values));
}

/* --- groups -------------------------------------------------------------------------------------------------------- */

static int open_descriptors(void)
{
	int count = 0;
	DIR *d = opendir("/proc/self/fd");
	while (readdir(d))
		count++;
	closedir(d);
	return count;
}

static int mapped_events(void)
{
	int count = 0;
	char line[1024];
	FILE *f = fopen("/proc/self/maps", "r");
	while (fgets(line, sizeof(line), f))
		count += strstr(line, "[perf_event]") != NULL;
	fclose(f);
	return count;
}

static void need_group(void)
{
	processor_counts = false;
	refused_open = 0;
	if (rf_counters_probe() == RF_COUNTERS_REFUSED) {
		print_message("perf_event_open is refused here\n");
		skip();
	}
}

static int zero;
static char *area;

/* By the kernel alone, in pages that nobody has touched. */
static void fault_in_kernel(uint64_t pages)
{
	madvise(area, pages * RF_PAGE, MADV_DONTNEED);
	assert_int_equal(read(zero, area, pages * RF_PAGE), pages * RF_PAGE);
}

static void make_area(void)
{
	zero = open("/dev/zero", O_RDONLY);
	area = mmap(NULL, AREA_PAGES * RF_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(area, MAP_FAILED);
	madvise(area, AREA_PAGES * RF_PAGE, MADV_NOHUGEPAGE);
	fault_in_kernel(AREA_PAGES); /* what looks at reads (a sanitizer) has now touched all that it will */
}

/* The page faults of a call: which take more samples than the ring has room for. */
static void check_group(const struct rf_counters_group *group, bool cycles, bool instructions)
{
	struct rf_counts before, after;
	uint64_t values[RF_COUNTER_COUNT];
	for (uint64_t pages = 0; pages <= AREA_PAGES; pages += AREA_PAGES / 2) {
		assert_true(rf_counters_take(group, &before));
		if (pages)
			fault_in_kernel(pages);
		assert_true(rf_counters_take(group, &after));
		assert_true(rf_counters_between(group, &before, &after, values));
		assert_int_equal(values[RF_COUNTER_FAULTS], pages);
		assert_int_equal(values[RF_COUNTER_INSTRUCTIONS], instructions ? pages : 0);
		assert_true(pages == 0 || values[RF_COUNTER_CLOCK] > 0);
		assert_true(pages == 0 || (values[RF_COUNTER_CYCLES] > 0) == cycles);
	}
}

static void test_group(void **state)
{
	(void)state;
	need_group();
	for (int counts = 0; counts < 2; counts++) {
		struct rf_counters_group group;
		int descriptors = open_descriptors(), mapped = mapped_events();
		processor_counts = counts;
		assert_int_equal(rf_counters_probe(), counts ? RF_COUNTERS_ALL : RF_COUNTERS_NO_CYCLES);
		assert_true(rf_counters_group_open(&group, counts));
		assert_int_equal(open_descriptors(), descriptors);
		assert_int_equal(mapped_events(), mapped + (counts ? 8 : 5));
		check_group(&group, counts, counts);
		rf_counters_group_close(&group);
		assert_int_equal(mapped_events(), mapped);
		rf_counters_group_plain(&group);
		check_group(&group, false, false);
	}
}

/* Instructions and cache misses can be missing, all else is the whole group. */
static void test_refused(void **state)
{
	(void)state;
	need_group();
	processor_counts = true;
	int descriptors = open_descriptors(), mapped = mapped_events();
	for (int n = 1; n <= 1 + RF_COUNTER_COUNT; n++) {
		struct rf_counters_group group;
		bool spared = n > 2 + RF_COUNTER_CYCLES;
		opens = 0;
		refused_open = n;
		assert_int_equal(rf_counters_group_open(&group, true), spared);
		if (spared)
			check_group(&group, true, n != 2 + RF_COUNTER_INSTRUCTIONS);
		assert_int_equal(open_descriptors(), descriptors);
		rf_counters_group_close(&group);
		assert_int_equal(mapped_events(), mapped);
	}
}

/* --- calls --------------------------------------------------------------------------------------------------------- */

static void measure(uint64_t pages)
{
	struct rf_counters_call call;
	errno = 7;
	rf_counters_begin(&call);
	assert_true(call.due);
	assert_int_equal(errno, 7);
	if (pages)
		fault_in_kernel(pages);
	errno = 8;
	rf_counters_end(&call);
	assert_int_equal(errno, 8);
}

static uint64_t sum_of(const struct rf_profile *p, uint32_t value)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; p->t && i < p->t->file.stack_count; i++)
		sum += p->t->file.stacks[i].values[value];
	return sum;
}

static void begin_calls(void)
{
	rf_counters_group_close(&counted_here.group);
	rf_counters_forked();
	rf_counters_init(1);
	rf_me.counters_left = 0;
}

static void test_calls(void **state)
{
	(void)state;
	need_group();
	processor_counts = true;
	begin_calls();
	for (int i = 0; i < 10; i++)
		measure(3);
	assert_int_equal(counters.groups, 1);
	assert_int_equal(counters.calls.t->file.kind, RF_SPOOL_PROFILE_COUNTERS);
	assert_int_equal(sum_of(&counters.calls, VALUE_COUNTED), 10);
	assert_int_equal(sum_of(&counters.calls, VALUE_CLOCK_FAULTS), 30);
	assert_true(sum_of(&counters.calls, VALUE_CLOCK_NS) > 0);
	assert_int_equal(counters.processor.t->file.kind, RF_SPOOL_PROFILE_PROCESSOR);
	assert_true(sum_of(&counters.processor, VALUE_CYCLES) > 0);
	assert_int_equal(sum_of(&counters.processor, VALUE_INSTRUCTIONS), 30);
	assert_int_equal(counters.calls.t->file.dropped + counters.processor.t->file.dropped, 0);
	end_group(&counted_here);
	assert_int_equal(counters.groups, 0);
	measure(3); /* by a destructor behind ours */
	assert_int_equal(sum_of(&counters.calls, VALUE_CLOCK_FAULTS), 33);
	assert_int_equal(counters.processor.t->file.dropped, 1);
}

/* More threads than groups; a call of which the group can't tell all; the agent itself at work; another process. */
static void test_without(void **state)
{
	(void)state;
	need_group();
	processor_counts = true;
	begin_calls();
	counters.groups = RF_COUNTERS_THREADS_MAX;
	measure(3);
	assert_int_equal(counters.groups, RF_COUNTERS_THREADS_MAX);
	assert_int_equal(sum_of(&counters.calls, VALUE_CLOCK_FAULTS), 3);
	assert_int_equal(counters.processor.t->file.dropped, 1);
	struct rf_counters_call call = { .due = true, .taken = false };
	rf_counters_leave(&call);
	assert_int_equal(counters.calls.t->file.dropped, 1);
	assert_int_equal(counters.processor.t->file.dropped, 2);
	rf_enter();
	measure(0);
	rf_leave();
	rf_settings.pid++;
	measure(0);
	rf_settings.pid--;
	assert_int_equal(sum_of(&counters.calls, VALUE_COUNTED), 1);
	assert_int_equal(counters.calls.t->file.dropped, 1);
}

/* Refused: the first profile alone. */
static void test_nothing_allowed(void **state)
{
	(void)state;
	refused_open = 1;
	opens = 0;
	begin_calls();
	assert_int_equal(counters.rights, RF_COUNTERS_REFUSED);
	measure(3);
	assert_int_equal(sum_of(&counters.calls, VALUE_CLOCK_FAULTS), 3);
	assert_null(counters.processor.t);
	assert_int_equal(opens, 1);
	rf_counters_finish();
	rf_counters_forked();
	assert_null(counters.calls.t);
}

int main(void)
{
	agent_begin();
	rf_settings.ready = true;
	make_area();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples), cmocka_unit_test(test_between), cmocka_unit_test(test_group), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_calls), cmocka_unit_test(test_without), cmocka_unit_test(test_nothing_allowed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
