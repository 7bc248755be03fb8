#include "agent/watch.h"

#include "agent/lock.h"
#include "agent/next.h"
#include "agent/perf.h"
#include "agent/profile.h"
#include "agent/record.h"
#include "agent/settings.h"
#include "agent/thread.h"
#include "agent/unwind.h"
#include "agent/watch_code.h"

#include <linux/futex.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND_NS 1000000000u
#define READS_ENOUGH 4u        /* by one thread at one place, while the writer stands still */
#define HIT_WRITTEN_NS 1000000 /* looked at again after this time: a stack takes microseconds */
#define HIT_LOOKS 200u         /* then the other thread is given up, and what it has seen */
#define CODE_BYTES 8u          /* of a breakpoint on execution, as the kernel wants it: sizeof(long) */
#define WATCHED_BYTES_MAX 8u
#define RACE_DETAIL_BYTES 128u

enum { STATE_IDLE, STATE_BUSY, STATE_SET }; /* SET: a breakpoint waits for a thread to come to the place */
enum { HIT_NONE, HIT_BEING_WRITTEN, HIT_THERE };

/* Who holds STATE_BUSY owns all but the atomics. */
static struct {
	uint64_t period_ns;
	bool budget;
	int clock;
	_Atomic uint32_t state, recent_next;
	_Atomic uint32_t recent[RF_WATCH_RECENT]; /* threads that a clock has gone off in; 0: free */
	uint32_t number;                          /* of the breakpoint on the place, then of the window */
	void *place;                              /* the breakpoint */
	uintptr_t place_at;
	_Atomic uint64_t next_ns;                 /* not before it is a further place looked for */
	uintptr_t pairs[RF_WATCH_PAIRS][2];
	uint32_t pair_count;
} watch;

/* The window: a thread waits, others are watched. */
static struct {
	_Atomic uint32_t open;    /* its number; 0: none */
	uint32_t tid;             /* who waits */
	enum rf_perf_on on;
	struct rf_target target, watched;
	_Atomic uint32_t hit;     /* HIT_*; a futex */
	_Atomic uint32_t looking; /* a reader is being counted */
	uint32_t reader, reads;
	uintptr_t reader_at;
	struct rf_trace other;    /* of the thread that was caught, once the hit is there */
	bool other_writes;
} window;

static void watch_futex(_Atomic uint32_t *word, int what, uint32_t value, int64_t wait_ns)
{
	const struct timespec wait = { 0, wait_ns };
	syscall(SYS_futex, word, what, value, what == FUTEX_WAIT_PRIVATE ? &wait : NULL, NULL, 0);
}

/* Of the next breakpoint or window; 0 is none. */
static void take_number(void)
{
	if (!++watch.number)
		watch.number++;
}

/* --- the other thread --------------------------------------------------------------------------------------------- */

/* Is it a race, by what this thread has just done? A read has to come again and again. */
static bool is_enough(const ucontext_t *c, bool *writes)
{
	bool enough = false;
	*writes = window.on == RF_PERF_ON_WRITE;
	if (*writes)
		return true;
	enum rf_access access = rf_watch_look_back(c, &window.watched, &window.target);
	*writes = access == RF_ACCESS_WRITE;
	if (access != RF_ACCESS_READ)
		return *writes;
	if (atomic_exchange(&window.looking, 1))
		return false;
	if (!window.reader) {
		window.reader = rf_tid();
		window.reader_at = (uintptr_t)c->uc_mcontext.gregs[REG_RIP];
	}
	if (window.reader == rf_tid() && window.reader_at == (uintptr_t)c->uc_mcontext.gregs[REG_RIP])
		enough = ++window.reads >= READS_ENOUGH;
	atomic_store(&window.looking, 0);
	return enough;
}

static void meet_data(const void *c, uint32_t number)
{
	uint32_t none = HIT_NONE;
	bool writes;
	if (atomic_load(&window.open) != number || window.tid == rf_tid() || !is_enough(c, &writes) ||
	    !atomic_compare_exchange_strong(&window.hit, &none, HIT_BEING_WRITTEN))
		return;
	if (atomic_load(&window.open) == number) {
		rf_trace_take_from(&window.other, c);
		if (window.other.count)
			window.other.pcs[0]--; /* a data breakpoint is met behind its instruction */
		window.other_writes = writes;
	}
	atomic_store(&window.hit, HIT_THERE);
	watch_futex(&window.hit, FUTEX_WAKE_PRIVATE, 1, 0);
}

/* --- the thread that waits ------------------------------------------------------------------------------------------ */

/* Bytes inside the target that one breakpoint can have; of a large target some of them by chance. */
static struct rf_target part_of(const struct rf_target *t)
{
	for (uint64_t bytes = WATCHED_BYTES_MAX; bytes > 1; bytes /= 2) {
		uintptr_t first = (t->address + bytes - 1) & ~(uintptr_t)(bytes - 1), end = t->address + t->bytes;
		if (first + bytes <= end)
			return (struct rf_target){ first + (rf_random() >> 33) % ((end - first) / bytes) * bytes, bytes };
	}
	return (struct rf_target){ t->address, 1 };
}

static uint32_t watch_others(void *breakpoints[RF_WATCH_THREADS])
{
	const struct rf_perf_trap trap = { RF_PERF_DATA, window.open };
	uint32_t count = 0, start = (uint32_t)(rf_random() >> 33);
	for (uint32_t i = 0; i < RF_WATCH_RECENT && count < RF_WATCH_THREADS; i++) {
		_Atomic uint32_t *slot = &watch.recent[(start + i) % RF_WATCH_RECENT];
		uint32_t tid = atomic_load(slot);
		if (!tid || tid == window.tid)
			continue;
		breakpoints[count] = rf_perf_open_breakpoint(tid, window.on, window.watched.address, (uint32_t)window.watched.bytes, trap);
		if (breakpoints[count])
			count++;
		else
			atomic_compare_exchange_strong(slot, &tid, 0);
	}
	return count;
}

static void wait_for_hit(void)
{
	uint64_t end = rf_profile_now_ns() + RF_WATCH_WINDOW_NS;
	for (uint64_t now = rf_profile_now_ns(); now < end && atomic_load(&window.hit) != HIT_THERE; now = rf_profile_now_ns())
		watch_futex(&window.hit, FUTEX_WAIT_PRIVATE, atomic_load(&window.hit), (int64_t)(end - now));
}

/* A thread may be about to write down its stack. True when there is one. */
static bool close_window(void)
{
	atomic_store(&window.open, 0);
	for (uint32_t i = 0; i < HIT_LOOKS && atomic_load(&window.hit) == HIT_BEING_WRITTEN; i++)
		watch_futex(&window.hit, FUTEX_WAIT_PRIVATE, HIT_BEING_WRITTEN, HIT_WRITTEN_NS);
	return atomic_load(&window.hit) == HIT_THERE;
}

static bool is_new_pair(uintptr_t a, uintptr_t b)
{
	uintptr_t low = a < b ? a : b, high = a < b ? b : a;
	for (uint32_t i = 0; i < watch.pair_count; i++) {
		if (watch.pairs[i][0] == low && watch.pairs[i][1] == high)
			return false;
	}
	if (watch.pair_count == RF_WATCH_PAIRS)
		return false;
	watch.pairs[watch.pair_count][0] = low;
	watch.pairs[watch.pair_count++][1] = high;
	return true;
}

static void report_race(const ucontext_t *c, uint64_t before, bool known)
{
	static struct rf_trace waiting; /* under STATE_BUSY */
	char detail[RACE_DETAIL_BYTES] = "";
	uint64_t after = 0;
	rf_trace_take_from(&waiting, c);
	if (!waiting.count || !window.other.count || !is_new_pair(waiting.pcs[0], window.other.pcs[0]))
		return;
	if (known && rf_watch_read(&after, window.watched.address, window.watched.bytes) && after != before)
		snprintf(detail, sizeof(detail), "%u bytes went from 0x%llx to 0x%llx while a thread was about to write them",
			 (unsigned)window.watched.bytes, (unsigned long long)before, (unsigned long long)after);
	struct rf_record_report r = { .kind = RF_SPOOL_KIND_NATIVE_RACE, .side_count = 2, .detail = *detail ? detail : NULL };
	r.sides[0] = (struct rf_record_side){ .address = window.watched.address,
					      .flags = window.other_writes ? RF_SPOOL_ACCESS_WRITE : 0, .trace = &window.other };
	r.sides[1] = (struct rf_record_side){ .address = window.target.address, .size = (uint32_t)window.target.bytes,
					      .flags = RF_SPOOL_ACCESS_WRITE, .trace = &waiting };
	rf_lock();
	rf_record_report(&r);
	rf_unlock();
}

static void open_window(const struct rf_target *target, enum rf_proof proof)
{
	window.tid = rf_tid();
	window.target = *target;
	window.watched = part_of(target);
	window.on = proof == RF_PROOF_UPDATE || rf_random() >> 63 ? RF_PERF_ON_WRITE : RF_PERF_ON_ACCESS;
	window.reader = window.reads = 0;
	atomic_store(&window.looking, 0);
	atomic_store(&window.hit, HIT_NONE);
	take_number();
	atomic_store(&window.open, watch.number);
}

static void stand(const ucontext_t *c, const struct rf_target *target, enum rf_proof proof)
{
	void *breakpoints[RF_WATCH_THREADS];
	uint64_t before = 0;
	open_window(target, proof);
	bool known = rf_watch_read(&before, window.watched.address, window.watched.bytes);
	uint32_t count = known ? watch_others(breakpoints) : 0;
	if (count)
		wait_for_hit();
	bool hit = close_window();
	for (uint32_t i = 0; i < count; i++)
		rf_perf_close_breakpoint(breakpoints[i]);
	if (hit)
		report_race(c, before, known);
}

static void rest_from(uint64_t start)
{
	uint64_t now = rf_profile_now_ns(), pause = watch.budget ? RF_WATCH_SHARE * (now - start) : 0;
	atomic_store(&watch.next_ns, (start + watch.period_ns > now + pause ? start + watch.period_ns : now + pause));
}

static void meet_place(const void *context, uint32_t number)
{
	const ucontext_t *c = context;
	uint32_t set = STATE_SET;
	if (number != watch.number || !atomic_compare_exchange_strong(&watch.state, &set, STATE_BUSY))
		return;
	if (number == watch.number) {
		struct rf_instruction instruction;
		struct rf_target target;
		uint64_t start = rf_profile_now_ns();
		bool there = (uintptr_t)c->uc_mcontext.gregs[REG_RIP] == watch.place_at;
		rf_perf_close_breakpoint(watch.place);
		enum rf_proof proof = there ? rf_watch_look(c, &instruction, &target) : RF_PROOF_NONE;
		if (proof != RF_PROOF_NONE) {
			stand(c, &target, proof);
			rest_from(start);
		}
		atomic_store(&watch.state, STATE_IDLE);
	} else {
		atomic_store(&watch.state, STATE_SET);
	}
}

/* --- the clock ------------------------------------------------------------------------------------------------------ */

/* False: it is the only thread so far. */
static bool note_thread(void)
{
	uint32_t tid = rf_tid(), others = 0;
	bool known = false;
	for (uint32_t i = 0; i < RF_WATCH_RECENT; i++) {
		uint32_t t = atomic_load_explicit(&watch.recent[i], memory_order_relaxed);
		known |= t == tid;
		others += t && t != tid;
	}
	if (!known)
		atomic_store(&watch.recent[atomic_fetch_add(&watch.recent_next, 1) % RF_WATCH_RECENT], tid);
	return others != 0;
}

static void set_place(const ucontext_t *c)
{
	static struct rf_trace trace; /* under STATE_BUSY */
	rf_trace_take_from(&trace, c);
	watch.place_at = rf_watch_choose(c, &trace);
	take_number();
	watch.place = watch.place_at ? rf_perf_open_breakpoint(0, RF_PERF_ON_EXECUTION, watch.place_at, CODE_BYTES,
							       (struct rf_perf_trap){ RF_PERF_CODE, watch.number })
				     : NULL;
	atomic_store(&watch.state, watch.place ? STATE_SET : STATE_IDLE);
}

/* A place that nobody came to since the last time is given up. */
static void meet_clock(const void *c, uint32_t number)
{
	(void)number;
	uint32_t idle = STATE_IDLE, set = STATE_SET;
	uint64_t now = rf_profile_now_ns();
	if (rf_settings.held || !note_thread() || now < atomic_load(&watch.next_ns))
		return;
	if (atomic_compare_exchange_strong(&watch.state, &set, STATE_BUSY))
		rf_perf_close_breakpoint(watch.place);
	else if (!atomic_compare_exchange_strong(&watch.state, &idle, STATE_BUSY))
		return;
	atomic_store(&watch.next_ns, now + watch.period_ns);
	set_place(c);
}

static void rf_watch_init(uint64_t rate)
{
	watch.clock = -1;
	if (!rate || !rf_perf_listen(RF_PERF_WATCH_CLOCK, meet_clock) || !rf_perf_listen(RF_PERF_CODE, meet_place) ||
	    !rf_perf_listen(RF_PERF_DATA, meet_data))
		return;
	rf_watch_code_init();
	watch.period_ns = SECOND_NS / rate;
	watch.budget = rate <= RF_WATCH_RATE_BUDGET;
	watch.clock = rf_perf_open_clock(RF_PERF_WATCH_CLOCK, watch.period_ns);
}

static void rf_watch_forked(void)
{
	if (!watch.period_ns)
		return;
	rf_perf_drop_clock(watch.clock);
	memset(watch.recent, 0, sizeof(watch.recent));
	atomic_store(&window.open, 0);
	atomic_store(&watch.state, STATE_IDLE); /* the breakpoint stayed with the parent */
	watch.pair_count = 0;
	watch.clock = rf_perf_open_clock(RF_PERF_WATCH_CLOCK, watch.period_ns);
}
