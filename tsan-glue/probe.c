/* The probe: proves, against the detector object that is going to be linked, every layout that the glue reads. It plays
 * Go's part (tsan_go.cpp is the interface): starts the detector, makes threads and races whose reports are known
 * beforehand, and compares.
 *
 * All is well: exit 0, and on stdout the lines of C that head the glue: RF_LAYOUT_THREAD_ID, the offset of the thread
 * number in ThreadState, RF_LAYOUT_FREED if memory can be marked as freed (marks.h), RF_LAYOUT_SHADOW if it is known where
 * such marks stand, RF_LAYOUT_COLLECTED if those of collections work, RF_LAYOUT_REPORTS if reports of ours can stand among
 * the detector's (finding.h), RF_LAYOUT_FAST for which of the runtime's accesses and calls short cuts do the same as the
 * detector (fast_probe.h), RF_LAYOUT_VIEWS for what views.h goes by, RF_LAYOUT_EXIT if its sleep at the end is ours (exit.h),
 * RF_LAYOUT_ZEROED if it clears what is zero (zeroed.h), RF_LAYOUT_PARTS if it counts as history.h says. Else: exit 1, a line on stderr.
 */
#define _GNU_SOURCE
#include "tsan-glue/exit.c"
#include "tsan-glue/history.c" /* these stand in their place as in the glue */
#include "tsan-glue/marks.c"
#include "tsan-glue/report_layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The detector's interface to Go (tsan_go.cpp). */
void __tsan_init(void **thread, void **processor, void (*callback)(uintptr_t command, void *context));
void __tsan_map_shadow(uintptr_t address, uintptr_t size);
void __tsan_go_start(void *parent, void **child, void *pc);
void __tsan_go_end(void *thread);
void __tsan_read_pc(void *thread, void *address, uintptr_t caller_pc, uintptr_t pc);
void __tsan_write_pc(void *thread, void *address, uintptr_t caller_pc, uintptr_t pc);
void __tsan_read(void *thread, void *address, void *pc);
void __tsan_write(void *thread, void *address, void *pc);
void __tsan_read_range(void *thread, void *address, uintptr_t size, void *pc);
void __tsan_write_range(void *thread, void *address, uintptr_t size, void *pc);
void __tsan_func_enter(void *thread, void *pc);
void __tsan_func_exit(void *thread);
void __tsan_acquire(void *thread, void *address);
void __tsan_release(void *thread, void *address);

/* Marks of freed memory (marks.c). A detector without them is one without findings of pools. */
#define WEAK __attribute__((weak))
WEAK void slot_lock(void *thread) __asm__("_ZN6__tsan8SlotLockEPNS_11ThreadStateE");
WEAK void slot_unlock(void *thread) __asm__("_ZN6__tsan10SlotUnlockEPNS_11ThreadStateE");
WEAK void range_freed(void *thread, uintptr_t pc, uintptr_t address, uintptr_t bytes) __asm__(
	"_ZN6__tsan16MemoryRangeFreedEPNS_11ThreadStateEmmm");
WEAK void increment_epoch(void *thread) __asm__("_ZN6__tsan14IncrementEpochEPNS_11ThreadStateE");
WEAK void range_reset(void *thread, uintptr_t pc, uintptr_t address, uintptr_t bytes) __asm__(
	"_ZN6__tsan16MemoryResetRangeEPNS_11ThreadStateEmmm");
WEAK void raw_write(const char *text) __asm__("_ZN11__sanitizer8RawWriteEPKc");

/* The lock of reports, and the test of suppressions (finding.c). */
WEAK void reports_lock(void) __asm__("_ZN11__sanitizer21ScopedErrorReportLock4LockEv");
WEAK void reports_unlock(void) __asm__("_ZN11__sanitizer21ScopedErrorReportLock6UnlockEv");
WEAK uintptr_t is_suppressed(int type, const struct ts_stack *stack, void **suppression) __asm__(
	"_ZN6__tsan12IsSuppressedENS_10ReportTypeEPKNS_11ReportStackEPPN11__sanitizer11SuppressionE");

/* The glue's names; the probe stands in its place. */
bool probe_on_report(const struct ts_report *report, bool suppressed) __asm__("_ZN6__tsan8OnReportEPKNS_10ReportDescEb");
bool probe_on_finalize(bool failed) __asm__("_ZN6__tsan10OnFinalizeEb");
const char *probe_default_options(void) __asm__("__tsan_default_options");

/* Go's heap starts here on linux (malloc.go), so the detector has shadow for it. */
#define HEAP_ADDRESS ((uintptr_t)0xc000000000)
#define HEAP_BYTES ((uintptr_t)1 << 20)
#define DATA_BYTES ((uintptr_t)1 << 19) /* of it are mapped first, as data and bss (tsan_rtl.cpp, MapShadow) */
#define THREADS 40
#define ENDED_BEFORE 1000 /* so that thread numbers are no small numbers that stand anywhere */
#define THREAD_STATE_BYTES 1536 /* less than its size in LLVM 16 to 19 */

/* Made-up code addresses, all in one function each; PC_INLINED is symbolised as two frames. */
#define PC_CREATE 0x401000u
#define PC_CALLER 0x402000u
#define PC_READ 0x403000u
#define PC_WRITE 0x404000u
#define PC_INLINED_PARENT 0x405000u
#define PC_FREE 0x407000u
#define PC_BOTTOM 0x406000u /* the detector cuts the last frame of a stack, which in Go is the runtime's */

/* Calls of two events each: more than stock's trace holds, and more than ours. */
#define CALLS_REMEMBERED 60000
#define CALLS_FORGOTTEN 400000
#define RELEASES (300u << 14) /* more than all slots have epochs */

static void *processor, *threads[THREADS];
static char *heap;
static int reports, failures;
static bool other_lost; /* what the next report has to look like */
static uint32_t other_thread;
static char failure[256];
static uint32_t writer_thread, reader_thread;
static char directory[4096];

static void check(bool ok, const char *what)
{
	if (!ok && failures++ == 0)
		snprintf(failure, sizeof(failure), "%s", what);
}

struct symbolize_code {
	uintptr_t pc;
	const char *function, *file;
	uintptr_t line, offset, result;
};

static void callback(uintptr_t command, void *context)
{
	struct symbolize_code *code = context;
	if (command == 0) {
		*(void **)context = processor;
	} else if (command == 1) {
		/* The detector takes 1 off return addresses; both spellings name the same made-up function. */
		uintptr_t pc = (code->pc + 1) & ~(uintptr_t)0xfff;
		code->function = pc == PC_READ ? "probe.read" : pc == PC_WRITE ? "probe.write" :
				 pc == PC_CALLER ? "probe.caller" : pc == PC_CREATE ? "probe.create" :
				 pc == PC_FREE ? "probe.free" : "probe.outer";
		code->file = "/probe/file.go";
		code->line = pc >> 12;
		code->offset = 0x44;
		code->result = 1;
		if (pc == PC_READ)
			code->pc = PC_INLINED_PARENT;
	}
}

static bool text_is(const char *text, const char *want)
{
	return text && strcmp(text, want) == 0;
}

static void check_frame(const struct ts_frame *f, const char *function, int line, const char *what)
{
	check(f && text_is(f->info.function, function), what);
	if (f && !failures)
		check(text_is(f->info.file, "/probe/file.go") && f->info.line == line &&
		      f->info.module_offset == 0x44, what);
}

static void check_access(const struct ts_access *a, bool write, uint32_t *thread)
{
	const struct ts_frame *f = a->stack ? a->stack->frames : NULL;
	check(a->address == (uintptr_t)heap + 128, "the address of an access");
	check(a->write == write && !a->atomic, "the kind of an access");
	check(a->size == 1 || a->size == 8, "the size of an access");
	*thread = (uint32_t)a->thread;
	check_frame(f, write ? "probe.write" : "probe.read", write ? 0x404 : 0x403, "the first frame of a stack");
	if (failures)
		return;
	if (!write) {
		f = f->next;
		check_frame(f, "probe.outer", 0x405, "the frame around an inlined one");
	}
	if (!failures)
		check_frame(f->next, "probe.caller", 0x402, "the calling frame of a stack");
}

static void check_threads(const struct ts_report *r)
{
	check(r->threads.end - r->threads.begin == 2, "the number of threads");
	for (void **p = r->threads.begin; !failures && p < r->threads.end; p++) {
		const struct ts_thread *t = *p;
		check((uint32_t)t->id == writer_thread || (uint32_t)t->id == reader_thread, "the id of a thread");
		check(t->running && t->parent == 0, "state and parent of a thread");
		check(t->stack && t->stack->frames, "the creation stack of a thread");
		if (!failures)
			check_frame(t->stack->frames, "probe.create", 0x401, "the creation stack of a thread");
	}
}

/* A later race: which goroutine made the earlier access is known, its stack may be lost. */
static void check_later(const struct ts_report *r)
{
	const struct ts_access *other = r->accesses.begin[1];
	check((uint32_t)other->thread == other_thread, "the thread of an access that was long ago");
	check((other->stack == NULL) == other_lost, "the stack of an access that was long ago");
	if (!failures && !other_lost)
		check_frame(other->stack->frames, "probe.write", 0x404, "the stack of an access that was long ago");
	check(r->threads.end - r->threads.begin == 2, "the threads of a race that was long ago");
}

/* The report that a free or an access to freed memory gave: its type, and where each side was. */
static struct {
	bool wanted;
	int type;
	uintptr_t pcs[2];
	uint32_t older_thread;
} freed;

static bool freed_report(const struct ts_report *r)
{
	freed.type = r->type;
	freed.older_thread = (uint32_t)((const struct ts_access *)r->accesses.begin[1])->thread;
	for (int i = 0; i < 2 && r->accesses.end - r->accesses.begin == 2; i++) {
		const struct ts_access *a = r->accesses.begin[i];
		freed.pcs[i] = a->stack && a->stack->frames ? a->stack->frames->info.address : 0;
	}
	return true;
}

bool probe_on_report(const struct ts_report *r, bool suppressed)
{
	reports++;
	if (freed.wanted)
		return freed_report(r);
	check(!suppressed && r->type == TS_REPORT_RACE, "the type of a report");
	check(r->accesses.end - r->accesses.begin == 2, "the number of accesses");
	if (failures)
		return true;
	if (other_thread) {
		check_later(r);
		return true;
	}
	check_access(r->accesses.begin[0], false, &reader_thread);
	check_access(r->accesses.begin[1], true, &writer_thread);
	if (!failures)
		check_threads(r);
	return true; /* say nothing */
}

static void exit_finalize(void);

bool probe_on_finalize(bool failed)
{
	exit_finalize();
	return failed;
}

const char *probe_default_options(void)
{
	static char options[sizeof(directory) + 128];
	rf_history_init(true, false);
	snprintf(options, sizeof(options), "%s suppressions='%s/suppressions'", RF_HISTORY_OPTIONS, directory);
	return directory[0] ? options : RF_HISTORY_OPTIONS;
}

/* One suppression for the detector to read; it wants an absolute path. */
static void write_suppressions(void)
{
	FILE *f = getcwd(directory, sizeof(directory)) ? fopen("suppressions", "w") : NULL;
	if (!f || fprintf(f, "race:probe.suppressed\n") < 0 || fclose(f))
		directory[0] = '\0';
}

/* Two threads race over a word of their own; the first has made so many calls meanwhile. */
static void race_later(int writer, int words, int calls)
{
	char *word = heap + 256 + 64 * words;
	uintptr_t caller = PC_CALLER + 16u * (uintptr_t)writer; /* or the stacks are those of a report before */
	__tsan_func_enter(threads[writer], (void *)(uintptr_t)PC_BOTTOM);
	__tsan_func_enter(threads[writer + 1], (void *)(uintptr_t)PC_BOTTOM);
	__tsan_write_pc(threads[writer], word, caller, PC_WRITE);
	for (int i = 0; i < calls; i++)
		__tsan_write_pc(threads[writer], word + 16, PC_CALLER, PC_READ);
	other_thread = writer_thread + (uint32_t)(writer - 3);
	__tsan_read_pc(threads[writer + 1], word, caller, PC_READ);
}

/* Traces are as long as asked for; a report survives that a stack is lost, until the detector begins anew: history.c. */
static void check_history(void)
{
	race_later(10, 0, CALLS_REMEMBERED);
	check(reports == 2, "a race that was long ago");
	other_lost = true;
	race_later(12, 1, CALLS_FORGOTTEN);
	check(reports == 3, "a race whose other stack is lost");
	for (unsigned i = 0; i < RELEASES && !atomic_load(&history.forgotten); i++)
		__tsan_release(threads[14], heap + 8);
	check(atomic_load(&history.forgotten), "the call with which the detector begins anew");
	race_later(16, 2, CALLS_FORGOTTEN);
	check(reports == 3, "a race that is dropped after the detector began anew");
}

/* The only offset at which all threads hold consecutive numbers that fit the reports. */
static long find_thread_id(int first_known, uint32_t known)
{
	long found = -1;
	for (long offset = 0; offset < THREAD_STATE_BYTES; offset += 4) {
		uint32_t base;
		memcpy(&base, (char *)threads[first_known] + offset, 4);
		bool all = base == known;
		for (int i = 0; all && i < THREADS; i++) {
			uint32_t v;
			memcpy(&v, (char *)threads[i] + offset, 4);
			all = v == known + (uint32_t)(i - first_known);
		}
		if (all && found >= 0)
			return -1;
		if (all)
			found = offset;
	}
	return found;
}

static bool freed_is(int reports_want, int type, uintptr_t pc, uintptr_t pc_before)
{
	return reports == reports_want && freed.type == type && freed.pcs[0] == pc && freed.pcs[1] == pc_before;
}

static void free_range(void *thread, char *address, uintptr_t pc)
{
	slot_lock(thread);
	range_freed(thread, pc, (uintptr_t)address, 64);
	increment_epoch(thread);
	slot_unlock(thread);
}

/* Freed memory that its own thread reads, frees again and gets back, and memory that is freed beside its user. */
static bool freed_works(void *thread, void *other)
{
	char *memory = heap + 4096;
	freed.wanted = true;
	if (!slot_lock || !slot_unlock || !range_freed || !range_reset || !increment_epoch || !raw_write)
		return false;
	reports = 0;
	__tsan_write_pc(thread, memory, PC_CALLER, PC_WRITE);
	free_range(thread, memory, PC_FREE);
	__tsan_write_pc(thread, memory + 32, PC_CALLER, PC_WRITE);
	if (!freed_is(1, TS_REPORT_USE_AFTER_FREE, PC_WRITE, PC_FREE))
		return false;
	free_range(thread, memory, PC_READ);
	if (!freed_is(2, TS_REPORT_USE_AFTER_FREE, PC_READ, PC_FREE))
		return false;
	range_reset(NULL, 0, (uintptr_t)memory, 64);
	__tsan_write_pc(thread, memory + 40, PC_CALLER, PC_CREATE); /* the same two stacks again would be passed over */
	free_range(other, memory, PC_FREE);
	return freed_is(3, TS_REPORT_RACE, PC_FREE, PC_CREATE);
}

/* The shadow of a word of 8 bytes: four cells of 4 bytes (tsan_platform.h, MappingGo48 and MappingGoAarch64). */
#define SHADOW(address) (((address) & ~(uintptr_t)7) * 2 + 0x200000000000u)
#define TEXT(...) #__VA_ARGS__
#define EXPANDED_TEXT(...) TEXT(__VA_ARGS__)

/* Reads through the kernel, which says if nothing is there. */
static bool cells_at(uintptr_t address, uint32_t cells[4])
{
	int ends[2];
	if (pipe(ends))
		return false;
	bool ok = write(ends[1], (const void *)SHADOW(address), 16) == 16 && read(ends[0], cells, 16) == 16;
	close(ends[0]);
	close(ends[1]);
	return ok;
}

/* A mark is where it is looked for, alone of its word, and gone when it was taken off. */
static bool shadow_works(void *thread)
{
	char *memory = heap + 8192;
	uint32_t before[4], marked[4], beside[4], after[4];
	range_reset(NULL, 0, (uintptr_t)memory, 72);
	if (!cells_at((uintptr_t)memory, before))
		return false;
	free_range(thread, memory, PC_FREE);
	if (!cells_at((uintptr_t)memory + 56, marked) || !cells_at((uintptr_t)memory + 64, beside))
		return false;
	range_reset(NULL, 0, (uintptr_t)memory, 64);
	if (!cells_at((uintptr_t)memory + 56, after))
		return false;
	return !(before[0] | before[1] | before[2] | before[3]) && marked[0] == CELL_FREED &&
	       (marked[1] & 0xff) == CELL_INFO && !(marked[2] | marked[3]) &&
	       !(beside[0] | beside[1] | beside[2] | beside[3]) && !(after[0] | after[1] | after[2] | after[3]);
}

/* A mark as the sweeper writes it: a report whose older side has thread 0 and no stack. */
static bool collected_works(void *thread)
{
	uintptr_t memory = (uintptr_t)heap + 12288;
	uint32_t *cells = (uint32_t *)SHADOW(memory);
	cells[0] = CELL_FREED;
	cells[1] = CELL_INFO | 77u << 8 | EPOCH_COLLECTED << 16;
	reports = 0;
	__tsan_read_pc(thread, (char *)memory, PC_CALLER, PC_READ);
	return freed_is(1, TS_REPORT_USE_AFTER_FREE, PC_READ, 0) && freed.older_thread == RF_MARK_THREAD &&
	       marks.restored == RF_MARK_COLLECTION && marks.cycle == 76;
}

/* A stack of ours is matched against the probe's own suppression, and the lock is one. */
static bool reports_work(void)
{
	static char wanted[] = "probe.suppressed", other[] = "probe.other", file[] = "/probe/file.go";
	struct ts_frame outer = { NULL, { .address = PC_CALLER, .function = wanted, .file = file, .line = 1 } };
	struct ts_frame inner = { &outer, { .address = PC_WRITE, .function = other, .file = file, .line = 1 } };
	struct ts_stack stack = { &inner, true };
	void *suppression = NULL;
	if (!reports_lock || !reports_unlock || !is_suppressed || !raw_write)
		return false;
	reports_lock();
	bool found = is_suppressed(TS_REPORT_RACE, &stack, &suppression) != 0;
	inner.next = NULL;
	bool passed = is_suppressed(TS_REPORT_RACE, &stack, &suppression) == 0;
	reports_unlock();
	reports_lock();
	reports_unlock();
	return found && passed;
}

#include "tsan-glue/exit_probe.h"
#include "tsan-glue/freed_probe.h" /* sync_probe.h, fast_probe.h and clocks_probe.h, too */
#include "tsan-glue/parts_probe.h" /* zeroed_probe.h, too */

int main(void)
{
	void *main_thread;
	heap = mmap((void *)HEAP_ADDRESS, HEAP_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if ((uintptr_t)heap != HEAP_ADDRESS) {
		fprintf(stderr, "the probe got no memory at 0x%zx\n", (size_t)HEAP_ADDRESS);
		return 1;
	}
	write_suppressions();
	__tsan_init(&main_thread, &processor, callback);
	__tsan_map_shadow(HEAP_ADDRESS, DATA_BYTES);
	__tsan_map_shadow(HEAP_ADDRESS + DATA_BYTES, HEAP_BYTES - DATA_BYTES);
	heap += DATA_BYTES;
	for (int i = 0; i < ENDED_BEFORE; i++) {
		__tsan_go_start(main_thread, &threads[0], (void *)(uintptr_t)PC_CREATE);
		__tsan_go_end(threads[0]);
	}
	__tsan_func_enter(main_thread, (void *)(uintptr_t)PC_BOTTOM);
	for (int i = 0; i < THREADS; i++)
		__tsan_go_start(main_thread, &threads[i], (void *)(uintptr_t)PC_CREATE);
	__tsan_func_enter(threads[3], (void *)(uintptr_t)PC_BOTTOM);
	__tsan_func_enter(threads[7], (void *)(uintptr_t)PC_BOTTOM);
	__tsan_write_pc(threads[3], heap + 128, PC_CALLER, PC_WRITE);
	__tsan_read_pc(threads[7], heap + 128, PC_CALLER, PC_READ);
	check(reports == 1, "a race that is reported once");
	long offset = failures ? -1 : find_thread_id(3, writer_thread);
	check(offset >= 0 && reader_thread == writer_thread + 4, "the thread number in ThreadState");
	if (!failures)
		check_history();
	if (failures) {
		fprintf(stderr, "the race detector of this Go has another layout than redflag knows: %s\n", failure);
		return 1;
	}
	printf("#define RF_LAYOUT_THREAD_ID %ld\n", offset);
	if (freed_works(threads[3], threads[7])) {
		printf("#define RF_LAYOUT_FREED 1\n");
		if (shadow_works(threads[3]))
			printf("#define RF_LAYOUT_SHADOW(address) %s\n%s", EXPANDED_TEXT(SHADOW(address)),
			       collected_works(threads[7]) ? "#define RF_LAYOUT_COLLECTED 1\n" : "");
#ifdef __x86_64__ /* the only one with short cuts */
		fast_print(threads + 20);
#endif
	}
	printf("%s", reports_work() ? "#define RF_LAYOUT_REPORTS 1\n" : "");
	printf("%s%s", exit_works() ? "#define RF_LAYOUT_EXIT 1\n" : "", zeroed_works() ? "#define RF_LAYOUT_ZEROED 1\n" : "");
	printf("%s", parts_work(threads + 30) ? "#define RF_LAYOUT_PARTS 1\n" : "");
	fflush(stdout);
	_exit(0);
}
