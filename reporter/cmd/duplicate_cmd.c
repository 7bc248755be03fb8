/* redflag duplicate: this finding is that one. */
#include <stdio.h>
#include <string.h>

#include "cmd/command_list.h"
#include "cmd/reporter.h"
#include "store/duplicates.h"

static int undo(struct rf_store *store, const struct rf_finding_row *finding, struct rf_error *err)
{
	int rc = rf_duplicates_undo(store, finding, err);
	if (rc == 0)
		printf("Finding %lld is a finding of its own again.\n", (long long)finding->id);
	return rc;
}

static int set(struct rf_store *store, const struct rf_args *args, const struct rf_finding_row *finding, rf_arena *arena,
	       struct rf_error *err)
{
	struct rf_finding_row of;
	int64_t original = 0;
	int rc = rf_query_finding(store, rf_str_from(rf_arg(args, "of")), arena, &of, err);
	if (rc == 0)
		rc = rf_duplicates_set(store, finding, &of, rf_str_from(rf_arg(args, "reason")), &original, err);
	if (rc == 0 && original != of.id)
		printf("Finding %lld is a duplicate of %lld, of which %lld is one too.\n", (long long)finding->id, (long long)original,
		       (long long)of.id);
	else if (rc == 0)
		printf("Finding %lld is a duplicate of %lld.\n", (long long)finding->id, (long long)original);
	return rc;
}

int rf_cmd_duplicate(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	struct rf_store *store = NULL;
	struct rf_finding_row finding;
	const char *path;
	bool undoes = rf_arg(args, "undo") != NULL;
	if (args->word_count != 1 || undoes == (rf_arg(args, "of") != NULL))
		return rf_fail(err, RF_ERR_USAGE, "duplicate wants a finding, and --of OTHER or --undo.");
	int rc = rf_reporter_open_store(args, arena, &store, &path, err);
	if (rc == 0)
		rc = rf_query_finding(store, rf_str_from(args->words[0]), arena, &finding, err);
	if (rc == 0)
		rc = undoes ? undo(store, &finding, err) : set(store, args, &finding, arena, err);
	rf_store_close(store);
	return rc;
}
