/* The command table: one row a command. Parser, --help, man page and completion are made from it. */
#include <string.h>

#include "cmd/command_list.h"

#define OPTION_DB { "db", "FILE", "the database; default: $REDFLAG_DB, else .redflag/redflag.db in the module" }
#define OPTION_TAG { "tag", "TAG", "tag of findings that no profiler label names, such as order-service:checkout" }
#define OPTION_TRACE { "trace-id", "ID", "the run belongs to this trace; default: $TRACE_ID, $TRACEPARENT, or a new one" }
#define OPTION_END { NULL, NULL, NULL }

static const struct rf_option help_options[] = {
	{ "man", NULL, "print the man page" },
	{ "completion", "SHELL", "print the completion for a shell (bash)" },
	OPTION_END,
};

static const struct rf_option no_options[] = { OPTION_END };

const struct rf_command rf_commands[] = {
	{
		.name = "version",
		.usage = "",
		.summary = "Print the version, and those of the formats it writes",
		.help = "Fingerprints of another version are never compared with these.",
		.options = no_options,
		.run = rf_cmd_version,
	},
	{
		.name = "help",
		.usage = "[options] [COMMAND]",
		.summary = "Explain a command, or list all",
		.help = "Without a command, the list of commands.",
		.options = help_options,
		.run = rf_cmd_help,
	},
	{ .name = NULL },
};

const struct rf_command *rf_command_find(const char *name)
{
	for (const struct rf_command *c = rf_commands; c->name; c++) {
		if (strcmp(c->name, name) == 0)
			return c;
	}
	return NULL;
}

int rf_exit_of(int rf_err_code)
{
	if (rf_err_code >= 0)
		return rf_err_code;
	return rf_err_code == RF_ERR_USAGE ? RF_EXIT_USAGE : RF_EXIT_OWN_FAILURE;
}
