#include "alert/send.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void rf_attempt_fail(struct rf_attempt *a, bool permanent, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(a->why, sizeof(a->why), format, args);
	va_end(args);
	a->done = false;
	a->permanent = permanent;
}

/* Whoever wrote last may have been cut off in the middle of a line: ours begins a new one. */
static bool ends_in_line(int fd, const struct stat *st)
{
	char last;
	return st->st_size > 0 && pread(fd, &last, 1, st->st_size - 1) == 1 && last != '\n';
}

static bool write_line(int fd, rf_str line)
{
	ssize_t n;
	do
		n = write(fd, line.ptr, line.len);
	while (n < 0 && errno == EINTR);
	if (n >= 0 && (size_t)n < line.len)
		errno = ENOSPC; /* a part of a line: the next one that is appended ends it */
	return n == (ssize_t)line.len;
}

static bool write_lines(int fd, rf_str lines)
{
	while (lines.len) {
		ptrdiff_t end = rf_str_find(lines, '\n');
		size_t n = end < 0 ? lines.len : (size_t)end + 1;
		if (!write_line(fd, rf_str_take(lines, n)))
			return false;
		lines = rf_str_skip(lines, n);
	}
	return true;
}

/* Room for all lines first, so that a full disk takes none of them rather than a part of one. A file system that can't promise
 * that is written to all the same. */
static bool has_room(int fd, const struct stat *st, size_t bytes)
{
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, st->st_size, (off_t)bytes + 1) == 0)
		return true;
	return errno != ENOSPC && errno != EDQUOT && errno != EFBIG;
}

void rf_send_lines(const char *path, rf_str lines, struct rf_attempt *out)
{
	struct stat st;
	*out = (struct rf_attempt){ .done = true };
	/* Opened each time: a file that was moved aside (logrotate) is made anew. */
	int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
	if (fd < 0 || fstat(fd, &st) != 0) {
		rf_attempt_fail(out, false, "Cannot write %s: %s.", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode)) { /* a pipe could keep us waiting */
		rf_attempt_fail(out, true, "%s is no regular file; name one.", path);
	} else if (!has_room(fd, &st, lines.len) || (ends_in_line(fd, &st) && !write_line(fd, RF_STR("\n"))) ||
		   !write_lines(fd, lines) || fdatasync(fd) != 0) {
		rf_attempt_fail(out, false, "Cannot write %s: %s.", path, strerror(errno));
	}
	if (fd >= 0 && close(fd) != 0 && out->done)
		rf_attempt_fail(out, false, "Cannot write %s: %s.", path, strerror(errno));
}
