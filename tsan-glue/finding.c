#include "tsan-glue/finding.h"

#include "tsan-glue/cgo_stacks.h"
#include "tsan-glue/finalizers.h"
#include "tsan-glue/goroutines.h"
#include "tsan-glue/lock.h"
#include "tsan-glue/print.h"
#include "tsan-glue/report.h"
#include "tsan-glue/symbols.h"

#include <stdatomic.h>
#include <string.h>

#define PROBES_MAX 32u
#define FRAMES_MAX 192u /* of all stacks of one finding; 64 a side are handed over, inlined ones come to that */

static struct {
	void (*callback)(uintptr_t command, void *context);
	uintptr_t text; /* start of Go's code */
	_Atomic uint32_t count;
	uint64_t seen[RF_FINDINGS_SEEN_MAX];
} findings;

/* The finding as a report. Under ThreadSanitizer's lock of reports, as is findings.seen. */
static struct {
	struct ts_report report;
	struct ts_access accesses[RF_FINDING_SIDES_MAX];
	struct ts_thread threads[RF_FINDING_SIDES_MAX];
	void *access_pointers[RF_FINDING_SIDES_MAX], *thread_pointers[RF_FINDING_SIDES_MAX];
	struct ts_stack stacks[2 * RF_FINDING_SIDES_MAX];
	struct ts_frame frames[FRAMES_MAX];
	uint32_t access_count, thread_count, stack_count, frame_count;
} made;

static void rf_finding_init(void (*callback)(uintptr_t command, void *context), uintptr_t text)
{
	findings.callback = callback;
	findings.text = text;
}

static uint32_t rf_findings_count(void)
{
	return atomic_load_explicit(&findings.count, memory_order_relaxed);
}

static uint32_t rf_finding_action(const struct ts_access *access)
{
	return (uint32_t)access->external_tag; /* which Go's build of the detector leaves at 0 */
}

#if RF_FINDING_PROVED
/* sanitizer_common.h and tsan_suppressions.h. */
void __redflag_reports_lock(void) __asm__("_ZN11__sanitizer21ScopedErrorReportLock4LockEv");
void __redflag_reports_unlock(void) __asm__("_ZN11__sanitizer21ScopedErrorReportLock6UnlockEv");
uintptr_t __redflag_is_suppressed(int type, const struct ts_stack *stack, void **suppression) __asm__(
	"_ZN6__tsan12IsSuppressedENS_10ReportTypeEPKNS_11ReportStackEPPN11__sanitizer11SuppressionE");
#else
static void __redflag_reports_lock(void)
{
}

static void __redflag_reports_unlock(void)
{
}

static uintptr_t __redflag_is_suppressed(int type, const struct ts_stack *stack, void **suppression)
{
	(void)type, (void)stack, (void)suppression;
	return 0;
}
#endif

/* --- seen before? ------------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t v)
{
	hash = (hash ^ v) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 29;
}

static uint64_t key_of(const struct rf_finding *f)
{
	uint64_t hash = mix(1, f->kind);
	for (uintptr_t i = 0; i < f->side_count; i++) {
		hash = mix(hash, f->sides[i].action);
		for (uintptr_t k = 0; k < f->sides[i].pc_count && f->sides[i].pcs[k]; k++)
			hash = mix(hash, f->sides[i].pcs[k]);
	}
	return hash ? hash : 1;
}

static bool seen(const struct rf_finding *f)
{
	uint64_t key = key_of(f);
	for (uint32_t i = 0; i < PROBES_MAX; i++) {
		uint64_t *at = &findings.seen[(key + i) % RF_FINDINGS_SEEN_MAX];
		if (*at == key)
			return true;
		if (!*at) {
			*at = key;
			return false;
		}
	}
	return false;
}

/* A use of what the finalizer has kept was reported, and says more. */
static bool told_already(const struct rf_finding *f)
{
	return f->kind == RF_SPOOL_KIND_RESURRECTION && rf_finalizer_named(f->sides[0].pcs[0] - 1, RF_SPOOL_KIND_RESURRECTION);
}

/* --- the report --------------------------------------------------------------------------------------------------- */

/* What every goroutine begins with; ThreadSanitizer's stacks don't have them either. */
static bool is_bottom(const char *function)
{
	return strcmp(function, "runtime.goexit") == 0 || strcmp(function, "runtime.main") == 0;
}

/* The frames at one address: several where functions were inlined (tsan_go.cpp, SymbolizeCode). */
static struct ts_frame **add_frames(uintptr_t pc, struct ts_frame **link)
{
	if (made.frame_count < FRAMES_MAX && rf_cgo_frame(pc, &made.frames[made.frame_count])) {
		*link = &made.frames[made.frame_count];
		return &made.frames[made.frame_count++].next;
	}
	while (made.frame_count < FRAMES_MAX) {
		struct symbolize_code code = { .pc = pc };
		findings.callback(COMMAND_SYMBOLIZE_CODE, &code);
		if (!code.line || is_bottom(code.function))
			break;
		struct ts_frame *f = &made.frames[made.frame_count++];
		memset(f, 0, sizeof(*f));
		f->info.address = pc;
		f->info.function = (char *)(uintptr_t)code.function;
		f->info.file = (char *)(uintptr_t)code.file;
		f->info.line = (int)code.line;
		f->info.module_offset = code.offset;
		*link = f;
		link = &f->next;
		if (code.pc == pc)
			break;
		pc = code.pc;
	}
	return link;
}

static struct ts_stack *add_stack(const uintptr_t *pcs, uintptr_t pc_count)
{
	struct ts_stack *s = &made.stacks[made.stack_count++];
	struct ts_frame **link = &s->frames;
	s->frames = NULL;
	s->suppressable = true;
	for (uintptr_t i = 0; i < pc_count && pcs[i]; i++)
		link = add_frames(pcs[i] - 1, link);
	return s;
}

/* What is known of the goroutine's creation is the go statement alone. */
static void add_thread(uint32_t thread, const struct rf_goroutine *row)
{
	for (uint32_t i = 0; i < made.thread_count; i++) {
		if (((const struct ts_thread *)made.thread_pointers[i])->id == (int)thread)
			return;
	}
	uintptr_t creator = row && row->creator ? findings.text + row->creator : 0;
	struct ts_thread *t = &made.threads[made.thread_count];
	memset(t, 0, sizeof(*t));
	t->id = (int)thread;
	t->running = !row || !row->finished;
	t->parent = row ? (int)row->parent_thread : -1;
	t->stack = add_stack(&creator, 1);
	made.thread_pointers[made.thread_count++] = t;
}

static void add_side(uintptr_t address, uintptr_t bytes, const struct rf_finding_side *side)
{
	const struct rf_goroutine *row = rf_goroutine_of_goid(side->goid, (uint32_t)side->slot);
	struct ts_access *a = &made.accesses[made.access_count];
	memset(a, 0, sizeof(*a));
	a->thread = (int)(row ? row->thread : RF_FINDING_THREAD_UNKNOWN | (side->goid & (RF_FINDING_THREAD_UNKNOWN - 1)));
	a->address = side->address ? side->address : address;
	a->size = (int)bytes;
	a->write = side->write != 0;
	a->external_tag = side->action;
	a->stack = add_stack(side->pcs, side->pc_count);
	made.access_pointers[made.access_count++] = a;
	add_thread((uint32_t)a->thread, row);
}

static struct ts_vector vector_of(void **pointers, uint32_t count)
{
	return (struct ts_vector){ pointers, pointers + count, pointers + count };
}

static void copy_pointers(void **to, const struct ts_vector *from, uint32_t *count)
{
	for (void **p = from->begin; p < from->end; p++)
		to[(*count)++] = *p;
}

static size_t length(const struct ts_vector *v)
{
	return v->begin ? (size_t)(v->end - v->begin) : 0;
}

static const struct ts_report *rf_finding_extended(const struct ts_report *report, uintptr_t address,
						   const struct rf_finding_side *side)
{
	if (!findings.callback || length(&report->accesses) >= RF_FINDING_SIDES_MAX ||
	    length(&report->threads) >= RF_FINDING_SIDES_MAX)
		return report;
	made.report = *report;
	made.access_count = made.thread_count = made.stack_count = made.frame_count = 0;
	copy_pointers(made.access_pointers, &report->accesses, &made.access_count);
	copy_pointers(made.thread_pointers, &report->threads, &made.thread_count);
	rf_lock();
	add_side(address, 0, side);
	rf_unlock();
	made.report.accesses = vector_of(made.access_pointers, made.access_count);
	made.report.threads = vector_of(made.thread_pointers, made.thread_count);
	return &made.report;
}

static void make(const struct rf_finding *f)
{
	memset(&made.report, 0, sizeof(made.report));
	made.access_count = made.thread_count = made.stack_count = made.frame_count = 0;
	rf_lock();
	for (uintptr_t i = 0; i < f->side_count && i < RF_FINDING_SIDES_MAX; i++)
		add_side(f->address, f->bytes, &f->sides[i]);
	rf_unlock();
	made.report.type = TS_REPORT_RACE;
	made.report.accesses = vector_of(made.access_pointers, made.access_count);
	made.report.threads = vector_of(made.thread_pointers, made.thread_count);
}

/* GORACE=suppressions=FILE: a line of race: or race_top: that fits a stack of a side, as Go has it: frames of C have no line. */
static bool suppressed(void)
{
	for (uint32_t i = 0; i < made.access_count; i++) {
		void *suppression = NULL;
		struct ts_stack stack = *made.accesses[i].stack;
		while (stack.frames && !stack.frames->info.line)
			stack.frames = stack.frames->next;
		if (__redflag_is_suppressed(TS_REPORT_RACE, &stack, &suppression))
			return true;
	}
	return false;
}

void __redflag_finding(const struct rf_finding *f)
{
	if (!RF_FINDING_PROVED || !findings.callback)
		return;
	__redflag_reports_lock();
	if (!seen(f) && !told_already(f)) {
		make(f);
		bool silent = suppressed();
		rf_report_finding(&made.report, f, silent);
		if (!silent)
			rf_print_finding(&made.report, (enum rf_spool_kind)f->kind, f->detail);
		if (!silent && !f->quiet)
			atomic_fetch_add_explicit(&findings.count, 1, memory_order_relaxed);
	}
	__redflag_reports_unlock();
}
