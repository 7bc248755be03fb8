/* The database when something fails: the N-th write or sync, for every N, and the power in between. call_faults_test.c has the rest.
 *
 * A story is told to a database (a session with text and a spool, gc, merge, backup), and something in it fails. Then the database
 * must be sound, have every event that was acknowledged (its transaction's commit returned), and after telling the story again be
 * the same as if nothing had happened. With REDFLAG_FAULTS=all each N is tried (3189 places, each in three ways: 25 minutes in memory
 * and with SAN_FLAGS=-O2); else the first ones and then ever fewer.
 */
#include "unit.h"

#include "fault_scene.h"
#include "fault_vfs.h"

/* Every number, or the first and then ever fewer; those above the number that REDFLAG_FAULTS says. */
static uint64_t next_number(uint64_t n)
{
	const char *which = getenv("REDFLAG_FAULTS");
	uint64_t from = which ? strtoull(which, NULL, 10) : 0;
	if (n < from)
		return from;
	return (which && strcmp(which, "all") == 0) || n < from + 3 ? n + 1 : n + (n - from) * 2;
}

static void each_story(struct sample *s, void (*each)(struct scene *scene))
{
	for (size_t i = 0; i < STORY_COUNT; i++) {
		struct scene scene;
		scene_open(&scene, s, &stories[i]);
		each(&scene);
		print_message("  %s: %s, %llu places\n", stories[i].name, scene.fault, (unsigned long long)scene.at);
		scene_close(&scene);
	}
}

static void fail_calls(struct scene *scene, enum fault kind)
{
	struct told told;
	bool reached = true;
	for (scene->at = 1; reached; scene->at = next_number(scene->at)) {
		scene_begin(scene);
		fault_vfs_arm(scene->at, kind);
		told = scene->story->tell(scene->s);
		reached = faulty.calls >= scene->at;
		if (kind == FAULT_POWER && reached)
			fault_vfs_restore((uint32_t)scene->at);
		fault_vfs_disarm();
		if (kind == FAULT_POWER) {
			char path[256];
			path_in(scene->s, "db-shm", path);
			unlink(path);
		}
		scene_check(scene, told, kind == FAULT_POWER);
	}
}

static void fail_io(struct scene *scene)
{
	scene->fault = "a write or sync that fails";
	fail_calls(scene, FAULT_IO);
}

static void fail_full(struct scene *scene)
{
	scene->fault = "a full disk";
	fail_calls(scene, FAULT_FULL);
}

static void fail_power(struct scene *scene)
{
	scene->fault = "a power cut";
	fail_calls(scene, FAULT_POWER);
}

static void with_vfs(struct sample *s, void (*each)(struct scene *scene))
{
	sqlite3_vfs_register(&faulty.vfs, 1);
	each_story(s, each);
	sqlite3_vfs_register(faulty.real, 1);
}

static void test_io(void **state) { with_vfs(*state, fail_io); }
static void test_full(void **state) { with_vfs(*state, fail_full); }
static void test_power(void **state) { with_vfs(*state, fail_power); }

#define SAMPLED(test) cmocka_unit_test_setup_teardown(test, sample_setup, sample_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SAMPLED(test_io), SAMPLED(test_full), SAMPLED(test_power),
	};
	fault_vfs_install();
	sqlite3_vfs_register(faulty.real, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
