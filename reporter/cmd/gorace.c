#include "cmd/gorace.h"

#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "base/hash.h"

/* First line of a copy, and the line before what another file gave: a copy that is met again (redflag test after
 * `eval "$(redflag env)"`) is taken apart, so that old entries don't stay for ever. */
#define MARK_COPY "# made by redflag for one run; edit the list itself: "
#define MARK_USER "# from the file that GORACE names: "

static bool is_blank(char c)
{
	return c == ' ' || c == ',' || c == ':' || c == '\n' || c == '\t' || c == '\r';
}

/* The value of the last suppressions= in GORACE; compiler-rt, sanitizer_flag_parser.cpp: blanks, commas and colons part
 * settings, a value may be quoted. */
static rf_str find_setting(rf_str gorace)
{
	static const char name[] = "suppressions=";
	rf_str found = { NULL, 0 };
	for (size_t i = 0; i < gorace.len; i++) {
		if ((i && !is_blank(gorace.ptr[i - 1])) || !rf_str_starts(rf_str_skip(gorace, i), name))
			continue;
		rf_str value = rf_str_skip(gorace, i + sizeof(name) - 1);
		size_t n = 0;
		if (value.len && (value.ptr[0] == '"' || value.ptr[0] == '\'')) {
			char quote = value.ptr[0];
			value = rf_str_skip(value, 1);
			while (n < value.len && value.ptr[n] != quote)
				n++;
		} else {
			while (n < value.len && !is_blank(value.ptr[n]))
				n++;
		}
		found = rf_str_take(value, n);
	}
	return found;
}

static int read_user(rf_str path, rf_arena *arena, rf_str *text, rf_str *from, bool *is_copy, struct rf_error *err)
{
	*text = RF_STR("");
	*from = path;
	*is_copy = false;
	if (path.len == 0)
		return 0;
	int rc = rf_file_read(rf_arena_cstr(arena, path), RF_SUPPRESSIONS_BYTES_MAX, arena, text, err);
	if (rc < 0)
		return rf_fail_again(err, "GORACE names suppressions that can't be read; give their absolute path");
	if (!rf_str_starts(*text, MARK_COPY))
		return 0;
	*is_copy = true;
	ptrdiff_t mark = rf_str_find_str(*text, RF_STR(MARK_USER));
	*text = mark < 0 ? RF_STR("") : rf_str_skip(*text, (size_t)mark + sizeof(MARK_USER) - 1);
	*from = rf_str_cut(text, '\n');
	return 0;
}

/* Named by its content: runs that overlap never change a file that another one's processes still have to read. */
static int write_copy(rf_str text, const char *database, rf_arena *arena, const char **path, struct rf_error *err)
{
	const char *directory = rf_arena_printf(arena, "%s.suppressions", database).ptr;
	*path = rf_arena_printf(arena, "%s/%016llx.supp", directory, (unsigned long long)rf_hash_str(RF_HASH_START, text)).ptr;
	if (access(*path, R_OK) == 0)
		return 0;
	int rc = rf_dirs_make(directory, err);
	return rc < 0 ? rc : rf_file_replace(*path, text, 0666, err);
}

int rf_gorace_make(const struct rf_suppressions *list, const char *database, const char *gorace, uint64_t now_unix_ns,
		   rf_arena *arena, rf_str *value, struct rf_error *err)
{
	struct rf_buf copy;
	rf_str set = rf_str_from(gorace), before = find_setting(set), user, from;
	const char *path;
	bool is_copy;
	*value = (rf_str){ NULL, 0 };
	int rc = read_user(before, arena, &user, &from, &is_copy, err);
	if (list->count == 0 && (rc < 0 || !is_copy))
		return 0;
	if (rc < 0)
		return rc;
	rf_buf_init(&copy);
	rf_buf_printf(&copy, MARK_COPY "%.*s\n", RF_STR_ARG(list->path));
	uint32_t count = rf_suppressions_put_process(list, now_unix_ns, &copy);
	if (user.len)
		rf_buf_printf(&copy, MARK_USER "%.*s\n%.*s", RF_STR_ARG(from), RF_STR_ARG(user));
	rf_str text = rf_arena_dup(arena, rf_buf_str(&copy));
	bool failed = copy.failed || arena->failed;
	rf_buf_release(&copy);
	if (failed)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while writing the suppressions.");
	if (count == 0 && before.len == 0)
		return 0;
	rc = write_copy(text, database, arena, &path, err);
	char quote = strchr(path, '"') ? '\'' : '"';
	/* The last setting of a name counts. */
	*value = rf_arena_printf(arena, "%.*s%ssuppressions=%c%s%c", RF_STR_ARG(set), set.len ? " " : "", quote, path, quote);
	return rc;
}
