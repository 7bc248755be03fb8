#include "agent/events.h"

#include "agent/event_record.h"
#include "agent/fault.h"
#include "agent/lock.h"
#include "agent/settings.h"
#include "agent/signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SWEEP_RINGS 8u                 /* of other threads, read at a time */
#define SWEEP_NS ((uint64_t)100000000) /* and so often */
#define LAST_EVENTS_MAX 64u            /* made at the end of a thread, to be told what was left out before */

/* In memory that a fork leaves empty (MADV_WIPEONFORK), since rings don't go with it. */
struct rf_thread_events {
	bool used;
	struct rf_thread_event kinds[RF_EVENTS_KIND_COUNT];
};

static struct {
	struct rf_event_sort sorts[RF_EVENTS_KIND_COUNT];
	struct rf_thread_events *threads; /* NULL: all are off */
	uint64_t swept_ns;
	uint32_t sweep_at;
	pthread_key_t key;
} events;

/* --- rings ------------------------------------------------------------------------------------------------------- */

static void read_thread(struct rf_thread_events *t)
{
	for (int kind = 0; kind < RF_EVENTS_KIND_COUNT; kind++) {
		if (t->kinds[kind].ring.page)
			rf_event_read(&events.sorts[kind], &t->kinds[kind]);
	}
}

static bool is_full(const struct rf_thread_event *e)
{
	return e->ring.page && e->ring.bytes - rf_perf_ring_filled(&e->ring) < 2 * RF_EVENTS_STACK_BYTES;
}

static void fault_often(uint64_t times)
{
	size_t bytes = times * RF_PAGE;
	volatile char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return;
	madvise((void *)p, bytes, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < bytes; i += RF_PAGE)
		p[i] = 1;
	munmap((void *)p, bytes);
}

static void leave_often(uint64_t times)
{
	const struct timespec moment = { 0, 1 };
	for (uint64_t i = 0; i < times; i++)
		syscall(SYS_nanosleep, &moment, NULL);
}

/* At its end. What was left out is known by the next sample: where the ring was full, there is to be one more. */
static void read_last(struct rf_thread_events *t)
{
	bool faults = is_full(&t->kinds[RF_EVENTS_FAULTS]), offcpu = is_full(&t->kinds[RF_EVENTS_OFFCPU]);
	read_thread(t);
	if (faults && events.sorts[RF_EVENTS_FAULTS].period <= LAST_EVENTS_MAX)
		fault_often(events.sorts[RF_EVENTS_FAULTS].period);
	if (offcpu && events.sorts[RF_EVENTS_OFFCPU].period <= LAST_EVENTS_MAX)
		leave_often(events.sorts[RF_EVENTS_OFFCPU].period);
	if (faults || offcpu)
		read_thread(t);
}

static void read_others(void)
{
	uint64_t now_ns = rf_profile_now_ns();
	if (now_ns - events.swept_ns < SWEEP_NS)
		return;
	events.swept_ns = now_ns;
	for (uint32_t i = 0; i < SWEEP_RINGS; i++) {
		read_thread(&events.threads[events.sweep_at]);
		events.sweep_at = (events.sweep_at + 1) % RF_EVENTS_THREADS_MAX;
	}
}

/* A program that has gone round the C library for SIGSEGV would meet a fault of the unwinder. */
static bool may_read(void)
{
	return rf_settings.ready && rf_settings.pid == getpid() && rf_signals_has(SIGSEGV);
}

static void rf_events_read(void)
{
	if (!rf_me.events || !may_read())
		return;
	rf_lock();
	read_thread(rf_me.events);
	read_others();
	rf_unlock();
}

static void rf_events_read_due(void)
{
	const struct rf_thread_events *t = rf_me.events;
	int error = errno;
	bool due = false;
	for (int kind = 0; kind < RF_EVENTS_KIND_COUNT; kind++) {
		const struct rf_perf_ring *ring = &t->kinds[kind].ring;
		due |= ring->page && rf_perf_ring_filled(ring) > ring->bytes / 4;
	}
	if (due && rf_enter()) {
		rf_events_read();
		rf_leave();
	}
	errno = error;
}

/* NULL: there is none. */
static struct rf_thread_events *take_place(void)
{
	struct rf_thread_events *t = NULL;
	rf_lock();
	for (uint32_t i = 0; i < RF_EVENTS_THREADS_MAX && !t; i++) {
		if (!events.threads[i].used)
			t = &events.threads[i];
	}
	if (t)
		t->used = true;
	rf_unlock();
	return t;
}

static void give_back(struct rf_thread_events *t)
{
	rf_lock();
	t->used = false;
	rf_unlock();
}

static void open_rings(struct rf_thread_events *t)
{
	for (int kind = 0; kind < RF_EVENTS_KIND_COUNT; kind++) {
		struct rf_event_sort *sort = &events.sorts[kind];
		if (sort->period && !rf_perf_ring_open(&t->kinds[kind].ring, &sort->attr, RF_EVENTS_PAGES))
			sort->missed++;
	}
}

static void begin_thread(void)
{
	struct rf_thread_events *t = take_place(), fresh = { .used = true };
	if (t && pthread_setspecific(events.key, t) != 0) { /* its end wouldn't be told */
		give_back(t);
		t = NULL;
	}
	if (!t) {
		for (int kind = 0; kind < RF_EVENTS_KIND_COUNT; kind++)
			events.sorts[kind].missed++;
		return;
	}
	open_rings(&fresh);
	rf_lock();
	*t = fresh; /* from now on others read it, too */
	rf_unlock();
	rf_me.events = t;
}

static void rf_events_thread(void)
{
	if (!events.threads || !rf_enter())
		return;
	begin_thread();
	rf_leave();
}

/* The key's destructor. */
static void end_thread(void *raw)
{
	struct rf_thread_events *t = raw;
	bool inside = rf_enter();
	if (inside && rf_settings.pid == getpid() && t->used) {
		rf_lock();
		if (may_read())
			read_last(t);
		rf_me.events = NULL;
		for (int kind = 0; kind < RF_EVENTS_KIND_COUNT; kind++)
			rf_perf_ring_close(&t->kinds[kind].ring);
		t->used = false;
		rf_unlock();
	}
	if (inside)
		rf_leave();
}

/* --- the process ------------------------------------------------------------------------------------------------- */

/* Places that take turns would be sampled by a number that has a divisor in common with theirs as if there was one alone. */
static uint64_t prime_from(uint64_t n)
{
	for (;; n++) {
		uint64_t d = 2;
		while (d * d <= n && n % d != 0)
			d++;
		if (n < 2 || d * d > n)
			return n;
	}
}

static bool set_up(enum rf_events_kind kind, uint64_t period)
{
	static const enum rf_spool_profile_kind kinds[RF_EVENTS_KIND_COUNT] = {
		[RF_EVENTS_OFFCPU] = RF_SPOOL_PROFILE_OFFCPU, [RF_EVENTS_FAULTS] = RF_SPOOL_PROFILE_FAULTS,
		[RF_EVENTS_SYSTEM] = RF_SPOOL_PROFILE_SYSTEM, [RF_EVENTS_SYSCALLS] = RF_SPOOL_PROFILE_SYSCALLS };
	struct rf_event_sort *sort = &events.sorts[kind];
	enum rf_events_rights rights = period ? rf_events_probe(kind) : RF_EVENTS_REFUSED;
	if (rights >= RF_EVENTS_REFUSED)
		return false;
	sort->kind = kind;
	sort->period = period;
	sort->attr = rf_events_attr(kind, period);
	sort->attr.exclude_kernel = rights == RF_EVENTS_USER_CODE;
	rf_profile_init(&sort->profile, kinds[kind], period, sizeof(struct rf_profile_tables));
	return true;
}

static void rf_events_init(const uint64_t rates[RF_EVENTS_KIND_COUNT])
{
	size_t bytes = RF_EVENTS_THREADS_MAX * sizeof(*events.threads);
	bool any = false;
	for (int kind = 0; kind < RF_EVENTS_KIND_COUNT; kind++) {
		uint64_t rate = rates[kind];
		any |= set_up((enum rf_events_kind)kind, kind != RF_EVENTS_SYSTEM ? prime_from(rate) : rate ? 1000000000u / rate : 0);
	}
	if (!any)
		return;
	if ((!rf_signals_has(SIGSEGV) && !rf_fault_init()) || pthread_key_create(&events.key, end_thread) != 0)
		return;
	void *table = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (table != MAP_FAILED && madvise(table, bytes, MADV_WIPEONFORK) == 0)
		events.threads = table;
	rf_settings.mutexes |= events.threads != NULL;
	rf_settings.calls |= events.threads != NULL;
	rf_events_thread();
}

static void rf_events_forked(void)
{
	if (!events.threads)
		return;
	for (int kind = 0; kind < RF_EVENTS_KIND_COUNT; kind++) {
		rf_profile_forget(&events.sorts[kind].profile);
		events.sorts[kind].missed = 0;
	}
	rf_me.events = NULL;
	begin_thread();
}

/* Threads that are away still have been so until now. */
static void rf_events_finish(void)
{
	uint64_t now_ns = rf_profile_now_ns();
	bool readable = events.threads && rf_signals_has(SIGSEGV);
	if (readable && rf_me.events)
		read_last(rf_me.events);
	for (uint32_t i = 0; i < RF_EVENTS_THREADS_MAX && readable; i++) {
		read_thread(&events.threads[i]);
		rf_event_come_back(&events.threads[i].kinds[RF_EVENTS_OFFCPU], now_ns);
	}
	for (int kind = 0; kind < RF_EVENTS_KIND_COUNT; kind++) {
		rf_event_note(&events.sorts[kind], 0);
		rf_profile_finish(&events.sorts[kind].profile);
	}
}
