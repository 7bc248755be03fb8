/* redflag env: lines for a shell. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/command_list.h"
#include "cmd/gorace.h"
#include "cmd/noise.h"
#include "cmd/place.h"
#include "cmd/reporter.h"
#include "cmd/shell_env.h"

static void print_progress(void *context, const char *line)
{
	(void)context;
	fprintf(stderr, "redflag: %s\n", line);
}

/* The suppressions of the module, where there are any. */
static int put_gorace(const struct rf_args *args, rf_arena *arena, struct rf_buf *out, struct rf_error *err)
{
	struct rf_config config;
	struct rf_suppressions list;
	const char *database;
	rf_str value = { NULL, 0 };
	int rc = rf_config_load(rf_place_module(arena), arena, &config, err);
	if (rc == 0)
		rc = rf_noise_suppressions(&config, arena, &list, err);
	if (rc == 0)
		rc = rf_place_database(rf_arg(args, "db"), list.count != 0, arena, &database, err);
	if (rc == 0)
		rc = rf_gorace_make(&list, database, getenv("GORACE"), rf_clock_now(rf_reporter_clock()), arena, &value, err);
	if (rc == 0 && value.ptr) {
		rf_buf_put_cstr(out, "export GORACE=");
		rf_shell_put_word(out, value);
		rf_buf_put_char(out, '\n');
		/* A pass that the list made must not be kept by go for the day when the entry is gone. */
		if (!rf_str_contains(rf_str_from(getenv("GOFLAGS")), "-count"))
			rf_buf_put_cstr(out, "export GOFLAGS=\"$GOFLAGS -count=1\"\n");
	}
	return rc;
}

int rf_cmd_env(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	struct rf_toolchain_request request = { .go = rf_arg(args, "go"), .progress = print_progress };
	struct rf_toolchain t;
	struct rf_shell_env wanted = { .database = rf_arg(args, "db"), .spool = true };
	struct rf_buf out;
	if (args->word_count)
		return rf_fail(err, RF_ERR_USAGE, "env takes no arguments; use it as: eval \"$(redflag env)\"");
	int rc = rf_toolchain_prepare(&request, arena, &t, err);
	if (rc)
		return rc;
	rf_buf_init(&out);
	rc = rf_shell_env_put(&t, &wanted, arena, &out, err);
	if (rc == 0)
		rc = put_gorace(args, arena, &out, err);
	if (rc == 0)
		fwrite(out.ptr, 1, out.len, stdout);
	rf_buf_release(&out);
	if (rc == 0 && wanted.warning.len)
		fprintf(stderr, "redflag: %.*s\n", RF_STR_ARG(wanted.warning));
	if (rc == 0 && isatty(STDOUT_FILENO))
		fputs("# To use them: eval \"$(redflag env)\"\n", stderr);
	return rc;
}
