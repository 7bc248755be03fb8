#include "store/uids.h"

#include <string.h>

#include "store/clean_text.h"
#include "store/database.h"

#define STREAM_START 8 /* digits that name the stream (stream_id.h) */

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

static void set_highest(struct rf_uids_row *row, rf_str uid)
{
	memcpy(row->highest, uid.ptr, uid.len);
	row->highest_len = (uint8_t)uid.len;
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
		set_highest(row, highest);
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
	return !row->unknown && is_higher(row, uid);
}

void rf_uids_note(struct rf_store *s, rf_str uid)
{
	bool numbered;
	rf_str start = start_of(uid, &numbered);
	struct rf_uids_row *row = start.len ? find_row(&s->uids, start) : NULL;
	if (row && !row->unknown && is_higher(row, uid))
		set_highest(row, uid);
}
