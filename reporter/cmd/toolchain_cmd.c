/* redflag toolchain: makes the overlay, and says where it is. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command_list.h"
#include "cmd/shell_env.h"
#include "base/files.h"

/* A command while it runs. */
struct job {
	const struct rf_args *args;
	struct rf_toolchain t;
	rf_arena *arena;
	struct rf_error *err;
};

static void print_progress(void *context, const char *line)
{
	(void)context;
	fprintf(stderr, "redflag: %s\n", line);
}

static int print_overlay(struct job *j)
{
	printf("%.*s\n", RF_STR_ARG(j->t.overlay));
	return 0;
}

static int print_env(struct job *j)
{
	struct rf_shell_env wanted = { .spool = false };
	struct rf_buf out;
	rf_buf_init(&out);
	int rc = rf_shell_env_put(&j->t, &wanted, j->arena, &out, j->err);
	if (rc == 0)
		fwrite(out.ptr, 1, out.len, stdout);
	rf_buf_release(&out);
	return rc;
}

static void print_entry(const struct rf_toolchain_entry *e)
{
	printf("key     %.*s\npath    %.*s\nsize    %.1f MB\ngo      %.*s in %.*s\nprobe   %.*s\n", RF_STR_ARG(e->key),
	       RF_STR_ARG(e->directory), (double)e->bytes / 1e6, RF_STR_ARG(e->version), RF_STR_ARG(e->goroot), RF_STR_ARG(e->probe));
}

static int print_status(struct job *j)
{
	struct rf_toolchain_entry *entries;
	size_t count;
	int rc = rf_toolchain_entries(j->arena, &entries, &count, j->err);
	for (size_t i = 0; i < count && rc == 0; i++) {
		if (rf_str_eq(entries[i].key, j->t.key))
			print_entry(&entries[i]);
	}
	for (size_t i = 0; i < count && rc == 0; i++) {
		if (!rf_str_eq(entries[i].key, j->t.key))
			printf("other   %.*s (%.1f MB)\n", RF_STR_ARG(entries[i].directory), (double)entries[i].bytes / 1e6);
	}
	return rc;
}

/* Is `directory` an element of PATH? */
static bool is_on_path(rf_str directory)
{
	rf_str path = rf_str_from(getenv("PATH"));
	while (path.len) {
		if (rf_str_eq(rf_str_cut(&path, ':'), directory))
			return true;
	}
	return false;
}

static int own_path(char *to, size_t bytes, struct rf_error *err)
{
	ssize_t n = readlink("/proc/self/exe", to, bytes - 1);
	if (n <= 0)
		return rf_fail(err, RF_ERR_IO, "can't find the path of redflag itself (/proc/self/exe): %s", strerror(errno));
	to[n] = '\0';
	return 0;
}

/* The wrapper asks redflag each time: the overlay is then that of the redflag in use, made again when it changed. Only
 * commands that start programs get a place for spools, which is made in the module. */
static int put_wrapper(struct job *j, struct rf_buf *out)
{
	char redflag[4096], goroot[PATH_MAX];
	int rc = own_path(redflag, sizeof(redflag), j->err);
	if (rc)
		return rc;
	if (!realpath(j->t.goroot.ptr, goroot))
		return rf_fail(j->err, RF_ERR_IO, "can't find %s: %s", j->t.goroot.ptr, strerror(errno));
	rf_buf_printf(out, "#!/bin/sh\n# %.*s, instrumented by redflag. GOTOOLCHAIN=%.*s-redflag has the go command start it.\n"
			   "unset GOTOOLCHAIN_INTERNAL_SWITCH_VERSION GOTOOLCHAIN_INTERNAL_SWITCH_COUNT GOROOT\n"
			   "export GOTOOLCHAIN=local\nredflag=", RF_STR_ARG(j->t.version), RF_STR_ARG(j->t.version));
	rf_shell_put_word(out, rf_str_from(redflag));
	rf_buf_put_cstr(out, " goroot=");
	rf_shell_put_word(out, rf_str_from(goroot));
	rf_buf_put_cstr(out, "\ncase ${1-} in\n"
			     "test | run) lines=$(\"$redflag\" env --go \"$goroot\") || exit ;;\n"
			     "*) lines=$(\"$redflag\" toolchain --print env --go \"$goroot\") || exit ;;\n"
			     "esac\n"
			     "eval \"$lines\"\n"
			     "exec \"${GOROOT:-$goroot}/bin/go\" \"$@\"\n");
	return out->failed ? rf_fail(j->err, RF_ERR_MEMORY, "not enough memory for the wrapper") : 0;
}

static int wrapper_directory(struct job *j, rf_str *out)
{
	const char *to = rf_arg(j->args, "to"), *home = getenv("HOME");
	char now[4096];
	if (to && to[0] == '/')
		*out = rf_str_from(to);
	else if (to && getcwd(now, sizeof(now)))
		*out = rf_arena_printf(j->arena, "%s/%s", now, to);
	else if (!to && home && home[0] == '/')
		*out = rf_arena_printf(j->arena, "%s/.local/bin", home);
	else
		return rf_fail(j->err, RF_ERR_USAGE, "HOME isn't set; say with --to where the wrapper shall go");
	return 0;
}

static int install_wrapper(struct job *j)
{
	rf_str directory;
	struct rf_buf text;
	int rc = wrapper_directory(j, &directory);
	if (rc)
		return rc;
	const char *path = rf_arena_printf(j->arena, "%.*s/%.*s-redflag", RF_STR_ARG(directory), RF_STR_ARG(j->t.version)).ptr;
	rf_buf_init(&text);
	rc = put_wrapper(j, &text);
	if (rc == 0)
		rc = rf_file_replace(path, rf_buf_str(&text), 0755, j->err);
	rf_buf_release(&text);
	if (rc)
		return rc;
	printf("%s\n", path);
	fprintf(stderr, "redflag: use it with GOTOOLCHAIN=%.*s-redflag, or a line `toolchain %.*s-redflag` in go.mod\n",
		RF_STR_ARG(j->t.version), RF_STR_ARG(j->t.version));
	if (!is_on_path(directory))
		fprintf(stderr, "redflag: %.*s isn't on PATH, where the go command looks for it: export PATH=\"%.*s:$PATH\"\n",
			RF_STR_ARG(directory), RF_STR_ARG(directory));
	return 0;
}

static int print_toolexec(struct job *j)
{
	printf("%.*s\n", RF_STR_ARG(j->t.toolexec));
	return 0;
}

/* --compiler on or off. */
static int parse_compiler(const struct rf_args *args, enum rf_compiler_wish *out, struct rf_error *err)
{
	const char *wish = rf_arg(args, "compiler");
	*out = !wish ? RF_COMPILER_AS_IS : strcmp(wish, "on") == 0 ? RF_COMPILER_ON : RF_COMPILER_OFF;
	if (wish && *out == RF_COMPILER_OFF && strcmp(wish, "off") != 0)
		return rf_fail(err, RF_ERR_USAGE, "--compiler wants on or off, not `%s`", wish);
	return 0;
}

/* --tsan source or stock. */
static int parse_tsan(const struct rf_args *args, enum rf_tsan_wish *out, struct rf_error *err)
{
	const char *wish = rf_arg(args, "tsan");
	*out = !wish ? RF_TSAN_AS_IS : strcmp(wish, "source") == 0 ? RF_TSAN_SOURCE : RF_TSAN_STOCK;
	if (wish && *out == RF_TSAN_STOCK && strcmp(wish, "stock") != 0)
		return rf_fail(err, RF_ERR_USAGE, "--tsan wants source or stock, not `%s`", wish);
	return 0;
}

static void print_tsan(rf_str tsan)
{
	bool ours = rf_str_eq_cstr(tsan, "source");
	printf("%s is used%s%.*s\n", ours ? "the detector built from its sources" : "Go's own detector",
	       ours || !tsan.len ? "" : ", as of the one from sources: ", RF_STR_ARG(ours ? RF_STR("") : tsan));
}

static int print_summary(struct job *j)
{
	printf("%s for %.*s: %.*s\n", j->t.fresh ? "made" : "there already", RF_STR_ARG(j->t.version), RF_STR_ARG(j->t.overlay));
	if (!rf_str_eq_cstr(j->t.probe, "ok"))
		printf("without what has to be proved first: %.*s\n", RF_STR_ARG(j->t.probe));
	print_tsan(j->t.tsan);
	printf("%s compiler is used\n", j->t.toolexec.len ? "redflag's" : "Go's own");
	printf("Next: redflag test ./...   or   eval \"$(redflag env)\" && go test -race ./...\n");
	return 0;
}

int rf_cmd_toolchain(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	static const struct {
		const char *what;
		int (*print)(struct job *j);
	} prints[] = { { "overlay", print_overlay }, { "env", print_env }, { "wrapper", install_wrapper }, { "status", print_status },
		     { "toolexec", print_toolexec } };
	struct rf_toolchain_request request = { .go = rf_arg(args, "go"), .arch = rf_arg(args, "arch"), .progress = print_progress };
	struct job j = { .args = args, .arena = arena, .err = err };
	const char *what = rf_arg(args, "print");
	int (*print)(struct job *) = what ? NULL : print_summary;
	for (size_t i = 0; i < sizeof(prints) / sizeof(prints[0]) && what; i++) {
		if (strcmp(prints[i].what, what) == 0)
			print = prints[i].print;
	}
	if (!print || args->word_count)
		return rf_fail(err, RF_ERR_USAGE, "`%s` can't be printed; --print wants overlay, env, wrapper, toolexec or status",
			       print ? args->words[0] : what);
	int rc = parse_compiler(args, &request.compiler, err);
	if (rc == 0)
		rc = parse_tsan(args, &request.tsan, err);
	if (rc == 0)
		rc = rf_toolchain_prepare(&request, arena, &j.t, err);
	return rc ? rc : print(&j);
}
