/* New rows of the tables that grow with every report, which are written eight in a statement: to begin and end a statement costs as much
 * as a row, and only from one row to the next of the same statement does SQLite know that an index goes on at its end. Internal to
 * store/; inside a transaction.
 *
 * A row that waits is in no table yet. Each statement that reads or changes a table has the table's rows written first (rf_db_bind and
 * its like see to that), and so has the end of a transaction; who asks SQLite in another way calls rf_queue_flush. Dropped when a
 * transaction is rolled back.
 */
#ifndef RF_STORE_QUEUE_H
#define RF_STORE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "store/value.h"

struct rf_store;

#define RF_QUEUE_ROWS 8
#define RF_QUEUE_COLUMNS_MAX 31

/* In the order in which they refer to each other. Upgrades are rows of events in place of others; who adds one flushes. */
enum rf_queue_table {
	RF_QUEUE_FRAMES, RF_QUEUE_STACKS, RF_QUEUE_NAMES, RF_QUEUE_PAIRS, RF_QUEUE_EVENTS, RF_QUEUE_DETAILS, RF_QUEUE_UPGRADES,
	RF_QUEUE_COUNT
};

#define RF_QUEUE_BIT(table) (1u << (table))
#define RF_QUEUE_ALL (RF_QUEUE_BIT(RF_QUEUE_COUNT) - 1)

struct rf_queue {
	uint32_t rows;
	int64_t last;  /* highest id, of a row or of one that waits; 0: to be asked for */
	rf_arena texts;
	struct rf_value values[RF_QUEUE_ROWS * RF_QUEUE_COLUMNS_MAX]; /* texts are in `texts` */
};

void rf_queue_init(struct rf_queue q[RF_QUEUE_COUNT]);
void rf_queue_release(struct rf_queue q[RF_QUEUE_COUNT]);
/* A transaction begins, or was rolled back. */
void rf_queue_drop(struct rf_queue q[RF_QUEUE_COUNT]);
/* The id of a new row; not of details, which have their event's, nor of pairs and upgrades. */
int rf_queue_id(struct rf_store *s, enum rf_queue_table table, int64_t *id, struct rf_error *err);
/* A row whose values are given as to rf_db_bind; they are copied. It comes after what it refers to. */
int rf_queue_add(struct rf_store *s, enum rf_queue_table table, struct rf_error *err, const char *format, ...);
/* `tables`: bits; what they refer to is to be written before, or with them. */
int rf_queue_flush(struct rf_store *s, unsigned tables, struct rf_error *err);
/* All, and asks anew for the highest ids: a statement of any kind follows. */
int rf_queue_settle(struct rf_store *s, struct rf_error *err);
/* Bits of the tables that a statement may have to do with, but for INSERT INTO, which is rf_queue_add's alone. */
unsigned rf_queue_concerns(const char *sql);

#endif
