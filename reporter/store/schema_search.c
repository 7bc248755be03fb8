#include "store/schema_search.h"

/* A document for each finding was most of what a new finding cost: it was written anew with each new name, and most of its names
 * were those of other findings. */
const char rf_schema_search[] =
	"DROP TRIGGER findings_delete;\n"
	"DROP TRIGGER findings_delete_news;\n"
	"DROP TABLE findings_fts;\n"
	"DROP TABLE search_news;\n"
	"CREATE TABLE names (\n"
	"  id INTEGER PRIMARY KEY,\n"
	"  text TEXT NOT NULL UNIQUE,\n"
	"  short TEXT\n" /* of a method: without its type */
	") STRICT;\n"
	"CREATE VIRTUAL TABLE names_fts USING fts5(text, short, content = 'names', content_rowid = 'id', columnsize = 0,\n"
	"  tokenize = 'trigram');\n"
	"CREATE TRIGGER names_delete AFTER DELETE ON names BEGIN\n"
	"  INSERT INTO names_fts (names_fts, rowid, text, short) VALUES ('delete', OLD.id, OLD.text, OLD.short);\n"
	"END;\n"
	"CREATE TABLE finding_names (\n"
	"  name_id INTEGER NOT NULL,\n"
	"  finding_id INTEGER NOT NULL,\n"
	"  kind INTEGER NOT NULL,\n" /* enum rf_name_kind */
	"  PRIMARY KEY (name_id, finding_id, kind)\n"
	") STRICT, WITHOUT ROWID;\n"
	/* Their names are not looked up by finding, so they go together, at the end of a transaction. */
	"CREATE TABLE search_gone (finding_id INTEGER PRIMARY KEY) STRICT;\n"
	"CREATE TRIGGER findings_delete AFTER DELETE ON findings BEGIN\n"
	"  INSERT OR IGNORE INTO search_gone VALUES (OLD.id);\n"
	"END;\n";
