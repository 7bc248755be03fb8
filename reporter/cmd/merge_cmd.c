/* redflag merge: several databases as one. */
#include <stdio.h>

#include "cmd/bytes.h"
#include "cmd/command_list.h"
#include "cmd/reporter.h"
#include "upkeep/merge.h"

int rf_cmd_merge(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	const char *to = rf_arg(args, "o");
	struct rf_merge m;
	if (args->word_count == 0)
		return rf_fail(err, RF_ERR_USAGE, "merge needs the databases to put together: redflag merge A.db B.db -o C.db.");
	if (!to || !to[0])
		return rf_fail(err, RF_ERR_USAGE, "merge needs a name for the result: -o C.db.");
	struct rf_merge_options options = { .inputs = (const char *const *)args->words, .count = (uint32_t)args->word_count, .to = to,
					    .clock = rf_reporter_clock() };
	int rc = rf_merge_run(&options, &m, err);
	if (rc < 0)
		return rc;
	printf("%s\n%lld event%s of %lld finding%s in %lld run%s, %s; %lld event%s read from %d database%s.\n", to, (long long)m.events,
	       m.events == 1 ? "" : "s", (long long)m.findings, m.findings == 1 ? "" : "s", (long long)m.runs, m.runs == 1 ? "" : "s",
	       rf_bytes_text(m.bytes, arena), (long long)m.events_read, m.events_read == 1 ? "" : "s", args->word_count,
	       args->word_count == 1 ? "" : "s");
	return RF_EXIT_CLEAN;
}
