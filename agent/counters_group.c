#include "agent/counters_group.h"

#include "agent/settings.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define SAMPLE_HEAD_WORDS 5u /* header, number of values, both times, the leader's value */
#define READS_MAX 4          /* a signal's handler that reads meanwhile writes over what was there */
#define CALIBRATIONS 4

_Static_assert((SAMPLE_HEAD_WORDS + RF_COUNTER_COUNT) * 8 * 2 < RF_PAGE, "two samples have room");

/* --- reading ------------------------------------------------------------------------------------------------------- */

extern const char rf_counters_provoked[] __attribute__((visibility("hidden")));

/* clock_gettime(2) itself, which filters of system calls let pass, since the C library may need it. Used: a test has the label alone. */
static __attribute__((noinline, used)) void provoke(void *where)
{
	long result;
	__asm__ volatile("syscall\nrf_counters_provoked:"
			 : "=a"(result)
			 : "0"((long)SYS_clock_gettime), "D"((long)CLOCK_MONOTONIC), "S"(where)
			 : "rcx", "r11", "memory");
}

static bool rf_counters_is_own_fault(uint64_t pc)
{
	return pc == (uint64_t)(uintptr_t)rf_counters_provoked;
}

/* It falls by each sample: the ring is written backwards. */
static uint64_t head_of(const struct rf_counters_group *group)
{
	return __atomic_load_n(&group->page->data_head, __ATOMIC_ACQUIRE);
}

static uint64_t word_at(const struct rf_counters_group *group, uint64_t position)
{
	const char *data = (const char *)group->page + RF_PAGE;
	return __atomic_load_n((const uint64_t *)(const void *)(data + (position & (RF_PAGE - 1))), __ATOMIC_RELAXED);
}

static bool read_sample(const struct rf_counters_group *group, uint64_t head, struct rf_counts *counts)
{
	uint64_t position = head + SAMPLE_HEAD_WORDS * 8, first = word_at(group, head), count = 1;
	counts->enabled = word_at(group, head + 16);
	counts->running = word_at(group, head + 24);
	for (int i = 0; i < RF_COUNTER_COUNT; i++) {
		counts->values[i] = group->pages[i] ? word_at(group, position) : 0;
		position += group->pages[i] ? 8 : 0;
		count += group->pages[i] != NULL;
	}
	return (uint32_t)first == PERF_RECORD_SAMPLE && first >> 48 == position - head && word_at(group, head + 8) == count;
}

static bool take_group(const struct rf_counters_group *group, struct rf_counts *counts)
{
	uint64_t before = head_of(group);
	provoke(group->page);
	for (int i = 0; i < READS_MAX; i++) {
		uint64_t head = head_of(group);
		bool good = head != before && read_sample(group, head, counts);
		if (head_of(group) == head)
			return good;
	}
	return false;
}

static bool take_plain(struct rf_counts *counts)
{
	struct rusage usage;
	struct timespec clock;
	memset(counts, 0, sizeof(*counts));
	if (getrusage(RUSAGE_THREAD, &usage) != 0 || clock_gettime(CLOCK_THREAD_CPUTIME_ID, &clock) != 0)
		return false;
	counts->values[RF_COUNTER_CLOCK] = (uint64_t)clock.tv_sec * 1000000000u + (uint64_t)clock.tv_nsec;
	counts->values[RF_COUNTER_FAULTS] = (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
	counts->values[RF_COUNTER_SWITCHES] = (uint64_t)usage.ru_nvcsw + (uint64_t)usage.ru_nivcsw;
	return true;
}

static bool rf_counters_take(const struct rf_counters_group *group, struct rf_counts *counts)
{
	return group->page ? take_group(group, counts) : take_plain(counts);
}

static bool rf_counters_between(const struct rf_counters_group *group, const struct rf_counts *before, const struct rf_counts *after,
				uint64_t values[RF_COUNTER_COUNT])
{
	for (int i = 0; i < RF_COUNTER_COUNT; i++) {
		uint64_t all = after->values[i] - before->values[i];
		values[i] = all > group->own[i] ? all - group->own[i] : 0;
	}
	return after->enabled - before->enabled == after->running - before->running;
}

/* --- opening ------------------------------------------------------------------------------------------------------- */

/* Closes the descriptor. NULL: refused. */
static void *map_event(int fd, size_t bytes)
{
	void *start = fd < 0 ? MAP_FAILED : mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	return start == MAP_FAILED ? NULL : start;
}

/* The least of what two readings one after the other say. */
static bool calibrate(struct rf_counters_group *group)
{
	struct rf_counts before, after;
	uint64_t least[RF_COUNTER_COUNT], values[RF_COUNTER_COUNT];
	bool known = false;
	memset(group->own, 0, sizeof(group->own));
	for (int i = 0; i < CALIBRATIONS; i++) {
		if (!rf_counters_take(group, &before) || !rf_counters_take(group, &after) ||
		    !rf_counters_between(group, &before, &after, values))
			continue;
		for (int k = 0; k < RF_COUNTER_COUNT; k++)
			least[k] = known && least[k] < values[k] ? least[k] : values[k];
		known = true;
	}
	if (known)
		memcpy(group->own, least, sizeof(least));
	return known;
}

/* What the processor can't count beside the others is left out, cycles excepted: they are the same in all threads. */
static bool open_counters(struct rf_counters_group *group, int leader, bool cycles)
{
	int end = cycles ? RF_COUNTER_COUNT : RF_COUNTER_CYCLES;
	for (int i = 0; i < end; i++) {
		group->pages[i] = map_event(rf_counters_open_counter((enum rf_counter)i, leader), RF_PAGE);
		if (!group->pages[i] && i <= RF_COUNTER_CYCLES)
			return false;
	}
	return true;
}

static bool rf_counters_group_open(struct rf_counters_group *group, bool cycles)
{
	memset(group, 0, sizeof(*group));
	int leader = rf_counters_open_leader();
	bool all = leader >= 0 && open_counters(group, leader, cycles);
	group->page = map_event(leader, 2 * RF_PAGE);
	if (all && group->page && calibrate(group))
		return true;
	rf_counters_group_close(group);
	return false;
}

static void rf_counters_group_plain(struct rf_counters_group *group)
{
	memset(group, 0, sizeof(*group));
	calibrate(group);
}

static void rf_counters_group_close(struct rf_counters_group *group)
{
	for (int i = 0; i < RF_COUNTER_COUNT; i++) {
		if (group->pages[i])
			munmap(group->pages[i], RF_PAGE);
	}
	if (group->page)
		munmap(group->page, 2 * RF_PAGE);
	memset(group, 0, sizeof(*group));
}
