/* redflag: finds the command, parses its options, prints its error. The only place that exits. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/help.h"
#include "cmd/options.h"

static int print_buffer(struct rf_buf *b)
{
	rf_str text = rf_buf_str(b);
	bool ok = !b->failed && fwrite(text.ptr, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
	rf_buf_release(b);
	return ok ? RF_EXIT_CLEAN : RF_EXIT_OWN_FAILURE;
}

static int print_help(const struct rf_command *command)
{
	struct rf_buf b;
	rf_buf_init(&b);
	if (command)
		rf_help_put_command(&b, command);
	else
		rf_help_put_overview(&b);
	return print_buffer(&b);
}

static int fail_unknown_command(const char *word)
{
	const char *names[64] = { NULL };
	for (size_t i = 0; rf_commands[i].name && i < sizeof(names) / sizeof(names[0]) - 1; i++)
		names[i] = rf_commands[i].name;
	const char *near = rf_options_nearest(word, names);
	if (near)
		fprintf(stderr, "redflag: There is no command %s; did you mean `redflag %s`?\n", word, near);
	else
		fprintf(stderr, "redflag: There is no command %s; `redflag help` lists them.\n", word);
	return RF_EXIT_USAGE;
}

static int run_command(const struct rf_command *command, char **words, rf_arena *arena)
{
	struct rf_error err = { 0 };
	struct rf_args args = { 0 };
	bool help = false;
	int status = rf_options_parse(command, words, arena, &args, &help, &err);
	if (help)
		return print_help(command);
	if (status == 0)
		status = command->run(&args, arena, &err);
	if (fflush(stdout) != 0 && status == RF_EXIT_CLEAN)
		status = RF_EXIT_OWN_FAILURE;
	if (status < 0 || err.code < 0) {
		fprintf(stderr, "redflag %s: %s\n", command->name, err.text);
		status = status < 0 ? rf_exit_of(status) : status;
	}
	return status;
}

int main(int argc, char **argv)
{
	/* A reader of our output that goes away must not keep us from storing: writes then fail with EPIPE. */
	signal(SIGPIPE, SIG_IGN);
	const char *word = argc > 1 ? argv[1] : "--help";
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return print_help(NULL) + (argc > 1 ? 0 : RF_EXIT_USAGE);
	const struct rf_command *command = rf_command_find(strcmp(word, "--version") == 0 ? "version" : word);
	if (!command)
		return fail_unknown_command(word);
	rf_arena arena;
	rf_arena_init(&arena, 0);
	int status = run_command(command, argv + 2, &arena);
	rf_arena_release(&arena);
	return status;
}
