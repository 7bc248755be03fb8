/* redflag export */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/command_list.h"
#include "cmd/kinds.h"
#include "cmd/noise.h"
#include "cmd/place.h"
#include "cmd/reporter.h"
#include "export/export.h"
#include "store/status.h"
#include "base/files.h"
#include "toolchain/goenv.h"

static int check_format(const char *name, const struct rf_export_format **format, rf_arena *arena, struct rf_error *err)
{
	rf_str list = RF_STR("");
	*format = name ? rf_export_format_find(name) : NULL;
	if (*format)
		return 0;
	for (const struct rf_export_format *f = rf_export_formats; f->name; f++)
		list = rf_arena_printf(arena, "%.*s%s%s", RF_STR_ARG(list), list.len == 0 ? "" : f[1].name ? ", " : " and ", f->name);
	if (!name)
		return rf_fail(err, RF_ERR_USAGE, "export wants a format: --format F; there are %.*s.", RF_STR_ARG(list));
	return rf_fail(err, RF_ERR_USAGE, "There is no format %s; there are %.*s.", name, RF_STR_ARG(list));
}

/* --- places ---------------------------------------------------------------------------------------------------- */

static bool is_at_or_below(const char *directory, const char *path)
{
	size_t n = strlen(directory);
	return strncmp(path, directory, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* Paths are told relative to the checkout, because that is what code hosts show: GITHUB_WORKSPACE, else the nearest directory
 * upwards with .git, else the module. */
static const char *find_checkout(const char *module, rf_arena *arena)
{
	const char *workspace = getenv("GITHUB_WORKSPACE");
	struct stat st;
	if (workspace && workspace[0] == '/' && is_at_or_below(workspace, module))
		return workspace;
	for (rf_str at = rf_str_from(module); at.len > 1;) {
		const char *directory = rf_arena_cstr(arena, at);
		if (stat(rf_arena_printf(arena, "%s/.git", directory).ptr, &st) == 0)
			return directory;
		ptrdiff_t slash = rf_str_find_last(at, '/');
		at = rf_str_take(at, slash > 0 ? (size_t)slash : 0);
	}
	return module;
}

#define GO_MOD_BYTES_MAX ((size_t)1 << 20)

/* The import path that go.mod gives to the module; "" when there is none, as in a workspace. */
static rf_str module_path(const char *module, rf_arena *arena)
{
	struct rf_error ignored;
	rf_str text;
	if (rf_file_read(rf_arena_printf(arena, "%s/go.mod", module).ptr, GO_MOD_BYTES_MAX, arena, &text, &ignored) != 0)
		return RF_STR("");
	while (text.len) {
		rf_str line = rf_str_trim(rf_str_cut(&text, '\n'));
		if (rf_str_starts(line, "module ") || rf_str_starts(line, "module\t"))
			return rf_str_trim(rf_str_skip(line, 7));
	}
	return RF_STR("");
}

static int find_root(const struct rf_args *args, rf_arena *arena, struct rf_export_options *o, struct rf_error *err)
{
	const char *root = rf_arg(args, "root"), *module = rf_place_module(arena);
	char path[PATH_MAX];
	if (root && !realpath(root, path))
		return rf_fail(err, RF_ERR_USAGE, "There is no directory %s for --root: %s.", root, strerror(errno));
	o->module = rf_str_from(module);
	o->module_path = module_path(module, arena);
	o->root = root ? rf_arena_dup(arena, rf_str_from(path)) : rf_str_from(find_checkout(module, arena));
	return 0;
}

/* --- output ---------------------------------------------------------------------------------------------------- */

static int write_standard_output(rf_str text, struct rf_error *err)
{
	if (fwrite(text.ptr, 1, text.len, stdout) == text.len && fflush(stdout) == 0)
		return 0;
	return rf_fail(err, RF_ERR_IO, "Cannot write to standard output: %s.", strerror(errno));
}

/* Appends, as GITHUB_STEP_SUMMARY wants it; also for what is no regular file, such as a pipe. */
static int append_to(const char *path, rf_str text, struct rf_error *err)
{
	FILE *f = fopen(path, "ae");
	bool written = f && fwrite(text.ptr, 1, text.len, f) == text.len;
	if (f && fclose(f) != 0)
		written = false;
	return written ? 0 : rf_fail(err, RF_ERR_IO, "Cannot write %s: %s.", path, strerror(errno));
}

static int write_out(const char *path, rf_str text, rf_arena *arena, struct rf_error *err)
{
	struct stat st;
	char real[PATH_MAX];
	if (!path || strcmp(path, "-") == 0)
		return write_standard_output(text, err);
	if (path[0] == '\0')
		return rf_fail(err, RF_ERR_USAGE, "Option -o wants the name of a file.");
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return rf_fail(err, RF_ERR_USAGE, "%s is a directory; name a file with -o.", path);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return append_to(path, text, err);
	/* Through a symbolic link: the file that it names is replaced, and not the link. */
	const char *target = realpath(path, real) ? rf_arena_cstr(arena, rf_str_from(real)) : path;
	return rf_file_replace(target, text, 0666, err);
}

/* --- the command ----------------------------------------------------------------------------------------------- */

static void set_run(const char *run, const struct rf_export_format *format, struct rf_export_options *o)
{
	if (run ? strcmp(run, "last") == 0 : format->of_last_run)
		o->last_run = true;
	else if (run && strcmp(run, "all") != 0)
		o->trace_id = rf_str_from(run);
}

/* As `go version` tells it, which is what other writers of JUnit put into each suite. Without a go command there is none. */
static rf_str go_version(rf_arena *arena)
{
	struct rf_goenv go;
	struct rf_error ignored;
	if (rf_goenv_ask(NULL, NULL, NULL, arena, &go, &ignored) < 0)
		return RF_STR("");
	return rf_arena_printf(arena, "%.*s %.*s/%.*s", RF_STR_ARG(go.version), RF_STR_ARG(go.goos), RF_STR_ARG(go.goarch));
}

/* For the reasons in it. A list that can't be read gives none; the commands that use it say what is wrong with it. */
static const struct rf_suppressions *load_suppressions(rf_arena *arena)
{
	struct rf_suppressions *list = rf_arena_alloc(arena, sizeof(*list));
	struct rf_config config;
	struct rf_error ignored;
	if (!list || rf_config_load(rf_place_module(arena), arena, &config, &ignored) < 0 ||
	    rf_noise_suppressions(&config, arena, list, &ignored) < 0)
		return NULL;
	return list;
}

static int set_profile(const struct rf_args *args, const struct rf_export_format *format, struct rf_export_options *o,
		       struct rf_error *err)
{
	static const char *const names[] = { "profile", "value", "pid" };
	uint64_t pid = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !format->of_profiles; i++) {
		if (rf_arg(args, names[i]))
			return rf_fail(err, RF_ERR_USAGE, "Option --%s is for the formats pprof and folded.", names[i]);
	}
	if (rf_arg(args, "pid") && (!rf_str_u64(rf_str_from(rf_arg(args, "pid")), &pid) || pid == 0 || pid > INT32_MAX))
		return rf_fail(err, RF_ERR_USAGE, "`%s` is no process number.", rf_arg(args, "pid"));
	o->profile = rf_str_from(rf_arg(args, "profile"));
	o->value = rf_str_from(rf_arg(args, "value"));
	o->pid = (int64_t)pid;
	return 0;
}

static int make_options(const struct rf_args *args, const struct rf_export_format *format, rf_arena *arena,
			struct rf_export_options *o, struct rf_error *err)
{
	*o = (struct rf_export_options){ .version = RF_STR(RF_VERSION), .status = rf_str_from(rf_arg(args, "status")) };
	set_run(rf_arg(args, "run"), format, o);
	int rc = set_profile(args, format, o, err);
	if (rc < 0)
		return rc;
	for (int kind = 0; kind < RF_KIND_COUNT; kind++) {
		const struct rf_kind_text *text = rf_kind_text((enum rf_kind)kind);
		if (text)
			o->kinds[kind] = (struct rf_export_kind){ .meaning = text->meaning, .cure = text->cure };
	}
	if (strcmp(format->name, "junit") == 0)
		o->go_version = go_version(arena);
	return find_root(args, arena, o, err);
}

/* GitHub shows what a step appends to this file. */
static int append_step_summary(struct rf_export *x, const struct rf_export_format *format, struct rf_error *err)
{
	const char *path = getenv("GITHUB_STEP_SUMMARY");
	struct rf_buf out;
	if (strcmp(format->name, "github") != 0 || !path || !path[0])
		return 0;
	rf_buf_init(&out);
	int rc = rf_export_write_step_summary(x, &out, err);
	if (rc == 0)
		rc = append_to(path, rf_buf_str(&out), err);
	rf_buf_release(&out);
	return rc;
}

static int export_to(struct rf_export *x, const struct rf_export_format *format, const char *path, rf_arena *arena,
		     struct rf_error *err)
{
	struct rf_buf out;
	rf_buf_init(&out);
	int rc = rf_export_write(x, format, &out, err);
	if (rc == 0)
		rc = write_out(path, rf_buf_str(&out), arena, err);
	if (rc == 0)
		rc = append_step_summary(x, format, err);
	rf_buf_release(&out);
	return rc;
}

int rf_cmd_export(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	const struct rf_export_format *format;
	struct rf_export_options options;
	struct rf_export *export = NULL;
	struct rf_store *store = NULL;
	const char *path;
	if (args->word_count)
		return rf_fail(err, RF_ERR_USAGE, "export takes no words; the file to write is named with -o %s.",
			       args->words[0]);
	int rc = check_format(rf_arg(args, "format"), &format, arena, err);
	if (rc == 0)
		rc = rf_status_check(rf_arg(args, "status"), err);
	if (rc == 0)
		rc = make_options(args, format, arena, &options, err);
	if (rc == 0)
		options.suppressions = load_suppressions(arena);
	if (rc == 0)
		rc = rf_reporter_open_store(args, arena, &store, &path, err);
	if (rc == 0)
		rc = rf_export_open(&export, store, &options, err);
	if (rc == 0)
		rc = export_to(export, format, rf_arg(args, "o"), arena, err);
	rf_export_close(export);
	rf_store_close(store);
	return rc;
}
