#include "toolchain/toolchain.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "toolchain/cache.h"
#include "toolchain/compiler.h"
#include "toolchain/detector.h"
#include "base/files.h"
#include "toolchain/overlay.h"
#include "tsan-glue/options_list.h"

#define INFO_BYTES_MAX ((size_t)64 << 10)
/* Longer than any one build takes. */
#define IDLE_SECONDS_MIN 3600

/* One preparation: the request, the Go it resolved to, the entry. */
struct preparation {
	const struct rf_toolchain_request *request;
	struct rf_goenv go;
	struct rf_overlay overlay;
	struct rf_cache cache;
	struct rf_toolchain *out;
	rf_arena *arena;
	struct rf_error *err;
};

static void report_progress(const struct preparation *p, const char *what)
{
	if (p->request->progress)
		p->request->progress(p->request->context,
				     rf_arena_printf(p->arena, "%s for %.*s", what,
						     RF_STR_ARG(p->go.version)).ptr);
}

/* <entry>/info: `key: value` lines; what status and the stale check want to know without building anything. */
static rf_str info_value(rf_str info, const char *key)
{
	while (info.len) {
		rf_str line = rf_str_cut(&info, '\n'), name = rf_str_cut(&line, ':');
		if (rf_str_eq_cstr(name, key))
			return rf_str_trim(line);
	}
	return RF_STR("");
}

static int write_info(const struct preparation *p, rf_str building)
{
	rf_str text = rf_arena_printf(p->arena, "goroot: %.*s\ngo: %.*s\ngoarch: %.*s\nprobe: %.*s\nfast: %.*s\nexit: %.*s\nviews: %.*s\n"
					   "tsan: %.*s\n",
				      RF_STR_ARG(p->go.goroot), RF_STR_ARG(p->go.version), RF_STR_ARG(p->go.goarch),
				      RF_STR_ARG(p->overlay.probe), RF_STR_ARG(p->overlay.fast), RF_STR_ARG(p->overlay.exit),
				      RF_STR_ARG(p->overlay.views), RF_STR_ARG(p->overlay.tsan));
	return rf_file_write(rf_arena_printf(p->arena, "%.*s/info", RF_STR_ARG(building)).ptr, text, 0644, p->err);
}

static bool entry_exists(const struct preparation *p)
{
	return access(p->out->overlay.ptr, R_OK) == 0;
}

/* Every use renews the time of <entry>/info. */
static void mark_used(const struct preparation *p)
{
	utimensat(AT_FDCWD, rf_arena_printf(p->arena, "%.*s/info", RF_STR_ARG(p->out->directory)).ptr, NULL, 0);
}

static bool is_in_use(const char *info_path)
{
	struct stat st;
	return stat(info_path, &st) == 0 && time(NULL) - st.st_mtime < IDLE_SECONDS_MIN;
}

/* Another entry for the same GOROOT and platform is what an older redflag, or older files of ours, left. A go command that
 * was started with it may still read it, and two redflags may take turns, so it has to be idle. */
static void remove_if_stale(void *context, const char *name)
{
	const struct preparation *p = context;
	rf_str info, path = rf_arena_printf(p->arena, "%.*s/%s", RF_STR_ARG(p->cache.directory), name);
	const char *info_path = rf_arena_printf(p->arena, "%s/info", path.ptr).ptr;
	struct rf_error ignored;
	if (rf_str_eq_cstr(p->out->key, name) || is_in_use(info_path) ||
	    rf_file_read(info_path, INFO_BYTES_MAX, p->arena, &info, &ignored) != 0)
		return;
	if (rf_str_eq(info_value(info, "goroot"), p->go.goroot) && rf_str_eq(info_value(info, "goarch"), p->go.goarch))
		rf_tree_remove(path.ptr);
}

static int build_locked(struct preparation *p)
{
	rf_str building;
	int rc = rf_cache_begin(&p->cache, p->arena, &building, p->err);
	if (rc)
		return rc;
	report_progress(p, "making the instrumented toolchain");
	rc = rf_overlay_build(&p->overlay, building, p->out->directory);
	if (rc == 0)
		rc = write_info(p, building);
	if (rc == 0)
		rc = rf_cache_publish(&p->cache, building, p->out->key, p->arena, p->err);
	if (rc)
		rf_tree_remove(building.ptr);
	else
		rf_cache_each(&p->cache, remove_if_stale, p);
	p->out->fresh = rc == 0;
	return rc;
}

static int build(struct preparation *p)
{
	int rc = rf_cache_lock(&p->cache, p->arena, p->err);
	if (rc)
		return rc;
	/* Somebody else may have made it while we waited. */
	if (!entry_exists(p))
		rc = build_locked(p);
	rf_cache_unlock(&p->cache);
	return rc;
}

static void fill(struct preparation *p, rf_str key)
{
	struct rf_toolchain *t = p->out;
	*t = (struct rf_toolchain){ .goroot = p->go.goroot, .version = p->go.version, .goos = p->go.goos, .goarch = p->go.goarch,
				    .goflags = p->go.goflags, .key = key,
				    .cgo = p->overlay.cgo };
	t->go_program = rf_arena_cstr(p->arena, p->go.program);
	t->environment = rf_goenv_environment(&p->go, p->arena);
	t->directory = rf_arena_printf(p->arena, "%.*s/%.*s", RF_STR_ARG(p->cache.directory), RF_STR_ARG(key));
	t->overlay = rf_arena_printf(p->arena, "%.*s/overlay.json", RF_STR_ARG(t->directory));
}

static int read_probe(struct preparation *p)
{
	rf_str info;
	int rc = rf_file_read(rf_arena_printf(p->arena, "%.*s/info", RF_STR_ARG(p->out->directory)).ptr, INFO_BYTES_MAX, p->arena,
			      &info, p->err);
	p->out->probe = rc ? RF_STR("") : info_value(info, "probe");
	p->out->exit = rc ? RF_STR("") : info_value(info, "exit");
	p->out->fast = rc ? RF_STR("") : info_value(info, "fast");
	p->out->views = rc ? RF_STR("") : info_value(info, "views");
	p->out->tsan = rc ? RF_STR("") : info_value(info, "tsan");
	return rc;
}

static int prepare_compiler(struct preparation *p)
{
	struct rf_compiler compiler;
	int rc = rf_compiler_find(&compiler, &p->go, &p->cache, p->arena, p->err);
	if (rc == 0 && p->request->compiler == RF_COMPILER_ON && !compiler.toolexec.len) {
		report_progress(p, "building a compiler, which takes a minute or two,");
		rc = rf_compiler_make(&compiler);
	}
	if (rc == 0 && p->request->compiler == RF_COMPILER_OFF)
		rf_compiler_remove(&compiler);
	p->out->toolexec = compiler.toolexec;
	return rc;
}

static int prepare_detector(struct preparation *p)
{
	struct rf_detector detector;
	int rc = rf_detector_find(&detector, &p->go, &p->cache, p->arena, p->err);
	if (rc == 0 && p->request->tsan == RF_TSAN_SOURCE && !detector.object.len) {
		report_progress(p, "getting the sources of the detector and building it, which takes a minute or two,");
		rc = rf_detector_make(&detector);
	}
	if (rc == 0 && p->request->tsan == RF_TSAN_STOCK)
		rf_detector_remove(&detector);
	p->overlay.source = detector.object;
	return rc;
}

bool rf_toolchain_asks_cgo(const char *options)
{
	rf_str word, left = rf_str_from(options);
	bool wanted = false;
	while ((word = rf_str_word(&left, RF_OPTION_SEPARATORS)).len) {
		if (rf_str_eq_cstr(word, "cgo=1") || rf_str_eq_cstr(word, "cgo=0"))
			wanted = rf_str_eq_cstr(word, "cgo=1");
	}
	return wanted;
}

int rf_toolchain_prepare(const struct rf_toolchain_request *request, rf_arena *arena, struct rf_toolchain *out,
			 struct rf_error *err)
{
	struct preparation p = { .request = request, .out = out, .arena = arena, .err = err };
	rf_str key;
	int rc = rf_goenv_ask(request->directory, request->go, request->arch, arena, &p.go, err);
	if (rc == 0)
		rc = rf_goenv_check(&p.go, err);
	if (rc == 0)
		rc = rf_cache_open(arena, &p.cache, err);
	if (rc == 0)
		rc = rf_goenv_leave_modcache(&p.go, rf_arena_printf(arena, "%.*s/goroot", RF_STR_ARG(p.cache.directory)), arena, err);
	if (rc == 0)
		rc = prepare_detector(&p);
	p.overlay.cgo = rc == 0 && rf_toolchain_asks_cgo(getenv("REDFLAG")) && rf_str_eq_cstr(p.go.goarch, "amd64");
	if (rc == 0)
		rc = rf_overlay_init(&p.overlay, rf_embedded_files, &p.go, arena, err);
	if (rc == 0)
		rc = rf_overlay_key(&p.overlay, &key, err);
	if (rc)
		return rc;
	fill(&p, key);
	if (!entry_exists(&p)) {
		rc = rf_goenv_check_compiler(&p.go, arena, err);
		if (rc == 0)
			rc = build(&p);
	}
	if (rc)
		return rc;
	mark_used(&p);
	rc = read_probe(&p);
	return rc ? rc : prepare_compiler(&p);
}

#define ENTRIES_MAX 256

struct entry_list {
	const struct rf_cache *cache;
	struct rf_toolchain_entry *items;
	size_t count;
	rf_arena *arena;
};

static void add_entry(void *context, const char *name)
{
	struct entry_list *list = context;
	rf_str info, path = rf_arena_printf(list->arena, "%.*s/%s", RF_STR_ARG(list->cache->directory), name);
	struct rf_error ignored;
	if (list->count == ENTRIES_MAX ||
	    rf_file_read(rf_arena_printf(list->arena, "%s/info", path.ptr).ptr, INFO_BYTES_MAX, list->arena, &info, &ignored) != 0)
		return;
	list->items[list->count++] = (struct rf_toolchain_entry){
		.key = rf_arena_dup(list->arena, rf_str_from(name)), .directory = path, .goroot = info_value(info, "goroot"),
		.version = info_value(info, "go"), .probe = info_value(info, "probe"), .bytes = rf_tree_bytes(path.ptr),
	};
}

int rf_toolchain_entries(rf_arena *arena, struct rf_toolchain_entry **entries, size_t *count, struct rf_error *err)
{
	struct rf_cache cache;
	int rc = rf_cache_open(arena, &cache, err);
	if (rc)
		return rc;
	struct entry_list list = { .cache = &cache, .arena = arena };
	list.items = rf_arena_array(arena, ENTRIES_MAX, sizeof(*list.items));
	if (!list.items)
		return rf_fail(err, RF_ERR_MEMORY, "not enough memory to list the cache");
	rf_cache_each(&cache, add_entry, &list);
	*entries = list.items;
	*count = list.count;
	return 0;
}
