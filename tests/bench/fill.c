/* Fills a database with made-up events through the store's own calls, and says how fast that was.
 *
 *	make build/bench/fill
 *	build/bench/fill [--events N] [--findings F] [--tags T] [--runs R] [--days D] [--end DATE] [--seed S] DB
 *
 * Defaults: 1000000 events of 5000 findings, 200 tags, 500 runs, over the 180 days up to now. --end (RFC 3339, or a date) makes
 * the same call give the same database. Findings, tags, suppressions, baseline and policy are decided as a session does it, in
 * transactions of as many events. Making the reports up is not counted; what is: from the report to the committed row.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "fill_reports.h"
#include "policy/policy.h"
#include "policy/suppressions.h"
#include "session/session.h"

#define PROCESSES 4 /* of a run */

struct times {
	uint64_t wall_ns, cpu_ns;
};

struct fill {
	struct fill_shape shape;
	struct rf_store *store;
	struct rf_suppressions suppressions;
	struct rf_error err;
	rf_arena keep, batch;
	uint64_t stored;
	struct times spent;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static struct times times_now(void)
{
	return (struct times){ clock_ns(CLOCK_MONOTONIC), clock_ns(CLOCK_PROCESS_CPUTIME_ID) };
}

static uint64_t now_unix_ns(void *context)
{
	(void)context;
	return clock_ns(CLOCK_REALTIME);
}

static void check(struct fill *f, int rc)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "fill: %s\n", f->err.text);
	exit(1);
}

static int64_t put_run(struct fill *f, const struct fill_run *run)
{
	int64_t id;
	struct rf_run row = { .trace_id = rf_arena_printf(&f->batch, "%016" PRIx64 "%016" PRIx64,
							  fill_random(f->shape.seed, run->number, 6),
							  fill_random(f->shape.seed, run->number, 7)),
			      .command = RF_STR("redflag test ./..."), .directory = RF_STR("/src/shop"),
			      .host = RF_STR("ci-runner"), .start_unix_ns = run->start_unix_ns };
	check(f, rf_store_run(f->store, &row, &id, &f->err));
	return id;
}

static int64_t put_process(struct fill *f, const struct fill_run *run, int64_t run_id, uint32_t number, struct rf_process *p)
{
	int64_t id;
	*p = (struct rf_process){
		.instrumented = true, .pid = 1000 + number, .start_unix_ns = run->start_unix_ns, .finished = true,
		.is_test = true, .arguments = RF_STR("/tmp/service.test -test.v=test2json"),
		.executable = RF_STR("/tmp/service.test"), .directory = RF_STR("/src/shop/service"),
		.host = RF_STR("ci-runner"), .go_version = RF_STR("go1.26.8"), .build_id = RF_STR("build"),
		.main_package = RF_STR("example.com/shop/service"), .trace_id = RF_STR(""), .traceparent = RF_STR(""),
		.tag = RF_STR(""), .options = RF_STR("seed=1"), .gomaxprocs = 4 };
	for (uint32_t i = 0; i < sizeof(p->spool_id); i++)
		p->spool_id[i] = (uint8_t)fill_random(f->shape.seed + run->number, number, i);
	struct rf_process_counters counters = { .goroutines_created = 4000, .reports = run->events / PROCESSES };
	struct rf_spool_drops drops = { 0 };
	check(f, rf_store_process(f->store, run_id, p, &counters, &drops, &id, &f->err));
	return id;
}

/* Of a spool: its id and the record's number. Of text: the stream, the report's number in it, and a hash. */
static rf_str uid_of(struct fill *f, const struct fill_run *run, const struct rf_process *p, uint64_t i)
{
	if (run->text)
		return rf_arena_printf(&f->batch, "%08x%08x%016" PRIx64, (unsigned)fill_random(f->shape.seed, run->number, 8),
				       (unsigned)i, fill_random(f->shape.seed + run->number, i, 8));
	rf_str spool = rf_arena_hex(&f->batch, p->spool_id, sizeof(p->spool_id));
	return rf_arena_printf(&f->batch, "%.*s-%u", RF_STR_ARG(spool), (unsigned)i + 1);
}

static void put_event(struct fill *f, const struct fill_run *run, struct fill_report *made, struct rf_event *event)
{
	const struct rf_finding *finding;
	struct rf_known_report *stacks;
	struct rf_tag_sources tags = { 0 };
	int64_t id;
	enum rf_stored how;
	check(f, rf_store_finding(f->store, &made->report, &f->batch, &finding, &stacks, &f->err));
	event->report = &made->report;
	event->finding = finding;
	event->stacks = stacks;
	event->tag = rf_tag_choose(&made->report, finding, &tags);
	const struct rf_suppression *fit = rf_store_suppression(f->store, &made->report, stacks, event->tag, made->time_unix_ns);
	event->suppression = fit ? fit->text : (rf_str){ NULL, 0 };
	event->known = made->finding % 37 == 36;
	event->policy = rf_policy_choose(NULL, event->tag, finding->kind);
	event->seed = run->text ? (rf_str){ NULL, 0 } : RF_STR("1");
	event->test = run->text ? made->test : RF_STR("");
	event->time_unix_ns = made->time_unix_ns;
	check(f, rf_store_event(f->store, event, &id, &how, &f->err));
	f->stored += how == RF_STORED_NEW;
}

static void put_batch(struct fill *f, const struct fill_run *run, uint64_t first, uint64_t count)
{
	struct fill_report *made = rf_arena_array(&f->batch, count, sizeof(*made));
	rf_str *uids = rf_arena_array(&f->batch, count, sizeof(*uids)), *packages = rf_arena_array(&f->batch, count,
													   sizeof(*packages));
	struct rf_process processes[PROCESSES];
	int64_t process_ids[PROCESSES], run_id;
	check(f, rf_store_begin(f->store, &f->err));
	run_id = put_run(f, run);
	for (uint32_t i = 0; i < PROCESSES; i++)
		process_ids[i] = run->text ? 0 : put_process(f, run, run_id, i, &processes[i]);
	for (uint64_t i = 0; i < count; i++) {
		fill_report(&f->shape, run, first + i, &f->batch, &made[i]);
		uids[i] = uid_of(f, run, &processes[(first + i) / 256 % PROCESSES], first + i);
		packages[i] = run->text ? fill_package(&f->shape, made[i].finding, &f->batch) : RF_STR("");
	}
	struct times before = times_now();
	for (uint64_t i = 0; i < count; i++) {
		struct rf_event event = { .run_id = run_id, .process_id = process_ids[(first + i) / 256 % PROCESSES],
					  .uid = uids[i], .package = packages[i] };
		put_event(f, run, &made[i], &event);
		if (rf_store_is_full(f->store)) {
			check(f, rf_store_commit(f->store, &f->err));
			check(f, rf_store_begin(f->store, &f->err));
		}
	}
	check(f, rf_store_commit(f->store, &f->err));
	struct times after = times_now();
	f->spent.wall_ns += after.wall_ns - before.wall_ns;
	f->spent.cpu_ns += after.cpu_ns - before.cpu_ns;
	rf_arena_reset(&f->batch);
}

/* How the packages of a run ended, and some of its tests. */
static void put_results(struct fill *f, const struct fill_run *run)
{
	uint32_t packages = f->shape.findings / 100 + 1;
	check(f, rf_store_begin(f->store, &f->err));
	int64_t run_id = put_run(f, run);
	for (uint32_t i = 0; i < packages; i++) {
		uint64_t chance = fill_random(f->shape.seed + run->number, i, 9);
		struct rf_result r = { .package = rf_arena_printf(&f->batch, "example.com/shop/service%u", i),
				       .elapsed_s = (double)(chance % 60000) / 1000.0 * (1 + i % 5),
				       .result = chance % 3 ? RF_STR("pass") : RF_STR("fail"),
				       .time_unix_ns = run->start_unix_ns + 600000000000u, .passed = 30,
				       .failed = chance % 3 ? 0 : 2 };
		check(f, rf_store_result(f->store, run_id, &r, &f->err));
		for (uint32_t k = 0; k < r.failed; k++) {
			struct rf_result t = { .package = r.package, .result = RF_STR("fail"), .elapsed_s = 0.2,
					       .test = rf_arena_printf(&f->batch, "TestServe%u", (unsigned)(chance + k) % 40),
					       .time_unix_ns = r.time_unix_ns - 1000000000u };
			check(f, rf_store_result(f->store, run_id, &t, &f->err));
			t.result = RF_STR("pass");
			t.time_unix_ns = r.time_unix_ns;
			if (chance % 7 == 0 && k == 0)
				check(f, rf_store_result(f->store, run_id, &t, &f->err));
		}
	}
	check(f, rf_store_commit(f->store, &f->err));
	rf_arena_reset(&f->batch);
}

static void fill_all(struct fill *f)
{
	for (uint32_t number = 0; number < f->shape.runs; number++) {
		struct fill_run run;
		fill_run(&f->shape, number, &run);
		for (uint64_t first = 0; first < run.events; first += RF_SESSION_BATCH)
			put_batch(f, &run, first, run.events - first < RF_SESSION_BATCH ? run.events - first : RF_SESSION_BATCH);
		put_results(f, &run);
	}
}

static uint64_t number_of(const char *text)
{
	uint64_t n;
	if (rf_str_u64(rf_str_from(text), &n) && n > 0 && n <= UINT32_MAX)
		return n;
	fprintf(stderr, "fill: \"%s\" is no number from 1 on.\n", text);
	exit(2);
}

static const char *read_options(int argc, char **argv, struct fill_shape *shape)
{
	static const struct option options[] = {
		{ "events", 1, NULL, 'e' }, { "findings", 1, NULL, 'f' }, { "tags", 1, NULL, 't' }, { "runs", 1, NULL, 'r' },
		{ "days", 1, NULL, 'd' }, { "end", 1, NULL, 'E' }, { "seed", 1, NULL, 's' }, { NULL, 0, NULL, 0 } };
	int c;
	bool good = true;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'e': shape->events = number_of(optarg); break;
		case 'f': shape->findings = (uint32_t)number_of(optarg); break;
		case 't': shape->tags = (uint32_t)number_of(optarg); break;
		case 'r': shape->runs = (uint32_t)number_of(optarg); break;
		case 'd': shape->days = (uint32_t)number_of(optarg); break;
		case 's': shape->seed = number_of(optarg); break;
		case 'E': good &= rf_time_parse(rf_str_from(optarg), &shape->end_unix_ns); break;
		default: good = false;
		}
	}
	if (good && optind == argc - 1)
		return argv[optind];
	fprintf(stderr, "usage: fill [--events N] [--findings F] [--tags T] [--runs R] [--days D] [--end DATE] [--seed S] DB\n");
	exit(2);
}

static void say(const struct fill *f, const char *path)
{
	struct rusage use;
	struct stat st = { 0 };
	getrusage(RUSAGE_SELF, &use);
	stat(path, &st);
	double events = (double)f->stored, wall = (double)f->spent.wall_ns / 1e9, cpu = (double)f->spent.cpu_ns / 1e9;
	printf("%" PRIu64 " events stored in %.1f s, %.1f s of CPU: %.0f a second, %.0f a second of CPU\n", f->stored, wall, cpu,
	       events / wall, events / cpu);
	printf("peak memory %.1f MiB, database %.1f MiB, %.0f bytes an event\n", (double)use.ru_maxrss / 1024.0,
	       (double)st.st_size / 1048576.0, (double)st.st_size / events);
}

int main(int argc, char **argv)
{
	struct fill f = { .shape = { .events = 1000000, .findings = 5000, .tags = 200, .runs = 500, .days = 180, .seed = 1 } };
	f.shape.end_unix_ns = now_unix_ns(NULL);
	struct rf_store_options options = { .path = read_options(argc, argv, &f.shape), .clock = { now_unix_ns, NULL } };
	rf_arena_init(&f.keep, 0);
	rf_arena_init(&f.batch, 0);
	check(&f, rf_suppressions_parse(RF_STR("race:^example.com/shop/service3.*Store*7.\nrace_top:(*Store19).Put0\n"), "fill",
					&f.keep, &f.suppressions, &f.err));
	check(&f, rf_store_open(&f.store, &options, &f.err));
	check(&f, rf_store_check_references(f.store, false, &f.err));
	rf_store_use_suppressions(f.store, &f.suppressions);
	fill_all(&f);
	struct times before = times_now();
	rf_store_close(f.store); /* the last checkpoint is a part of it */
	f.spent.wall_ns += times_now().wall_ns - before.wall_ns;
	f.spent.cpu_ns += times_now().cpu_ns - before.cpu_ns;
	say(&f, options.path);
	rf_arena_release(&f.keep);
	rf_arena_release(&f.batch);
	return 0;
}
