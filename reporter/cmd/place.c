#include "cmd/place.h"
#include "cmd/shell_env.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has(const char *directory, const char *name)
{
	char path[PATH_MAX + 16];
	int n = snprintf(path, sizeof(path), "%s/%s", directory, name);
	return n > 0 && (size_t)n < sizeof(path) && access(path, F_OK) == 0;
}

static rf_str current_directory(rf_arena *arena)
{
	char path[PATH_MAX];
	return rf_arena_dup(arena, rf_str_from(getcwd(path, sizeof(path)) ? path : "."));
}

const char *rf_place_module(rf_arena *arena)
{
	rf_str here = current_directory(arena);
	char *at = (char *)rf_arena_cstr(arena, here);
	for (size_t len = here.len; len > 0;) {
		if (has(at, "go.mod") || has(at, "go.work"))
			return at;
		ptrdiff_t slash = rf_str_find_last((rf_str){ at, len }, '/');
		if (slash <= 0)
			break;
		len = (size_t)slash;
		at[len] = '\0';
	}
	return here.ptr;
}

static int make_directory(const char *path, struct rf_error *err)
{
	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return 0;
	return rf_fail(err, RF_ERR_IO, "Cannot make the directory %s: %s. Name another place with --db or REDFLAG_DB.",
		       path, strerror(errno));
}

/* What is in .redflag is nobody's source. */
static void make_gitignore(const char *directory, rf_arena *arena)
{
	const char *path = rf_arena_printf(arena, "%s/.gitignore", directory).ptr;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return;
	ssize_t written = write(fd, "*\n", 2);
	close(fd);
	if (written != 2)
		unlink(path);
}

int rf_place_database(const char *option, bool make, rf_arena *arena, const char **path, struct rf_error *err)
{
	const char *given = option ? option : getenv("REDFLAG_DB");
	if (given && given[0] == '\0')
		given = NULL;
	if (option && !given)
		return rf_fail(err, RF_ERR_USAGE, "Option --db wants the name of a file.");
	if (given) {
		*path = given[0] == '/' ? given
					: rf_arena_printf(arena, "%.*s/%s", RF_STR_ARG(current_directory(arena)), given).ptr;
		return 0;
	}
	const char *directory = rf_arena_printf(arena, "%s/.redflag", rf_place_module(arena)).ptr;
	*path = rf_arena_printf(arena, "%s/redflag.db", directory).ptr;
	if (!make)
		return 0;
	int rc = make_directory(directory, err);
	if (rc == 0)
		make_gitignore(directory, arena);
	return rc;
}

rf_str rf_place_option(const char *database, rf_arena *arena)
{
	struct rf_error ignored;
	struct rf_buf b;
	const char *found = NULL;
	if (rf_place_database(NULL, false, arena, &found, &ignored) == 0 && found && strcmp(found, database) == 0)
		return RF_STR("");
	rf_buf_init(&b);
	rf_buf_put_cstr(&b, " --db ");
	rf_shell_put_word(&b, rf_str_from(database));
	rf_str option = rf_arena_dup(arena, rf_buf_str(&b));
	rf_buf_release(&b);
	return option;
}

const char *rf_place_spools(const char *database, rf_arena *arena)
{
	return rf_arena_printf(arena, "%s.spool", database).ptr;
}

int rf_place_make_spools(const char *spools, struct rf_error *err)
{
	return make_directory(spools, err);
}
