/* New rows of events and of their details, which are written eight in a statement: to begin and end a statement costs as much as a row,
 * and only from one row to the next of the same statement does SQLite know that an index goes on at its end. Internal to store/; inside
 * a transaction.
 *
 * A row that waits is in no table yet. Each statement that names one of the tables, or a view, has them written first (rf_db_bind and
 * its like see to that), and so has the end of a transaction; who asks SQLite in another way calls rf_queue_flush. Dropped when a
 * transaction is rolled back.
 */
#ifndef RF_STORE_QUEUE_H
#define RF_STORE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct rf_store;

#define RF_QUEUE_ROWS 8
#define RF_QUEUE_COLUMNS_MAX 31

/* Upgrades are rows of events in place of others; who adds one flushes. */
enum rf_queue_table { RF_QUEUE_EVENTS, RF_QUEUE_DETAILS, RF_QUEUE_UPGRADES, RF_QUEUE_COUNT };

struct rf_queue_value {
	char letter; /* of rf_db_bind's format */
	int64_t number;
	rf_str text; /* in `texts` */
};

struct rf_queue {
	uint32_t rows;
	struct rf_queue_value values[RF_QUEUE_ROWS * RF_QUEUE_COLUMNS_MAX];
};

struct rf_queues {
	struct rf_queue of[RF_QUEUE_COUNT];
	rf_arena texts;
	int64_t event_last; /* highest id, of a row or of one that waits; 0: to be asked for */
};

void rf_queue_init(struct rf_queues *q);
void rf_queue_release(struct rf_queues *q);
/* A transaction begins, or was rolled back. */
void rf_queue_drop(struct rf_queues *q);
/* The id of the next new event. */
int rf_queue_event_id(struct rf_store *s, int64_t *id, struct rf_error *err);
/* A row whose values are given as to rf_db_bind; they are copied. An event's comes before its details. */
int rf_queue_add(struct rf_store *s, enum rf_queue_table table, struct rf_error *err, const char *format, ...);
int rf_queue_flush(struct rf_store *s, struct rf_error *err);
/* May the statement have to do with rows that wait? */
bool rf_queue_concerns(const char *sql);

#endif
