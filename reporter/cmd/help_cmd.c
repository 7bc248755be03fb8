#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "cmd/command_list.h"
#include "cmd/help.h"
#include "finding/finding.h"
#include "tsan-glue/spool_format.h"

static int put_help_of(struct rf_buf *out, const struct rf_args *args, struct rf_error *err)
{
	if (args->word_count == 0) {
		rf_help_put_overview(out);
		return 0;
	}
	const struct rf_command *c = rf_command_find(args->words[0]);
	if (!c)
		return rf_fail(err, RF_ERR_USAGE, "There is no command %s; `redflag help` lists them.",
			       args->words[0]);
	rf_help_put_command(out, c);
	return 0;
}

int rf_cmd_help(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	(void)arena;
	const char *completion = rf_arg(args, "completion");
	if (completion && strcmp(completion, "bash") != 0)
		return rf_fail(err, RF_ERR_USAGE, "There is a completion for bash only: --completion bash.");
	struct rf_buf out;
	rf_buf_init(&out);
	int rc = 0;
	if (rf_arg(args, "man"))
		rf_help_put_man(&out);
	else if (completion)
		rf_help_put_completion(&out);
	else
		rc = put_help_of(&out, args, err);
	if (rc == 0)
		fwrite(out.ptr, 1, out.len, stdout);
	rf_buf_release(&out);
	return rc;
}

int rf_cmd_version(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	(void)args, (void)arena, (void)err;
	printf("redflag " RF_VERSION "\nfingerprint version %d, spool format %d.%d, SQLite %s\n",
	       RF_FINGERPRINT_VERSION, RF_SPOOL_VERSION_MAJOR, RF_SPOOL_VERSION_MINOR, sqlite3_libversion());
	return RF_EXIT_CLEAN;
}
