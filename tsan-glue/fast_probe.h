/* The probe's part about short cuts: random accesses, calls and returns on random states, each done by the model
 * (fast_model.h) and, from the same state, by the detector. Where the model takes the short cut, all that may differ must be
 * the same: ThreadState, the word's cells, the event in the trace, the top of the shadow stack. sync_probe.h goes on.
 */
#ifndef RF_FAST_PROBE_H
#define RF_FAST_PROBE_H

#include "tsan-glue/fast_model.h"

#define FAST_STEPS 30000u
#define FAST_WORDS 32u
#define FAST_DEPTH_MAX 60 /* calls: more than the shadow stack has room for at first */
#define FAST_TAKEN_MIN (FAST_STEPS / 50) /* of each kind, or nothing was proved */
#define FAST_THREADS 4u
#define FAST_SAME 1
#define FAST_STORE 2
#define FAST_RANGE 4
#define FAST_FRESH 32
#define FRESH_META 0x300000000000u /* rfMeta of redflag_fresh_race.go */
#define FAST_TIME (5u << 2) /* EventType::kTime (tsan_trace.h) */

struct fast_image {
	unsigned char state[THREAD_STATE_BYTES];
	uint32_t cells[RF_FAST_RANGE_WORDS + 1][RF_FAST_CELLS]; /* of the first word, and behind it */
	uint64_t trace[2], call;
};

static struct fast_walk {
	struct rf_fast_state *state; /* of threads[0] */
	void *threads[FAST_THREADS];
	char *memory;
	uint64_t random;
	int depth;
	unsigned same, stored, called, ranged;
	bool same_differs, store_differs, range_differs;
	bool views; /* what views.h goes by beyond short cuts is proved */
} fast;

static uint32_t fast_random(uint32_t below)
{
	fast.random = fast.random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((fast.random >> 33) % below);
}

static void fast_save(struct fast_image *image, const struct rf_fast_state *s, const void *cells)
{
	memset(image, 0, sizeof(*image));
	memcpy(image->state, fast.state, sizeof(image->state));
	memcpy(image->cells, cells, sizeof(image->cells));
	if (rf_fast_room(s))
		memcpy(image->trace, s->trace_pos, sizeof(image->trace));
	if (s->shadow_stack_pos != s->shadow_stack_end)
		image->call = *s->shadow_stack_pos;
}

static void fast_restore(const struct fast_image *image, void *cells)
{
	memcpy(fast.state, image->state, sizeof(image->state));
	memcpy(cells, image->cells, sizeof(image->cells));
	if (rf_fast_room(fast.state))
		memcpy(fast.state->trace_pos, image->trace, sizeof(image->trace));
	if (fast.state->shadow_stack_pos != fast.state->shadow_stack_end)
		*fast.state->shadow_stack_pos = image->call;
}

/* A cell as one of the threads may have left it: now or a little earlier, any bytes, any kind; or none. */
static uint32_t fast_cell(void)
{
	uint32_t state;
	memcpy(&state, fast.threads[fast_random(FAST_THREADS)], sizeof(state));
	uint32_t epoch = state >> 16 & 0x3fff, back = fast_random(3);
	uint32_t bytes = fast_random(2) ? 1u << fast_random(8) : 1 + fast_random(255);
	if (!fast_random(4))
		return 0;
	return (epoch > back + 1 ? epoch - back : 1) << 16 | (state & 0xff00) | bytes | fast_random(4) << 30;
}

static void fast_scene(uint32_t (*cells)[RF_FAST_CELLS], unsigned words)
{
	for (; words && !fast_random(3); words--, cells++) {
		for (unsigned i = 0; i < RF_FAST_CELLS; i++)
			(*cells)[i] = fast_cell();
	}
	if (!fast_random(40)) {
		void *from = fast.threads[fast_random(FAST_THREADS)], *to = fast.threads[fast_random(FAST_THREADS)];
		__tsan_release(from, heap);
		__tsan_acquire(to, heap);
	}
}

static void fast_compare(const struct fast_image *before, const void *cells, const struct fast_image *model, bool *differs)
{
	struct rf_fast_state old;
	struct fast_image real;
	memcpy(&old, before->state, sizeof(old));
	fast_save(&real, &old, cells);
	*differs |= memcmp(&real, model, sizeof(real)) != 0;
}

/* Of one byte when the size is 0. */
static void fast_by_detector(uintptr_t address, uint64_t size, uint32_t kind, uint64_t pc)
{
	if (size)
		(kind ? __tsan_read_range : __tsan_write_range)(fast.threads[0], (void *)address, size, (void *)(uintptr_t)pc);
	else
		(kind ? __tsan_read : __tsan_write)(fast.threads[0], (void *)address, (void *)(uintptr_t)pc);
}

static void fast_access(uint64_t size)
{
	uintptr_t address = (uintptr_t)fast.memory + fast_random(8 * FAST_WORDS);
	uint64_t pc = PC_READ + fast_random(4) * (fast_random(8) ? 16 : 0x10000);
	uint32_t kind = fast_random(2) ? RF_FAST_READ : 0;
	uint32_t(*cells)[RF_FAST_CELLS] = (void *)SHADOW(address);
	struct fast_image before, model;
	fast_scene(cells, size ? RF_FAST_RANGE_WORDS : 1);
	bool ignored = !fast_random(20);
	if (ignored)
		fast.state->fast_state |= RF_FAST_IGNORE;
	struct rf_fast_state old = *fast.state;
	fast_save(&before, &old, cells);
	bool same = !size && rf_fast_same(fast.state, *cells, address, kind);
	bool taken = same || (size ? rf_fast_range(fast.state, cells, address, size, kind, pc)
				   : rf_fast_store(fast.state, *cells, address, kind, pc));
	bool *differs = same ? &fast.same_differs : size ? &fast.range_differs : &fast.store_differs;
	fast_save(&model, &old, cells);
	if (!taken)
		*differs |= memcmp(&before, &model, sizeof(model)) != 0;
	fast_restore(&before, cells);
	fast_by_detector(address, size, kind, pc);
	if (taken)
		fast_compare(&before, cells, &model, differs);
	fast.same += same;
	*(size ? &fast.ranged : &fast.stored) += taken && !same;
	if (ignored)
		fast.state->fast_state &= ~RF_FAST_IGNORE;
}

static void fast_call(void)
{
	static const uint32_t no_cells[RF_FAST_RANGE_WORDS + 1][RF_FAST_CELLS];
	uint32_t scratch[RF_FAST_RANGE_WORDS + 1][RF_FAST_CELLS];
	uint64_t pc = PC_CALLER + fast_random(0x100000);
	bool enter = fast.depth == 0 || (fast.depth < FAST_DEPTH_MAX && fast_random(2));
	struct fast_image before, model;
	struct rf_fast_state old = *fast.state;
	fast.depth += enter ? 1 : -1;
	fast_save(&before, &old, no_cells);
	bool taken = enter ? rf_fast_enter(fast.state, pc) : rf_fast_exit(fast.state);
	fast_save(&model, &old, no_cells);
	fast_restore(&before, scratch);
	if (enter)
		__tsan_func_enter(fast.threads[0], (void *)(uintptr_t)pc);
	else
		__tsan_func_exit(fast.threads[0]);
	if (taken)
		fast_compare(&before, no_cells, &model, &fast.same_differs);
	fast.called += taken;
}

/* A release is one epoch, in the goroutine's own clock too, and one event of a word; what is acquired is in the clock. */
static bool fast_clocks_work(void)
{
	struct rf_fast_state *to = fast.threads[1], *s = fast.state;
	uint32_t sid = s->fast_state >> 8 & 0xff, epoch = s->fast_state >> 16 & 0x3fff;
	while (!rf_fast_room(s))
		__tsan_func_exit(s), __tsan_func_enter(s, (void *)(uintptr_t)PC_BOTTOM);
	const uint64_t *trace = s->trace_pos;
	__tsan_release(s, heap);
	uint32_t acquirer = to->fast_state;
	__tsan_acquire(to, heap);
	return s->fast_state >> 8 == ((epoch + 1) << 8 | sid) && s->clock[sid] == epoch + 1 && s->trace_pos == trace + 1 &&
	       (*trace & 0x1f) == FAST_TIME && to->clock[sid] == epoch && to->fast_state == acquirer;
}

/* Which short cuts are proved. */
static int fast_works(void *const *some_threads)
{
	memcpy(fast.threads, some_threads, sizeof(fast.threads));
	fast.state = fast.threads[0];
	fast.memory = heap + 16384;
	range_reset(NULL, 0, (uintptr_t)fast.memory, 8 * (FAST_WORDS + RF_FAST_RANGE_WORDS + 1));
	for (unsigned i = 0; i < FAST_THREADS; i++)
		__tsan_func_enter(fast.threads[i], (void *)(uintptr_t)PC_BOTTOM);
	ptrdiff_t bottom = fast.state->shadow_stack_pos - fast.state->shadow_stack;
	for (unsigned i = 0; i < FAST_STEPS; i++) {
		switch (fast_random(4)) {
		case 0:
			fast_call();
			break;
		case 1:
			fast_access(1 + fast_random(fast_random(2) ? 24 : 8 * RF_FAST_RANGE_WORDS));
			break;
		default:
			fast_access(0);
		}
	}
	bool same = !fast.same_differs && fast.same > FAST_TAKEN_MIN && fast.called > FAST_TAKEN_MIN;
	bool stored = same && !fast.store_differs && fast.stored > FAST_TAKEN_MIN;
	bool ranged = stored && !fast.range_differs && fast.ranged > FAST_TAKEN_MIN;
	fast.views = stored && fast.state->shadow_stack_pos - fast.state->shadow_stack == bottom + fast.depth && fast_clocks_work();
	return (same ? FAST_SAME : 0) | (stored ? FAST_STORE : 0) | (ranged ? FAST_RANGE : 0);
}

void __tsan_malloc(void *thread, uintptr_t pc, uintptr_t address, uintptr_t size);
void __tsan_free(uintptr_t address, uintptr_t size);

/* Memory that is allocated has the cells of its words cleared, and nothing else's; memory that is freed loses its synchronisation
 * objects, which are all that its entries of the meta table are. */
static bool fresh_works(void)
{
	char *memory = heap + 32768;
	uint32_t(*cells)[RF_FAST_CELLS] = (void *)SHADOW((uintptr_t)memory);
	const uint32_t *meta = (const uint32_t *)((uintptr_t)memory / 2 + FRESH_META);
	static const unsigned char ones[4][16] = { [0 ... 3] = { [0 ... 15] = 0xff } }, zeros[16];
	bool works = true;
	for (unsigned i = 0; i < 4 * 8 && works; i++) {
		unsigned start = 8 + i % 8, bytes = 1 + i / 2;
		memcpy(cells, ones, sizeof(ones));
		__tsan_malloc(NULL, 0, (uintptr_t)memory + start, bytes);
		for (unsigned word = 0; word < 4; word++)
			works &= memcmp(cells[word], word >= 1 && 8 * word < start + bytes ? zeros : ones[0], 16) == 0;
	}
	works &= !meta[2];
	__tsan_release(fast.state, memory + 16);
	works &= meta[2] != 0;
	__tsan_free((uintptr_t)memory, 64);
	__tsan_malloc(NULL, 0, (uintptr_t)memory, 64);
	return works && !meta[2];
}

static int sync_works(void);
static int freed_marks(void);
static bool clocks_work(void);

static void fast_print(void *const *some_threads)
{
	int accesses = fast_works(some_threads);
	printf("#define RF_LAYOUT_FAST %d\n", accesses ? accesses | sync_works() | (fresh_works() ? FAST_FRESH : 0) | freed_marks() : 0);
	if (accesses && clocks_work())
		printf("#define RF_LAYOUT_CLOCKS 1\n");
	if (fast.views)
		printf("#define RF_LAYOUT_VIEWS 1\n");
}

#endif
