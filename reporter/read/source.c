#include "read/source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_source_name(rf_str path)
{
	static const char *const endings[] = { ".go", ".s", ".S", ".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".m", ".y" };
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (rf_str_ends(path, endings[i]))
			return true;
	}
	return false;
}

/* The whole file; ptr NULL when it isn't one. Opening must not wait, which it would for a pipe of that name. */
static rf_str read_file(const char *path, struct stat *st, rf_arena *arena)
{
	rf_str text = { NULL, 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return text;
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode) && (uint64_t)st->st_size <= RF_SOURCE_BYTES_MAX) {
		char *bytes = rf_arena_alloc(arena, (size_t)st->st_size + 1);
		ssize_t n = 1;
		while (bytes && text.len < (size_t)st->st_size && n > 0) {
			n = read(fd, bytes + text.len, (size_t)st->st_size - text.len);
			text.len += n > 0 ? (size_t)n : 0;
			if (n < 0 && errno == EINTR)
				n = 1;
		}
		text.ptr = bytes;
	}
	close(fd);
	return text;
}

bool rf_source_read(rf_str path, uint32_t line, uint64_t report_unix_ns, rf_arena *arena, struct rf_source *out)
{
	struct stat st;
	*out = (struct rf_source){ 0 };
	if (line == 0 || path.len == 0 || path.ptr[0] != '/' || memchr(path.ptr, 0, path.len) || !is_source_name(path))
		return false;
	rf_str rest = read_file(rf_arena_cstr(arena, path), &st, arena);
	bool found = false;
	if (!rest.ptr)
		return false;
	out->changed = (uint64_t)st.st_mtim.tv_sec > report_unix_ns / 1000000000u;
	for (uint32_t number = 1; rest.len && number <= line + RF_SOURCE_AROUND; number++) {
		rf_str text = rf_str_cut(&rest, '\n');
		if (number + RF_SOURCE_AROUND < line)
			continue;
		found = found || number == line;
		out->lines[out->count].number = number;
		out->lines[out->count++].text = rf_str_take(text, RF_SOURCE_LINE_BYTES_MAX);
	}
	return found;
}

rf_str rf_source_path_below(const char *root, rf_str path, rf_arena *arena)
{
	char base[PATH_MAX], full[PATH_MAX];
	if (path.len == 0 || memchr(path.ptr, 0, path.len) || !realpath(root, base) ||
	    !realpath(rf_arena_cstr(arena, rf_arena_printf(arena, "%s/%.*s", base, RF_STR_ARG(path))), full))
		return RF_STR("");
	size_t len = strlen(base);
	if (strncmp(full, base, len) != 0 || (full[len] != '/' && len > 1))
		return RF_STR("");
	return rf_arena_dup(arena, rf_str_from(full));
}
