#include "store/queue.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "store/database.h"

static const struct {
	enum rf_sql one, many;
	uint32_t columns;
} tables[RF_QUEUE_COUNT] = {
	[RF_QUEUE_EVENTS] = { RF_SQL_EVENT_ADD, RF_SQL_EVENTS_ADD, 30 },
	[RF_QUEUE_DETAILS] = { RF_SQL_EVENT_DETAILS_ADD, RF_SQL_EVENTS_DETAILS_ADD, 3 },
	[RF_QUEUE_UPGRADES] = { RF_SQL_EVENT_UPGRADE, RF_SQL_COUNT, RF_QUEUE_COLUMNS_MAX },
};

void rf_queue_init(struct rf_queues *q)
{
	rf_arena_init(&q->texts, 0);
	rf_queue_drop(q);
}

void rf_queue_release(struct rf_queues *q)
{
	rf_arena_release(&q->texts);
}

void rf_queue_drop(struct rf_queues *q)
{
	for (int i = 0; i < RF_QUEUE_COUNT; i++)
		q->of[i].rows = 0;
	rf_arena_reset(&q->texts);
	q->event_last = 0;
}

bool rf_queue_concerns(const char *sql)
{
	static const char *const words[] = { "FROM events", "JOIN events", "UPDATE events", ", events", "event_details", " v_" };
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strstr(sql, words[i]))
			return true;
	}
	return false;
}

int rf_queue_event_id(struct rf_store *s, int64_t *id, struct rf_error *err)
{
	struct rf_queues *q = &s->queues;
	if (q->event_last == 0) {
		int rc = rf_db_run(s, RF_SQL_EVENT_LAST, &q->event_last, err, "");
		if (rc < 0)
			return rc;
	}
	*id = ++q->event_last;
	return 0;
}

static int bind(sqlite3_stmt *statement, int index, const struct rf_queue_value *v)
{
	if (v->letter == 's')
		return sqlite3_bind_text(statement, index, v->text.ptr, (int)v->text.len, SQLITE_STATIC);
	if (v->letter == 't' || (v->letter == 'n' && v->text.ptr))
		return rf_db_bind_text(statement, index, v->text, SQLITE_STATIC);
	if (v->letter == 'n' || (v->letter == 'r' && v->number == 0))
		return sqlite3_bind_null(statement, index);
	return sqlite3_bind_int64(statement, index, v->number);
}

static int write(struct rf_store *s, enum rf_sql sql, const struct rf_queue_value *values, uint32_t count, struct rf_error *err)
{
	sqlite3_stmt *statement;
	int rc = rf_db_bind(s, sql, &statement, err, "");
	if (rc < 0)
		return rc;
	int bound = SQLITE_OK;
	for (uint32_t i = 0; i < count && bound == SQLITE_OK; i++)
		bound = bind(statement, (int)i + 1, &values[i]);
	return bound == SQLITE_OK ? rf_db_step(s, statement, err) : rf_db_fail(s, bound, err);
}

static int write_table(struct rf_store *s, enum rf_queue_table table, uint32_t rows, struct rf_error *err)
{
	const struct rf_queue_value *values = s->queues.of[table].values;
	uint32_t columns = tables[table].columns;
	int rc = 0;
	if (rows == RF_QUEUE_ROWS)
		return write(s, tables[table].many, values, rows * columns, err);
	for (uint32_t i = 0; i < rows && rc >= 0; i++)
		rc = write(s, tables[table].one, &values[i * columns], columns, err);
	return rc;
}

int rf_queue_flush(struct rf_store *s, struct rf_error *err)
{
	struct rf_queues *q = &s->queues;
	uint32_t rows[RF_QUEUE_COUNT];
	int rc = 0;
	for (int i = 0; i < RF_QUEUE_COUNT; i++) {
		rows[i] = q->of[i].rows;
		q->of[i].rows = 0; /* so that the statements that write them don't ask for it */
	}
	for (int i = 0; i < RF_QUEUE_COUNT && rc >= 0; i++)
		rc = write_table(s, (enum rf_queue_table)i, rows[i], err);
	rf_arena_reset(&q->texts);
	return rc < 0 ? rc : 0;
}

static void take(struct rf_queue_value *v, char letter, rf_arena *texts, va_list *args)
{
	v->letter = letter;
	if (letter == 's' || letter == 't' || letter == 'n') {
		v->text = va_arg(*args, rf_str);
		if (v->text.ptr)
			v->text = rf_arena_dup(texts, v->text);
	} else {
		v->number = va_arg(*args, int64_t);
	}
}

int rf_queue_add(struct rf_store *s, enum rf_queue_table table, struct rf_error *err, const char *format, ...)
{
	struct rf_queues *q = &s->queues;
	struct rf_queue *queue = &q->of[table];
	va_list args;
	int rc = queue->rows == RF_QUEUE_ROWS ? rf_queue_flush(s, err) : 0;
	if (rc < 0)
		return rc;
	assert(strlen(format) == tables[table].columns);
	struct rf_queue_value *row = &queue->values[queue->rows * tables[table].columns];
	va_start(args, format);
	for (uint32_t i = 0; i < tables[table].columns; i++)
		take(&row[i], format[i], &q->texts, &args);
	va_end(args);
	if (q->texts.failed)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while storing a report.");
	queue->rows++;
	return 0;
}
