#include "store/schema_growth.h"

/* One column a metric of model/growth.h, by its name. */
const char rf_schema_growth[] =
	"CREATE TABLE samples (\n"
	"  process_id INTEGER NOT NULL REFERENCES processes ON DELETE CASCADE,\n"
	"  elapsed_ms INTEGER NOT NULL,\n" /* since the process began */
	"  goroutines INTEGER NOT NULL,\n"
	"  threads INTEGER NOT NULL,\n"
	"  timers INTEGER NOT NULL,\n"
	"  blocked_send INTEGER NOT NULL,\n"
	"  blocked_receive INTEGER NOT NULL,\n"
	"  blocked_select INTEGER NOT NULL,\n"
	"  blocked_lock INTEGER NOT NULL,\n"
	"  heap_live INTEGER NOT NULL,\n" /* this and the next: bytes */
	"  heap_in_use INTEGER NOT NULL,\n"
	"  stacks INTEGER NOT NULL,\n"
	"  go_mapped INTEGER NOT NULL,\n"
	"  resident INTEGER NOT NULL,\n"
	"  itabs INTEGER NOT NULL,\n"
	"  reflected INTEGER NOT NULL,\n"
	"  modules INTEGER NOT NULL,\n"
	"  memory_limit INTEGER NOT NULL,\n"
	"  cgroup_limit INTEGER NOT NULL,\n"
	"  PRIMARY KEY (process_id, elapsed_ms)\n"
	") STRICT, WITHOUT ROWID;\n"
	"CREATE TABLE goroutine_creators (\n"
	"  process_id INTEGER NOT NULL REFERENCES processes ON DELETE CASCADE,\n"
	"  position INTEGER NOT NULL,\n" /* 1, 2, 3 …: the most goroutines first */
	"  function TEXT NOT NULL,\n"
	"  file TEXT NOT NULL,\n"
	"  line INTEGER NOT NULL,\n"
	"  waiting TEXT NOT NULL,\n" /* '': they run, or could */
	"  live INTEGER NOT NULL,\n"
	"  PRIMARY KEY (process_id, position)\n"
	") STRICT, WITHOUT ROWID;\n";

const char rf_schema_queues[] =
	"ALTER TABLE samples ADD COLUMN queued INTEGER NOT NULL DEFAULT 0;\n"
	"CREATE TABLE channel_makers (\n"
	"  process_id INTEGER NOT NULL REFERENCES processes ON DELETE CASCADE,\n"
	"  position INTEGER NOT NULL,\n" /* 1, 2, 3 …: the most elements first */
	"  function TEXT NOT NULL,\n"
	"  file TEXT NOT NULL,\n"
	"  line INTEGER NOT NULL,\n"
	"  elements INTEGER NOT NULL,\n" /* in the buffers of all channels that were made there */
	"  PRIMARY KEY (process_id, position)\n"
	") STRICT, WITHOUT ROWID;\n";
