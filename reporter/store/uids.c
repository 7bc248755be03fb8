#include "store/uids.h"

#include <string.h>

#include "store/clean_text.h"
#include "store/database.h"
#include "store/stream_id.h"

#define STREAM_START 8 /* digits that name the stream (stream_id.h) */
#define STREAM_NUMBER 8 /* digits that count its reports, behind those */

void rf_uids_forget(struct rf_uids *u)
{
	for (int i = 0; i < RF_UIDS_ROWS; i++)
		u->rows[i].start_len = 0;
}

/* "" when nothing is known of uids like this one. */
static rf_str start_of(rf_str uid, bool *numbered)
{
	const char *dash = uid.len ? memchr(uid.ptr, '-', uid.len) : NULL;
	*numbered = dash != NULL;
	size_t n = dash ? (size_t)(dash - uid.ptr) + 1 : STREAM_START;
	/* What is stored of text that isn't clean is another text. */
	if (n >= uid.len || uid.len > RF_UID_BYTES_MAX || (unsigned char)uid.ptr[n - 1] >= 0x7f || !rf_text_is_clean(uid))
		return RF_STR("");
	return rf_str_take(uid, n);
}

/* NULL: not asked yet. */
static struct rf_uids_row *find_row(struct rf_uids *u, rf_str start)
{
	for (uint32_t i = 0; i < RF_UIDS_ROWS; i++) {
		struct rf_uids_row *row = &u->rows[i];
		if (row->start_len == start.len && memcmp(row->start, start.ptr, start.len) == 0)
			return row;
	}
	return NULL;
}

static bool is_higher(const struct rf_uids_row *row, rf_str uid)
{
	rf_str highest = { row->highest, row->highest_len };
	if (row->numbered && uid.len != highest.len)
		return uid.len > highest.len;
	return rf_str_cmp(uid, highest) > 0;
}

/* False: it is no stream's. */
static bool number_of(const struct rf_uids_row *row, rf_str uid, uint64_t *number)
{
	return !row->numbered && uid.len == RF_STREAM_UID_BYTES &&
	       rf_str_hex_u64(rf_str_take(rf_str_skip(uid, STREAM_START), STREAM_NUMBER), number);
}

static uint64_t *taken_word(struct rf_uids_row *row, uint64_t number)
{
	return &row->taken[number % RF_UIDS_WINDOW / 64];
}

/* Above what was there when it was asked, and with a number that nobody has got since. */
static bool is_free(struct rf_uids_row *row, rf_str uid)
{
	uint64_t number;
	rf_str asked = { row->asked, row->asked_len };
	if (!number_of(row, uid, &number) || rf_str_cmp(uid, asked) <= 0 || number + RF_UIDS_WINDOW <= row->newest)
		return false;
	return number > row->newest || !(*taken_word(row, number) >> number % 64 & 1);
}

static void take_number(struct rf_uids_row *row, uint64_t number)
{
	for (uint64_t n = row->newest + 1; n <= number; n++) {
		if (n > row->newest + RF_UIDS_WINDOW) /* all are cleared */
			break;
		*taken_word(row, n) &= ~((uint64_t)1 << n % 64);
	}
	if (number > row->newest)
		row->newest = number;
	if (number + RF_UIDS_WINDOW > row->newest)
		*taken_word(row, number) |= (uint64_t)1 << number % 64;
}

static void set_highest(struct rf_uids_row *row, rf_str uid)
{
	memcpy(row->highest, uid.ptr, uid.len);
	row->highest_len = (uint8_t)uid.len;
}

static void set_asked(struct rf_uids_row *row, rf_str uid)
{
	set_highest(row, uid);
	memcpy(row->asked, uid.ptr, uid.len);
	row->asked_len = (uint8_t)uid.len;
}

/* In the order of bytes, as the indexes have it. */
static int ask(struct rf_store *s, rf_str start, bool numbered, struct rf_uids_row *row, struct rf_error *err)
{
	char end[RF_UID_BYTES_MAX];
	sqlite3_stmt *q;
	*row = (struct rf_uids_row){ .numbered = numbered };
	memcpy(end, start.ptr, start.len);
	end[start.len - 1]++;
	int rc = rf_db_bind(s, RF_SQL_EVENT_UID_HIGHEST, &q, err, "ss", start, (rf_str){ end, start.len });
	if (rc == 0)
		rc = rf_db_step(s, q, err);
	if (rc < 0)
		return rc;
	rf_str highest = rf_db_peek(q, 0);
	row->unknown = highest.len > RF_UID_BYTES_MAX || (numbered && highest.len);
	if (!row->unknown && highest.len)
		set_asked(row, highest);
	sqlite3_reset(q);
	memcpy(row->start, start.ptr, start.len);
	row->start_len = (uint8_t)start.len;
	return 0;
}

int rf_uids_is_new(struct rf_store *s, rf_str uid, struct rf_error *err)
{
	bool numbered;
	rf_str start = start_of(uid, &numbered);
	if (start.len == 0)
		return 0;
	struct rf_uids_row *row = find_row(&s->uids, start);
	if (!row) {
		row = &s->uids.rows[s->uids.next++ % RF_UIDS_ROWS];
		int rc = ask(s, start, numbered, row, err);
		if (rc < 0)
			return rc;
	}
	return !row->unknown && (is_higher(row, uid) || is_free(row, uid));
}

void rf_uids_note(struct rf_store *s, rf_str uid)
{
	bool numbered;
	rf_str start = start_of(uid, &numbered);
	struct rf_uids_row *row = start.len ? find_row(&s->uids, start) : NULL;
	uint64_t number;
	if (row && !row->unknown && is_higher(row, uid))
		set_highest(row, uid);
	if (row && number_of(row, uid, &number))
		take_number(row, number);
}
