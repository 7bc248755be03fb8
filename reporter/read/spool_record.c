#include "read/spool_private.h"

#include "tsan-glue/crc32c.h"

#include <string.h>

#define TYPES_MAX 1024u /* a type above is damage and not a newer version */

static size_t padded(uint32_t length)
{
	return ((size_t)length + 7) & ~(size_t)7;
}

static uint32_t record_crc(const char *p, uint32_t length)
{
	struct rf_spool_record head;
	memcpy(&head, p, sizeof(head));
	head.length = head.crc = 0;
	return rf_crc32c(rf_crc32c(0, &head, sizeof(head)), p + sizeof(head), length - sizeof(head));
}

enum found { FOUND_RECORD, FOUND_END, FOUND_DAMAGE };

/* What is at `pos`. The record's header is copied to *head when its length is plausible. */
static enum found look_at(const struct rf_spool *s, size_t pos, struct rf_spool_record *head)
{
	if (pos >= s->data.len || s->data.len - pos < sizeof(*head))
		return FOUND_END;
	memcpy(head, s->data.ptr + pos, sizeof(*head));
	if (head->length == 0)
		return FOUND_END;
	if (head->length < sizeof(*head) || head->length > RF_SPOOL_RECORD_BYTES_MAX ||
	    head->length > s->data.len - pos || head->type == 0 || head->type > TYPES_MAX)
		return FOUND_DAMAGE;
	return record_crc(s->data.ptr + pos, head->length) == head->crc ? FOUND_RECORD : FOUND_DAMAGE;
}

/* The next sound record behind `from` that is newer than the last one; SIZE_MAX when there is none. */
static size_t next_sound(struct rf_spool *s, size_t from)
{
	struct rf_spool_record head;
	for (size_t pos = from; s->data.len > pos && s->data.len - pos >= sizeof(head); pos += 8) {
		memcpy(&head, s->data.ptr + pos, sizeof(head));
		if (head.length < sizeof(head) || head.length > s->data.len - pos ||
		    head.length > RF_SPOOL_RECORD_BYTES_MAX || head.type == 0 || head.type >= RF_SPOOL_TYPE_COUNT ||
		    head.reserved || head.sequence <= s->sequence_last)
			continue;
		if (head.length > s->resync_bytes_left)
			return SIZE_MAX;
		s->resync_bytes_left -= head.length;
		if (record_crc(s->data.ptr + pos, head.length) == head.crc)
			return pos;
	}
	return SIZE_MAX;
}

/* Bytes from `pos` up to the last one that isn't 0: what somebody began to write there. */
static uint64_t torn_bytes(const struct rf_spool *s, size_t pos)
{
	size_t end = s->data.len;
	while (end > pos && s->data.ptr[end - 1] == 0)
		end--;
	return end > pos ? end - pos : 0;
}

/* A process that still writes may have finished the record at `pos` between our reading its start and its end. */
static bool sound_when_read_again(struct rf_spool *s, struct rf_spool_record *head)
{
	struct rf_error ignored;
	uint64_t cost = s->data.len - s->pos;
	if (s->fd < 0 || s->process.finished || cost > s->resync_bytes_left)
		return false;
	s->resync_bytes_left -= cost;
	return rf_spool_read_tail(s, &ignored) == 0 && look_at(s, s->pos, head) == FOUND_RECORD;
}

/* Nothing sound follows. A last record that is whole but damaged is a bad record, anything else is a torn tail. */
static void count_tail(struct rf_spool *s, enum found found, const struct rf_spool_record *head)
{
	size_t rest = s->data.len > s->pos ? s->data.len - s->pos : 0;
	bool whole = found == FOUND_DAMAGE && head->length >= sizeof(*head) &&
		     head->length <= RF_SPOOL_RECORD_BYTES_MAX && head->length <= rest &&
		     torn_bytes(s, s->pos + padded(head->length)) == 0;
	if (whole) {
		s->drops.records_bad++;
		s->pos += padded(head->length);
	} else {
		s->drops.bytes_torn = torn_bytes(s, s->pos);
	}
}

bool rf_spool_find(struct rf_spool *s, struct rf_spool_record *head)
{
	s->drops.bytes_torn = 0;
	enum found found = look_at(s, s->pos, head);
	if (found == FOUND_RECORD)
		return true;
	size_t next = next_sound(s, s->pos + 8);
	if ((found == FOUND_DAMAGE || next != SIZE_MAX) && sound_when_read_again(s, head))
		return true;
	if (next == SIZE_MAX) {
		count_tail(s, found, head);
		return false;
	}
	s->drops.records_bad++;
	s->pos = next;
	return look_at(s, s->pos, head) == FOUND_RECORD;
}

void rf_spool_skip(struct rf_spool *s, const struct rf_spool_record *head)
{
	s->sequence_last = head->sequence;
	s->pos += padded(head->length);
}
