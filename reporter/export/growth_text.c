#include "export/growth_text.h"

#include "base/quantity.h"
#include "export/words.h"

static const char *const names[] = {
	[RF_METRIC_GOROUTINES] = "goroutines",
	[RF_METRIC_THREADS] = "threads",
	[RF_METRIC_TIMERS] = "timers",
	[RF_METRIC_BLOCKED_SEND] = "blocked senders",
	[RF_METRIC_BLOCKED_RECEIVE] = "blocked receivers",
	[RF_METRIC_BLOCKED_SELECT] = "blocked selects",
	[RF_METRIC_BLOCKED_LOCK] = "blocked at locks",
	[RF_METRIC_HEAP_LIVE] = "live heap",
	[RF_METRIC_HEAP_IN_USE] = "heap in use",
	[RF_METRIC_STACKS] = "stacks",
	[RF_METRIC_GO_MAPPED] = "mapped by Go",
	[RF_METRIC_RESIDENT] = "resident memory",
	[RF_METRIC_ITABS] = "itabs",
	[RF_METRIC_REFLECTED] = "reflected types",
	[RF_METRIC_MODULES] = "plugins",
	[RF_METRIC_QUEUED] = "queued elements",
};
_Static_assert(sizeof(names) / sizeof(names[0]) == RF_METRIC_COUNT, "one name a metric");

static const char *const remarks[RF_METRIC_COUNT] = {
	[RF_METRIC_ITABS] = "pairs of interface and type, which are never freed",
	[RF_METRIC_REFLECTED] = "names, types and methods that package reflect made, which are never freed",
	[RF_METRIC_MODULES] = "which are never unloaded",
};

static bool is_memory(int metric)
{
	return metric >= RF_METRIC_HEAP_LIVE && metric <= RF_METRIC_RESIDENT;
}

/* What a wait reason of Go begins with, for goroutines that the metric counts; NULL: it counts all, or none. */
static bool counts(int metric, rf_str waiting)
{
	switch (metric) {
	case RF_METRIC_GOROUTINES:
		return true;
	case RF_METRIC_BLOCKED_SEND:
		return rf_str_starts(waiting, "chan send");
	case RF_METRIC_BLOCKED_RECEIVE:
		return rf_str_starts(waiting, "chan receive");
	case RF_METRIC_BLOCKED_SELECT:
		return rf_str_starts(waiting, "select");
	case RF_METRIC_BLOCKED_LOCK:
		return rf_str_starts(waiting, "sync.") || rf_str_starts(waiting, "semacquire");
	default:
		return false;
	}
}

/* Does the line say nothing that another one doesn't say better? */
static bool follows(const struct rf_growth *g, int metric)
{
	bool goroutines = g->grows[RF_METRIC_GOROUTINES], heap = g->grows[RF_METRIC_HEAP_LIVE];
	switch (metric) {
	case RF_METRIC_STACKS:
		return goroutines;
	case RF_METRIC_HEAP_IN_USE:
		return heap || goroutines;
	case RF_METRIC_GO_MAPPED:
		return heap || goroutines || g->grows[RF_METRIC_STACKS] || g->grows[RF_METRIC_HEAP_IN_USE];
	default:
		return false;
	}
}

static void put_number(struct rf_buf *b, int64_t n, bool bytes)
{
	if (bytes)
		rf_quantity_put_bytes(b, (uint64_t)n, " ");
	else
		rf_buf_printf(b, "%lld", (long long)n);
}

static void put_rate(struct rf_buf *b, double a_second, bool bytes)
{
	const char *unit = "second";
	double rate = a_second;
	if (rate < (bytes ? 1000 : 1)) {
		rate *= 60;
		unit = "minute";
	}
	if (rate < (bytes ? 1000 : 1)) {
		rate *= 60;
		unit = "hour";
	}
	rf_buf_put_cstr(b, ", +");
	if (bytes)
		rf_quantity_put_bytes(b, (uint64_t)rate, " ");
	else
		rf_buf_printf(b, rate < 10 ? "%.1f" : "%.0f", rate);
	rf_buf_printf(b, " a %s", unit);
}

static void put_rise(struct rf_buf *b, const struct rf_growth_rise *rise, bool bytes)
{
	put_number(b, rise->from, bytes);
	rf_buf_put_cstr(b, " → ");
	put_number(b, rise->to, bytes);
	put_rate(b, rise->a_second, bytes);
}

static rf_str base_name(rf_str path)
{
	ptrdiff_t slash = rf_str_find_last(path, '/');
	return slash < 0 ? path : rf_str_skip(path, (size_t)slash + 1);
}

static void put_place(struct rf_buf *b, const struct rf_growth_origin *o, const char *what)
{
	rf_buf_printf(b, "; %lld of them %s in %.*s (%.*s:%u)", (long long)o->live, what, RF_STR_ARG(rf_words_function(o->function)),
		      RF_STR_ARG(base_name(o->file)), o->line);
}

static void put_origin(struct rf_buf *b, const struct rf_growth_row *row, int metric)
{
	if (metric == RF_METRIC_QUEUED && row->queue_count)
		put_place(b, row->queues, "in channels made");
	const struct rf_growth_origin *o = row->origins, *end = row->origins + row->origin_count;
	while (o < end && !counts(metric, o->waiting))
		o++;
	if (o == end)
		return;
	put_place(b, o, "started");
	if (o->waiting.len)
		rf_buf_printf(b, ", waiting in %.*s", RF_STR_ARG(o->waiting));
}

static void add(struct rf_growth_line *lines, uint32_t *count, const char *name, struct rf_buf *text, rf_arena *arena)
{
	lines[(*count)++] = (struct rf_growth_line){ rf_str_from(name), rf_arena_dup(arena, rf_buf_str(text)) };
	rf_buf_reset(text);
}

static void add_limit(struct rf_growth_line *lines, uint32_t *count, int64_t has, int64_t limit, const char *name,
		      const char *what, struct rf_buf *text, rf_arena *arena)
{
	if (!limit)
		return;
	put_number(text, has, true);
	rf_buf_printf(text, " of %s at the last sample, more than %d %% of the limit of ", what, RF_GROWTH_NEAR_PERCENT);
	put_number(text, limit, true);
	add(lines, count, name, text, arena);
}

static uint32_t put_lines(const struct rf_growth_row *row, const struct rf_growth *g, rf_arena *arena,
			  struct rf_growth_line *lines)
{
	struct rf_buf text;
	uint32_t count = 0;
	rf_buf_init(&text);
	for (int m = 0; m < RF_METRIC_COUNT; m++) {
		if (!g->grows[m] || follows(g, m))
			continue;
		put_rise(&text, &g->rises[m], is_memory(m));
		put_origin(&text, row, m);
		if (remarks[m])
			rf_buf_printf(&text, "; %s", remarks[m]);
		add(lines, &count, names[m], &text, arena);
	}
	if (g->native_grows) {
		put_rise(&text, &g->native, true);
		if (g->go_mapped)
			rf_buf_put_cstr(&text, "; in memory beyond what Go has mapped, and more than the race detector needs");
		add(lines, &count, "native memory", &text, arena);
	}
	add_limit(lines, &count, g->go_mapped, g->near_memory_limit, "GOMEMLIMIT", "Go's memory", &text, arena);
	add_limit(lines, &count, g->resident, g->near_cgroup_limit, "cgroup limit",
		  g->go_mapped ? "resident memory, the race detector's included," : "resident memory", &text, arena);
	rf_buf_release(&text);
	return count;
}

static rf_str title_of(const struct rf_growth_row *row, const struct rf_growth *g, rf_arena *arena)
{
	rf_str name = row->package.len ? row->package : row->arguments;
	return rf_arena_printf(arena, "%.*s, pid %lld: %u sample%s in %lld.%lld s%s", RF_STR_ARG(name), (long long)row->pid,
			       g->samples, g->samples == 1 ? "" : "s", (long long)g->lasted_ms / 1000,
			       (long long)(g->lasted_ms % 1000 / 100), row->finished ? "" : ", killed or still running");
}

/* Of the processes in which nothing grows only their number. */
static void put_rest(uint32_t count, uint32_t calm, uint32_t brief, uint32_t samples, rf_arena *arena, rf_str *rest)
{
	uint32_t n = 0;
	if (calm)
		rest[n++] = rf_arena_printf(arena, "nothing grows in %u%s process%s (%u samples in all)", calm,
					    calm + brief < count ? " other" : "", calm == 1 ? "" : "es", samples);
	if (brief)
		rest[n++] = rf_arena_printf(arena, "too short to tell in %u process%s", brief, brief == 1 ? "" : "es");
	if (count == 0)
		rest[n++] = RF_STR("no samples: nothing instrumented ran, or not for long");
}

int rf_growth_words(struct rf_store *store, int64_t run_id, uint32_t limit, rf_arena *arena, struct rf_growth_words *out,
		    struct rf_error *err)
{
	struct rf_growth_row *rows;
	uint32_t count, calm = 0, brief = 0, samples = 0;
	*out = (struct rf_growth_words){ .rest = { RF_STR(""), RF_STR("") } };
	int rc = rf_query_growth(store, run_id, limit, arena, &rows, &count, err);
	if (rc < 0)
		return rc;
	out->parts = rf_arena_array(arena, count, sizeof(*out->parts));
	for (uint32_t i = 0; i < count && out->parts; i++) {
		struct rf_growth growth;
		rf_growth_look(rows[i].samples, rows[i].sample_count, &growth);
		if (rf_growth_any(&growth)) {
			struct rf_growth_part *part = &out->parts[out->part_count++];
			part->title = title_of(&rows[i], &growth, arena);
			part->line_count = put_lines(&rows[i], &growth, arena, part->lines);
		} else if (growth.too_short) {
			brief++;
		} else {
			calm++;
		}
		samples += growth.samples;
	}
	put_rest(count, calm, brief, samples, arena, out->rest);
	return arena->failed ? rf_fail(err, RF_ERR_MEMORY, "Out of memory while looking at what grows.") : 0;
}
