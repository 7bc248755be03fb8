/* How long a writer waits while gc works beside it: the longest transaction of a writer alone, and of one beside gc.
 *
 *	build/bench/gc_wait DB DAYS      a database that may be changed; gc keeps DAYS
 *
 * A transaction is what a small run costs: begin, the run's row, commit. The writer pauses for a millisecond between two.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "upkeep/gc.h"

#define ALONE_NS 5000000000u
#define GC_NS 20000000000u /* gc stops after this time, done or not */
#define PAUSE_NS 1000000

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t now_unix_ns(void *context)
{
	(void)context;
	return clock_ns(CLOCK_REALTIME);
}

static struct rf_store *open_store(const char *path)
{
	struct rf_store *store;
	struct rf_error err = { 0 };
	struct rf_store_options options = { .path = path, .must_exist = true, .clock = { now_unix_ns, NULL } };
	if (rf_store_open(&store, &options, &err) < 0) {
		fprintf(stderr, "gc_wait: %s\n", err.text);
		exit(3);
	}
	return store;
}

static pid_t start_gc(const char *path, unsigned days)
{
	fflush(stdout);
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	rf_arena arena;
	struct rf_gc out;
	struct rf_error err = { 0 };
	struct rf_gc_options options = { .keep_ns = days * 86400000000000u, .budget_ns = GC_NS };
	rf_arena_init(&arena, 0);
	struct rf_store *store = open_store(path);
	uint64_t begin = clock_ns(CLOCK_MONOTONIC);
	int rc = rf_gc_run(store, &options, &arena, &out, &err);
	if (rc < 0)
		fprintf(stderr, "gc_wait: %s\n", err.text);
	else
		printf("gc removed %lld events in %.1f s%s\n", (long long)out.events, (double)(clock_ns(CLOCK_MONOTONIC) - begin) / 1e9,
		       out.unfinished ? ", and wasn't done" : "");
	rf_store_close(store);
	rf_arena_release(&arena);
	fflush(stdout);
	_exit(rc < 0 ? 3 : 0);
}

static int write_one(struct rf_store *store)
{
	struct rf_error err = { 0 };
	struct rf_run run = { .trace_id = RF_STR("gc-wait"), .command = RF_STR("bench") };
	int64_t id;
	int rc = rf_store_begin(store, &err);
	if (rc == 0)
		rc = rf_store_end(store, rf_store_run(store, &run, &id, &err), &err);
	if (rc < 0)
		fprintf(stderr, "gc_wait: %s\n", err.text);
	return rc;
}

/* Until `gc` is over, or for ALONE_NS when it is 0. */
static double longest_ms(struct rf_store *store, const char *name, pid_t gc, int *status)
{
	uint64_t begin = clock_ns(CLOCK_MONOTONIC), longest = 0, sum = 0, count = 0, at;
	while ((at = clock_ns(CLOCK_MONOTONIC)), gc ? waitpid(gc, status, WNOHANG) == 0 : at - begin < ALONE_NS) {
		if (write_one(store) < 0)
			exit(3);
		uint64_t took = clock_ns(CLOCK_MONOTONIC) - at;
		longest = took > longest ? took : longest;
		sum += took;
		count++;
		nanosleep(&(struct timespec){ .tv_nsec = PAUSE_NS }, NULL);
	}
	printf("%-12s %8llu transactions, mean %7.2f ms, longest %7.1f ms\n", name, (unsigned long long)count,
	       (double)sum / 1e6 / (double)(count ? count : 1), (double)longest / 1e6);
	return (double)longest / 1e6;
}

int main(int argc, char **argv)
{
	int status = 0;
	if (argc != 3) {
		fprintf(stderr, "usage: gc_wait DB DAYS\n");
		return 2;
	}
	struct rf_store *store = open_store(argv[1]);
	double alone = longest_ms(store, "alone", 0, &status);
	rf_store_close(store); /* SQLite's locks don't go through a fork */
	pid_t gc = start_gc(argv[1], (unsigned)strtoul(argv[2], NULL, 10));
	store = open_store(argv[1]);
	double beside = longest_ms(store, "beside gc", gc, &status);
	rf_store_close(store);
	printf("ratio of the longest: %.1f\n", beside / alone);
	return status == 0 ? 0 : 3;
}
