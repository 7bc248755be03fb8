/* A program that leaves the spool of an agent: what it says of itself is true of this very file (where it is mapped, addresses in
 * its functions), the rest is made up.
 *
 *	program SPOOL
 */
#include <execinfo.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/spool_build.h"

#define DEPTH 32
#define STACKS 6

static struct spool_build b;
static uint64_t stacks[STACKS][DEPTH];
static size_t depths[STACKS];

/* Addresses inside the calls, the innermost first, without this function. */
static __attribute__((noinline)) void note(unsigned i)
{
	void *pcs[DEPTH];
	int n = backtrace(pcs, DEPTH);
	for (int k = 1; k < n; k++)
		stacks[i][depths[i]++] = (uint64_t)pcs[k] - 1;
}

static __attribute__((noinline)) void parse_header(unsigned i) { note(i); __asm__ volatile("# 1"); }
static inline __attribute__((always_inline)) void read_field(unsigned i) { note(i); __asm__ volatile("# 2"); }
static __attribute__((noinline)) void release_buffer(unsigned i) { note(i); __asm__ volatile("# 3"); }
static __attribute__((noinline)) void parse_body(unsigned i) { read_field(i); __asm__ volatile("# 4"); }
static __attribute__((noinline)) void make_buffer(unsigned i) { note(i); __asm__ volatile("# 5"); }

static __attribute__((noinline)) void handle(unsigned what)
{
	if (what == 0)
		parse_header(0);
	else if (what == 1)
		release_buffer(1);
	else if (what == 2)
		make_buffer(2);
	else if (what == 3)
		parse_body(3);
	__asm__ volatile("");
}

static int by_value(const void *a, const void *c)
{
	parse_body(4); /* called by the C library */
	return *(const int *)a - *(const int *)c;
}

/* --- the spool ----------------------------------------------------------------------------------------------------- */

static int put_module(struct dl_phdr_info *info, size_t size, void *context)
{
	char path[512];
	(void)size;
	snprintf(path, sizeof(path), "%s", info->dlpi_name[0] ? info->dlpi_name : (const char *)context);
	struct rf_spool_module raw = { .bias = info->dlpi_addr };
	const char *id = "";
	size_t id_bytes = 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		if (p->p_type == PT_LOAD && p->p_flags & PF_X) {
			raw.start = info->dlpi_addr + p->p_vaddr;
			raw.end = raw.start + p->p_memsz;
		}
		for (size_t at = 0; p->p_type == PT_NOTE && at + sizeof(ElfW(Nhdr)) <= p->p_memsz;) {
			const ElfW(Nhdr) *h = (const void *)(info->dlpi_addr + p->p_vaddr + at);
			if (h->n_type == NT_GNU_BUILD_ID && h->n_namesz == 4) {
				id = (const char *)(h + 1) + 4;
				id_bytes = h->n_descsz;
			}
			at += sizeof(*h) + ((h->n_namesz + 3u) & ~3u) + ((h->n_descsz + 3u) & ~3u);
		}
	}
	struct rf_spool_module *m = spool_record(&b, RF_SPOOL_MODULE, sizeof(*m));
	m->start = raw.start;
	m->end = raw.end;
	m->bias = raw.bias;
	m->path = spool_text(&b, path);
	m->build_id = spool_put(&b, id, id_bytes);
	spool_commit(&b);
	return 0;
}

static void put_process(const char *executable)
{
	struct rf_spool_process *p = spool_record(&b, RF_SPOOL_PROCESS, sizeof(*p));
	p->pid = 4711;
	p->features = RF_SPOOL_FEATURE_AGENT;
	p->arguments = spool_put(&b, "program\0-v\0", 11);
	p->executable = spool_text(&b, executable);
	p->directory = spool_text(&b, "/srv");
	p->host = spool_text(&b, "web-1");
	spool_commit(&b);
}

struct side {
	unsigned stack; /* STACKS: none */
	uint32_t thread, flags;
	const char *name;
};

static struct rf_spool_ref put_stack(uint32_t ids[STACKS][DEPTH], unsigned i)
{
	return i < STACKS ? spool_ids(&b, ids[i], depths[i]) : (struct rf_spool_ref){ 0, 0 };
}

static void put_report(uint32_t ids[STACKS][DEPTH], uint32_t kind, const struct side *sides, uint32_t count, unsigned allocated,
		       const char *detail)
{
	struct rf_spool_goroutine g[2] = { { .thread = sides[0].thread }, { .thread = sides[1].thread } };
	struct rf_spool_access a[2];
	if (detail[0]) {
		struct rf_spool_detail *d = spool_record(&b, RF_SPOOL_DETAIL, sizeof(*d));
		d->text = spool_text(&b, detail);
		spool_commit(&b);
	}
	struct rf_spool_report *r = spool_record(&b, RF_SPOOL_REPORT, sizeof(*r));
	r->kind = kind;
	r->memory = RF_SPOOL_MEMORY_HEAP;
	r->memory_start = 0x7f0000000000;
	r->memory_bytes = 100;
	r->allocation_stack = put_stack(ids, allocated);
	for (uint32_t i = 0; i < count; i++) {
		a[i] = (struct rf_spool_access){ .address = 0x7f0000000064, .size = sides[i].flags & 8 ? 0 : 4, .thread = sides[i].thread,
						 .goroutine = i + 1, .flags = sides[i].flags };
		a[i].stack = put_stack(ids, sides[i].stack);
		g[i].flags = RF_SPOOL_GOROUTINE_THREAD | (i ? RF_SPOOL_GOROUTINE_MAIN : 0);
		g[i].parent_thread = UINT32_MAX;
		g[i].state = spool_text(&b, sides[i].name);
	}
	b.record_used = (b.record_used + 7u) & ~7u;
	r->goroutines = spool_put(&b, g, count * sizeof(*g));
	r->accesses = spool_put(&b, a, count * sizeof(*a));
	spool_commit(&b);
}

static void put_reports(void)
{
	static uint32_t ids[STACKS][DEPTH];
	const struct side read = { 0, 4712, 0, "worker" }, freed = { 1, 4711, RF_SPOOL_ACCESS_WRITE | RF_SPOOL_ACCESS_FREE, "program" };
	const struct side body = { 3, 4712, 0, "worker" }, sorted = { 4, 4712, RF_SPOOL_ACCESS_WRITE, "worker" };
	for (unsigned i = 0; i < STACKS; i++) {
		for (size_t k = 0; k < depths[i]; k++)
			ids[i][k] = spool_address(&b, stacks[i][k]);
	}
	put_report(ids, RF_SPOOL_KIND_HEAP_USE_AFTER_FREE, (struct side[]){ read, freed }, 2, 2, "");
	put_report(ids, RF_SPOOL_KIND_HEAP_OVERFLOW, (struct side[]){ sorted, sorted }, 1, 2, "0 bytes behind the end of the block");
	put_report(ids, RF_SPOOL_KIND_NATIVE_RACE, (struct side[]){ body, read }, 2, 2, "the value went from 1 to 2");
	put_report(ids, RF_SPOOL_KIND_DOUBLE_FREE, (struct side[]){ freed, freed }, 2, 2, "");
}

static void put_profile(uint32_t kind, uint32_t snapshot, uint64_t period)
{
	struct rf_spool_profile_sample s[STACKS];
	struct rf_spool_profile *p = spool_record(&b, RF_SPOOL_PROFILE, sizeof(*p));
	uint32_t count = 0;
	for (unsigned i = 0; i < STACKS; i++) {
		uint64_t n = (i + 1) * snapshot;
		if (depths[i] == 0)
			continue;
		s[count] = (struct rf_spool_profile_sample){ .values = { n, n * 1000000, n * 2, n * 2000000 } };
		s[count].stack = spool_put(&b, stacks[i], depths[i] * sizeof(stacks[i][0]));
		count++;
	}
	b.record_used = (b.record_used + 7u) & ~7u;
	p->elapsed_ns = snapshot * 1000000000ull;
	p->period = period;
	p->kind = kind;
	p->snapshot = snapshot;
	p->samples = spool_put(&b, s, count * sizeof(*s));
	spool_commit(&b);
}

int main(int argc, char **argv)
{
	char self[512] = "";
	int numbers[] = { 2, 1 };
	FILE *out = argc > 1 ? fopen(argv[1], "w") : NULL;
	if (!out || !realpath(argv[0], self))
		return 1;
	for (unsigned i = 0; i < 4; i++)
		handle(i);
	qsort(numbers, 2, sizeof(*numbers), by_value);
	spool_begin(&b);
	((struct rf_spool_file_header *)b.bytes)->finished = 1;
	put_process(self);
	dl_iterate_phdr(put_module, self);
	put_reports();
	put_profile(RF_SPOOL_PROFILE_HEAP, 1, 512 << 10);
	put_profile(RF_SPOOL_PROFILE_HEAP, 2, 512 << 10);
	put_profile(RF_SPOOL_PROFILE_CPU, 3, 10000000);
	put_profile(RF_SPOOL_PROFILE_IO, 4, 100);
	spool_counters(&b, 4);
	return fwrite(b.bytes, 1, b.used, out) != b.used || fclose(out) != 0;
}
