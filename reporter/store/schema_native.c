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
