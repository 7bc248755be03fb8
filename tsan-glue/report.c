#include "tsan-glue/report.h"

#include "tsan-glue/cgo.h"
#include "tsan-glue/cgo_stacks.h"
#include "tsan-glue/counters.h"
#include "tsan-glue/finalizers.h"
#include "tsan-glue/finding.h"
#include "tsan-glue/globals.h"
#include "tsan-glue/goroutines.h"
#include "tsan-glue/lock.h"
#include "tsan-glue/marks.h"
#include "tsan-glue/owners.h"
#include "tsan-glue/spool.h"
#include "tsan-glue/stacks.h"
#include "tsan-glue/switches.h"
#include "tsan-glue/symbols.h"

#include <string.h>

#define TINY_BLOCK_BYTES 16u /* runtime/sizeclasses.go, maxTinySize */
#define MAIN_THREAD 1 /* tsan_report.cpp, kMainGoroutineId */
_Static_assert(RF_STACKS_MAX > RF_REPORT_ACCESSES_MAX + RF_REPORT_GOROUTINES_MAX, "all stacks of a report");

static struct {
	void (*callback)(uintptr_t command, void *context);
	const struct rf_alloc_row *allocs;
	const uint64_t *goids;
	uintptr_t alloc_count, text, etext;
} runtime;

/* What a report is made of, gathered before the record is begun. */
struct gathered {
	const struct ts_access *accesses[RF_REPORT_ACCESSES_MAX];
	uint32_t access_count;
	struct {
		uint32_t thread;
		const struct ts_thread *listed; /* NULL: not among the report's threads */
		const struct rf_goroutine *row; /* NULL: not registered */
		uint32_t entry_symbol;
	} goroutines[RF_REPORT_GOROUTINES_MAX];
	uint32_t goroutine_count;
	struct rf_memory_query memory;
	const struct rf_alloc_site *alloc; /* NULL: not known */
	struct rf_type_query type;
	bool collected; /* the older side is the garbage collector */
};
static struct gathered gathered;

static void rf_report_init(const struct rf_start *start)
{
	runtime.callback = start->callback;
	runtime.allocs = start->allocs;
	runtime.alloc_count = start->alloc_count;
	runtime.goids = start->goids;
	runtime.text = start->text;
	runtime.etext = start->etext;
}

static uint32_t vector_count(const struct ts_vector *v, uint32_t count_max)
{
	size_t n = v->begin ? (size_t)(v->end - v->begin) : 0;
	return n < count_max ? (uint32_t)n : count_max;
}

/* 1-based index, 0 when the table is full. */
static uint32_t goroutine_index(struct gathered *g, uint32_t thread)
{
	for (uint32_t i = 0; i < g->goroutine_count; i++) {
		if (g->goroutines[i].thread == thread)
			return i + 1;
	}
	if (g->goroutine_count == RF_REPORT_GOROUTINES_MAX)
		return 0;
	g->goroutines[g->goroutine_count].thread = thread;
	g->goroutines[g->goroutine_count].listed = NULL;
	g->goroutines[g->goroutine_count].row = rf_goroutine_of_thread(thread);
	g->goroutines[g->goroutine_count].entry_symbol = 0;
	return ++g->goroutine_count;
}

static void gather_goroutines(struct gathered *g, const struct ts_report *report)
{
	for (uint32_t i = 0; i < g->access_count; i++)
		goroutine_index(g, (uint32_t)g->accesses[i]->thread);
	for (uint32_t i = 0; i < vector_count(&report->threads, RF_REPORT_GOROUTINES_MAX); i++) {
		const struct ts_thread *thread = report->threads.begin[i];
		uint32_t index = goroutine_index(g, (uint32_t)thread->id);
		if (index)
			g->goroutines[index - 1].listed = thread;
	}
}

/* A goroutine that has less than 2^32 behind it has a number that its low half tells. */
static uint64_t goid_whole(uint32_t low)
{
	uint64_t last = __atomic_load_n(runtime.goids, __ATOMIC_RELAXED);
	return last - (uint32_t)((uint32_t)last - low);
}

/* The object at the address, in a block of so many bytes: rfAllocRow of the runtime says which row it would have. */
static const struct rf_alloc_site *alloc_at(uintptr_t address, uintptr_t block)
{
	static struct rf_alloc_site site;
	if (!runtime.alloc_count || !address)
		return NULL;
	unsigned int step = 63u - (unsigned int)__builtin_clzl(block ? block : TINY_BLOCK_BYTES);
	struct rf_alloc_row row = runtime.allocs[(address >> step) % runtime.alloc_count];
	if (row.key >> RF_ALLOC_ADDRESS_SHIFT != address)
		return NULL;
	site = (struct rf_alloc_site){ .address = address, .goid = goid_whole(row.goid) };
	for (uint32_t i = 0; i < RF_ALLOC_FRAMES; i++)
		site.pcs[i] = row.pcs[i] ? runtime.text + row.pcs[i] : 0;
	return &site;
}

/* A block holds one object, which starts where it starts, or several tiny ones without pointers (malloc.go, the tiny
 * allocator), which are remembered by their own addresses: the nearest one at or below the access. */
static const struct rf_alloc_site *rf_report_alloc(const struct rf_memory_query *memory)
{
	for (uintptr_t at = memory->address; memory->size <= TINY_BLOCK_BYTES && at > memory->start; at--) {
		const struct rf_alloc_site *site = alloc_at(at, memory->size);
		if (site)
			return site;
	}
	return alloc_at(memory->object, memory->size);
}

#define TYPE_BYTES_MAX 200u /* of a text; longer ones are cut */

/* Both accesses hold the greater of their addresses: they overlap. */
static void gather_type(struct gathered *g)
{
	static char path[TYPE_BYTES_MAX], type[TYPE_BYTES_MAX];
	struct rf_type_query *q = &g->type;
	q->object = g->alloc ? g->alloc->address : g->memory.object;
	q->path = (struct rf_text){ path, 0, sizeof(path) };
	q->type = (struct rf_text){ type, 0, sizeof(type) };
	for (uint32_t i = 0; i < g->access_count && i < 2; i++) {
		if (g->accesses[i]->address > q->address)
			q->address = g->accesses[i]->address;
	}
	if (g->memory.kind == RF_MEMORY_KIND_HEAP)
		runtime.callback(RF_COMMAND_TYPE, q);
	else if (rf_spool_active())
		rf_global_type(q);
}

static void gather(struct gathered *g, const struct ts_report *report)
{
	memset(g, 0, sizeof(*g));
	g->access_count = vector_count(&report->accesses, RF_REPORT_ACCESSES_MAX);
	for (uint32_t i = 0; i < g->access_count; i++)
		g->accesses[i] = report->accesses.begin[i];
	gather_goroutines(g, report);
	g->memory.address = g->access_count ? g->accesses[0]->address : 0;
	runtime.callback(RF_COMMAND_MEMORY, &g->memory);
	if (g->memory.kind == RF_MEMORY_KIND_HEAP) {
		g->alloc = rf_report_alloc(&g->memory);
		gather_type(g);
	} else if (g->memory.kind == RF_MEMORY_KIND_GLOBAL) {
		gather_type(g);
	} else {
		g->alloc = rf_cgo_site(g->memory.address, &g->memory);
	}
}

static bool is_runtime(const char *function)
{
	return strncmp(function, "runtime.", 8) == 0 || strncmp(function, "internal/runtime/", 17) == 0;
}

/* Frames of C, then those of Go from the first that isn't the runtime's own; all of them when there is no other. */
static void alloc_stack_collect(const struct rf_alloc_site *site)
{
	struct rf_stack_ids *s = rf_stack_new(site);
	if (!s)
		return;
	uint32_t of_c = s->count = rf_cgo_alloc_frames(site->address, s->ids);
	for (uint32_t i = 0; i < RF_ALLOC_FRAMES; i++) {
		uintptr_t pc = site->pcs[i];
		if (pc <= runtime.text || pc > runtime.etext)
			continue;
		struct rf_function_query f = { .pc = pc - 1 };
		runtime.callback(RF_COMMAND_FUNCTION, &f);
		if (s->count == of_c && i + 1 < RF_ALLOC_FRAMES && f.name && is_runtime(f.name))
			continue;
		s->ids[s->count++] = rf_symbol_id_of_pc(pc - 1);
	}
}

static void collect_symbols(struct gathered *g)
{
	rf_stacks_begin();
	for (uint32_t i = 0; i < g->access_count; i++)
		rf_stack_collect(g->accesses[i]->stack);
	for (uint32_t i = 0; i < g->goroutine_count; i++) {
		if (g->goroutines[i].listed)
			rf_stack_collect(g->goroutines[i].listed->stack);
		if (g->goroutines[i].row)
			g->goroutines[i].entry_symbol = rf_symbol_id_of_pc(g->goroutines[i].row->entry);
	}
	if (g->alloc)
		alloc_stack_collect(g->alloc);
}

static void put_access(struct rf_spool_access *out, const struct ts_access *a, struct gathered *g, enum rf_mark mark)
{
	const struct rf_stack_ids *s = rf_stack_of(a->stack);
	uint32_t action = mark == RF_MARK_FINALIZER ? RF_SPOOL_ACTION_FINALIZE : rf_finding_action(a);
	bool freed = (mark != RF_MARK_NONE && mark != RF_MARK_FINALIZER) || action == RF_SPOOL_ACTION_FREE;
	bool write = (a->write && action == RF_SPOOL_ACTION_NONE) || action == RF_SPOOL_ACTION_FREE;
	if (action == RF_SPOOL_ACTION_FREE)
		action = RF_SPOOL_ACTION_NONE;
	out->address = a->address;
	out->size = a->size > 0 ? (uint32_t)a->size : 0;
	out->thread = (uint32_t)a->thread;
	/* What an action names is no read nor write, as in the text. */
	out->flags = (write ? RF_SPOOL_ACCESS_WRITE : 0) | (a->atomic ? RF_SPOOL_ACCESS_ATOMIC : 0) |
		     (s && s->cut ? RF_SPOOL_ACCESS_STACK_CUT : 0) | (freed ? RF_SPOOL_ACCESS_FREE : 0) |
		     action << RF_SPOOL_ACCESS_ACTION_SHIFT;
	out->goroutine = goroutine_index(g, out->thread);
	out->stack = rf_stack_put(s);
}

/* What Go's runtime knows of the goroutine now: its g is asked only while the row is live, and answers for its goid. */
static struct rf_goroutine_query ask(const struct rf_goroutine *row)
{
	struct rf_goroutine_query query = { .reason = RF_REASON_UNKNOWN };
	if (row && !row->finished) {
		query.g = row->g;
		query.goid = row->goid;
		runtime.callback(RF_COMMAND_GOROUTINE, &query);
	}
	return query;
}

static struct rf_spool_ref put_state(bool running, const struct rf_goroutine_query *query)
{
	if (!running)
		return rf_spool_put_text("finished");
	if (query->reason < RF_REASON_UNKNOWN)
		return rf_reason_put(query->reason);
	return rf_spool_put_text(query->reason == RF_REASON_PREEMPTED ? "runnable" :
				 query->reason == RF_REASON_SYSCALL ? "syscall" : "running");
}

static struct rf_spool_ref put_labels(const struct rf_goroutine *row, const struct rf_goroutine_query *query, bool *cut)
{
	static struct rf_labels live;
	const struct rf_labels *labels = &live;
	*cut = false;
	if (row->finished)
		labels = rf_goroutine_labels(row);
	else
		*cut = !rf_labels_copy(&live, query->labels, query->label_count);
	return rf_spool_put(labels->text, labels->bytes);
}

static uint32_t goroutine_flags(const struct rf_spool_goroutine *g, bool running, bool stack_cut)
{
	return (g->thread == MAIN_THREAD ? RF_SPOOL_GOROUTINE_MAIN : 0) |
	       (running ? 0 : RF_SPOOL_GOROUTINE_FINISHED) | (stack_cut ? RF_SPOOL_GOROUTINE_STACK_CUT : 0);
}

static void put_row(struct rf_spool_goroutine *out, const struct rf_goroutine *row,
		    const struct rf_goroutine_query *query)
{
	struct rf_go_string test = rf_owner_name(row->owner);
	bool labels_cut;
	out->goid = row->goid;
	out->parent_goid = row->parent_goid;
	out->parent_thread = row->parent_thread;
	out->created_unix_ns = row->created_unix_ns;
	out->labels = put_labels(row, query, &labels_cut);
	out->test = rf_spool_put(test.ptr, test.len);
	if (labels_cut)
		out->flags |= RF_SPOOL_GOROUTINE_LABELS_CUT;
	if (row->owner && rf_owner_over(row->owner))
		out->flags |= RF_SPOOL_GOROUTINE_TEST_OVER;
}

static struct rf_spool_ref put_collection(void)
{
	char words[RF_MARK_WORDS_BYTES];
	rf_mark_words(words);
	return rf_spool_put_text(words);
}

static void put_goroutine(struct rf_spool_goroutine *out, const struct gathered *g, uint32_t i)
{
	const struct rf_goroutine *row = g->goroutines[i].row;
	const struct ts_thread *listed = g->goroutines[i].listed;
	const struct rf_stack_ids *created = listed ? rf_stack_of(listed->stack) : NULL;
	struct rf_goroutine_query query = ask(row);
	bool running = row ? !row->finished : listed && listed->running;
	out->thread = g->goroutines[i].thread;
	out->parent_thread = listed ? (uint32_t)listed->parent : UINT32_MAX;
	out->entry_symbol = g->goroutines[i].entry_symbol;
	out->created_stack = rf_stack_put(created);
	out->flags = goroutine_flags(out, running, created && created->cut);
	if (g->collected && out->thread == RF_MARK_THREAD)
		out->state = put_collection();
	else if (row || listed)
		out->state = put_state(running, &query);
	if (row)
		put_row(out, row, &query);
}

static void put_memory(struct rf_spool_report *out, const struct gathered *g)
{
	static struct rf_global global;
	if (g->memory.kind == RF_MEMORY_KIND_HEAP) {
		out->memory = RF_SPOOL_MEMORY_HEAP;
		out->memory_start = g->memory.start;
		out->memory_bytes = g->memory.size;
	} else if (g->memory.kind == RF_MEMORY_KIND_GLOBAL) {
		out->memory = RF_SPOOL_MEMORY_GLOBAL;
		if (rf_global_find(g->memory.address, &global)) {
			out->memory_start = global.start;
			out->memory_bytes = global.size;
			out->memory_name = rf_spool_put_text(global.name);
		}
	}
	if (g->alloc) {
		out->allocation_stack = rf_stack_put(rf_stack_of(g->alloc));
		out->allocation_goid = g->alloc->goid;
	}
}

static void object_write(const struct rf_type_query *q)
{
	struct rf_spool_object *out = rf_spool_begin(RF_SPOOL_OBJECT, sizeof(*out));
	out->address = q->address;
	out->kind = (uint32_t)q->kind;
	out->flags = q->in_context ? RF_SPOOL_OBJECT_CONTEXT : 0;
	out->type = rf_spool_put(q->type.ptr, q->type.bytes);
	out->path = rf_spool_put(q->path.ptr, q->path.bytes);
	rf_spool_commit(); /* without it the report only says less */
}

static void report_write(const struct ts_report *report, struct gathered *g, enum rf_spool_kind kind, bool suppressed)
{
	collect_symbols(g);
	if (g->type.kind || g->type.in_context)
		object_write(&g->type);
	struct rf_spool_report *out = rf_spool_begin(RF_SPOOL_REPORT, sizeof(*out));
	out->kind = kind != RF_SPOOL_KIND_UNKNOWN ? kind : report->type == TS_REPORT_RACE ? RF_SPOOL_KIND_RACE :
		    RF_SPOOL_KIND_UNKNOWN;
	struct rf_spool_access *accesses = rf_spool_array(g->access_count, sizeof(*accesses), &out->accesses);
	for (uint32_t i = 0; accesses && i < g->access_count; i++)
		put_access(&accesses[i], g->accesses[i], g, kind != RF_SPOOL_KIND_UNKNOWN ? rf_mark_of(report, i) : RF_MARK_NONE);
	struct rf_spool_goroutine *goroutines =
		rf_spool_array(g->goroutine_count, sizeof(*goroutines), &out->goroutines);
	for (uint32_t i = 0; goroutines && i < g->goroutine_count; i++)
		put_goroutine(&goroutines[i], g, i);
	put_memory(out, g);
	out->switches = rf_switches_put();
	out->flags = (suppressed ? RF_SPOOL_REPORT_SUPPRESSED : 0) | (rf_spool_cut() ? RF_SPOOL_REPORT_CUT : 0);
	if (!rf_spool_commit())
		rf_count(&rf_counters.reports_dropped);
}

static void charge(const struct gathered *g)
{
	uint32_t list[RF_REPORT_ACCESSES_MAX], count = 0;
	for (uint32_t i = 0; i < g->access_count; i++) {
		const struct rf_goroutine *row = rf_goroutine_of_thread((uint32_t)g->accesses[i]->thread);
		uint32_t owner = row ? row->owner : 0;
		bool seen = rf_finding_action(g->accesses[i]) == RF_SPOOL_ACTION_GET;
		for (uint32_t k = 0; k < count; k++)
			seen |= list[k] == owner;
		if (!seen)
			list[count++] = owner;
	}
	rf_owners_charge(list, count);
}

/* The finalizer goroutine may be given objects that the pool has dropped: those that the object with the finalizer
 * refers to keep their marks. And a finalizer may clear up what others before it have left. */
static bool runs_finalizers(const struct ts_access *access)
{
	const struct rf_goroutine *row = rf_goroutine_of_thread((uint32_t)access->thread);
	struct rf_function_query f = { .pc = row ? row->entry : 0 };
	if (!row)
		return false;
	runtime.callback(RF_COMMAND_FUNCTION, &f);
	return f.name && strcmp(f.name, "runtime.runFinalizers") == 0;
}

static bool is_finalizers_right(enum rf_spool_kind kind)
{
	return kind == RF_SPOOL_KIND_USE_AFTER_PUT || kind == RF_SPOOL_KIND_DOUBLE_PUT ||
	       kind == RF_SPOOL_KIND_PUT_WHILE_USED || kind == RF_SPOOL_KIND_USE_AFTER_PUT_ALIAS || kind == RF_SPOOL_KIND_USE_AFTER_FINALIZE;
}

/* The finalizer was named already, for having kept an object. */
static bool is_resurrected(const struct ts_report *report, enum rf_spool_kind kind)
{
	if (kind != RF_SPOOL_KIND_USE_AFTER_FINALIZE)
		return false;
	const struct ts_access *a = report->accesses.begin[1];
	return a->stack && a->stack->frames && rf_finalizer_named(a->stack->frames->info.address, kind);
}

static bool rf_report_handle(const struct ts_report *report, enum rf_spool_kind kind, bool suppressed)
{
	rf_lock();
	gather(&gathered, report);
	if ((is_finalizers_right(kind) && runs_finalizers(gathered.accesses[0])) || is_resurrected(report, kind)) {
		rf_unlock();
		return true;
	}
	gathered.collected = kind == RF_SPOOL_KIND_USE_AFTER_GC;
	rf_count(&rf_counters.reports);
	if (!suppressed)
		charge(&gathered);
	if (rf_spool_active())
		report_write(report, &gathered, kind, suppressed);
	else
		rf_count(&rf_counters.reports_dropped);
	rf_unlock();
	return suppressed;
}

/* In front of its report, so that a reader has it when that comes; the symbols are written before both. */
static void detail_write(struct gathered *g, struct rf_go_string detail)
{
	collect_symbols(g);
	struct rf_spool_detail *out = rf_spool_begin(RF_SPOOL_DETAIL, sizeof(*out));
	out->text = rf_spool_put(detail.ptr, detail.len);
	rf_spool_commit();
}

static void rf_report_finding(const struct ts_report *report, const struct rf_finding *f, bool suppressed)
{
	rf_lock();
	gather(&gathered, report);
	rf_count(&rf_counters.reports);
	if (!suppressed && !f->quiet)
		charge(&gathered);
	if (rf_spool_active()) {
		if (f->detail.len)
			detail_write(&gathered, f->detail);
		report_write(report, &gathered, (enum rf_spool_kind)f->kind, suppressed);
	} else {
		rf_count(&rf_counters.reports_dropped);
	}
	rf_unlock();
}
