/* The agent's rings: every place where a record can be torn by the ring's end, records that can't be any, and what is made of them; and
 * the walk through a copy of a stack. */
#include "tests/unit/agent_fixture.h"

#include "agent/fault.h"
#include "agent/perf_ring.h"
#include "agent/signals.h"
#include "agent/unwind_copy.h"
#include "agent/event_record.h"
#include "agent/events.h"

#include "agent/counters_group.c"
#include "agent/unwind_copy.c"
#include "agent/perf_ring.c"
#include "agent/event_record.c"
#include "agent/events.c"

#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <ucontext.h>

#define RING_BYTES 16384u
#define SAMPLE_WORDS (FIXED_WORDS + RF_COPY_BYTES / 8u + 1u)
#define ROUNDS 20000

/* What is in front of SIGSEGV is no matter of these tests. */
static bool rf_fault_init(void)
{
	return true;
}
static bool rf_signals_has(int number)
{
	return number == SIGSEGV;
}

static struct perf_event_mmap_page page;
static uint64_t data[RING_BYTES / 8];

static struct rf_perf_ring ring_at(uint64_t position)
{
	page.data_head = page.data_tail = position;
	return (struct rf_perf_ring){ .page = &page, .data = (const char *)data, .bytes = sizeof(data), .tail = position };
}

static void put_word(uint64_t word)
{
	data[page.data_head / 8 % (sizeof(data) / 8)] = word;
	page.data_head += 8;
}

static void put_head(uint32_t type, uint32_t misc, uint64_t words)
{
	put_word((words + 1) * 8 << 48 | (uint64_t)misc << 32 | type);
}

/* --- the ring ---------------------------------------------------------------------------------------------------- */

static void check_records(struct rf_perf_ring *ring, const uint32_t *words, uint32_t count)
{
	struct rf_perf_ring_record r;
	uint64_t broken = 0;
	for (uint32_t i = 0; i < count; i++) {
		assert_true(rf_perf_ring_next(ring, &r, &broken));
		assert_int_equal(r.type, i + 1);
		assert_int_equal(r.misc, 0x4000 + i);
		assert_int_equal(r.bytes, words[i] * 8);
		for (uint32_t k = 0; k < words[i]; k++)
			assert_int_equal(rf_perf_ring_word(ring, r.at + k * 8u), (uint64_t)i << 32 | k);
	}
	assert_false(rf_perf_ring_next(ring, &r, &broken));
	assert_int_equal(broken, 0);
	assert_int_equal(page.data_tail, page.data_head - rf_perf_ring_filled(ring) - (ring->tail - page.data_tail));
	rf_perf_ring_release(ring);
	assert_int_equal(page.data_tail, page.data_head);
}

/* Four records that fill the ring, at every place of it, the first time round and much later. */
static void test_wrapped(void **state)
{
	(void)state;
	static const uint64_t rounds[] = { 0, RING_BYTES, (uint64_t)7 << 40 };
	static const uint32_t words[] = { 0, 1, 700, RING_BYTES / 8 - 4 - 701 };
	for (uint32_t n = 0; n < sizeof(rounds) / sizeof(rounds[0]); n++) {
		for (uint64_t at = 0; at < RING_BYTES; at += 8) {
			struct rf_perf_ring ring = ring_at(rounds[n] + at);
			for (uint32_t i = 0; i < 4; i++) {
				put_head(i + 1, 0x4000 + i, words[i]);
				for (uint32_t k = 0; k < words[i]; k++)
					put_word((uint64_t)i << 32 | k);
			}
			check_records(&ring, words, 4);
		}
	}
}

/* A head that says what isn't there ends the reading, is counted once, and what the kernel writes next is read. */
static void test_torn(void **state)
{
	(void)state;
	static const uint64_t bytes[] = { 0, 7, 9, 4, 24, 8 * 9, 0xfff8 };
	struct rf_perf_ring_record r;
	for (uint32_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		struct rf_perf_ring ring = ring_at(RING_BYTES - 8 * i);
		uint64_t broken = 0;
		put_word(bytes[i] << 48 | 9);
		put_word(1);
		assert_false(rf_perf_ring_next(&ring, &r, &broken));
		assert_false(rf_perf_ring_next(&ring, &r, &broken));
		assert_int_equal(broken, 1);
		put_head(3, 0, 0);
		assert_true(rf_perf_ring_next(&ring, &r, &broken));
		assert_int_equal(r.type, 3);
	}
	struct rf_perf_ring ring = ring_at(64);
	uint64_t broken = 0;
	page.data_head += RING_BYTES + 8;
	assert_false(rf_perf_ring_next(&ring, &r, &broken));
	assert_int_equal(broken, 1);
}

/* --- the walk ---------------------------------------------------------------------------------------------------- */

static uint64_t registers[RF_COPY_REGISTERS], stack[RF_COPY_BYTES / 8];
static uint32_t stack_words;

/* As the kernel would: the caller's registers, which a ucontext_t has in another order, and its stack. */
__attribute__((noinline)) static void sample_here(uint32_t words)
{
	static const int order[RF_COPY_REGISTERS] = { REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
						      REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP };
	ucontext_t here;
	getcontext(&here);
	for (int i = 0; i < RF_COPY_REGISTERS; i++)
		registers[i] = (uint64_t)here.uc_mcontext.gregs[order[i]];
	struct iovec to = { stack, words * 8u }, from = { (void *)registers[RF_COPY_RSP], words * 8u };
	stack_words = (uint32_t)process_vm_readv(getpid(), &to, 1, &from, 1, 0) / 8;
}

__attribute__((noinline)) static void inner(uint32_t words)
{
	volatile uint64_t room[20];
	room[words % 20] = words;
	sample_here(words);
	room[words % 20]++;
}

__attribute__((noinline)) static void outer(uint32_t words)
{
	volatile uint64_t room[40];
	room[words % 40] = words;
	inner(words);
	room[words % 40]++;
}

static void fill(struct rf_copy *copy)
{
	memcpy(copy->registers, registers, sizeof(registers));
	memcpy(copy->words, stack, stack_words * 8u);
	copy->count = stack_words;
}

/* With the agent's own code in it, which is the test's. */
static void walk_here(struct rf_trace *trace)
{
	struct rf_copy *copy = rf_copy_get();
	struct walk w = { .trace = trace };
	assert_non_null(copy);
	fill(copy);
	move_copy(copy);
	walk_copy(&w, copy);
}

static bool is_in(uintptr_t pc, uintptr_t function)
{
	return pc - function < 1500;
}

static void test_walk(void **state)
{
	struct rf_trace all, part;
	outer(RF_COPY_BYTES / 8);
	walk_here(&all);
	assert_true(all.count >= 4);
	assert_true(is_in(all.pcs[0], (uintptr_t)sample_here));
	assert_true(is_in(all.pcs[1], (uintptr_t)inner));
	assert_true(is_in(all.pcs[2], (uintptr_t)outer));
	assert_true(is_in(all.pcs[3], (uintptr_t)test_walk));
	(void)state;
	/* Of a shorter copy the innermost frames. */
	uint32_t most = 0;
	for (uint32_t words = 0; words <= RF_COPY_BYTES / 8; words++) {
		stack_words = words;
		walk_here(&part);
		assert_in_range(part.count, most ? most : 1, all.count);
		assert_memory_equal(part.pcs, all.pcs, part.count * sizeof(part.pcs[0]));
		most = part.count;
	}
	assert_int_equal(most, all.count);
}

static uint32_t faults;

static void meet_fault(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	faults++;
	rf_trace_give_up(context);
	abort();
}

/* Registers and words that lead anywhere. */
static void test_wild_walk(void **state)
{
	(void)state;
	struct sigaction ours = { .sa_sigaction = meet_fault, .sa_flags = SA_SIGINFO }, theirs, theirs_bus;
	sigset_t mask;
	sigfillset(&ours.sa_mask); /* a program's handler may ask for it: a walk that is given up leaves none of it blocked */
	struct rf_trace trace;
	uint64_t good[RF_COPY_REGISTERS];
	sigaction(SIGSEGV, &ours, &theirs);
	sigaction(SIGBUS, &ours, &theirs_bus);
	outer(RF_COPY_BYTES / 8);
	memcpy(good, registers, sizeof(good));
	for (int i = 0; i < ROUNDS; i++) {
		memcpy(registers, good, sizeof(good));
		registers[rf_random() % RF_COPY_RIP] = rf_random() >> rf_random() % 64;
		registers[RF_COPY_RIP] = rf_random() % 4 ? good[RF_COPY_RIP] : good[RF_COPY_RIP] + rf_random() % 4096;
		stack[rf_random() % stack_words] = rf_random() % 2 ? rf_random() : good[RF_COPY_RSP] + rf_random() % (1 << 22);
		walk_here(&trace);
		assert_in_range(trace.count, 0, RF_TRACE_FRAMES);
	}
	assert_null(escape);
	assert_true(faults > 1);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &mask), 0);
	assert_int_equal(sigismember(&mask, SIGSEGV) + sigismember(&mask, SIGUSR1), 0);
	sigaction(SIGSEGV, &theirs, NULL);
	sigaction(SIGBUS, &theirs_bus, NULL);
}

/* --- what is made of records ------------------------------------------------------------------------------------- */

/* count: of the event so far. */
static void put_sample(uint64_t time_ns, uint64_t count)
{
	static const int order[] = { 0, 3, 2, 1, 4, 5, 6, 7, 16, 8, 9, 10, 11, 12, 13, 14, 15 }; /* asm/perf_regs.h, in DWARF's numbers */
	put_head(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL, SAMPLE_WORDS);
	put_word(time_ns);
	put_word(count);
	put_word(PERF_SAMPLE_REGS_ABI_64);
	for (int i = 0; i < RF_COPY_REGISTERS; i++)
		put_word(registers[order[i]]);
	put_word(RF_COPY_BYTES);
	for (uint32_t i = 0; i < RF_COPY_BYTES / 8; i++)
		put_word(stack[i]);
	put_word(stack_words * 8u);
}

static void put_switch(uint32_t misc, uint64_t time_ns)
{
	put_head(PERF_RECORD_SWITCH, misc, 1);
	put_word(time_ns);
}

static void put_lost(uint64_t lost)
{
	put_head(PERF_RECORD_LOST, 0, 3);
	put_word(7);
	put_word(lost);
	put_word(1);
}

static void begin_profile_of(enum rf_events_kind kind, enum rf_spool_profile_kind spooled)
{
	rf_profile_forget(&events.sorts[kind].profile);
	rf_profile_init(&events.sorts[kind].profile, spooled, 1, sizeof(struct rf_profile_tables));
	events.sorts[kind].kind = kind;
	events.sorts[kind].period = 10;
}

static uint64_t sum_of(enum rf_events_kind kind, uint32_t value)
{
	const struct rf_heap_file *file = &events.sorts[kind].profile.t->file;
	uint64_t sum = 0;
	for (uint32_t i = 0; i < file->stack_count; i++)
		sum += file->stacks[i].values[value];
	return sum;
}

/* Away from 1000 to 4000, made to leave; the next time isn't over when the ring has been read, and is when it is read again. At every
 * place of the ring. */
static void test_away(void **state)
{
	(void)state;
	outer(RF_COPY_BYTES / 8);
	for (uint64_t at = 0; at < RING_BYTES; at += 8) {
		struct rf_thread_event e = { .ring = ring_at(at) };
		begin_profile_of(RF_EVENTS_OFFCPU, RF_SPOOL_PROFILE_OFFCPU);
		put_switch(0, 500); /* of a switch that wasn't sampled */
		put_sample(999, 10);
		put_switch(PERF_RECORD_MISC_SWITCH_OUT | PERF_RECORD_MISC_SWITCH_OUT_PREEMPT, 1000);
		put_switch(0, 4000);
		put_switch(PERF_RECORD_MISC_SWITCH_OUT, 5000);
		put_switch(0, 9000);
		put_sample(9999, 20);
		put_switch(PERF_RECORD_MISC_SWITCH_OUT, 10000);
		rf_event_read(&events.sorts[RF_EVENTS_OFFCPU], &e);
		assert_int_equal(page.data_tail, page.data_head);
		assert_int_equal(sum_of(RF_EVENTS_OFFCPU, VALUE_COUNT), 2);
		assert_int_equal(sum_of(RF_EVENTS_OFFCPU, VALUE_AWAY_NS), 3000);
		assert_int_equal(sum_of(RF_EVENTS_OFFCPU, VALUE_PREEMPTED), 1);
		put_switch(0, 10070);
		rf_event_read(&events.sorts[RF_EVENTS_OFFCPU], &e);
		assert_int_equal(sum_of(RF_EVENTS_OFFCPU, VALUE_AWAY_NS), 3070);
		assert_int_equal(events.sorts[RF_EVENTS_OFFCPU].profile.t->file.dropped, 0);
	}
}

/* Behind a gap the time isn't counted, since it isn't known whose it is; what is in the gap is. */
static void test_lost(void **state)
{
	(void)state;
	struct rf_thread_event e = { .ring = ring_at(8) };
	begin_profile_of(RF_EVENTS_OFFCPU, RF_SPOOL_PROFILE_OFFCPU);
	events.sorts[RF_EVENTS_OFFCPU].missed = 2;
	put_sample(1, 10);
	put_switch(PERF_RECORD_MISC_SWITCH_OUT, 2);
	put_lost(99); /* samples and switches */
	put_switch(0, 1000000);
	put_sample(2, 430);
	put_word(0); /* no record at all */
	rf_event_read(&events.sorts[RF_EVENTS_OFFCPU], &e);
	assert_int_equal(sum_of(RF_EVENTS_OFFCPU, VALUE_COUNT), 2);
	assert_int_equal(sum_of(RF_EVENTS_OFFCPU, VALUE_AWAY_NS), 0);
	assert_int_equal(events.sorts[RF_EVENTS_OFFCPU].profile.t->file.dropped, 41 + 2 + 1);
	e.ring = ring_at(0);
	begin_profile_of(RF_EVENTS_SYSTEM, RF_SPOOL_PROFILE_SYSTEM);
	put_lost(5);
	put_sample(3, 123456789);
	rf_event_read(&events.sorts[RF_EVENTS_SYSTEM], &e);
	assert_int_equal(sum_of(RF_EVENTS_SYSTEM, VALUE_SYSTEM_NS), 10);
	assert_int_equal(events.sorts[RF_EVENTS_SYSTEM].profile.t->file.dropped, 5);
}

/* Samples whose sizes are wrong are counted, not read. */
static void test_wrong_sizes(void **state)
{
	(void)state;
	const uint64_t stack_size_at = 8 * (1 + WORD_STACK);
	static const uint64_t wrong[] = { RF_COPY_BYTES + 8, 12, UINT64_MAX - 7, 0x8000 };
	struct rf_thread_event e = { .ring = ring_at(0) };
	begin_profile_of(RF_EVENTS_FAULTS, RF_SPOOL_PROFILE_FAULTS);
	for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uint64_t start = page.data_head;
		put_sample(1, 10 * (i + 1));
		data[(start + stack_size_at) / 8 % (RING_BYTES / 8)] = wrong[i];
		rf_event_read(&events.sorts[RF_EVENTS_FAULTS], &e);
	}
	put_head(PERF_RECORD_SAMPLE, 0, 3);
	put_word(1), put_word(50), put_word(3);
	rf_event_read(&events.sorts[RF_EVENTS_FAULTS], &e);
	assert_int_equal(events.sorts[RF_EVENTS_FAULTS].profile.t->file.dropped, 5);
	assert_int_equal(sum_of(RF_EVENTS_FAULTS, VALUE_COUNT), 0);
	put_sample(1, 60);
	rf_event_read(&events.sorts[RF_EVENTS_FAULTS], &e);
	assert_int_equal(sum_of(RF_EVENTS_FAULTS, VALUE_COUNT), 1);
}

/* Any words at all: the reading ends, and gives all of it back. */
static void test_any_words(void **state)
{
	(void)state;
	struct rf_thread_event e = { .ring = ring_at(0) };
	begin_profile_of(RF_EVENTS_SYSTEM, RF_SPOOL_PROFILE_SYSTEM);
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t words = 1 + rf_random() % (RING_BYTES / 8);
		for (uint64_t k = 0; k < words; k++)
			put_word(rf_random() % 3 ? rf_random() : (rf_random() % 64 * 8) << 48 | (2 + rf_random() % 14));
		rf_event_read(&events.sorts[RF_EVENTS_SYSTEM], &e);
		assert_int_equal(page.data_tail, page.data_head);
	}
}

static void test_prime(void **state)
{
	(void)state;
	static const uint64_t pairs[][2] = { { 0, 0 }, { 1, 1 }, { 2, 2 }, { 4, 5 }, { 100, 101 }, { 1000000, 1000003 }, { 25, 29 } };
	for (uint32_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		assert_int_equal(prime_from(pairs[i][0]), pairs[i][1]);
}

/* A real one: page faults of this thread, of which some find the ring full. What was seen and what was left out is what happened. */
static void test_kernel(void **state)
{
	(void)state;
	enum rf_events_rights rights = rf_events_probe(RF_EVENTS_FAULTS);
	if (rights >= RF_EVENTS_REFUSED)
		skip();
	const size_t bytes = 200 * RF_PAGE;
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	static struct rf_thread_events t;
	begin_profile_of(RF_EVENTS_FAULTS, RF_SPOOL_PROFILE_FAULTS);
	events.sorts[RF_EVENTS_FAULTS].period = 1;
	events.sorts[RF_EVENTS_FAULTS].attr = rf_events_attr(RF_EVENTS_FAULTS, 1);
	events.sorts[RF_EVENTS_FAULTS].attr.exclude_kernel = rights == RF_EVENTS_USER_CODE;
	events.sorts[RF_EVENTS_OFFCPU].period = events.sorts[RF_EVENTS_SYSTEM].period = 0;
	struct rusage before, after;
	open_rings(&t);
	getrusage(RUSAGE_THREAD, &before);
	for (size_t i = 0; i < bytes; i += RF_PAGE)
		memory[i] = 1;
	getrusage(RUSAGE_THREAD, &after);
	read_last(&t);
	uint64_t told = sum_of(RF_EVENTS_FAULTS, VALUE_COUNT) + events.sorts[RF_EVENTS_FAULTS].profile.t->file.dropped;
	assert_in_range(told, (uint64_t)(after.ru_minflt - before.ru_minflt), (uint64_t)(after.ru_minflt - before.ru_minflt) + 60);
	assert_true(events.sorts[RF_EVENTS_FAULTS].profile.t->file.dropped > 100);
	rf_perf_ring_close(&t.kinds[RF_EVENTS_FAULTS].ring);
	munmap(memory, bytes);
}

/* A thread whose end the C library can't tell of has no ring, and keeps no place from others. */
static void test_end_not_told(void **state)
{
	(void)state;
	static struct rf_thread_events threads[RF_EVENTS_THREADS_MAX];
	events.threads = threads;
	events.key = PTHREAD_KEYS_MAX; /* there is no such key */
	uint64_t before = events.sorts[RF_EVENTS_FAULTS].missed;
	for (uint32_t i = 0; i < 2 * RF_EVENTS_THREADS_MAX; i++)
		begin_thread();
	assert_null(rf_me.events);
	for (uint32_t i = 0; i < RF_EVENTS_THREADS_MAX; i++)
		assert_false(threads[i].used);
	assert_int_equal(events.sorts[RF_EVENTS_FAULTS].missed, before + 2 * RF_EVENTS_THREADS_MAX);
	events.threads = NULL;
}

int main(void)
{
	agent_begin();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrapped), cmocka_unit_test(test_torn), cmocka_unit_test(test_walk),
		cmocka_unit_test(test_wild_walk), cmocka_unit_test(test_away), cmocka_unit_test(test_lost),
		cmocka_unit_test(test_wrong_sizes), cmocka_unit_test(test_any_words), cmocka_unit_test(test_prime),
		cmocka_unit_test(test_kernel), cmocka_unit_test(test_end_not_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
