/* The functions behind the rows of commands.c; each lives in the file of its command. */
#ifndef RF_CMD_COMMAND_LIST_H
#define RF_CMD_COMMAND_LIST_H

#include "cmd/command.h"

int rf_cmd_report(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_ingest(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_test(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_run(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_agent(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_list(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_show(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_export(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_serve(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_explain(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_toolchain(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_env(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_doctor(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_symtab(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_suppress(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_suppressions(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_baseline(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_backup(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_gc(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_merge(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_policy(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_sql(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_alerts(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_duplicate(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_version(const struct rf_args *args, rf_arena *arena, struct rf_error *err);
int rf_cmd_help(const struct rf_args *args, rf_arena *arena, struct rf_error *err);

#endif
