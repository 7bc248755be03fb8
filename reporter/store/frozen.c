#include "store/frozen.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

bool rf_is_frozen(const char *path)
{
	struct stat log;
	char *name = sqlite3_mprintf("%s-wal", path), *slash = strrchr(path, '/');
	char *directory = slash ? sqlite3_mprintf("%.*s", (int)(slash - path + 1), path) : sqlite3_mprintf(".");
	bool has_log = !name || (stat(name, &log) == 0 && log.st_size > 0);
	bool writable = !directory || access(directory, W_OK) == 0;
	sqlite3_free(name);
	sqlite3_free(directory);
	return !has_log && !writable && access(path, R_OK) == 0;
}

int rf_frozen_open(const char *path, int flags, sqlite3 **handle)
{
	struct rf_buf uri;
	if (!rf_is_frozen(path))
		return sqlite3_open_v2(path, handle, flags, NULL);
	rf_buf_init(&uri);
	rf_buf_put_cstr(&uri, "file:");
	for (const char *at = path; *at; at++)
		rf_buf_printf(&uri, strchr("%?#", *at) ? "%%%02x" : "%c", (unsigned char)*at);
	rf_buf_put_cstr(&uri, "?immutable=1");
	rf_buf_put_char(&uri, '\0');
	flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | (flags & SQLITE_OPEN_NOMUTEX);
	int rc = uri.failed ? SQLITE_NOMEM : sqlite3_open_v2(uri.ptr, handle, flags, NULL);
	rf_buf_release(&uri);
	return rc;
}
