#include "store/queue.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "store/database.h"

#define ALONE RF_SQL_COUNT /* there is no such statement */
#define EVENTS (RF_QUEUE_BIT(RF_QUEUE_EVENTS) | RF_QUEUE_BIT(RF_QUEUE_DETAILS))

static const struct {
	enum rf_sql one, many, last;
	uint32_t columns;
	unsigned with; /* bits: written when it is full, for one refers to the other */
} tables[RF_QUEUE_COUNT] = {
	[RF_QUEUE_FRAMES] = { RF_SQL_FRAME_ADD, RF_SQL_FRAMES_ADD, RF_SQL_FRAME_LAST, 5, RF_QUEUE_BIT(RF_QUEUE_FRAMES) },
	[RF_QUEUE_STACKS] = { RF_SQL_STACK_ADD, RF_SQL_STACKS_ADD, RF_SQL_STACK_LAST, 4, RF_QUEUE_BIT(RF_QUEUE_STACKS) },
	[RF_QUEUE_NAMES] = { RF_SQL_SEARCH_NAME_ADD, RF_SQL_SEARCH_NAMES_ADD, RF_SQL_SEARCH_HIGHEST, 3, RF_QUEUE_BIT(RF_QUEUE_NAMES) },
	[RF_QUEUE_PAIRS] = { RF_SQL_SEARCH_PAIR_ADD, RF_SQL_SEARCH_PAIRS_ADD, ALONE, 3, RF_QUEUE_BIT(RF_QUEUE_PAIRS) },
	[RF_QUEUE_EVENTS] = { RF_SQL_EVENT_ADD, RF_SQL_EVENTS_ADD, RF_SQL_EVENT_LAST, 30, EVENTS },
	[RF_QUEUE_DETAILS] = { RF_SQL_EVENT_DETAILS_ADD, RF_SQL_EVENTS_DETAILS_ADD, ALONE, 3, EVENTS },
	[RF_QUEUE_UPGRADES] = { RF_SQL_EVENT_UPGRADE, ALONE, ALONE, RF_QUEUE_COLUMNS_MAX, EVENTS },
};

void rf_queue_init(struct rf_queue q[RF_QUEUE_COUNT])
{
	for (int i = 0; i < RF_QUEUE_COUNT; i++)
		rf_arena_init(&q[i].texts, 0);
	rf_queue_drop(q);
}

void rf_queue_release(struct rf_queue q[RF_QUEUE_COUNT])
{
	for (int i = 0; i < RF_QUEUE_COUNT; i++)
		rf_arena_release(&q[i].texts);
}

void rf_queue_drop(struct rf_queue q[RF_QUEUE_COUNT])
{
	for (int i = 0; i < RF_QUEUE_COUNT; i++) {
		q[i].rows = 0;
		q[i].last = 0;
		rf_arena_reset(&q[i].texts);
	}
}

/* --- statements -------------------------------------------------------------------------------------------------- */

/* Does it read or change the table of that name? */
static bool uses(const char *sql, const char *name)
{
	static const char *const before[] = { "FROM ", "JOIN ", "UPDATE ", ", " };
	size_t name_len = strlen(name);
	for (const char *at = strstr(sql, name); at; at = strstr(at + 1, name)) {
		char behind = at[name_len];
		bool whole = behind == '\0' || behind == ' ' || behind == ')' || behind == ',';
		for (size_t i = 0; i < sizeof(before) / sizeof(before[0]) && whole; i++) {
			size_t len = strlen(before[i]);
			if ((size_t)(at - sql) >= len && memcmp(at - len, before[i], len) == 0)
				return true;
		}
	}
	return false;
}

unsigned rf_queue_concerns(const char *sql)
{
	unsigned bits = 0;
	if (strstr(sql, " v_") || strstr(sql, "stack_frames"))
		return RF_QUEUE_ALL;
	if (uses(sql, "frames"))
		bits |= RF_QUEUE_BIT(RF_QUEUE_FRAMES);
	if (uses(sql, "stacks"))
		bits |= RF_QUEUE_BIT(RF_QUEUE_STACKS);
	if (uses(sql, "names"))
		bits |= RF_QUEUE_BIT(RF_QUEUE_NAMES);
	if (uses(sql, "finding_names"))
		bits |= RF_QUEUE_BIT(RF_QUEUE_PAIRS);
	if (uses(sql, "events") || strstr(sql, "event_details"))
		bits |= EVENTS;
	return bits;
}

/* --- writing ----------------------------------------------------------------------------------------------------- */

static int write(struct rf_store *s, enum rf_sql sql, const struct rf_value *values, uint32_t count, struct rf_error *err)
{
	sqlite3_stmt *statement;
	int rc = rf_db_bind(s, sql, &statement, err, "");
	if (rc < 0)
		return rc;
	int bound = SQLITE_OK;
	for (uint32_t i = 0; i < count && bound == SQLITE_OK; i++)
		bound = rf_value_bind(statement, (int)i + 1, &values[i], SQLITE_STATIC);
	return bound == SQLITE_OK ? rf_db_step(s, statement, err) : rf_db_fail(s, bound, err);
}

static int write_table(struct rf_store *s, enum rf_queue_table table, struct rf_error *err)
{
	struct rf_queue *q = &s->queues[table];
	uint32_t columns = tables[table].columns, rows = q->rows;
	int rc = 0;
	q->rows = 0; /* so that the statements that write them don't ask for it */
	if (rows == RF_QUEUE_ROWS)
		rc = write(s, tables[table].many, q->values, rows * columns, err);
	for (uint32_t i = 0; rows < RF_QUEUE_ROWS && i < rows && rc >= 0; i++)
		rc = write(s, tables[table].one, &q->values[i * columns], columns, err);
	if (rows)
		rf_arena_reset(&q->texts);
	return rc;
}

int rf_queue_flush(struct rf_store *s, unsigned which, struct rf_error *err)
{
	int rc = 0;
	for (int i = 0; i < RF_QUEUE_COUNT && rc >= 0; i++) {
		if (which & RF_QUEUE_BIT(i) && s->queues[i].rows)
			rc = write_table(s, (enum rf_queue_table)i, err);
	}
	return rc < 0 ? rc : 0;
}

int rf_queue_settle(struct rf_store *s, struct rf_error *err)
{
	int rc = rf_queue_flush(s, RF_QUEUE_ALL, err);
	for (int i = 0; i < RF_QUEUE_COUNT; i++)
		s->queues[i].last = 0;
	return rc;
}

/* --- adding ------------------------------------------------------------------------------------------------------ */

int rf_queue_id(struct rf_store *s, enum rf_queue_table table, int64_t *id, struct rf_error *err)
{
	struct rf_queue *q = &s->queues[table];
	assert(tables[table].last != ALONE);
	if (q->last == 0) {
		int rc = rf_db_run(s, tables[table].last, &q->last, err, "");
		if (rc < 0)
			return rc;
	}
	*id = ++q->last;
	return 0;
}

int rf_queue_add(struct rf_store *s, enum rf_queue_table table, struct rf_error *err, const char *format, ...)
{
	struct rf_queue *q = &s->queues[table];
	uint32_t columns = tables[table].columns;
	va_list args;
	int rc = q->rows == RF_QUEUE_ROWS ? rf_queue_flush(s, tables[table].with, err) : 0;
	if (rc < 0)
		return rc;
	assert(strlen(format) == columns);
	va_start(args, format);
	for (uint32_t i = 0; i < columns; i++) {
		struct rf_value *v = &q->values[q->rows * columns + i];
		*v = rf_value_take(format[i], &args);
		if (v->text.ptr)
			v->text = rf_arena_dup(&q->texts, v->text);
	}
	va_end(args);
	if (q->texts.failed)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while storing a report.");
	q->rows++;
	return 0;
}
