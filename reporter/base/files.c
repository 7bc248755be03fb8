#include "base/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int fd, const char *path, char *to, size_t bytes, size_t *got, struct rf_error *err)
{
	*got = 0;
	while (*got < bytes) {
		ssize_t n = read(fd, to + *got, bytes - *got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return rf_fail(err, RF_ERR_IO, "can't read %s: %s", path, strerror(errno));
		if (n == 0)
			break;
		*got += (size_t)n;
	}
	return 0;
}

int rf_file_read(const char *path, size_t bytes_max, rf_arena *arena, rf_str *out, struct rf_error *err)
{
	struct stat st;
	size_t got = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc; /* not waiting for whoever writes to a FIFO */
	if (fd < 0 || fstat(fd, &st) != 0)
		rc = rf_fail(err, errno == ENOENT ? RF_ERR_MISSING : RF_ERR_IO, "can't read %s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		rc = rf_fail(err, RF_ERR_INPUT, "%s is no regular file; give the path of one", path);
	else if ((uint64_t)st.st_size > bytes_max)
		rc = rf_fail(err, RF_ERR_INPUT, "%s is larger than %zu bytes, which is more than is read of such a file", path,
			     bytes_max);
	else {
		char *bytes = rf_arena_alloc(arena, (size_t)st.st_size + 1);
		rc = bytes ? read_all(fd, path, bytes, (size_t)st.st_size, &got, err)
			   : rf_fail(err, RF_ERR_MEMORY, "not enough memory to read %s", path);
		*out = (rf_str){ bytes, got };
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

int rf_dirs_make(const char *path, struct rf_error *err)
{
	char part[4096];
	size_t n = strlen(path);
	if (n >= sizeof(part))
		return rf_fail(err, RF_ERR_INPUT, "the path %.100s… is too long", path);
	for (size_t i = 1; i <= n; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0755) != 0 && errno != EEXIST)
			return rf_fail(err, RF_ERR_IO, "can't make the directory %s: %s", part, strerror(errno));
	}
	return 0;
}

static int write_all(int fd, const char *path, rf_str bytes, struct rf_error *err)
{
	while (bytes.len) {
		ssize_t n = write(fd, bytes.ptr, bytes.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return rf_fail(err, RF_ERR_IO, "can't write %s: %s", path, strerror(errno));
		bytes = rf_str_skip(bytes, (size_t)n);
	}
	if (fsync(fd) != 0)
		return rf_fail(err, RF_ERR_IO, "can't write %s: %s", path, strerror(errno));
	return 0;
}

static int make_parent(const char *path, struct rf_error *err)
{
	char parent[4096];
	const char *slash = strrchr(path, '/');
	if (!slash || slash == path)
		return 0;
	if ((size_t)(slash - path) >= sizeof(parent))
		return rf_fail(err, RF_ERR_INPUT, "the path %.100s… is too long", path);
	memcpy(parent, path, (size_t)(slash - path));
	parent[slash - path] = '\0';
	return rf_dirs_make(parent, err);
}

int rf_file_write(const char *path, rf_str bytes, mode_t mode, struct rf_error *err)
{
	int rc = make_parent(path, err);
	if (rc)
		return rc;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		return rf_fail(err, RF_ERR_IO, "can't write %s: %s", path, strerror(errno));
	rc = write_all(fd, path, bytes, err);
	if (close(fd) != 0 && rc == 0)
		rc = rf_fail(err, RF_ERR_IO, "can't write %s: %s", path, strerror(errno));
	return rc;
}

int rf_file_replace(const char *path, rf_str bytes, mode_t mode, struct rf_error *err)
{
	char aside[4096];
	int n = snprintf(aside, sizeof(aside), "%s.%ld", path, (long)getpid());
	if (n < 0 || (size_t)n >= sizeof(aside))
		return rf_fail(err, RF_ERR_INPUT, "the path %.100s… is too long", path);
	int rc = rf_file_write(aside, bytes, mode, err);
	if (rc == 0 && rename(aside, path) != 0)
		rc = rf_fail(err, RF_ERR_IO, "can't write %s: %s", path, strerror(errno));
	if (rc)
		(void)unlink(aside);
	return rc;
}

/* Calls itself for directories; the depth of our own trees (paths of Go packages) bounds it, and the length of `path`. */
static uint64_t walk(const char *path, bool remove_it)
{
	struct stat st;
	uint64_t bytes = 0;
	if (lstat(path, &st) != 0)
		return 0;
	DIR *dir = S_ISDIR(st.st_mode) ? opendir(path) : NULL;
	for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
		char below[4096];
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		int n = snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
		if (n > 0 && (size_t)n < sizeof(below))
			bytes += walk(below, remove_it);
	}
	if (dir)
		closedir(dir);
	if (remove_it)
		(void)(S_ISDIR(st.st_mode) ? rmdir(path) : unlink(path));
	return bytes + (S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0);
}

void rf_tree_remove(const char *path)
{
	walk(path, true);
}

uint64_t rf_tree_bytes(const char *path)
{
	return walk(path, false);
}

void rf_dir_sync(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!fsync(fd);
	close(fd);
}
