/* The glue's part of the samples: what it writes, and what it asks the kernel. */
#include "tests/unit/glue_fixture.h"

#include "tests/unit/directory.h"

/* The latest record of that type; NULL when there is none. */
static const void *last_record(enum rf_spool_type type)
{
	const void *found = NULL;
	for (uint64_t at = sizeof(struct rf_spool_file_header); at < spool.used;) {
		const struct rf_spool_record *r = (const void *)(spool.map + at);
		if (r->type == type)
			found = r;
		at += (r->length + 7u) & ~7u;
	}
	return found;
}

static const char function[] = "main.(*Server).Serve", file[] = "/src/server.go";

static struct rf_origin origin(uintptr_t live, uintptr_t waiting)
{
	return (struct rf_origin){ .pc = 0x2000, .waiting = waiting, .live = live, .function = (uintptr_t)function,
				   .function_bytes = sizeof(function) - 1, .file = (uintptr_t)file,
				   .file_bytes = sizeof(file) - 1, .line = 42 };
}

static void a_sample_is_a_record_at_once(void **state)
{
	struct rf_sample sample = { .elapsed_ns = 5000000, .goroutines = 12, .modules = 1, .memory_limit = INT64_MAX, .queued = 7 };
	(void)state;
	__redflag_sample(&sample, NULL, 0, 0);
	const struct rf_spool_sample *s = last_record(RF_SPOOL_SAMPLE);
	assert_non_null(s);
	assert_int_equal(s->elapsed_ns, 5000000);
	assert_int_equal(s->goroutines, 12);
	assert_int_equal(s->modules, 1);
	assert_int_equal(s->queued, 7);
	assert_int_equal(s->memory_limit, 0);
	assert_true(s->resident > 100000);
	assert_null(last_record(RF_SPOOL_ORIGINS));
	sample.memory_limit = 1 << 20;
	__redflag_sample(&sample, NULL, 0, 0);
	s = last_record(RF_SPOOL_SAMPLE);
	assert_int_equal(s->memory_limit, 1 << 20);
}

static void origins_have_their_names(void **state)
{
	struct rf_origin origins[RF_SPOOL_ORIGINS_MAX + 1] = { origin(5, 1), origin(3, RF_REASON_UNKNOWN) };
	struct rf_sample sample = { .elapsed_ns = 6000000 };
	(void)state;
	__redflag_sample(&sample, origins, RF_SPOOL_ORIGINS_MAX + 1, 0);
	const struct rf_spool_origins *r = last_record(RF_SPOOL_ORIGINS);
	assert_non_null(r);
	const struct rf_spool_origin *o = (const void *)((const char *)r + r->origins.offset);
	assert_int_equal(r->origins.length, RF_SPOOL_ORIGINS_MAX * sizeof(*o));
	assert_int_equal(o[0].live, 5);
	assert_int_equal(o[0].line, 42);
	assert_memory_equal((const char *)r + o[0].function.offset, function, o[0].function.length);
	assert_memory_equal((const char *)r + o[0].file.offset, file, o[0].file.length);
	assert_int_equal(o[0].waiting.length, 12);
	assert_memory_equal((const char *)r + o[0].waiting.offset, "chan receive", 12);
	assert_int_equal(o[1].waiting.length, 0);
}

static void channels_are_behind_the_goroutines(void **state)
{
	struct rf_origin origins[] = { origin(5, 1), origin(900, RF_REASON_UNKNOWN), origin(30, RF_REASON_UNKNOWN) };
	struct rf_sample sample = { .elapsed_ns = 6000000 };
	(void)state;
	__redflag_sample(&sample, origins, 1, 2);
	const struct rf_spool_origins *r = last_record(RF_SPOOL_QUEUES);
	assert_non_null(r);
	const struct rf_spool_origin *o = (const void *)((const char *)r + r->origins.offset);
	assert_int_equal(r->origins.length, 2 * sizeof(*o));
	assert_int_equal(o[0].live, 900);
	assert_int_equal(o[1].live, 30);
	assert_int_equal(((const struct rf_spool_origins *)last_record(RF_SPOOL_ORIGINS))->origins.length, sizeof(*o));
}

/* A program that closes what it doesn't know and opens files of its own gets none of ours read. */
static void a_closed_descriptor_is_left_alone(void **state)
{
	(void)state;
	int own = growth.fd;
	assert_true(own >= GROWTH_FD_MIN);
	assert_true(rf_growth_resident() > 0);
	close(own);
	assert_int_equal(rf_growth_resident(), 0);
	assert_int_equal(dup2(spool.fd, own), own);
	assert_int_equal(rf_growth_resident(), 0);
	close(own);
	growth.fd = -1;
}

static void put_file(const char *directory_path, const char *name, const char *text)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/%s", directory_path, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void the_lowest_limit_counts(void **state)
{
	char root[DIRECTORY_BYTES], path[512], scratch[RF_CGROUP_PATH_BYTES];
	(void)state;
	directory_make(root);
	snprintf(path, sizeof(path), "%s/a", root);
	assert_int_equal(mkdir(path, 0700), 0);
	put_file(path, "memory.max", "1000000\n");
	snprintf(path, sizeof(path), "%s/a/b", root);
	assert_int_equal(mkdir(path, 0700), 0);
	put_file(path, "memory.max", "max\n");
	assert_int_equal(rf_cgroup_lowest(root, "/a/b", 4, "memory.max", scratch), 1000000);
	put_file(path, "memory.max", "5000\n");
	assert_int_equal(rf_cgroup_lowest(root, "/a/b", 4, "memory.max", scratch), 5000);
	put_file(path, "memory.max", "9223372036854771712\n"); /* "none" of version 1 */
	assert_int_equal(rf_cgroup_lowest(root, "/a/b/", 5, "memory.max", scratch), 1000000);
	assert_int_equal(rf_cgroup_lowest(root, "/a/b/gone", 9, "memory.max", scratch), 1000000);
	assert_int_equal(rf_cgroup_lowest(root, "/x", 2, "memory.max", scratch), 0);
	assert_int_equal(rf_cgroup_lowest(root, "/", 1, "memory.max", scratch), 0);
	assert_int_equal(rf_cgroup_lowest(root, "", 0, "memory.max", scratch), 0);
	directory_remove(root);
}

static void odd_lines_are_no_cgroup(void **state)
{
	char path[RF_CGROUP_PATH_BYTES];
	(void)state;
	assert_int_equal(rf_cgroup_of_line("", 0, &rf_cgroup_limits, path), 0);
	assert_int_equal(rf_cgroup_of_line("0:", 2, &rf_cgroup_limits, path), 0);
	assert_int_equal(rf_cgroup_of_line("5:cpu:/a", 8, &rf_cgroup_limits, path), 0);
	assert_int_equal(rf_cgroup_of_line("nonsense", 8, &rf_cgroup_limits, path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sample_is_a_record_at_once),
		cmocka_unit_test(origins_have_their_names),
		cmocka_unit_test(channels_are_behind_the_goroutines),
		cmocka_unit_test(a_closed_descriptor_is_left_alone),
		cmocka_unit_test(the_lowest_limit_counts),
		cmocka_unit_test(odd_lines_are_no_cgroup),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
