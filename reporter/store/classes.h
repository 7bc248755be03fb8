/* Classes of races (finding/class.h) on their way into the database: of an event, and of its finding, which has those of all its
 * events. Internal to store/; inside a transaction.
 *
 * Whether a line counts something is read from the source, once for each line and transaction. A file that is younger than the
 * report says nothing: which class is given then depends on the machine, but a class that is given is right.
 */
#ifndef RF_STORE_CLASSES_H
#define RF_STORE_CLASSES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct rf_store;
struct rf_event;
struct rf_finding;
struct rf_finding_state;

#define RF_COUNTER_LINES 64 /* the latest; another line with the same place is read again */

struct rf_counter_lines {
	struct {
		uint64_t key; /* of file, line and what is known of the type; 0 none */
		bool counts;
	} lines[RF_COUNTER_LINES];
};

/* Forgets lines: a transaction has begun. */
void rf_counter_lines_forget(struct rf_counter_lines *lines);
/* Finds the event's classes. When its finding hasn't all of them, event->finding becomes *classed, which has them and the title for
 * them. */
void rf_classes_find(struct rf_store *s, struct rf_event *event, struct rf_finding *classed);
/* The finding's row gets the classes of this event, too. */
int rf_rows_classes(struct rf_store *s, const struct rf_event *event, struct rf_finding_state *state, struct rf_error *err);

#endif
