#include "cmd/shell_env.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/place.h"

void rf_shell_put_word(struct rf_buf *out, rf_str s)
{
	rf_buf_put_char(out, '\'');
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '\'')
			rf_buf_put_cstr(out, "'\\''");
		else
			rf_buf_put_char(out, s.ptr[i]);
	}
	rf_buf_put_char(out, '\'');
}

static void put_export(struct rf_buf *out, const char *name, rf_str value)
{
	rf_buf_printf(out, "export %s=", name);
	rf_shell_put_word(out, value);
	rf_buf_put_char(out, '\n');
}

/* The directory of a go command that isn't the one on PATH goes to its front, unless it is there already. */
static void put_path(const struct rf_toolchain *t, rf_arena *arena, struct rf_buf *out)
{
	rf_str program = rf_str_from(t->go_program), path = rf_str_from(getenv("PATH"));
	ptrdiff_t slash = rf_str_find_last(program, '/');
	rf_str directory = rf_str_take(program, slash < 0 ? 0 : (size_t)slash), rest = path;
	if (!directory.len || rf_str_eq(rf_str_cut(&rest, ':'), directory))
		return;
	put_export(out, "PATH", rf_arena_printf(arena, "%.*s%s%.*s", RF_STR_ARG(directory), path.len ? ":" : "", RF_STR_ARG(path)));
}

static void put_spool(struct rf_shell_env *wanted, rf_arena *arena, struct rf_buf *out)
{
	const char *now = getenv("REDFLAG_SPOOL"), *path, *spools = "";
	struct rf_error err;
	if (now && now[0] && !wanted->database)
		return;
	int rc = rf_place_database(wanted->database, true, arena, &path, &err);
	if (rc == 0) {
		spools = rf_place_spools(path, arena);
		rc = rf_place_make_spools(spools, &err);
	}
	if (rc)
		wanted->warning = rf_arena_printf(arena, "programs will leave no records: %s", err.text);
	else
		put_export(out, "REDFLAG_SPOOL", rf_str_from(spools));
}

int rf_shell_env_put(const struct rf_toolchain *t, struct rf_shell_env *wanted, rf_arena *arena, struct rf_buf *out,
		     struct rf_error *err)
{
	rf_str goflags;
	int rc = rf_toolchain_goflags(t, t->goflags, arena, &goflags, err);
	if (rc)
		return rc;
	put_path(t, arena, out);
	for (size_t i = 0; t->environment && t->environment[i]; i++) {
		rf_str value = rf_str_from(t->environment[i]), name = rf_str_cut(&value, '=');
		put_export(out, rf_arena_cstr(arena, name), value);
	}
	put_export(out, "GOFLAGS", goflags);
	wanted->warning = RF_STR("");
	if (wanted->spool)
		put_spool(wanted, arena, out);
	return out->failed ? rf_fail(err, RF_ERR_MEMORY, "not enough memory for the environment") : 0;
}
