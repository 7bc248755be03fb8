/* An argument of a statement, as a letter of rf_db_bind's formats says what it is (database.h). Internal to store/.
 *
 * Inline: a report has a hundred of them.
 */
#ifndef RF_STORE_VALUE_H
#define RF_STORE_VALUE_H

#include <assert.h>
#include <sqlite3.h>
#include <stdarg.h>

#include "base/str.h"

struct rf_value {
	char letter;
	int64_t number; /* of 'i', 'u' and 'r' */
	rf_str text;    /* of 's', 't' and 'n' */
};

/* Binds text as 't' does; the result is SQLite's. */
int rf_db_bind_text(sqlite3_stmt *statement, int index, rf_str text, void (*memory)(void *));

static inline struct rf_value rf_value_take(char letter, va_list *args)
{
	struct rf_value v = { .letter = letter };
	if (letter == 's' || letter == 't' || letter == 'n') {
		v.text = va_arg(*args, rf_str);
	} else {
		assert(letter == 'i' || letter == 'u' || letter == 'r');
		v.number = va_arg(*args, int64_t);
	}
	return v;
}

/* The result is SQLite's; `memory` is of its sqlite3_bind_text. */
static inline int rf_value_bind(sqlite3_stmt *statement, int index, const struct rf_value *v, void (*memory)(void *))
{
	switch (v->letter) {
	case 's':
		return sqlite3_bind_text(statement, index, v->text.ptr, (int)v->text.len, memory);
	case 't':
	case 'n':
		return v->letter == 'n' && !v->text.ptr ? sqlite3_bind_null(statement, index)
							: rf_db_bind_text(statement, index, v->text, memory);
	case 'r':
		return v->number ? sqlite3_bind_int64(statement, index, v->number) : sqlite3_bind_null(statement, index);
	default:
		return sqlite3_bind_int64(statement, index, v->number);
	}
}

#endif
