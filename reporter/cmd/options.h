/* The option parser of every command: `--name`, `--name value`, `--name=value`, `-n value` where the name is one letter; `--`
 * ends the options.
 *
 * A command with pass_unknown keeps options it doesn't know (go test's) among its words, in their order, and only takes
 * its own when they stand with two dashes; everything from `-args` or `--` on is left alone, that word included. Other
 * commands refuse an unknown option and name the nearest one. The last of several equal options wins.
 */
#ifndef RF_CMD_OPTIONS_H
#define RF_CMD_OPTIONS_H

#include "cmd/command.h"

/* `words` is NULL-terminated and doesn't hold the command's name. Memory of *out belongs to `arena`. RF_ERR_USAGE with a
 * sentence; *help is set when --help or -h was given (then *out is not filled). */
int rf_options_parse(const struct rf_command *command, char **words, rf_arena *arena, struct rf_args *out, bool *help,
		     struct rf_error *err);
/* The nearest of `candidates` (NULL-terminated) to a mistyped word, or NULL when none is near. */
const char *rf_options_nearest(const char *word, const char *const *candidates);

#endif
