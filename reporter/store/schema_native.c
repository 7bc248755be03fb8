#include "store/schema_native.h"

/* A goroutine's array has a thirteenth value where it is a thread. */
const char rf_schema_threads[] =
	"DROP VIEW goroutines;\n"
	"CREATE VIEW goroutines AS\n"
	"SELECT d.event_id, g.key + 1 AS position, g.value ->> 0 AS thread, g.value ->> 1 AS goid, g.value ->> 2 AS parent_goid,\n"
	"  g.value ->> 3 AS created_unix_ns, g.value ->> 4 AS state, g.value ->> 5 AS entry, g.value ->> 6 AS test,\n"
	"  g.value ->> 7 AS test_over, g.value ->> 8 AS is_main, g.value ->> 9 AS finished, g.value ->> 10 AS labels,\n"
	"  g.value ->> 11 AS created_stack_id, coalesce(g.value ->> 12, 0) AS is_thread\n"
	"FROM event_details d, json_each(d.goroutines) g;\n";

/* Frames belong to their profile, and not to the frames of reports: so a profile goes with its process, at once. */
const char rf_schema_profiles[] =
	"CREATE TABLE profiles (\n"
	"  process_id INTEGER NOT NULL REFERENCES processes ON DELETE CASCADE,\n"
	"  kind TEXT NOT NULL,\n"
	"  snapshot INTEGER NOT NULL,\n"
	"  elapsed_ms INTEGER NOT NULL,\n" /* since the process began */
	"  period INTEGER NOT NULL,\n"
	"  dropped INTEGER NOT NULL,\n"
	"  stacks INTEGER NOT NULL,\n"
	"  value_1 INTEGER NOT NULL,\n" /* of all stacks, estimated; as below, by kind (model/profile.c) */
	"  value_2 INTEGER NOT NULL,\n"
	"  value_3 INTEGER NOT NULL,\n"
	"  value_4 INTEGER NOT NULL,\n"
	"  PRIMARY KEY (process_id, kind, snapshot)\n"
	") STRICT, WITHOUT ROWID;\n"
	"CREATE TABLE profile_frames (\n" /* of the last snapshot, as the next */
	"  process_id INTEGER NOT NULL REFERENCES processes ON DELETE CASCADE,\n"
	"  kind TEXT NOT NULL,\n"
	"  number INTEGER NOT NULL,\n"
	"  function TEXT NOT NULL,\n"
	"  file TEXT NOT NULL,\n"
	"  line INTEGER NOT NULL,\n"
	"  PRIMARY KEY (process_id, kind, number)\n"
	") STRICT, WITHOUT ROWID;\n"
	"CREATE TABLE profile_samples (\n"
	"  process_id INTEGER NOT NULL REFERENCES processes ON DELETE CASCADE,\n"
	"  kind TEXT NOT NULL,\n"
	"  position INTEGER NOT NULL,\n" /* the most first */
	"  frames TEXT NOT NULL,\n"      /* numbers, as JSON; the innermost first */
	"  value_1 INTEGER NOT NULL,\n"
	"  value_2 INTEGER NOT NULL,\n"
	"  value_3 INTEGER NOT NULL,\n"
	"  value_4 INTEGER NOT NULL,\n"
	"  PRIMARY KEY (process_id, kind, position)\n"
	") STRICT, WITHOUT ROWID;\n";
