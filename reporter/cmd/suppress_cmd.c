/* redflag suppress: writes an entry of the suppression list for a finding. */
#include <stdio.h>

#include "cmd/command_list.h"
#include "cmd/noise.h"
#include "cmd/place.h"
#include "cmd/reporter.h"
#include "policy/suppression_file.h"
#include "query/suppress.h"

static int check_options(const struct rf_args *args, struct rf_error *err)
{
	if (args->word_count != 1)
		return rf_fail(err, RF_ERR_USAGE, "suppress wants one finding: redflag suppress 12 --reason \"why\".");
	if (!rf_arg(args, "reason"))
		return rf_fail(err, RF_ERR_USAGE, "A suppression wants its reason: --reason \"why this race is tolerated\".");
	return rf_suppression_check(rf_str_from(rf_arg(args, "reason")), rf_str_from(rf_arg(args, "expires")),
				    rf_str_from(rf_arg(args, "owner")), err);
}

static void explain(const struct rf_suppress_plan *plan, const char *path)
{
	printf("%s: added %.*s\n\n", path, RF_STR_ARG(plan->entry.text));
	printf("It suppresses every race that has %.*s on the stack of either side.\n", RF_STR_ARG(plan->function));
	if (plan->others)
		printf("Of the other findings in the database it fits %u; `redflag suppressions stats` will count them.\n",
		       plan->others);
	else
		printf("No other finding in the database has it.\n");
	printf("From the next run on the race doesn't fail its test; finding %lld is still recorded, as suppressed.\n",
	       (long long)plan->row.id);
}

static int write_entry(const struct rf_args *args, struct rf_suppress_plan *plan, rf_arena *arena, struct rf_error *err)
{
	struct rf_config config;
	int rc = rf_config_load(rf_place_module(arena), arena, &config, err);
	if (rc < 0)
		return rc;
	const char *path = rf_noise_suppressions_path(&config, arena);
	plan->entry.reason = rf_str_from(rf_arg(args, "reason"));
	plan->entry.expires = rf_str_from(rf_arg(args, "expires"));
	plan->entry.owner = rf_str_from(rf_arg(args, "owner"));
	rc = rf_suppression_add(path, &plan->entry, plan->row.title, rf_clock_now(rf_reporter_clock()), arena, err);
	if (rc == 0)
		explain(plan, path);
	return rc;
}

int rf_cmd_suppress(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	struct rf_store *store = NULL;
	struct rf_finding_row row;
	struct rf_suppress_plan plan;
	const char *database;
	int rc = check_options(args, err);
	if (rc == 0)
		rc = rf_reporter_open_store(args, arena, &store, &database, err);
	if (rc == 0)
		rc = rf_query_finding(store, rf_str_from(args->words[0]), arena, &row, err);
	if (rc == 0)
		rc = rf_suppress_plan(store, &row, arena, &plan, err);
	if (rc == 0)
		rc = write_entry(args, &plan, arena, err);
	rf_store_close(store);
	return rc;
}
