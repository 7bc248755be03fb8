/* Where things are: the module, its database, the database's spools. */
#ifndef RF_CMD_PLACE_H
#define RF_CMD_PLACE_H

#include "base/arena.h"
#include "base/error.h"

/* The nearest directory upwards with go.mod or go.work, else the current directory. */
const char *rf_place_module(rf_arena *arena);
/* `option` (may be NULL), else $REDFLAG_DB, else .redflag/redflag.db in the module. `make`: the default's directory is created,
 * with a .gitignore of its own. Absolute. RF_ERR_IO when it can't be made. */
int rf_place_database(const char *option, bool make, rf_arena *arena, const char **path, struct rf_error *err);
/* " --db FILE", as a shell takes it, for commands that are advised; "" where they find the database by themselves. */
rf_str rf_place_option(const char *database, rf_arena *arena);
/* "<database>.spool" */
const char *rf_place_spools(const char *database, rf_arena *arena);
/* Creates the spool directory. */
int rf_place_make_spools(const char *spools, struct rf_error *err);

#endif
