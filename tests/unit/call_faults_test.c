/* The database when memory runs out, or SQLite says no, at any place: each call that may fail does so once, and once with all that
 * follow. What must be true afterwards is in fault_scene.h.
 *
 * With REDFLAG_FAULTS=all each stack of ours that leads to such a call is a place that is tried, with REDFLAG_FAULTS=deep each whole
 * stack, SQLite's functions included; without it some of ours are, from the first to the last. REDFLAG_STORY names a single story.
 * Attempts are made in processes of their own, as many at a time as there are processors, each with its directory; a crash, or
 * memory that is lost on the way out of a failure, ends one and is told with the stack of the call that had failed.
 */
#include "unit.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include "fault_places.h"
#include "fault_scene.h"

#define CREW_MAX 4
#define ATTEMPTS_A_PROCESS 64
#define FAILURES_MAX 20
#define PLACES_QUICK 8 /* of a story */

/* Of one process, and read by the one that started it. */
struct attempt {
	uint32_t number; /* of the place */
	uint64_t at;
	bool lasting;
	struct places_stack where;
	uint32_t tried, missed; /* missed: the call that failed wasn't the one that was counted */
};

struct worker {
	pid_t pid;
	uint32_t to; /* behind its last place */
	char directory[64];
	struct attempt *attempt; /* shared */
};

struct crew {
	struct worker workers[CREW_MAX];
	unsigned count;
	uint64_t tried, missed;
	unsigned failures;
};

void __sanitizer_symbolize_pc(void *pc, const char *format, char *out, size_t size);

static void print_stack(const struct attempt *a)
{
	char line[512];
	for (int i = 0; i < a->where.depth; i++) {
		if (!places_is_ours(a->where.stack[i]))
			continue;
		__sanitizer_symbolize_pc(a->where.stack[i], "%f %s:%l", line, sizeof(line));
		print_error("    %s\n", line);
	}
}

static void make_directory(char out[64])
{
	static const char *const parents[] = { "/dev/shm", "/tmp" }; /* in memory, where that may be */
	for (size_t i = 0; i < 2; i++) {
		snprintf(out, 64, "%s/redflag-unit.XXXXXX", parents[i]);
		if (mkdtemp(out))
			return;
	}
	fail_msg("no directory can be made in /dev/shm or /tmp");
}

static void remove_directory(const char *path)
{
	char command[128];
	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	assert_int_equal(system(command), 0);
}

static void use_directory(struct sample *s, const char *path)
{
	memcpy(s->directory, path, sizeof(s->directory));
	snprintf(s->path, sizeof(s->path), "%s/db", path);
}

static __attribute__((noinline)) struct told tell(const struct scene *scene, enum places_kind kind)
{
	places_start(kind);
	struct told told = scene->story->tell(scene->s);
	places_stop();
	return told;
}

static void attempt_one(struct scene *scene, enum places_kind kind, struct attempt *a, uint32_t number)
{
	scene_begin(scene);
	a->number = number;
	scene->at = a->at = places.numbers[number];
	a->where.depth = 0;
	places_arm(a->at, a->lasting);
	struct told told = tell(scene, kind);
	a->tried++;
	a->missed += !places.failed || places.hash != places.hashes[number];
	scene_check(scene, told, false);
}

/* The process's own exit looks for lost memory. */
static void work(struct scene *scene, enum places_kind kind, struct worker *w, uint32_t from)
{
	setenv("CMOCKA_TEST_ABORT", "1", 1); /* a failure ends it */
	use_directory(scene->s, w->directory);
	places.where = &w->attempt->where;
	for (uint32_t i = from; i < w->to; i++) {
		for (int lasting = 0; lasting < 2; lasting++) {
			w->attempt->lasting = lasting;
			attempt_one(scene, kind, w->attempt, i);
		}
	}
	exit(0);
}

static void start_work(struct scene *scene, enum places_kind kind, struct worker *w, uint32_t from)
{
	*w->attempt = (struct attempt){ .number = from };
	fflush(NULL);
	w->pid = fork();
	assert_true(w->pid >= 0);
	if (w->pid == 0)
		work(scene, kind, w, from);
}

/* Waits for it. After a failure the places behind it are tried all the same. */
static void end_work(struct scene *scene, struct crew *crew, enum places_kind kind, struct worker *w)
{
	while (w->pid) {
		int status = 0;
		struct attempt *a = w->attempt;
		assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
		w->pid = 0;
		crew->tried += a->tried;
		crew->missed += a->missed;
		if (status == 0)
			return;
		print_error("%s, %s: status 0x%x at call %llu, which failed%s (or one before it, where memory was lost), at\n",
			    scene->story->name, scene->fault, (unsigned)status, (unsigned long long)a->at,
			    a->lasting ? " with all that follow" : "");
		print_stack(a);
		if (++crew->failures < FAILURES_MAX && a->number + 1 < w->to)
			start_work(scene, kind, w, a->number + 1);
	}
}

static void attempt_all(struct scene *scene, struct crew *crew, enum places_kind kind)
{
	unsigned next = 0;
	for (uint32_t from = 0; from < places.count && crew->failures < FAILURES_MAX;
	     from += ATTEMPTS_A_PROCESS, next = (next + 1) % crew->count) {
		struct worker *w = &crew->workers[next];
		end_work(scene, crew, kind, w);
		w->to = from + ATTEMPTS_A_PROCESS < places.count ? from + ATTEMPTS_A_PROCESS : places.count;
		start_work(scene, kind, w, from);
	}
	for (unsigned i = 0; i < crew->count; i++)
		end_work(scene, crew, kind, &crew->workers[i]);
}

static void find_places(struct scene *scene, enum places_kind kind, enum places_each each)
{
	scene_begin(scene);
	places_find(each);
	assert_int_equal(tell(scene, kind).rc, 0);
	assert_true(places.count > 0 && places.count < PLACES_MAX);
}

static bool asked_for(const char *what)
{
	const char *which = getenv("REDFLAG_FAULTS");
	return which && strcmp(which, what) == 0;
}

/* Some of them, from the first to the last. */
static void thin_places(void)
{
	uint32_t count = places.count < PLACES_QUICK ? places.count : PLACES_QUICK;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t from = count > 1 ? (uint32_t)((uint64_t)i * (places.count - 1) / (count - 1)) : 0;
		places.numbers[i] = places.numbers[from];
		places.hashes[i] = places.hashes[from];
	}
	places.count = count;
}

static void tell_stories(struct sample *s, struct crew *crew, enum places_kind kind, const char *fault)
{
	const char *only = getenv("REDFLAG_STORY");
	for (size_t i = 0; i < STORY_COUNT; i++) {
		struct scene scene;
		if (only && strcmp(only, stories[i].name) != 0)
			continue;
		crew->tried = crew->missed = 0;
		scene_open(&scene, s, &stories[i]);
		scene.fault = fault;
		find_places(&scene, kind, asked_for("deep") ? PLACES_WHOLE : PLACES_OURS);
		uint32_t found = places.count;
		if (!asked_for("deep") && !asked_for("all"))
			thin_places();
		attempt_all(&scene, crew, kind);
		print_message("  %s: %s, %u of %u places, %llu attempts, %llu of them elsewhere\n", stories[i].name, fault, places.count, found,
			      (unsigned long long)crew->tried, (unsigned long long)crew->missed);
		scene_close(&scene);
		assert_true(crew->failures || (crew->tried == 2 * (uint64_t)places.count && crew->missed * 2 <= crew->tried));
	}
}

static void with_crew(struct sample *s, enum places_kind kind, const char *fault)
{
	struct crew crew = { .count = 0 };
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	char before[sizeof(s->directory)];
	memcpy(before, s->directory, sizeof(before));
	crew.count = processors < 1 ? 1 : processors > CREW_MAX ? CREW_MAX : (unsigned)processors;
	for (unsigned i = 0; i < crew.count; i++) {
		struct worker *w = &crew.workers[i];
		make_directory(w->directory);
		w->attempt = mmap(NULL, sizeof(*w->attempt), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		assert_true(w->attempt != MAP_FAILED);
	}
	use_directory(s, crew.workers[0].directory);
	tell_stories(s, &crew, kind, fault);
	for (unsigned i = 0; i < crew.count; i++) {
		remove_directory(crew.workers[i].directory);
		munmap(crew.workers[i].attempt, sizeof(*crew.workers[i].attempt));
	}
	use_directory(s, before);
	assert_int_equal(crew.failures, 0);
}

static void test_memory(void **state)
{
	with_crew(*state, PLACES_MEMORY, "memory that isn't there");
}

static void test_sqlite(void **state)
{
	with_crew(*state, PLACES_SQLITE, "a call of SQLite that fails");
}

#define SAMPLED(test) cmocka_unit_test_setup_teardown(test, sample_setup, sample_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { SAMPLED(test_memory), SAMPLED(test_sqlite) };
	places_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
