/* Files and directories: whole files in and out, trees made and removed. */
#ifndef RF_BASE_FILES_H
#define RF_BASE_FILES_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"

/* The whole file; a NUL follows that `len` doesn't count. No file is RF_ERR_MISSING, larger than
 * bytes_max RF_ERR_INPUT, unreadable RF_ERR_IO. */
int rf_file_read(const char *path, size_t bytes_max, rf_arena *arena, rf_str *out, struct rf_error *err);
/* Writes and syncs; directories above are made. An existing file is overwritten. */
int rf_file_write(const char *path, rf_str bytes, mode_t mode, struct rf_error *err);
/* As rf_file_write, but aside and renamed: a reader sees the old file or the whole new one. */
int rf_file_replace(const char *path, rf_str bytes, mode_t mode, struct rf_error *err);
/* mkdir -p. */
int rf_dirs_make(const char *path, struct rf_error *err);
/* Removes a file or a tree, as far as it can; what isn't there is fine. */
void rf_tree_remove(const char *path);
/* Bytes of all regular files below. */
uint64_t rf_tree_bytes(const char *path);
/* Makes a directory's entries durable; errors are ignored (not every file system can). */
void rf_dir_sync(const char *path);

#endif
