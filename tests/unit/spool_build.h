/* Builds spools in memory, as tsan-glue/spool.c writes them, for tests of the reader.
 *
 *	spool_begin(&b); uint32_t id = spool_symbol(&b, …); …; spool_end(&b)
 */
#ifndef RF_TESTS_UNIT_SPOOL_BUILD_H
#define RF_TESTS_UNIT_SPOOL_BUILD_H

#include "base/str.h"
#include "tsan-glue/crc32c.h"
#include "tsan-glue/spool_format.h"

#include <assert.h>
#include <string.h>

struct spool_build {
	char bytes[64 * 1024];
	size_t used;
	uint32_t sequence, symbols;
	_Alignas(8) char record[16 * 1024]; /* the one being built */
	uint32_t record_used;
};

static inline void spool_begin(struct spool_build *b)
{
	struct rf_spool_file_header h = { .version_major = RF_SPOOL_VERSION_MAJOR, .header_bytes = sizeof(h),
					  .start_unix_ns = 1000, .pid = 4711 };
	memset(b, 0, sizeof(*b));
	memcpy(h.magic, RF_SPOOL_MAGIC, sizeof(h.magic));
	memcpy(h.spool_id, "0123456789abcdef", sizeof(h.spool_id));
	memcpy(b->bytes, &h, sizeof(h));
	b->used = sizeof(h);
}

static inline void *spool_record(struct spool_build *b, uint16_t type, size_t struct_bytes)
{
	struct rf_spool_record *r = (struct rf_spool_record *)b->record;
	memset(b->record, 0, sizeof(b->record));
	r->type = type;
	r->sequence = ++b->sequence;
	r->time_unix_ns = 1000 + b->sequence;
	b->record_used = (uint32_t)struct_bytes;
	return r;
}

static inline struct rf_spool_ref spool_put(struct spool_build *b, const void *bytes, size_t n)
{
	struct rf_spool_ref ref = { b->record_used, (uint32_t)n };
	assert(b->record_used + n <= sizeof(b->record));
	memcpy(b->record + b->record_used, bytes, n);
	b->record_used += (uint32_t)n;
	return ref;
}

static inline struct rf_spool_ref spool_text(struct spool_build *b, const char *text)
{
	return spool_put(b, text, strlen(text));
}

/* Completes the record: checksum first, length last. Returns its offset in the file. */
static inline size_t spool_commit(struct spool_build *b)
{
	struct rf_spool_record *r = (struct rf_spool_record *)b->record;
	size_t at = b->used;
	r->length = r->crc = 0;
	r->crc = rf_crc32c(0, b->record, b->record_used);
	r->length = b->record_used;
	assert(at + b->record_used + 8 <= sizeof(b->bytes));
	memcpy(b->bytes + at, b->record, b->record_used);
	b->used = (at + b->record_used + 7) & ~(size_t)7;
	return at;
}

static inline size_t spool_process(struct spool_build *b)
{
	struct rf_spool_process *p = spool_record(b, RF_SPOOL_PROCESS, sizeof(*p));
	p->pid = 4711;
	p->gomaxprocs = 4;
	p->features = RF_SPOOL_FEATURE_GOROUTINES | RF_SPOOL_FEATURE_OWNERS;
	p->arguments = spool_put(b, "/tmp/shop.test\0-test.v\0", 23);
	p->executable = spool_text(b, "/tmp/shop.test");
	p->go_version = spool_text(b, "go1.26.8");
	p->main_package = spool_text(b, "example.com/shop.test");
	p->trace_id = spool_text(b, "4bf92f3577b34da6a3ce929d0e0e4736");
	p->tag = spool_text(b, "order-service");
	return spool_commit(b);
}

/* Returns the symbol's id. */
static inline uint32_t spool_symbol(struct spool_build *b, const char *function, const char *file, uint32_t line)
{
	struct rf_spool_symbol *s = spool_record(b, RF_SPOOL_SYMBOL, sizeof(*s));
	s->id = ++b->symbols;
	s->line = line;
	s->pc = 0x400000 + line;
	s->entry = 0x400000;
	s->argument_bytes = 16;
	s->offset = 0x3a;
	s->function = spool_text(b, function);
	s->file = spool_text(b, file);
	spool_commit(b);
	return b->symbols;
}

static inline struct rf_spool_ref spool_ids(struct spool_build *b, const uint32_t *ids, size_t count)
{
	b->record_used = (b->record_used + 7u) & ~7u;
	return spool_put(b, ids, count * sizeof(*ids));
}

/* Two places, in (*Server).Serve and in main. */
static inline size_t spool_origins(struct spool_build *b, enum rf_spool_type type, uint64_t at_ms, struct rf_spool_origin origins[2],
				   const char *waiting)
{
	struct rf_spool_origins *o = spool_record(b, type, sizeof(*o));
	origins[0].function = spool_text(b, "example.com/shop.(*Server).Serve");
	origins[0].file = spool_text(b, "/src/server.go");
	origins[0].waiting = spool_text(b, waiting);
	origins[1].function = spool_text(b, "main.main");
	origins[1].file = spool_text(b, "/src/main.go");
	o->elapsed_ns = at_ms * 1000000u;
	b->record_used = (b->record_used + 7u) & ~7u;
	o->origins = spool_put(b, origins, 2 * sizeof(*origins));
	return spool_commit(b);
}

/* A sample `at_ms` after the start, with so many goroutines, where they were started, and where channels were made whose buffers
 * hold five elements more. */
static inline size_t spool_growth(struct spool_build *b, uint64_t at_ms, uint64_t goroutines)
{
	struct rf_spool_sample *s = spool_record(b, RF_SPOOL_SAMPLE, sizeof(*s));
	s->elapsed_ns = at_ms * 1000000u;
	s->goroutines = goroutines;
	s->threads = 5;
	s->blocked_send = goroutines - 2;
	s->heap_live = UINT64_MAX; /* nothing sane */
	s->resident = 20u << 20;
	s->modules = 1;
	s->memory_limit = 64u << 20;
	s->queued = goroutines + 5;
	spool_commit(b);
	struct rf_spool_origin started[2] = { { .live = goroutines - 2, .line = 42 }, { .live = 1, .line = 7 } };
	spool_origins(b, RF_SPOOL_ORIGINS, at_ms, started, "chan send");
	struct rf_spool_origin made[2] = { { .live = goroutines + 3, .line = 11 }, { .live = 2, .line = 12 } };
	return spool_origins(b, RF_SPOOL_QUEUES, at_ms, made, "");
}

/* A race of goroutine 7 (goid 20, labels, test) and main on a heap block; two frames a side. */
static inline size_t spool_report(struct spool_build *b, const uint32_t ids[4])
{
	struct rf_spool_report *r = spool_record(b, RF_SPOOL_REPORT, sizeof(*r));
	struct rf_spool_goroutine g[2] = { { .thread = 7, .goid = 20, .parent_goid = 1, .created_unix_ns = 900,
					     .parent_thread = 1, .entry_symbol = ids[1] },
					   { .thread = 1, .goid = 1, .parent_thread = UINT32_MAX,
					     .flags = RF_SPOOL_GOROUTINE_MAIN } };
	struct rf_spool_access a[2] = { { .address = 0xc000012028, .size = 8, .thread = 7, .goroutine = 1 },
					{ .address = 0xc000012028, .thread = 1, .goroutine = 2,
					  .flags = RF_SPOOL_ACCESS_WRITE | RF_SPOOL_ACCESS_ATOMIC } };
	struct rf_spool_switch s[2] = { { .time_unix_ns = 990, .from_goid = 1, .to_goid = 20, .p = 1, .m = 2 },
					{ .time_unix_ns = 995, .from_goid = 20, .p = 1, .m = 2 } };
	r->kind = RF_SPOOL_KIND_RACE;
	r->memory = RF_SPOOL_MEMORY_HEAP;
	r->memory_start = 0xc000012000;
	r->memory_bytes = 48;
	r->allocation_goid = 1;
	r->allocation_stack = spool_ids(b, ids + 3, 1);
	g[0].created_stack = spool_ids(b, ids + 3, 1);
	g[0].labels = spool_put(b, "tag\0payment\0trace_id\0" "7\0", 23);
	g[0].test = spool_text(b, "TestCart/empty");
	g[0].state = spool_text(b, "running");
	g[1].state = spool_text(b, "chan receive");
	a[0].stack = spool_ids(b, ids, 2);
	a[1].stack = spool_ids(b, ids + 2, 2);
	s[0].reason = spool_text(b, "chan receive");
	s[1].reason = spool_text(b, "exited");
	b->record_used = (b->record_used + 7u) & ~7u;
	r->goroutines = spool_put(b, g, sizeof(g));
	r->accesses = spool_put(b, a, sizeof(a));
	r->switches = spool_put(b, s, sizeof(s));
	return spool_commit(b);
}

static inline size_t spool_counters(struct spool_build *b, uint64_t reports)
{
	struct rf_spool_counters *c = spool_record(b, RF_SPOOL_COUNTERS, sizeof(*c));
	c->reports = reports;
	c->switches = 12;
	return spool_commit(b);
}

/* A process that the agent was in: no Go, one library, four addresses in it without names. */
static inline void spool_agent_process(struct spool_build *b, const char *library, uint64_t start, uint64_t end, uint64_t bias,
				       const void *build_id, size_t build_id_bytes)
{
	struct rf_spool_process *p = spool_record(b, RF_SPOOL_PROCESS, sizeof(*p));
	p->pid = 4711;
	p->features = RF_SPOOL_FEATURE_AGENT;
	p->arguments = spool_put(b, "/usr/bin/parse\0-v\0", 18);
	p->executable = spool_text(b, "/usr/bin/parse");
	p->trace_id = spool_text(b, "4bf92f3577b34da6a3ce929d0e0e4737");
	spool_commit(b);
	struct rf_spool_module *m = spool_record(b, RF_SPOOL_MODULE, sizeof(*m));
	m->start = start;
	m->end = end;
	m->bias = bias;
	m->path = spool_text(b, library);
	m->build_id = spool_put(b, build_id, build_id_bytes);
	spool_commit(b);
}

static inline uint32_t spool_address(struct spool_build *b, uint64_t pc)
{
	struct rf_spool_symbol *s = spool_record(b, RF_SPOOL_SYMBOL, sizeof(*s));
	s->id = ++b->symbols;
	s->pc = pc;
	s->argument_bytes = UINT32_MAX;
	spool_commit(b);
	return b->symbols;
}

/* Thread 4712, "worker", reads what the main thread freed; `kind` may be another one of two sides. */
static inline size_t spool_agent_report(struct spool_build *b, uint32_t kind, const uint32_t ids[4])
{
	struct rf_spool_report *r = spool_record(b, RF_SPOOL_REPORT, sizeof(*r));
	struct rf_spool_goroutine g[2] = { { .thread = 4712, .parent_thread = UINT32_MAX, .flags = RF_SPOOL_GOROUTINE_THREAD },
					   { .thread = 4711, .parent_thread = UINT32_MAX,
					     .flags = RF_SPOOL_GOROUTINE_MAIN | RF_SPOOL_GOROUTINE_THREAD } };
	struct rf_spool_access a[2] = { { .address = 0x7f0000000010, .size = 4, .thread = 4712, .goroutine = 1 },
					{ .address = 0x7f0000000000, .thread = 4711, .goroutine = 2,
					  .flags = RF_SPOOL_ACCESS_WRITE | RF_SPOOL_ACCESS_FREE } };
	r->kind = kind;
	r->memory = RF_SPOOL_MEMORY_HEAP;
	r->memory_start = 0x7f0000000000;
	r->memory_bytes = 100;
	r->allocation_stack = spool_ids(b, ids + 3, 1);
	g[0].created_stack = spool_ids(b, ids + 3, 1);
	g[0].state = spool_text(b, "worker");
	g[1].state = spool_text(b, "parse");
	a[0].stack = spool_ids(b, ids, 2);
	a[1].stack = spool_ids(b, ids + 2, 2);
	b->record_used = (b->record_used + 7u) & ~7u;
	r->goroutines = spool_put(b, g, sizeof(g));
	r->accesses = spool_put(b, a, sizeof(a));
	return spool_commit(b);
}

/* The same address again and again. */
static inline size_t spool_deep_report(struct spool_build *b, uint32_t id, uint32_t frames)
{
	uint32_t ids[256];
	struct rf_spool_access a = { .address = 0x7f0000000010, .thread = 4712 };
	struct rf_spool_report *r = spool_record(b, RF_SPOOL_REPORT, sizeof(*r));
	for (uint32_t i = 0; i < frames; i++)
		ids[i] = id;
	r->kind = RF_SPOOL_KIND_HEAP_OVERFLOW;
	a.stack = spool_ids(b, ids, frames);
	b->record_used = (b->record_used + 7u) & ~7u;
	r->accesses = spool_put(b, &a, sizeof(a));
	return spool_commit(b);
}

/* One part of a snapshot: a sample a stack, of two addresses each but the last, which has one. */
static inline size_t spool_profile(struct spool_build *b, uint32_t kind, uint32_t snapshot, const uint64_t *pcs, uint32_t samples)
{
	struct rf_spool_profile *p = spool_record(b, RF_SPOOL_PROFILE, sizeof(*p));
	struct rf_spool_profile_sample s[16];
	assert(samples <= 16);
	p->elapsed_ns = snapshot * 1000000000u;
	p->period = kind == RF_SPOOL_PROFILE_HEAP ? 512 << 10 : kind == RF_SPOOL_PROFILE_CPU ? 10000000 : 100;
	p->dropped = snapshot;
	p->kind = kind;
	p->snapshot = snapshot;
	for (uint32_t i = 0; i < samples; i++) {
		uint64_t n = (i + 1) * snapshot;
		s[i] = (struct rf_spool_profile_sample){ .values = { n, n * 1000, n * 2, n * 4000 } };
		s[i].stack = spool_put(b, pcs + i, (i + 1 < samples ? 2 : 1) * sizeof(*pcs));
	}
	b->record_used = (b->record_used + 7u) & ~7u;
	p->samples = spool_put(b, s, samples * sizeof(*s));
	return spool_commit(b);
}

/* A program of C: a report of each kind of two sides, two snapshots of the heap, one of the processor. */
static inline void spool_agent_sample(struct spool_build *b)
{
	static const uint64_t pcs[] = { 0x7f1000001010, 0x7f1000001020, 0x7f1000001030, 0x7f1000001040 };
	uint32_t ids[4];
	spool_begin(b);
	spool_agent_process(b, "/opt/nowhere/libparse.so.1", 0x7f1000001000, 0x7f1000002000, 0x7f1000000000, "\1\2\3\4", 4);
	for (int i = 0; i < 4; i++)
		ids[i] = spool_address(b, pcs[i]);
	spool_agent_report(b, RF_SPOOL_KIND_HEAP_USE_AFTER_FREE, ids);
	spool_agent_report(b, RF_SPOOL_KIND_NATIVE_RACE, ids);
	spool_profile(b, RF_SPOOL_PROFILE_HEAP, 1, pcs, 3);
	spool_profile(b, RF_SPOOL_PROFILE_HEAP, 2, pcs, 3);
	spool_profile(b, RF_SPOOL_PROFILE_HEAP, 2, pcs + 3, 1);
	spool_profile(b, RF_SPOOL_PROFILE_HEAP, 2, pcs, 0);
	spool_profile(b, RF_SPOOL_PROFILE_CPU, 3, pcs, 2);
	spool_counters(b, 2);
}

/* Process, four symbols, two reports, counters. */
static inline void spool_sample(struct spool_build *b)
{
	uint32_t ids[4];
	spool_begin(b);
	spool_process(b);
	ids[0] = spool_symbol(b, "example.com/shop.(*Cart).Add", "/src/cart.go", 12);
	ids[1] = spool_symbol(b, "example.com/shop.TestCart.func1", "/src/cart_test.go", 30);
	ids[2] = spool_symbol(b, "runtime.mapassign_faststr", "/go/maps.go", 263);
	ids[3] = spool_symbol(b, "main.main", "/src/main.go", 7);
	spool_report(b, ids);
	spool_report(b, ids);
	spool_counters(b, 2);
}

static inline rf_str spool_end(const struct spool_build *b)
{
	return (rf_str){ b->bytes, b->used };
}

#endif
