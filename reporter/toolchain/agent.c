#include "toolchain/agent.h"

#include <nettle/sha2.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "toolchain/cache.h"
#include "toolchain/embedded.h"

#define LIBRARY "libredflag-agent.so"

static bool is_there(rf_str path)
{
	return access(path.ptr, R_OK) == 0;
}

static int write_entry(struct rf_cache *cache, rf_str bytes, rf_str key, rf_arena *arena, struct rf_error *err)
{
	rf_str building;
	int rc = rf_cache_begin(cache, arena, &building, err);
	if (rc == 0)
		rc = rf_file_write(rf_arena_printf(arena, "%.*s/" LIBRARY, RF_STR_ARG(building)).ptr, bytes, 0755, err);
	if (rc == 0)
		rc = rf_cache_publish(cache, building, key, arena, err);
	return rc;
}

static int unpack(struct rf_cache *cache, rf_str path, rf_str bytes, rf_str key, rf_arena *arena, struct rf_error *err)
{
	int rc = rf_cache_lock(cache, arena, err);
	if (rc == 0 && !is_there(path)) /* another process may have been faster */
		rc = write_entry(cache, bytes, key, arena, err);
	rf_cache_unlock(cache);
	return rc;
}

int rf_agent_library(rf_arena *arena, rf_str *path, struct rf_error *err)
{
	rf_str bytes = rf_embedded_text(rf_embedded_files, "agent/" LIBRARY);
	struct sha256_ctx hash;
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct rf_cache cache;
	int rc = rf_cache_open(arena, &cache, err);
	if (rc)
		return rc;
	sha256_init(&hash);
	sha256_update(&hash, bytes.len, (const uint8_t *)bytes.ptr);
	sha256_digest(&hash, sizeof(digest), digest);
	rf_str hex = rf_arena_hex(arena, digest, 6), key = rf_arena_printf(arena, "agent-%.*s", RF_STR_ARG(hex));
	*path = rf_arena_printf(arena, "%.*s/%.*s/" LIBRARY, RF_STR_ARG(cache.directory), RF_STR_ARG(key));
	if (arena->failed)
		return rf_fail(err, RF_ERR_MEMORY, "not enough memory to unpack the agent");
	if (strpbrk(path->ptr, " :\t\n"))
		return rf_fail(err, RF_ERR_USAGE, "the dynamic loader can't be given %s, because of the blank or colon in it; set "
			       "XDG_CACHE_HOME to a directory without one", path->ptr);
	return is_there(*path) ? 0 : unpack(&cache, *path, bytes, key, arena, err);
}
