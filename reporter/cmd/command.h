/* A command of redflag: one row of the table in commands.c, which drives parser, --help, man page and completion. */
#ifndef RF_CMD_COMMAND_H
#define RF_CMD_COMMAND_H

#include "base/arena.h"
#include "base/error.h"

/* Exit statuses; the same for every command. */
enum rf_exit {
	RF_EXIT_CLEAN = 0,
	RF_EXIT_TESTS_FAILED = 1, /* for another reason than a new finding */
	RF_EXIT_USAGE = 2,
	RF_EXIT_OWN_FAILURE = 3,
	RF_EXIT_NEW_FINDINGS = 66 /* what a race binary of Go exits with */
};

struct rf_option {
	const char *name;  /* without the dashes; NULL ends a list */
	const char *value; /* placeholder in help; NULL for a switch */
	const char *help;
};

struct rf_args {
	const struct rf_option *options;
	const char *const *values; /* one an option; NULL not given; "" for a switch that was given */
	char **words;              /* what is left; NULL-terminated */
	int word_count;
};
/* The option's value, "" for a switch that was given, NULL when it wasn't. */
const char *rf_arg(const struct rf_args *args, const char *name);

struct rf_command {
	const char *name;
	const char *usage;   /* behind the name, such as "[options] FILE..." */
	const char *summary; /* one line */
	const char *help;    /* paragraphs; 78 columns */
	const struct rf_option *options;
	bool pass_unknown;   /* unknown options are left among the words (test) */
	bool stop_at_word;   /* options end at the first word (run) */
	/* Returns an enum rf_exit. Prints its own results; a failure's sentence goes to *err and main prints it, as
	 * "redflag NAME: sentence", with the exit status from rf_exit_of(err->code). */
	int (*run)(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
};

extern const struct rf_command rf_commands[]; /* ends with name NULL */
const struct rf_command *rf_command_find(const char *name);
int rf_exit_of(int rf_err_code);

#endif
