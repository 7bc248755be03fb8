#include "fill_reports.h"

#define SECOND_NS 1000000000u
#define DAY_NS (86400ull * SECOND_NS)
#define RUN_NS (600ull * SECOND_NS)
#define TRIES_MAX 64 /* for a finding that is alive at the time of the run */

/* splitmix64's way of mixing bits. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

uint64_t fill_random(uint64_t seed, uint64_t a, uint64_t b)
{
	return mix(mix(mix(seed) ^ a) ^ b);
}

void fill_run(const struct fill_shape *shape, uint32_t number, struct fill_run *out)
{
	uint64_t span = shape->days * DAY_NS, begin = shape->end_unix_ns - span;
	uint64_t each = shape->events / shape->runs, rest = shape->events % shape->runs;
	*out = (struct fill_run){ .number = number, .events = each + (number < rest), .text = number % 8 == 7 };
	out->start_unix_ns = begin + (span - RUN_NS) / shape->runs * (number + 1);
}

/* From day `from` on, for `for` days. The first tenth of the findings was always there and stays. */
static bool is_alive(const struct fill_shape *shape, uint32_t finding, uint64_t day)
{
	uint64_t from = fill_random(shape->seed, finding, 1) % shape->days;
	uint64_t how_long = 3 + fill_random(shape->seed, finding, 2) % (shape->days + 1);
	return finding < shape->findings / 10 || (day >= from && day < from + how_long);
}

/* The fourth power of an even chance: of ten events, six are of the first tenth of the findings. */
static uint32_t choose_finding(const struct fill_shape *shape, const struct fill_run *run, uint64_t i)
{
	uint64_t day = (run->start_unix_ns + shape->days * DAY_NS - shape->end_unix_ns) / DAY_NS;
	for (uint64_t try = 0; try < TRIES_MAX; try++) {
		double u = (double)(fill_random(shape->seed ^ run->number, i, try) >> 11) / (double)(1ull << 53);
		uint32_t finding = (uint32_t)((double)shape->findings * u * u * u * u);
		if (is_alive(shape, finding, day))
			return finding;
	}
	return 0;
}

static uint32_t package_number(const struct fill_shape *shape, uint32_t finding)
{
	uint32_t packages = shape->findings / 100 + 1;
	return (uint32_t)(fill_random(shape->seed, finding, 3) % packages);
}

rf_str fill_package(const struct fill_shape *shape, uint32_t finding, rf_arena *arena)
{
	return rf_arena_printf(arena, "example.com/shop/service%u", package_number(shape, finding));
}

static struct rf_frame frame(rf_arena *arena, uint32_t package, rf_str function, uint64_t code)
{
	return (struct rf_frame){
		.function = rf_arena_printf(arena, "example.com/shop/service%u.%.*s", package, RF_STR_ARG(function)),
		.file = rf_arena_printf(arena, "/src/shop/service%u/file%u.go", package, (unsigned)(code % 7)),
		.line = (uint32_t)(10 + code % 900), .pc = 0x4a0000 + code % 0x400000, .offset = code % 512 };
}

static struct rf_frame library_frame(const char *function, const char *file, uint32_t line)
{
	return (struct rf_frame){ .function = rf_str_from(function), .file = rf_str_from(file), .line = line,
				  .pc = 0x480000 + line, .offset = line % 64 };
}

/* Five to seven frames; where it was called from has three ways. */
static struct rf_stack access_stack(const struct fill_shape *shape, uint32_t finding, uint64_t side, uint64_t way,
				    rf_arena *arena)
{
	uint32_t package = package_number(shape, finding);
	uint64_t code = fill_random(shape->seed, finding, 16 + side);
	struct rf_stack stack = { rf_arena_array(arena, 7, sizeof(struct rf_frame)), 0, false };
	struct rf_frame *f = stack.frames;
	if (!f)
		return stack;
	if (code % 3 == 0)
		f[stack.count++] = library_frame("runtime.mapassign_faststr", "/go/src/internal/runtime/maps/fast.go", 263);
	f[stack.count++] = frame(arena, package, rf_arena_printf(arena, "(*Store%u).Put%llu", finding, (unsigned long long)side),
				 code);
	f[stack.count++] = frame(arena, package, rf_arena_printf(arena, "(*Cart%u).Add", finding % 400), code / 7);
	f[stack.count++] = frame(arena, package, rf_arena_printf(arena, "(*Server).handle%u", finding % 90), code / 11);
	f[stack.count++] = frame(arena, package, rf_arena_printf(arena, "(*Server).Route%llu", (unsigned long long)way), 31 + way);
	f[stack.count++] = frame(arena, package, rf_arena_printf(arena, "TestServe%u.func1", finding % 40), code % 40);
	if (side == 0)
		f[stack.count++] = library_frame("testing.tRunner", "/go/src/testing/testing.go", 1792);
	return stack;
}

static struct rf_stack created_stack(const struct fill_shape *shape, uint32_t finding, uint64_t side, rf_arena *arena)
{
	uint32_t package = package_number(shape, finding);
	uint64_t code = fill_random(shape->seed, finding % 400, 32 + side);
	struct rf_stack stack = { rf_arena_array(arena, 3, sizeof(struct rf_frame)), 0, false };
	if (!stack.frames)
		return stack;
	stack.frames[stack.count++] = frame(arena, package, rf_arena_printf(arena, "(*Pool).Start%u", finding % 20), code);
	stack.frames[stack.count++] = frame(arena, package, rf_arena_printf(arena, "TestServe%u", finding % 40), code % 900);
	stack.frames[stack.count++] = library_frame("testing.tRunner", "/go/src/testing/testing.go", 1792);
	return stack;
}

/* The tag is a label of both goroutines, for two findings of three; the others are known by their package. */
static void put_labels(const struct fill_shape *shape, uint32_t finding, uint64_t chance, rf_arena *arena,
		       struct rf_goroutine *g)
{
	uint64_t tag = fill_random(shape->seed, finding, 4) % shape->tags;
	g->labels = rf_arena_array(arena, 2, sizeof(*g->labels));
	if (!g->labels)
		return;
	if (finding % 3 != 0)
		g->labels[g->label_count++] = (struct rf_label){
			RF_STR("tag"), rf_arena_printf(arena, "team%u:service%u%s", (unsigned)tag % 12, (unsigned)tag,
						       tag % 50 == 1 ? ",canary:true" : "") };
	g->labels[g->label_count++] = (struct rf_label){
		RF_STR("request"), rf_arena_printf(arena, "r-%08x", (unsigned)(chance >> 32)) };
}

static struct rf_goroutine *goroutine(const struct fill_shape *shape, struct fill_report *r, uint64_t side, uint64_t chance,
				      bool text, rf_arena *arena)
{
	static const char *const states[] = { "running", "finished", "chan receive", "select" };
	struct rf_goroutine *g = rf_arena_alloc(arena, sizeof(*g));
	if (!g)
		return NULL;
	*g = (struct rf_goroutine){ .thread = (uint32_t)(7 + side + chance % 900), .state = rf_str_from(states[chance % 4]),
				    .finished = chance % 4 == 1, .created = created_stack(shape, r->finding, side, arena) };
	if (text)
		return g;
	g->goid = 20 + chance % 100000 * 2 + side;
	g->parent_goid = 1 + chance % 50;
	g->created_unix_ns = r->time_unix_ns - chance % SECOND_NS;
	g->entry = rf_arena_printf(arena, "example.com/shop/service%u.(*Pool).Start%u.func1",
				   package_number(shape, r->finding), r->finding % 20);
	g->test_known = true;
	g->test = r->test;
	g->test_over = chance % 10 == 0;
	put_labels(shape, r->finding, chance, arena, g);
	return g;
}

static void put_access(const struct fill_shape *shape, struct fill_report *r, uint64_t side, uint64_t chance, rf_arena *arena)
{
	struct rf_access *a = &r->report.accesses[side];
	*a = (struct rf_access){ .write = side == 0 || r->finding % 4 == 0, .previous = side == 1, .size = 8,
				 .address = 0xc000000000u + chance % 0x4000000 * 16, .goroutine = r->report.goroutines[side] };
	a->stack = side == 1 && chance % 40 == 0 ? (struct rf_stack){ 0 }
						 : access_stack(shape, r->finding, side, chance / 64 % 3, arena);
}

static void put_switches(struct fill_report *r, uint64_t chance, rf_arena *arena)
{
	r->report.switches = rf_arena_array(arena, 8, sizeof(*r->report.switches));
	for (uint32_t i = 0; r->report.switches && i < 8; i++) {
		r->report.switches[i] = (struct rf_switch){
			.time_unix_ns = r->time_unix_ns - (8 - i) * (1000 + chance % 5000), .p = i % 2, .m = i % 4,
			.from_goid = 20 + i, .to_goid = 21 + i, .reason = RF_STR("preempt") };
		r->report.switch_count++;
	}
}

void fill_report(const struct fill_shape *shape, const struct fill_run *run, uint64_t i, rf_arena *arena,
		 struct fill_report *out)
{
	uint64_t chance = fill_random(shape->seed + run->number, i, 5);
	*out = (struct fill_report){ .finding = choose_finding(shape, run, i),
				     .time_unix_ns = run->start_unix_ns + RUN_NS / (run->events + 1) * i };
	struct rf_report *r = &out->report;
	out->test = rf_arena_printf(arena, "TestServe%u/case%u", out->finding % 40, out->finding % 5);
	r->kind = out->finding % 50 == 49 ? RF_KIND_USE_AFTER_FREE : RF_KIND_DATA_RACE;
	r->access_count = r->goroutine_count = 2;
	for (uint64_t side = 0; side < 2; side++) {
		r->goroutines[side] = goroutine(shape, out, side, chance + side * 3, run->text, arena);
		put_access(shape, out, side, chance, arena);
	}
	r->memory = chance % 5 ? RF_MEMORY_HEAP : RF_MEMORY_UNKNOWN;
	r->memory_start = r->memory ? r->accesses[0].address - chance % 64 : 0;
	r->memory_bytes = r->memory ? 96 : 0;
	if (r->memory)
		r->allocated = created_stack(shape, out->finding, 0, arena);
	r->suppressed = !run->text && out->finding % 101 == 100;
	r->from_spool = !run->text;
	r->time_unix_ns = out->time_unix_ns;
	r->record_sequence = (uint32_t)i + 1;
	if (chance % 20 == 0 && !run->text)
		put_switches(out, chance, arena);
}
