#include "tsan-glue/switches.h"

#include <stdatomic.h>
#include <time.h>

static struct {
	const struct rf_start *start; /* a copy, see below; NULL: off */
	uint64_t start_ns;            /* monotonic, when start->ticks was read */
} switches;

/* Entries of all rings, by time. */
struct seen {
	struct rf_ring_entry entry;
	uint32_t p;
};
static struct seen latest[RF_SWITCHES_MAX];
static uint32_t latest_count;

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* What runtime.cputicks reads. */
static int64_t ticks_now(void)
{
#if defined(__x86_64__)
	return (int64_t)__builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t ticks;
	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return (int64_t)ticks;
#else
	return 0;
#endif
}

static void rf_switches_init(const struct rf_start *start, bool on)
{
	static struct rf_start copy;
	copy = *start;
	copy.ticks = ticks_now();
	if (!on)
		copy.ring_count = 0;
	switches.start_ns = clock_ns(CLOCK_MONOTONIC);
	switches.start = &copy;
}

static uint64_t rf_switches_count(void)
{
	uint64_t count = 0;
	for (uintptr_t p = 0; switches.start && p < switches.start->ring_count; p++)
		count += switches.start->rings[p].pos;
	return count;
}

/* Keeps the RF_SWITCHES_MAX latest, sorted by time, oldest first. */
static void latest_insert(const struct rf_ring_entry *e, uint32_t p)
{
	if (latest_count == RF_SWITCHES_MAX && e->ticks <= latest[0].entry.ticks)
		return;
	uint32_t at = latest_count;
	if (latest_count == RF_SWITCHES_MAX) {
		for (at = 0; at + 1 < RF_SWITCHES_MAX && latest[at + 1].entry.ticks <= e->ticks; at++)
			latest[at] = latest[at + 1];
	} else {
		for (; at > 0 && latest[at - 1].entry.ticks > e->ticks; at--)
			latest[at] = latest[at - 1];
		latest_count++;
	}
	latest[at] = (struct seen){ *e, p };
}

/* The writer goes on meanwhile: an entry that it may have overwritten since is left out. */
static void ring_read(const struct rf_ring *ring, uint32_t p)
{
	const _Atomic uint32_t *pos = (const _Atomic uint32_t *)&ring->pos;
	uint32_t end = atomic_load_explicit(pos, memory_order_acquire);
	uint32_t count = end < RF_RING_ENTRIES ? end : RF_RING_ENTRIES;
	for (uint32_t i = end - count; i != end; i++) {
		struct rf_ring_entry e = ring->entries[i % RF_RING_ENTRIES];
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(pos, memory_order_relaxed) - i < RF_RING_ENTRIES)
			latest_insert(&e, p);
	}
}

static const char *reason_text(uintptr_t reason, uintptr_t *len)
{
	static const char *const texts[] = { "", "preempted", "syscall", "exited", "moved to another P" };
	const struct rf_start *s = switches.start;
	if (s && reason < s->reason_count) {
		*len = s->reasons[reason].len;
		return s->reasons[reason].ptr;
	}
	const char *text = texts[0];
	if (reason >= RF_REASON_UNKNOWN && reason <= RF_REASON_MOVED)
		text = texts[reason - RF_REASON_UNKNOWN];
	*len = __builtin_strlen(text);
	return text;
}

static struct rf_spool_ref rf_reason_put(uintptr_t reason)
{
	uintptr_t len;
	const char *text = reason_text(reason, &len);
	return rf_spool_put(text, len);
}

static struct rf_spool_ref rf_switches_put(void)
{
	struct rf_spool_ref ref = { 0, 0 };
	if (!switches.start)
		return ref;
	latest_count = 0;
	for (uintptr_t p = 0; p < switches.start->ring_count; p++) {
		if (switches.start->rings[p].pos)
			ring_read(&switches.start->rings[p], (uint32_t)p);
	}
	/* Ticks to time: two points, the start of the process and now. */
	int64_t ticks = ticks_now();
	uint64_t wall = clock_ns(CLOCK_REALTIME), elapsed = clock_ns(CLOCK_MONOTONIC) - switches.start_ns;
	double ns_a_tick = ticks > switches.start->ticks ? (double)elapsed / (double)(ticks - switches.start->ticks) : 0;
	struct rf_spool_switch *out = rf_spool_array(latest_count, sizeof(*out), &ref);
	for (uint32_t i = 0; out && i < latest_count; i++) {
		const struct rf_ring_entry *e = &latest[i].entry;
		/* Ticks of another CPU may be ahead of ours. */
		int64_t ago = ticks > e->ticks ? ticks - e->ticks : 0;
		out[i].time_unix_ns = wall - (uint64_t)((double)ago * ns_a_tick);
		out[i].from_goid = e->from;
		out[i].to_goid = e->to;
		out[i].p = latest[i].p;
		out[i].m = e->m;
		out[i].reason = rf_reason_put(e->reason);
	}
	return ref;
}
