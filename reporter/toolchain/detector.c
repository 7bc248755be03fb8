#include "toolchain/detector.h"

#include <unistd.h>

#include <nettle/sha2.h>

#include "base/files.h"
#include "toolchain/embedded.h"
#include "toolchain/spawn.h"

#define ENTRY_PREFIX "detector-"
#define OBJECT "race_linux.o"
#define SCRIPT "build.sh"
#define HEADER "redflag_lock.h"
#define SOURCE_DIRECTORY "runtime-patch/tsan/"
#define BUILD_TIMEOUT_MS 1200000u

static const char *const sources[] = { SCRIPT, HEADER };
#define SOURCE_COUNT (sizeof(sources) / sizeof(sources[0]))

static rf_str source_text(const struct rf_detector *d, size_t i)
{
	return rf_embedded_text(rf_embedded_files, rf_arena_printf(d->arena, SOURCE_DIRECTORY "%s", sources[i]).ptr);
}

static void find_object(struct rf_detector *d)
{
	rf_str path = rf_arena_printf(d->arena, "%.*s/" OBJECT, RF_STR_ARG(d->directory));
	d->object = access(path.ptr, R_OK) == 0 ? path : RF_STR("");
}

int rf_detector_find(struct rf_detector *detector, const struct rf_goenv *go, struct rf_cache *cache, rf_arena *arena,
		     struct rf_error *err)
{
	struct sha256_ctx hash;
	uint8_t digest[SHA256_DIGEST_SIZE];
	*detector = (struct rf_detector){ .go = go, .cache = cache, .arena = arena, .err = err };
	if (!rf_str_eq_cstr(go->goarch, "amd64") || !rf_str_eq_cstr(go->host_arch, "amd64"))
		return 0;
	sha256_init(&hash);
	for (size_t i = 0; i < SOURCE_COUNT; i++) {
		rf_str text = source_text(detector, i);
		sha256_update(&hash, text.len, (const uint8_t *)text.ptr);
	}
	sha256_digest(&hash, sizeof(digest), digest);
	detector->key = rf_arena_printf(arena, ENTRY_PREFIX "%.*s", RF_STR_ARG(rf_arena_hex(arena, digest, 6)));
	detector->directory = rf_arena_printf(arena, "%.*s/%.*s", RF_STR_ARG(cache->directory), RF_STR_ARG(detector->key));
	if (arena->failed)
		return rf_fail(err, RF_ERR_MEMORY, "not enough memory to look for the detector");
	find_object(detector);
	return 0;
}

static void remove_any(void *context, const char *name)
{
	const struct rf_detector *d = context;
	if (rf_str_starts(rf_str_from(name), ENTRY_PREFIX))
		rf_tree_remove(rf_arena_printf(d->arena, "%.*s/%s", RF_STR_ARG(d->cache->directory), name).ptr);
}

void rf_detector_remove(struct rf_detector *detector)
{
	rf_cache_each(detector->cache, remove_any, detector);
	detector->object = RF_STR("");
}

static int write_sources(const struct rf_detector *d, rf_str building)
{
	int rc = 0;
	for (size_t i = 0; i < SOURCE_COUNT && rc == 0; i++)
		rc = rf_file_write(rf_arena_printf(d->arena, "%.*s/%s", RF_STR_ARG(building), sources[i]).ptr, source_text(d, i), 0644,
				   d->err);
	return rc;
}

static int run_script(const struct rf_detector *d, rf_str building)
{
	static const char *const argv[] = { "sh", SCRIPT, NULL };
	const char *environment[] = { rf_arena_printf(d->arena, "CC=%.*s", RF_STR_ARG(d->go->cc)).ptr, "LC_ALL=C", NULL };
	struct rf_spawn spawn = { .argv = argv, .directory = building.ptr, .environment = environment, .timeout_ms = BUILD_TIMEOUT_MS };
	struct rf_spawn_result result;
	int rc = rf_spawn_run(&spawn, d->arena, &result, d->err);
	if (rc == 0 && result.timed_out)
		return rf_fail(d->err, RF_ERR_IO, "building the detector took too long, Go's own is used");
	if (rc == 0 && result.status != 0)
		return rf_fail(d->err, RF_ERR_VERSION, "the detector can't be built from its sources, Go's own is used: %.*s",
			       RF_STR_ARG(rf_str_trim(result.err)));
	return rc;
}

static int build(struct rf_detector *d)
{
	rf_str building;
	int rc = rf_cache_begin(d->cache, d->arena, &building, d->err);
	if (rc)
		return rc;
	rc = write_sources(d, building);
	if (rc == 0)
		rc = run_script(d, building);
	if (rc == 0)
		rc = rf_cache_publish(d->cache, building, d->key, d->arena, d->err);
	if (rc)
		rf_tree_remove(building.ptr);
	return rc;
}

int rf_detector_make(struct rf_detector *detector)
{
	if (!detector->key.len)
		return rf_fail(detector->err, RF_ERR_VERSION, "a detector from sources is for linux/amd64 only; Go's own is used");
	int rc = rf_cache_lock(detector->cache, detector->arena, detector->err);
	if (rc)
		return rc;
	/* Somebody else may have made it while we waited. */
	find_object(detector);
	if (!detector->object.len)
		rc = build(detector);
	rf_cache_unlock(detector->cache);
	find_object(detector);
	return rc;
}
