/* Where alerts go: the list "alerts:" of .redflag.yml.
 *
 *	alerts:
 *	  - type: webhook                     # stderr, jsonl, command or webhook
 *	    name: ops                         # what the queue knows it by; default: type and target
 *	    url: $ALERT_URL                   # http or https
 *	    headers:
 *	      Authorization: Bearer $ALERT_TOKEN
 *	    secret: $ALERT_SECRET             # signs the body
 *	    only: all                         # every event; default new: what was not known before
 *	    severity: high                    # at least: low, medium, high, critical
 *	    tag: order-service:*              # and/or kind: data-race
 *	    timeout: 10s                      # up to 60s
 *	  - type: jsonl
 *	    path: /var/log/redflag.jsonl      # relative to this file
 *	  - type: command
 *	    argv: [ci/alert.py, --channel, races]
 *
 * $NAME and ${NAME} in url, headers and secret stand for environment variables ($$ for a dollar sign); they are looked up when
 * something is sent, and neither stored nor printed. docs/alerts.md says the rest.
 */
#ifndef RF_FINDING_SINK_H
#define RF_FINDING_SINK_H

#include "base/arena.h"

enum rf_sink_type {
	RF_SINK_STDERR,
	RF_SINK_JSONL,
	RF_SINK_COMMAND,
	RF_SINK_WEBHOOK,
	RF_SINK_COUNT
};
const char *rf_sink_type_name(enum rf_sink_type type);

/* Severities in their order; an event whose policy gives none is medium. */
enum rf_severity { RF_SEVERITY_LOW, RF_SEVERITY_MEDIUM, RF_SEVERITY_HIGH, RF_SEVERITY_CRITICAL, RF_SEVERITY_COUNT };
const char *rf_severity_name(enum rf_severity severity);
enum rf_severity rf_severity_from_name(rf_str name); /* medium when it is none */

#define RF_SINK_TIMEOUT_DEFAULT_NS ((uint64_t)10 * 1000000000u)
#define RF_SINK_TIMEOUT_MAX_S 60
#define RF_SINKS_MAX 16        /* of a file */
#define RF_SINK_HEADERS_MAX 32
#define RF_SINK_WORDS_MAX 64   /* of argv */

struct rf_sink_header {
	rf_str name, value;
};

struct rf_sink {
	enum rf_sink_type type;
	rf_str name;                /* never empty; one of a kind in its file */
	rf_str path, url, secret;   /* as the file has them */
	rf_str *argv;
	struct rf_sink_header *headers;
	uint32_t argv_count, header_count;
	rf_str tag, kind;           /* "" all; tag with * */
	enum rf_severity severity;  /* at least */
	bool all;                   /* every event that is an alert, not only the first of what is new */
	uint64_t timeout_ns;
	uint32_t line;              /* in its file, from 1 */
};

/* Does an event of this kind, tag and severity concern the sink? */
bool rf_sink_wants(const struct rf_sink *sink, rf_str kind, rf_str tag, enum rf_severity severity);

#endif
