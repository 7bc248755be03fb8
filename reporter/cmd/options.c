#include "cmd/options.h"

#include <string.h>

#define NAME_BYTES_MAX 64      /* longer words are no option of ours */
#define NEAREST_DISTANCE_MAX 2 /* more typing errors than this are another word */

const char *rf_arg(const struct rf_args *args, const char *name)
{
	for (size_t i = 0; args->options && args->options[i].name; i++) {
		if (strcmp(args->options[i].name, name) == 0)
			return args->values[i];
	}
	return NULL;
}

/* Levenshtein's distance with one row. */
static size_t distance(const char *a, const char *b)
{
	size_t row[NAME_BYTES_MAX + 1], len_a = strlen(a), len_b = strlen(b);
	if (len_a > NAME_BYTES_MAX || len_b > NAME_BYTES_MAX)
		return NAME_BYTES_MAX;
	for (size_t j = 0; j <= len_b; j++)
		row[j] = j;
	for (size_t i = 1; i <= len_a; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= len_b; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[len_b];
}

const char *rf_options_nearest(const char *word, const char *const *candidates)
{
	const char *best = NULL;
	size_t best_distance = NEAREST_DISTANCE_MAX + 1;
	for (size_t i = 0; candidates[i]; i++) {
		size_t d = distance(word, candidates[i]);
		if (d < best_distance && d < strlen(candidates[i])) {
			best = candidates[i];
			best_distance = d;
		}
	}
	return best;
}

static int fail_unknown(const struct rf_command *command, const char *word, rf_arena *arena, struct rf_error *err)
{
	rf_str name = rf_str_from(word);
	while (rf_str_starts(name, "-"))
		name = rf_str_skip(name, 1);
	name = rf_str_cut(&name, '=');
	size_t count = 0;
	while (command->options && command->options[count].name)
		count++;
	const char **names = rf_arena_array(arena, count + 1, sizeof(*names));
	if (!names)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while reading the options.");
	for (size_t i = 0; i < count; i++)
		names[i] = command->options[i].name;
	const char *near = rf_options_nearest(rf_arena_cstr(arena, name), names);
	if (near)
		return rf_fail(err, RF_ERR_USAGE, "There is no option %s; did you mean --%s?", word, near);
	return rf_fail(err, RF_ERR_USAGE, "There is no option %s; `redflag %s --help` lists them.", word, command->name);
}

/* Index of the option that `word` names, or -1. */
static int find_option(const struct rf_command *command, const char *word, const char **value)
{
	rf_str name = rf_str_skip(rf_str_from(word), 2);
	ptrdiff_t equals = rf_str_find(name, '=');
	*value = equals < 0 ? NULL : name.ptr + equals + 1;
	if (equals >= 0)
		name = rf_str_take(name, (size_t)equals);
	for (int i = 0; command->options && command->options[i].name; i++) {
		if (rf_str_eq_cstr(name, command->options[i].name))
			return i;
	}
	return -1;
}

/* Of an option whose name is one letter: -o. */
static int find_letter(const struct rf_command *command, const char *word)
{
	if (word[0] != '-' || word[1] == '-' || word[1] == '\0' || word[2] != '\0')
		return -1;
	for (int i = 0; command->options && command->options[i].name; i++) {
		if (strcmp(word + 1, command->options[i].name) == 0)
			return i;
	}
	return -1;
}

static bool ends_options(const struct rf_command *command, const char *word)
{
	if (strcmp(word, "--") == 0)
		return true;
	if (command->pass_unknown && (strcmp(word, "-args") == 0 || strcmp(word, "--args") == 0))
		return true;
	return command->stop_at_word && word[0] != '-';
}

/* Takes one option of ours at words[*at]. Returns 1 when it isn't one. */
static int take_option(const struct rf_command *command, char **words, int *at, const char **values,
		       struct rf_error *err)
{
	const char *word = words[*at], *value = NULL;
	int index = strncmp(word, "--", 2) == 0 ? find_option(command, word, &value) : find_letter(command, word);
	if (index < 0)
		return 1;
	const struct rf_option *option = &command->options[index];
	if (option->value && !value) {
		value = words[*at + 1];
		if (!value)
			return rf_fail(err, RF_ERR_USAGE, "Option %s wants a value: %s %s.", word, word, option->value);
		*at += 1;
	} else if (!option->value && value) {
		return rf_fail(err, RF_ERR_USAGE, "Option --%s takes no value.", option->name);
	}
	values[index] = value ? value : "";
	return 0;
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "-help") == 0;
}

/* "-- names\nSELECT …" is a statement that begins with a comment. */
static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0' && !(word[1] == '-' && (word[2] == ' ' || word[2] == '\n'));
}

int rf_options_parse(const struct rf_command *command, char **words, rf_arena *arena, struct rf_args *out, bool *help,
		     struct rf_error *err)
{
	size_t option_count = 0, word_count = 0;
	while (command->options && command->options[option_count].name)
		option_count++;
	while (words[word_count])
		word_count++;
	const char **values = rf_arena_array(arena, option_count + 1, sizeof(*values));
	char **left = rf_arena_array(arena, word_count + 1, sizeof(*left));
	if (!values || !left)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while reading the options.");
	int left_count = 0, at = 0;
	for (; words[at] && !ends_options(command, words[at]); at++) {
		if (is_help(words[at])) {
			*help = true;
			return 0;
		}
		int rc = take_option(command, words, &at, values, err);
		if (rc < 0)
			return rc;
		if (rc > 0 && is_option(words[at]) && !command->pass_unknown)
			return fail_unknown(command, words[at], arena, err);
		if (rc > 0)
			left[left_count++] = words[at];
	}
	if (words[at] && strcmp(words[at], "--") == 0 && !command->pass_unknown)
		at++;
	while (words[at])
		left[left_count++] = words[at++];
	*out = (struct rf_args){ .options = command->options, .values = values, .words = left,
				 .word_count = left_count };
	return 0;
}
