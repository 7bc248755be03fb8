/* What report, ingest, test and run share: the database, the configuration and a session, opened so that the stream
 * never suffers. When the database or .redflag.yml can't be used, that is remembered (`failure`), everything else goes on,
 * and rf_reporter_finish says it at the end.
 */
#ifndef RF_CMD_REPORTER_H
#define RF_CMD_REPORTER_H

#include "alert/alerts.h"
#include "cmd/command.h"
#include "cmd/courier.h"
#include "policy/baseline.h"
#include "session/session.h"
#include "store/query.h"

struct rf_reporter {
	rf_arena *arena;
	struct rf_store *store;     /* NULL when it could not be opened */
	struct rf_session *session;
	const char *database, *spools;
	const char *other_spools;   /* REDFLAG_SPOOL, where it isn't the database's own directory; NULL none */
	rf_str trace_id;
	struct rf_config config;
	struct rf_suppressions suppressions;
	struct rf_baseline baseline;
	struct rf_alerts alerts;
	struct rf_courier courier;
	struct rf_error failure;    /* code 0: none */
};

struct rf_reporter_request {
	const struct rf_args *args; /* --db, --tag */
	rf_str command;             /* for the run's row, such as "report" */
	rf_str trace_id;            /* "" for ingest */
	bool mix_trace;
	bool threaded;              /* see rf_session_options; nothing looks at the store while the stream is read */
	bool make_spools;           /* the database's spool directory is made: a process that we start will write there */
	const char *spool;          /* REDFLAG_SPOOL of the observed process; NULL none */
	const char *process_tag;    /* REDFLAG_TAG as the observed process has it; NULL none */
};
struct rf_clock rf_reporter_clock(void); /* the system's */
/* For rf_store_options: says on stderr what takes so long, when it is a large database. */
void rf_reporter_upgrading(const char *path, uint64_t bytes);
rf_str rf_reporter_host(rf_arena *arena); /* this machine's name; "" when it has none */
/* Each line of the text on stderr, as "redflag: …" or "redflag alerts: …". */
void rf_reporter_print_lines(const char *who, rf_str lines);
/* Fails only when nothing can work (memory, --db wrong); call rf_reporter_close anyway. */
int rf_reporter_open(struct rf_reporter *r, const struct rf_reporter_request *request, rf_arena *arena,
		     struct rf_error *err);
/* Reads the spools of this run that are there. */
void rf_reporter_spools(struct rf_reporter *r, enum rf_spool_scope scope);
/* Stores what has waited long enough, and has alerts on their way. Nanoseconds until it wants to be called again; 0: nothing waits. */
uint64_t rf_reporter_tick(struct rf_reporter *r);
void rf_reporter_close(struct rf_reporter *r);
/* "GORACE=…" for a process that we start, with the suppressions in it; NULL: GORACE stays. What fails is kept for
 * rf_reporter_finish. */
const char *rf_reporter_gorace(struct rf_reporter *r);

/* What was found: the findings of this session, those that are new first. What is in the baseline is not new.
 * `settled`: see rf_session_findings. */
struct rf_outcome {
	struct rf_finding_row *rows;
	bool *is_new;
	uint32_t count, new_count;
};
int rf_reporter_outcome(struct rf_reporter *r, bool settled, rf_arena *arena, struct rf_outcome *out, struct rf_error *err);
/* Stores what is left, and then the outcome of it all. RF_EXIT_OWN_FAILURE's sentence in *err when something failed on the way. */
int rf_reporter_finish(struct rf_reporter *r, rf_arena *arena, struct rf_outcome *out, struct rf_error *err);
/* Opens an existing database for list, show and explain. */
int rf_reporter_open_store(const struct rf_args *args, rf_arena *arena, struct rf_store **out, const char **path,
			   struct rf_error *err);
/* Alerts of the configuration, as every command has them. The options' arguments must stay valid. */
void rf_reporter_alerts(struct rf_alerts *alerts, struct rf_store *store, const struct rf_config *config, rf_arena *arena);
/* The last thing of a run: prints the session's notes, alerts, and what was dropped, a line each, to stderr; delivers alerts, for at
 * most RF_ALERTS_END_NS and one time-out. */
void rf_reporter_print_notes(struct rf_reporter *r);
/* Names, on stderr, the packages whose tests ran but left no spool: they ran without us. True when there is one. `version`
 * is the Go that the overlay was made for; "" when that isn't known. */
bool rf_reporter_print_uninstrumented(struct rf_reporter *r, rf_str version);

#endif
