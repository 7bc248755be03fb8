#include "cmd/agent_top.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/quantity.h"
#include "cmd/agent_heap.h"
#include "cmd/terminal.h"
#include "model/profile.h"

#define PROCESSES_MAX 1000u /* further ones aren't shown */
#define EVERY_S 2
#define COMMAND_COLUMNS 22

enum { LIVE_OBJECTS, LIVE_BYTES, OBJECTS, BYTES }; /* values of RF_PROFILE_HEAP */

struct process {
	uint32_t pid;
	rf_str name;
	uint64_t resident, guarded, guard_full, reports;
	int64_t totals[RF_PROFILE_VALUES];
	int64_t rate; /* bytes allocated a second since the last look; -1 not known */
};

struct look {
	struct process *processes;
	uint32_t count;
	uint64_t at_ns;
	rf_arena arena;
};

/* A line of /proc/PID/NAME, whose files have no size to be read by. */
static bool read_proc(uint32_t pid, const char *name, char *line, int bytes)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	FILE *f = fopen(path, "re");
	bool read = f && fgets(line, bytes, f);
	if (f)
		fclose(f);
	return read;
}

static void add_process(struct look *now, const struct look *before, const struct rf_heap_file *heap)
{
	char line[256];
	struct process p = { .pid = heap->pid, .guarded = heap->guarded, .guard_full = heap->guard_full, .reports = heap->reports,
			     .rate = -1 };
	for (uint32_t i = 0; i < heap->stack_count; i++) {
		int64_t values[RF_PROFILE_VALUES];
		rf_profile_scale(RF_PROFILE_HEAP, heap->period, heap->stacks[i].values, values);
		for (uint32_t v = 0; v < RF_PROFILE_VALUES; v++)
			p.totals[v] = rf_profile_add(p.totals[v], values[v]);
	}
	if (read_proc(p.pid, "comm", line, sizeof(line)))
		p.name = rf_arena_dup(&now->arena, rf_str_line(rf_str_from(line)));
	if (read_proc(p.pid, "statm", line, sizeof(line))) {
		char *second = strchr(line, ' ');
		p.resident = second ? strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
	}
	for (uint32_t i = 0; i < before->count; i++) {
		const struct process *old = &before->processes[i];
		double seconds = (double)(now->at_ns - before->at_ns) / 1e9;
		if (old->pid == p.pid && seconds > 0 && p.totals[BYTES] >= old->totals[BYTES])
			p.rate = (int64_t)((double)(p.totals[BYTES] - old->totals[BYTES]) / seconds);
	}
	now->processes[now->count++] = p;
}

static int by_live_bytes(const void *a, const void *b)
{
	const struct process *x = a, *y = b;
	return x->totals[LIVE_BYTES] < y->totals[LIVE_BYTES] ? 1 : x->totals[LIVE_BYTES] > y->totals[LIVE_BYTES] ? -1 : 0;
}

static void take_look(struct look *now, const struct look *before, const char *directory)
{
	rf_arena_reset(&now->arena);
	now->count = 0;
	now->at_ns = rf_monotonic_ns();
	now->processes = rf_arena_array(&now->arena, PROCESSES_MAX, sizeof(*now->processes));
	DIR *d = now->processes ? opendir(directory) : NULL;
	for (struct dirent *entry; d && now->count < PROCESSES_MAX && (entry = readdir(d));) {
		rf_str path = rf_arena_printf(&now->arena, "%s/%s", directory, entry->d_name);
		const struct rf_heap_file *heap = path.ptr ? rf_agent_heap_running(path.ptr, &now->arena) : NULL;
		if (heap)
			add_process(now, before, heap);
	}
	if (d)
		closedir(d);
	if (now->count)
		qsort(now->processes, now->count, sizeof(*now->processes), by_live_bytes);
}

static void put_bytes(struct rf_buf *out, int64_t bytes)
{
	struct rf_buf text;
	rf_buf_init(&text);
	if (bytes < 0)
		rf_buf_put_char(&text, '-');
	else
		rf_quantity_put_bytes(&text, (uint64_t)bytes, " ");
	rf_buf_printf(out, " %9.*s", RF_STR_ARG(rf_buf_str(&text)));
	rf_buf_release(&text);
}

static void put_look(struct rf_buf *out, const struct rf_terminal *t, const struct look *now, rf_arena *arena)
{
	rf_put_raw(out, t, RF_STYLE_BOLD, rf_arena_printf(arena, "%8s %-*s %9s %9s %9s %9s %7s\n", "PID", COMMAND_COLUMNS, "PROGRAM",
							  "RESIDENT", "LIVE", "ALLOC/S", "GUARDED", "REPORTS"));
	for (uint32_t i = 0; i < now->count; i++) {
		const struct process *p = &now->processes[i];
		rf_buf_printf(out, "%8u ", p->pid);
		rf_put_clipped(out, t, RF_STYLE_PLAIN, p->name, COMMAND_COLUMNS, true);
		put_bytes(out, (int64_t)p->resident);
		put_bytes(out, p->totals[LIVE_BYTES]);
		put_bytes(out, p->rate);
		rf_buf_printf(out, " %9llu", (unsigned long long)p->guarded);
		rf_put_raw(out, t, p->reports ? RF_STYLE_RED : RF_STYLE_PLAIN,
			   rf_arena_printf(arena, " %7llu\n", (unsigned long long)p->reports));
	}
	if (!now->count)
		rf_buf_put_cstr(out, "No process with the agent in it has allocated enough yet to be seen.\n");
}

int rf_agent_top(const char *directory, struct rf_error *err)
{
	struct rf_terminal t;
	struct rf_buf out;
	bool failed = false;
	struct look looks[2] = { { 0 } };
	rf_terminal_init(&t, STDOUT_FILENO);
	rf_buf_init(&out);
	for (uint32_t i = 0; i < 2; i++)
		rf_arena_init(&looks[i].arena, 0);
	for (uint32_t i = 0;; i = !i) {
		take_look(&looks[i], &looks[!i], directory);
		if (t.is_terminal)
			rf_buf_put_cstr(&out, "\033[H\033[J");
		put_look(&out, &t, &looks[i], &looks[i].arena);
		failed = out.failed || looks[i].arena.failed;
		rf_print(&out);
		if (!t.is_terminal || failed)
			break;
		nanosleep(&(struct timespec){ .tv_sec = EVERY_S }, NULL);
	}
	for (uint32_t i = 0; i < 2; i++)
		rf_arena_release(&looks[i].arena);
	rf_buf_release(&out);
	return failed ? rf_fail(err, RF_ERR_MEMORY, "not enough memory to show the processes") : 0;
}
