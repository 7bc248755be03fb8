/* For unit tests of the glue: its modules, as one translation unit, the way they are compiled into the detector; Go's
 * runtime is played by the callback below. */
#ifndef GLUE_FIXTURE_H
#define GLUE_FIXTURE_H

#define RF_LAYOUT_THREAD_ID 8 /* of struct fake_thread */
#include "tsan-glue/glue.c"
#include "tsan-glue/options.c"
#include "tsan-glue/spool.c"
#include "tsan-glue/goroutines.c"
#include "tsan-glue/owners.c"
#include "tsan-glue/dwarf.c"
#include "tsan-glue/globals.c"
#include "tsan-glue/history.c"
#include "tsan-glue/exit.c"
#include "tsan-glue/clocks.c"
#include "tsan-glue/freed.c"
#include "tsan-glue/symbols.c"
#include "tsan-glue/switches.c"
#include "tsan-glue/growth.c"
#include "tsan-glue/stacks.c"
#include "tsan-glue/report.c"
#include "tsan-glue/report_fields.c"
#include "tsan-glue/marks.c"
#include "tsan-glue/pool.c"
#include "tsan-glue/finalizers.c"
#include "tsan-glue/finding.c"
#include "tsan-glue/cgo_heap.c"
#include "tsan-glue/cgo_next.c"
#include "tsan-glue/cgo_stacks.c"
#include "tsan-glue/cgo_wrong.c"
#include "tsan-glue/maps.c"
#include "tsan-glue/cgo_maps.c"
#include "tsan-glue/cgo_leaks.c"
#include "tsan-glue/cgo.c"
#include "tsan-glue/views_locks.c"
#include "tsan-glue/views_trace.c"
#include "tsan-glue/views_tell.c"
#include "tsan-glue/views.c"
#include "tsan-glue/print.c"
#include "tsan-glue/process.c"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The detector's part: what is printed, and whether that is left to it. */
static char printed[8192];
static uint32_t left_to_stock;

void __redflag_raw_write(const char *text)
{
	strncat(printed, text, sizeof(printed) - strlen(printed) - 1);
}

void __redflag_print_stock(const struct ts_report *report)
{
	(void)report;
	left_to_stock++;
}

/* Accesses: how many came through. */
static uint32_t accesses_seen;

#define FIXTURE_ACCESS(name)                                                                                           \
	void name(uintptr_t thread, uintptr_t address, uintptr_t more, uintptr_t pc)                                   \
	{                                                                                                              \
		(void)thread, (void)address, (void)more, (void)pc;                                                     \
		accesses_seen++;                                                                                       \
	}
#define FIXTURE_ACCESS_SHORT(name)                                                                                     \
	void name(uintptr_t thread, uintptr_t address, uintptr_t pc)                                                   \
	{                                                                                                              \
		(void)thread, (void)address, (void)pc;                                                                 \
		accesses_seen++;                                                                                       \
	}
FIXTURE_ACCESS_SHORT(__tsan_read)
FIXTURE_ACCESS_SHORT(__tsan_write)
FIXTURE_ACCESS(__tsan_read_pc)
FIXTURE_ACCESS(__tsan_write_pc)
FIXTURE_ACCESS(__tsan_read_range)
FIXTURE_ACCESS(__tsan_write_range)

static uint64_t slept_us;

void rf_usleep(uint64_t us)
{
	slept_us += us;
}

/* The detector's clocks: those of one epoch are enough to see who was called. */
void rf_clock_acquire(struct rf_clock *to, const struct rf_clock *from)
{
	if (from && from->epochs[0] > to->epochs[0])
		to->epochs[0] = from->epochs[0];
}

struct rf_clock *rf_clock_copy(struct rf_clock *to, const struct rf_clock *from)
{
	to->epochs[0] = from->epochs[0];
	return to;
}

void rf_clock_release(const struct rf_clock *from, struct rf_clock **to)
{
	rf_clock_acquire(*to, from);
}

void rf_clock_release_store(const struct rf_clock *from, struct rf_clock **to)
{
	rf_clock_copy(*to, from);
}

void rf_clock_release_acquire(struct rf_clock *clock, struct rf_clock **other)
{
	rf_clock_acquire(clock, *other);
	rf_clock_copy(*other, clock);
}

void rf_clock_exchange(struct rf_clock *clock, struct rf_clock **other)
{
	const struct rf_clock old = *clock;
	rf_clock_acquire(clock, *other);
	rf_clock_copy(*other, &old);
}

static uint64_t stock_count;

void __redflag_stock_count(uint64_t *count)
{
	*count = stock_count;
}

struct fake_thread {
	uint64_t other;
	uint32_t id;
};

static char directory[] = "/tmp/redflag-glue.XXXXXX";
static struct rf_ring rings[2];
static struct rf_alloc_row allocs[1024];
static const uint64_t goids = (5ull << 32) + 100;
static struct rf_settings settings;

/* Of the objects that tests make only this one has a type. */
static void type_answers(struct rf_type_query *type)
{
	if (type->object != 0xc000010008 || type->address != 0xc000010008)
		return;
	type->kind = 24;
	type->in_context = 1;
	memcpy(type->type.ptr, "string", 6);
	type->type.bytes = 6;
	memset(type->path.ptr, 'x', type->path.bytes_max);
	type->path.bytes = type->path.bytes_max;
}

/* Who got an object from a pool; nobody unless a test says so. */
static struct rf_got_query got;

static void runtime_answers(uintptr_t command, void *context)
{
	struct symbolize_code *code = context;
	struct rf_function_query *function = context;
	struct rf_goroutine_query *goroutine = context;
	struct rf_memory_query *memory = context;
	static struct rf_go_label label = { { "tag", 3 }, { "live", 4 } };
	if (command == COMMAND_SYMBOLIZE_CODE) {
		code->function = "main.f";
		code->file = "/src/f.go";
		code->line = 7;
	} else if (command == RF_COMMAND_FUNCTION) {
		function->entry = function->pc & ~(uintptr_t)0xff;
		function->arguments = 16;
		function->name = "main.f";
	} else if (command == RF_COMMAND_GOROUTINE) {
		goroutine->reason = 1;
		goroutine->labels = &label;
		goroutine->label_count = 1;
	} else if (command == RF_COMMAND_MEMORY) {
		memory->kind = RF_MEMORY_KIND_HEAP;
		memory->start = memory->address & ~(uintptr_t)15;
		memory->size = 16;
		memory->object = memory->start;
	} else if (command == RF_COMMAND_GOT && ((struct rf_got_query *)context)->address == got.address) {
		*(struct rf_got_query *)context = got;
	} else if (command == RF_COMMAND_TYPE) {
		type_answers(context);
	}
}

/* The detector's own functions, which history.c calls. */
static struct {
	bool restored;
	uint32_t thread;
	int resets;
} detector;

bool rf_restore_stack(uint64_t event, uint8_t slot, uint16_t epoch, uintptr_t address, uintptr_t size, uintptr_t access,
		      uint32_t *thread, void *stack, void *mutexes, uintptr_t *tag)
{
	(void)event, (void)slot, (void)epoch, (void)address, (void)size, (void)access, (void)stack, (void)mutexes, (void)tag;
	if (detector.thread)
		*thread = detector.thread;
	return detector.restored;
}

void rf_do_reset(void *thread, uintptr_t epoch)
{
	(void)thread, (void)epoch;
	detector.resets++;
}

void *rf_zeroed_context;

void rf_switch_part(void *thread)
{
	(void)thread;
}

static inline int set_up(void **state)
{
	static const struct rf_go_string reasons[] = { { "", 0 }, { "chan receive", 12 } };
	(void)state;
	if (!mkdtemp(directory) || setenv("REDFLAG_SPOOL", directory, 1) || setenv("TRACE_ID", "t1", 1))
		return 1;
	struct rf_start start = {
		.abi_version = RF_ABI_VERSION, .callback = runtime_answers, .text = 0x1000, .etext = 0x9000,
		.reasons = reasons, .reason_count = 2, .rings = rings, .ring_count = 2, .allocs = allocs,
		.alloc_count = 1024, .goids = &goids, .modinfo = { "path\texample.com/m.test\n", 24 }, .version = { "go1.26.8", 8 },
		.settings = &settings,
	};
	__redflag_init(&start);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	unlink(spool.path);
	return rmdir(directory);
}

static inline uint32_t start_goroutine(uint32_t thread, uint64_t goid, uint32_t parent, uint32_t owner)
{
	struct fake_thread t = { 0, thread };
	uint32_t slot = 0;
	struct rf_goroutine_start start = { .thread = (uintptr_t)&t, .goid = goid, .parent_slot = parent,
					    .owner = owner, .entry = 0x2000, .g = 1, .slot = &slot };
	__redflag_goroutine_start(&start);
	return slot;
}

/* The records of the file, by type; the last of each. */
static inline const void *record_of(enum rf_spool_type type, uint32_t *count)
{
	const void *found = NULL;
	uint64_t at = sizeof(struct rf_spool_file_header);
	*count = 0;
	while (at < spool.used) {
		const struct rf_spool_record *r = (const struct rf_spool_record *)(const void *)(spool.map + at);
		assert_in_range(r->length, sizeof(*r), RF_SPOOL_RECORD_BYTES_MAX);
		static char copy[RF_SPOOL_RECORD_BYTES_MAX];
		memcpy(copy, r, r->length);
		((struct rf_spool_record *)(void *)copy)->crc = 0;
		((struct rf_spool_record *)(void *)copy)->length = 0;
		assert_int_equal(rf_crc32c(0, copy, r->length), r->crc);
		if (r->type == type) {
			found = r;
			++*count;
		}
		at += (r->length + 7u) & ~7u;
	}
	return found;
}

static inline void assert_text(const void *record, struct rf_spool_ref ref, const char *want)
{
	assert_int_equal(ref.length, strlen(want));
	assert_memory_equal((const char *)record + ref.offset, want, ref.length);
}

static inline uint32_t test_start(uint32_t slot, const char *name)
{
	uint32_t id = 0;
	__redflag_test_start(slot, name, strlen(name), &id);
	return id;
}

static inline uint32_t taken(uint32_t owner)
{
	uint32_t charges = 99;
	__redflag_test_take(owner, &charges);
	return charges;
}

static inline bool ended(uint32_t owner)
{
	uint32_t done = 99;
	__redflag_test_end(owner, &done);
	return done;
}

#endif
