/* Who a stream is: a hash that runs over it, the time it has come to, and the names that follow from both. Internal to
 * session*.c.
 *
 * A report's uid is made of the stream up to a line of it: the same stream has the same uids, one that has grown keeps them,
 * and two streams that differ before that line have different ones. 40 hex digits: 8 of the stream's beginning and 8 that count
 * its reports as they begin, so that the uids of one stream stand together and in order in the database's indexes; 24 of the hash. The
 * hash is fast, and made against accidents only: whoever makes a stream can also write the same report twice.
 *
 * What is hashed of a test2json event are its members and not its bytes, so that a log with and without the added TraceID
 * is the same log. A stream without times (plain text) says the same in two runs, so there a trace ID can be mixed in.
 */
#ifndef RF_STORE_STREAM_ID_H
#define RF_STORE_STREAM_ID_H

#include "read/test2json.h"

#define RF_STREAM_UID_BYTES 40
#define RF_STREAM_TRACE_BYTES 32

struct rf_stream_id {
	uint64_t a, b;         /* the hash, two lanes */
	rf_str mixed;          /* trace ID; "" none */
	bool begun, has_times;
	uint64_t time_unix_ns; /* of the last event that had one */
	uint32_t reports;      /* that have begun; whoever sees one begin counts, also when nothing comes of it */
	uint32_t first_line, first_time; /* hash at the first line, and at the first event with a time */
	/* Times of one second differ in their fraction only. */
	char second[20];       /* "2026-01-02T03:04:05." of the last time that ended in Z; all zero none */
	uint64_t second_unix_ns;
};

/* `mixed` must stay valid. */
void rf_stream_id_init(struct rf_stream_id *id, rf_str mixed);
/* A line that is no event. */
void rf_stream_id_text(struct rf_stream_id *id, rf_str line);
/* True when it is the first event with a time. */
bool rf_stream_id_event(struct rf_stream_id *id, const struct rf_test_event *event);
/* Of a report that begins or ends with the last line; not NUL-terminated. */
void rf_stream_id_uid(const struct rf_stream_id *id, char uid[RF_STREAM_UID_BYTES]);
/* Gives a report's uid the number that it had when it began. */
void rf_stream_id_same_number(char uid[RF_STREAM_UID_BYTES], const char begun[RF_STREAM_UID_BYTES]);
/* A trace ID that the stream would get again; nothing is mixed in. */
void rf_stream_id_trace(const struct rf_stream_id *id, char trace[RF_STREAM_TRACE_BYTES]);

#endif
