#include "store/schema_executions.h"

/* Each time that a test ran, passing ones too, which results doesn't have; and what tests and packages said. An execution of before
 * this migration has no start of its own. What was said is apart, in a table with row ids, because it may be long. */
const char rf_schema_executions[] =
	"CREATE TABLE executions (\n"
	"  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,\n"
	"  test_id INTEGER NOT NULL REFERENCES tests,\n"
	"  started INTEGER NOT NULL,\n" /* nanoseconds since 1970; a small number when the stream had no times */
	"  result TEXT NOT NULL,\n"     /* pass, fail, skip, unfinished, cut */
	"  elapsed_ms INTEGER NOT NULL,\n"
	"  PRIMARY KEY (run_id, test_id, started)\n"
	") STRICT, WITHOUT ROWID;\n"
	"CREATE INDEX executions_test ON executions(test_id);\n"
	"CREATE TABLE outputs (\n"
	"  id INTEGER PRIMARY KEY,\n"
	"  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,\n"
	"  test_id INTEGER NOT NULL REFERENCES tests,\n"
	"  started INTEGER NOT NULL,\n" /* of the execution, or of the package */
	"  bytes INTEGER NOT NULL,\n"   /* that it said, of which the text may be a part */
	"  text TEXT NOT NULL,\n"
	"  UNIQUE (run_id, test_id, started)\n"
	") STRICT;\n"
	"CREATE INDEX outputs_test ON outputs(test_id);\n"
	"INSERT INTO executions SELECT x.run_id, x.test_id, 0, x.result, coalesce(x.elapsed_ms, 0)\n"
	"  FROM results x JOIN tests t ON t.id = x.test_id WHERE t.name <> '';\n";
