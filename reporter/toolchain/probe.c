#include "toolchain/probe.h"

#include "base/files.h"
#include "toolchain/glue.h"
#include "toolchain/spawn.h"

#define BUILD_TIMEOUT_MS 120000u
#define RUN_TIMEOUT_MS 30000u
#define CC_WORDS_MAX 16

#define FAST_LINE "#define RF_LAYOUT_FAST "
#define EXIT_LINE "#define RF_LAYOUT_EXIT "
#define VIEWS_LINE "#define RF_LAYOUT_VIEWS "

static rf_str find_value(rf_str layout, const char *define)
{
	while (layout.len) {
		rf_str line = rf_str_cut(&layout, '\n');
		if (rf_str_starts(line, define))
			return rf_str_skip(line, strlen(define));
	}
	return layout;
}

static int refuse(struct rf_probe *out, rf_arena *arena, const char *why, rf_str detail)
{
	rf_str line = rf_str_trim(rf_str_cut(&detail, '\n'));
	out->layout = RF_STR("#define RF_LAYOUT_UNPROVED 1\n");
	out->fast = out->exit = out->views = RF_STR("");
	out->verdict = rf_arena_printf(arena, "%s%s%.*s", why, line.len ? ": " : "", RF_STR_ARG(line));
	return 0;
}

static int write_sources(const struct rf_embedded_file *table, rf_str detector, const char *directory, rf_arena *arena,
			 struct rf_error *err)
{
	int rc = rf_file_write(rf_arena_printf(arena, "%s/detector.S", directory).ptr, detector, 0644, err);
	for (; table->name && rc == 0; table++) {
		if (rf_str_starts(rf_str_from(table->name), RF_GLUE_DIRECTORY))
			rc = rf_file_write(rf_arena_printf(arena, "%s/%s", directory, table->name).ptr,
					   (rf_str){ table->bytes, table->len }, 0644, err);
	}
	return rc;
}

static int compile(const struct rf_goenv *go, const char *directory, rf_arena *arena, struct rf_spawn_result *result,
		   struct rf_error *err)
{
	static const char *const tail[] = { "-w", "-O1", "-no-pie", "-D_GNU_SOURCE", "-I.", "-Itsan-glue", "-o", "probe",
					    RF_GLUE_PROBE, "detector.S", "-pthread", "-ldl", NULL };
	const char *argv[CC_WORDS_MAX + sizeof(tail) / sizeof(tail[0])];
	rf_str *words;
	size_t count, n = 0;
	int rc = rf_go_words(go->cc, "CC", arena, &words, &count, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < count && i < CC_WORDS_MAX; i++)
		argv[n++] = rf_arena_cstr(arena, words[i]);
	for (size_t i = 0; i < sizeof(tail) / sizeof(tail[0]); i++)
		argv[n++] = tail[i];
	struct rf_spawn spawn = { .argv = argv, .directory = directory, .timeout_ms = BUILD_TIMEOUT_MS };
	return rf_spawn_run(&spawn, arena, result, err);
}

static int run(const char *directory, rf_arena *arena, struct rf_probe *out, struct rf_error *err)
{
	static const char *const argv[] = { "./probe", NULL };
	/* Options of the user's would change what the probe sees. */
	static const char *const environment[] = { "GORACE", "REDFLAG", "TSAN_OPTIONS", "REDFLAG_SPOOL", NULL };
	struct rf_spawn spawn = { .argv = argv, .directory = directory, .environment = environment, .timeout_ms = RUN_TIMEOUT_MS };
	struct rf_spawn_result result;
	if (rf_spawn_run(&spawn, arena, &result, err) != 0)
		return refuse(out, arena, "the probe can't be run", rf_str_from(err->text));
	if (result.timed_out)
		return refuse(out, arena, "the probe didn't end within 30 s", RF_STR(""));
	if (result.status == 128 + 4)
		return refuse(out, arena, "this processor can't run the detector for that GOAMD64", RF_STR(""));
	if (result.status > 128)
		return refuse(out, arena, "the probe crashed: the detector isn't laid out as known", result.err);
	if (result.status != 0)
		return refuse(out, arena, "the probe refused", result.err.len ? result.err : result.out);
	out->layout = result.out;
	out->fast = find_value(result.out, FAST_LINE);
	out->exit = find_value(result.out, EXIT_LINE);
	out->views = find_value(result.out, VIEWS_LINE);
	out->verdict = RF_STR("ok");
	return 0;
}

int rf_probe_run(const struct rf_embedded_file *table, const struct rf_goenv *go, rf_str detector, const char *directory,
		 rf_arena *arena, struct rf_probe *out, struct rf_error *err)
{
	struct rf_spawn_result result;
	if (!rf_embedded_text(table, RF_GLUE_PROBE).ptr)
		return refuse(out, arena, "this redflag was built without a probe", RF_STR(""));
	if (!rf_str_eq(go->goarch, go->host_arch))
		return refuse(out, arena, "not proved: programs for that processor can't be run here", RF_STR(""));
	int rc = write_sources(table, detector, directory, arena, err);
	if (rc)
		return rc;
	if (compile(go, directory, arena, &result, err) != 0)
		return refuse(out, arena, "the probe can't be built", rf_str_from(err->text));
	if (result.status != 0)
		return refuse(out, arena, "the probe can't be built", result.err);
	return run(directory, arena, out, err);
}
