#include "policy/suppression_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/files.h"

#define LOCK_TRIES_MAX 100 /* each time somebody renamed a new file into the place of the one that we waited for */

/* --- what may stand in it ----------------------------------------------------------------------------------------- */

static int check_line(const char *name, rf_str value, struct rf_error *err)
{
	if (!value.ptr)
		return 0;
	for (size_t i = 0; i < value.len; i++) {
		if ((unsigned char)value.ptr[i] < ' ' || value.ptr[i] == '"' || value.ptr[i] == 0x7f)
			value.len = 0;
	}
	if (rf_str_trim(value).len == 0)
		return rf_fail(err, RF_ERR_USAGE, "The %s must be one line of text without quotation marks.", name);
	return 0;
}

int rf_suppression_check(rf_str reason, rf_str expires, rf_str owner, struct rf_error *err)
{
	uint64_t end;
	if (!reason.ptr)
		return rf_fail(err, RF_ERR_USAGE, "A suppression wants its reason: why is this race tolerated?");
	if (expires.ptr && !rf_suppression_date(expires, &end))
		return rf_fail(err, RF_ERR_USAGE, "%.*s is no date; write the last day as 2027-01-31.",
			       RF_STR_ARG(rf_str_take(expires, 40)));
	int rc = check_line("reason", reason, err);
	return rc < 0 ? rc : check_line("owner", owner, err);
}

static void put_entry(struct rf_buf *out, const struct rf_suppression *e, rf_str title)
{
	rf_buf_put_cstr(out, "\n# ");
	for (size_t i = 0; i < title.len; i++)
		rf_buf_put_char(out, (unsigned char)title.ptr[i] < ' ' ? ' ' : title.ptr[i]); /* names may hold anything */
	rf_buf_put_cstr(out, "\n#");
	if (e->owner.len)
		rf_buf_printf(out, " owner=\"%.*s\"", RF_STR_ARG(e->owner));
	if (e->expires.len)
		rf_buf_printf(out, " expires=%.*s", RF_STR_ARG(e->expires));
	rf_buf_printf(out, " reason=\"%.*s\"\n%.*s\n", RF_STR_ARG(e->reason), RF_STR_ARG(e->text));
}

/* --- the lock ----------------------------------------------------------------------------------------------------- */

static bool is_at(int fd, const char *path)
{
	struct stat open_one, there;
	return fstat(fd, &open_one) == 0 && stat(path, &there) == 0 && open_one.st_dev == there.st_dev &&
	       open_one.st_ino == there.st_ino;
}

/* The descriptor of the file that is at `path` once we have its lock; closing it gives the lock back. */
static int open_locked(const char *path, int flags, int *out, struct rf_error *err)
{
	for (int i = 0; i < LOCK_TRIES_MAX; i++) {
		int fd = open(path, flags | O_CLOEXEC, 0666);
		if (fd < 0)
			return rf_fail(err, errno == ENOENT ? RF_ERR_MISSING : RF_ERR_IO, "Cannot write %s: %s.", path, strerror(errno));
		if (flock(fd, LOCK_EX) == 0 && is_at(fd, path)) {
			*out = fd;
			return 0;
		}
		close(fd);
	}
	return rf_fail(err, RF_ERR_IO, "%s changes all the time; try again.", path);
}

/* --- adding ------------------------------------------------------------------------------------------------------- */

static int check_absent(const char *path, rf_str text, uint64_t now, rf_arena *arena, struct rf_error *err)
{
	struct rf_suppressions list;
	int rc = rf_suppressions_load(path, arena, &list, err);
	for (uint32_t i = 0; rc == 0 && i < list.count; i++) {
		if (rf_str_eq(list.entries[i].text, text) && !rf_suppression_expired(&list.entries[i], now))
			return rf_fail(err, RF_ERR_USAGE, "%s:%u has %.*s already.", path, list.entries[i].line, RF_STR_ARG(text));
	}
	return rc;
}

int rf_suppression_add(const char *path, const struct rf_suppression *entry, rf_str title, uint64_t now, rf_arena *arena,
		       struct rf_error *err)
{
	struct rf_buf text;
	int fd, rc = check_line("name of the function", entry->text, err);
	if (rc == 0)
		rc = open_locked(path, O_WRONLY | O_CREAT | O_APPEND, &fd, err);
	if (rc < 0)
		return rc;
	rf_buf_init(&text);
	put_entry(&text, entry, title);
	rc = check_absent(path, entry->text, now, arena, err);
	if (rc == 0) {
		/* One write, which starts with a newline, whatever was there. */
		ssize_t n = text.failed ? -1 : write(fd, text.ptr, text.len);
		if (n != (ssize_t)text.len)
			rc = rf_fail(err, RF_ERR_IO, "Cannot write %s: %s.", path, strerror(errno));
	}
	rf_buf_release(&text);
	close(fd);
	return rc;
}

/* --- ending ------------------------------------------------------------------------------------------------------- */

static rf_str yesterday(uint64_t now_unix_ns, rf_arena *arena)
{
	char day[16];
	struct tm tm;
	time_t t = (time_t)(now_unix_ns / 1000000000u) - 86400;
	size_t n = gmtime_r(&t, &tm) ? strftime(day, sizeof(day), "%Y-%m-%d", &tm) : 0;
	return rf_arena_dup(arena, (rf_str){ day, n });
}

/* Where in the text: the old date's place, or the beginning of the entry's line. */
static void put_expired(struct rf_buf *out, rf_str text, const struct rf_suppression *e, rf_str day)
{
	const char *at = e->expires.len ? e->expires.ptr : e->text.ptr;
	size_t before = (size_t)(at - text.ptr);
	while (!e->expires.len && before && text.ptr[before - 1] != '\n')
		before--;
	rf_buf_put(out, text.ptr, before);
	if (e->expires.len)
		rf_buf_put_str(out, day);
	else
		rf_buf_printf(out, "# expires=%.*s\n", RF_STR_ARG(day));
	rf_buf_put_str(out, rf_str_skip(text, before + e->expires.len));
}

static const struct rf_suppression *entry_in_line(const struct rf_suppressions *list, rf_str text, uint32_t line)
{
	for (uint32_t i = 0; i < list->count; i++) {
		if (list->entries[i].line == line && rf_str_eq(list->entries[i].text, text))
			return &list->entries[i];
	}
	return NULL;
}

static int write_expired(int fd, const char *path, const struct rf_suppressions *list, const struct rf_suppression *e,
			 uint64_t now, rf_arena *arena, struct rf_error *err)
{
	struct rf_suppressions parsed;
	struct rf_buf text;
	struct stat st;
	/* A list that is a symbolic link stays one. */
	char *real = realpath(path, NULL);
	rf_buf_init(&text);
	put_expired(&text, list->source, e, yesterday(now, arena));
	int rc = text.failed || !real || fstat(fd, &st) != 0
			 ? rf_fail(err, RF_ERR_IO, "Cannot write %s: %s.", path, strerror(errno))
			 : rf_suppressions_parse(rf_buf_str(&text), path, arena, &parsed, err);
	if (rc == 0)
		rc = rf_file_replace(real, rf_buf_str(&text), st.st_mode & 07777, err);
	rf_buf_release(&text);
	free(real);
	return rc;
}

int rf_suppression_expire(const char *path, rf_str text, uint32_t line, uint64_t now, rf_arena *arena, struct rf_error *err)
{
	struct rf_suppressions list;
	int fd, rc = open_locked(path, O_RDWR, &fd, err);
	if (rc < 0)
		return rc;
	rc = rf_suppressions_load(path, arena, &list, err);
	const struct rf_suppression *e = rc == 0 ? entry_in_line(&list, text, line) : NULL;
	if (rc == 0 && !e)
		rc = rf_fail(err, RF_ERR_USAGE, "Line %u of %s is not %.*s any more, because the list was changed since; look at it again.",
			     line, path, RF_STR_ARG(rf_str_take(text, 200)));
	else if (rc == 0 && rf_suppression_expired(e, now))
		rc = rf_fail(err, RF_ERR_USAGE, "%.*s has expired already.", RF_STR_ARG(e->text));
	else if (rc == 0)
		rc = write_expired(fd, path, &list, e, now, arena, err);
	close(fd);
	return rc;
}
