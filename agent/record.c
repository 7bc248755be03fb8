#include "agent/record.h"

#include "agent/modules.h"
#include "agent/thread.h"
#include "tsan-glue/process.h"
#include "tsan-glue/spool.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIRECTORY_BYTES_MAX 1024u
#define SYMBOLS_MAX (RF_TRACE_FRAMES * (RF_RECORD_SIDES_MAX + 1u) + RF_ORIGIN_FRAMES * RF_RECORD_SIDES_MAX)
#define THREAD_NAME_BYTES 16u /* TASK_COMM_LEN */

static struct {
	char directory[DIRECTORY_BYTES_MAX];
	bool opened;          /* tried to, whether or not it could be */
	uint64_t reports, reports_dropped;
	uint32_t symbol_last;
} record;

/* Symbols of the report that is being written. */
static struct {
	uintptr_t pcs[SYMBOLS_MAX];
	uint32_t ids[SYMBOLS_MAX], count;
} symbols;

static void rf_record_init(void)
{
	const char *directory = getenv("REDFLAG_SPOOL");
	size_t len = directory ? strlen(directory) : 0;
	if (len < sizeof(record.directory))
		memcpy(record.directory, directory ? directory : "", len + 1);
	rf_process_init();
}

static void rf_record_forked(void)
{
	record.opened = false;
	record.reports = record.reports_dropped = 0;
	record.symbol_last = 0;
	rf_modules_forget();
}

static bool rf_record_open(void)
{
	static const struct rf_start not_go;
	if (!record.opened) {
		record.opened = true;
		rf_spool_init(record.directory);
		if (rf_spool_active())
			rf_process_write(&not_go, RF_SPOOL_FEATURE_AGENT);
	}
	return rf_spool_active();
}

/* 0: it has none. */
static uint32_t symbol_of(uintptr_t pc)
{
	for (uint32_t i = 0; i < symbols.count; i++) {
		if (symbols.pcs[i] == pc)
			return symbols.ids[i];
	}
	return 0;
}

static void write_symbol(uintptr_t pc)
{
	rf_module_write(pc);
	struct rf_spool_symbol *s = rf_spool_begin(RF_SPOOL_SYMBOL, sizeof(*s));
	s->id = record.symbol_last + 1;
	s->pc = pc;
	s->argument_bytes = UINT32_MAX;
	if (!rf_spool_commit())
		return;
	symbols.pcs[symbols.count] = pc;
	symbols.ids[symbols.count++] = ++record.symbol_last;
}

static void write_symbols(const uintptr_t *pcs, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!symbol_of(pcs[i]))
			write_symbol(pcs[i]);
	}
}

static void write_detail(const char *text)
{
	struct rf_spool_detail *d = rf_spool_begin(RF_SPOOL_DETAIL, sizeof(*d));
	d->text = rf_spool_put_text(text);
	rf_spool_commit();
}

static struct rf_spool_ref put_stack(const uintptr_t *pcs, uint32_t count)
{
	struct rf_spool_ref ref = { 0, 0 };
	uint32_t *ids = count ? rf_spool_array(count, sizeof(*ids), &ref) : NULL;
	for (uint32_t i = 0; ids && i < count; i++)
		ids[i] = symbol_of(pcs[i]);
	return ref;
}

/* A thread that has ended has no name any more. */
static bool thread_name(uint32_t tid, char name[THREAD_NAME_BYTES + 1])
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/task/%u/comm", tid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, name, THREAD_NAME_BYTES);
	if (fd >= 0)
		close(fd);
	name[n > 0 ? n : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	return fd >= 0;
}

/* From 1; two sides may be one thread's. */
static uint32_t thread_index(const struct rf_record_report *r, uint32_t side)
{
	_Static_assert(RF_RECORD_SIDES_MAX == 2, "the first, or another one");
	return side && r->sides[side].trace->tid == r->sides[0].trace->tid ? 1 : side + 1;
}

static void put_threads(struct rf_spool_report *out, const struct rf_record_report *r)
{
	uint32_t count = r->side_count ? thread_index(r, r->side_count - 1) : 0;
	struct rf_spool_goroutine *threads = rf_spool_array(count, sizeof(*threads), &out->goroutines);
	for (uint32_t i = 0; threads && i < r->side_count; i++) {
		struct rf_spool_goroutine *t = &threads[thread_index(r, i) - 1];
		char name[THREAD_NAME_BYTES + 1];
		t->thread = r->sides[i].trace->tid;
		const struct rf_thread_origin *origin = &r->sides[i].trace->origin;
		t->parent_thread = origin->tid ? origin->tid : UINT32_MAX;
		t->created_stack = put_stack(origin->pcs, origin->count);
		t->flags = RF_SPOOL_GOROUTINE_THREAD | (t->thread == (uint32_t)getpid() ? RF_SPOOL_GOROUTINE_MAIN : 0);
		if (!thread_name(t->thread, name))
			t->flags |= RF_SPOOL_GOROUTINE_FINISHED;
		t->state = rf_spool_put_text(name);
	}
}

static void put_sides(struct rf_spool_report *out, const struct rf_record_report *r)
{
	struct rf_spool_access *accesses = rf_spool_array(r->side_count, sizeof(*accesses), &out->accesses);
	for (uint32_t i = 0; accesses && i < r->side_count; i++) {
		const struct rf_record_side *side = &r->sides[i];
		accesses[i].address = side->address;
		accesses[i].size = side->size;
		accesses[i].thread = side->trace->tid;
		accesses[i].flags = side->flags | (side->trace->cut ? RF_SPOOL_ACCESS_STACK_CUT : 0);
		accesses[i].goroutine = thread_index(r, i);
		accesses[i].stack = put_stack(side->trace->pcs, side->trace->count);
	}
}

static uint64_t rf_record_reports(void)
{
	return record.reports;
}

static void rf_record_report(const struct rf_record_report *r)
{
	record.reports++;
	if (!rf_record_open()) {
		record.reports_dropped++;
		return;
	}
	symbols.count = 0;
	for (uint32_t i = 0; i < r->side_count; i++) {
		write_symbols(r->sides[i].trace->pcs, r->sides[i].trace->count);
		write_symbols(r->sides[i].trace->origin.pcs, r->sides[i].trace->origin.count);
	}
	if (r->allocated)
		write_symbols(r->allocated->pcs, r->allocated->count);
	if (r->detail)
		write_detail(r->detail);
	struct rf_spool_report *out = rf_spool_begin(RF_SPOOL_REPORT, sizeof(*out));
	out->kind = r->kind;
	out->memory = r->memory_start ? RF_SPOOL_MEMORY_HEAP : RF_SPOOL_MEMORY_UNKNOWN;
	out->memory_start = r->memory_start;
	out->memory_bytes = r->memory_bytes;
	put_sides(out, r);
	put_threads(out, r);
	if (r->allocated)
		out->allocation_stack = put_stack(r->allocated->pcs, r->allocated->count);
	out->flags = rf_spool_cut() ? RF_SPOOL_REPORT_CUT : 0;
	if (!rf_spool_commit())
		record.reports_dropped++;
}

static void rf_record_finish(void)
{
	if (!record.opened || !rf_spool_mine())
		return;
	struct rf_spool_counters *c = rf_spool_begin(RF_SPOOL_COUNTERS, sizeof(*c));
	c->reports = record.reports;
	c->reports_dropped = record.reports_dropped;
	rf_spool_commit();
	rf_spool_finish();
}
