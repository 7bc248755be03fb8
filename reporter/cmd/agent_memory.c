#include "cmd/agent_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/quantity.h"
#include "cmd/agent_arenas.h"
#include "cmd/terminal.h"
#include "tsan-glue/cgroup.h"

#define NAME_COLUMNS 14

static const struct rf_cgroup_files peaks = { "memory.max_usage_in_bytes", "memory.peak" };

static void put_bytes(struct rf_buf *out, uint64_t bytes)
{
	struct rf_buf text;
	rf_buf_init(&text);
	rf_quantity_put_bytes(&text, bytes, " ");
	rf_buf_printf(out, " %9.*s", RF_STR_ARG(rf_buf_str(&text)));
	rf_buf_release(&text);
}

static void put_limit(struct rf_buf *out, uint32_t pid)
{
	char list[64], text[RF_CGROUP_TEXT_BYTES];
	snprintf(list, sizeof(list), "/proc/%u/cgroup", pid);
	uint64_t limit = rf_cgroup_memory(list, &rf_cgroup_limits, text), peak = rf_cgroup_memory(list, &peaks, text);
	if (!limit)
		return;
	rf_buf_printf(out, "%-*s", NAME_COLUMNS, "cgroup limit");
	put_bytes(out, limit);
	if (peak)
		rf_buf_printf(out, ", of which %.0f %% were used at most", 100.0 * (double)peak / (double)limit);
	rf_buf_put_char(out, '\n');
}

static void put_use(struct rf_buf *out, const struct rf_arena_use *use)
{
	if (use->address)
		rf_buf_printf(out, "%-*llx %7u %5u", NAME_COLUMNS, (unsigned long long)use->address, use->threads, use->heaps);
	else
		rf_buf_printf(out, "%-*s %7s %5u", NAME_COLUMNS, "main", "-", use->heaps);
	put_bytes(out, use->held);
	put_bytes(out, use->used);
	put_bytes(out, use->free);
	rf_buf_printf(out, " %9llu", (unsigned long long)use->free_blocks);
	put_bytes(out, use->free_largest);
	put_bytes(out, use->top);
	rf_buf_put_cstr(out, use->torn ? " ~\n" : "\n");
}

static void put_arenas(struct rf_buf *out, const struct rf_arena_use *uses, uint32_t count)
{
	struct rf_arena_use sum = { 0 };
	rf_buf_printf(out, "\n%-*s %7s %5s %9s %9s %9s %9s %9s %9s\n", NAME_COLUMNS, "ARENA", "THREADS", "HEAPS", "HELD", "USED", "FREE",
		      "IN BLOCKS", "LARGEST", "TOP");
	for (uint32_t i = 0; i < count; i++) {
		put_use(out, &uses[i]);
		sum.held += uses[i].held;
		sum.free += uses[i].free + uses[i].top;
		sum.torn |= uses[i].torn;
	}
	rf_buf_printf(out, "\n%u arena%s of malloc, which hold", count, count == 1 ? "" : "s");
	put_bytes(out, sum.held);
	rf_buf_printf(out, "; %.0f %% of it is free.\n", sum.held ? 100.0 * (double)sum.free / (double)sum.held : 0.0);
	if (sum.torn)
		rf_buf_put_cstr(out, "~ changed while it was looked at: the figures are of a part.\n");
}

int rf_agent_memory(const char *pid, rf_arena *arena, struct rf_error *err)
{
	char *end;
	struct rf_buf out;
	struct rf_arena_use *uses = rf_arena_array(arena, RF_ARENAS_MAX, sizeof(*uses));
	unsigned long number = strtoul(pid, &end, 10);
	uint32_t count;
	if (*end || end == pid || number > INT32_MAX)
		return rf_fail(err, RF_ERR_USAGE, "agent top wants the number of a process, not %s.", pid);
	if (!uses)
		return rf_fail(err, RF_ERR_MEMORY, "not enough memory to look at %s", pid);
	errno = 0;
	if (!rf_agent_arenas((uint32_t)number, uses, &count))
		return rf_fail(err, RF_ERR_MISSING, "Cannot look at the memory of process %s: %s. It must be the user's own, with "
			       "glibc's malloc.", pid, errno ? strerror(errno) : "it has none of malloc's");
	rf_buf_init(&out);
	char path[64], text[128], *pages = text;
	snprintf(path, sizeof(path), "/proc/%lu/statm", number);
	rf_cgroup_read(path, text, sizeof(text));
	strtoull(text, &pages, 10);
	rf_buf_printf(&out, "%-*s", NAME_COLUMNS, "resident");
	put_bytes(&out, strtoull(pages, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE));
	rf_buf_put_char(&out, '\n');
	put_limit(&out, (uint32_t)number);
	put_arenas(&out, uses, count);
	bool failed = out.failed;
	rf_print(&out);
	rf_buf_release(&out);
	return failed ? rf_fail(err, RF_ERR_MEMORY, "not enough memory to show process %s", pid) : 0;
}
