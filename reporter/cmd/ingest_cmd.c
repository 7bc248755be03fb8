/* redflag ingest: logs and spools from files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/command_list.h"
#include "cmd/pass.h"
#include "cmd/stream.h"
#include "cmd/trace.h"
#include "tsan-glue/spool_format.h"

static bool stop_on_signal(void *context, int number, bool by_terminal)
{
	(void)context, (void)number, (void)by_terminal;
	return true;
}

static int ingest_text(struct rf_reporter *r, int fd, struct rf_error *err)
{
	struct rf_pass pass;
	rf_pass_init(&pass, r, -1);
	rf_session_begin_stream(r->session);
	struct rf_stream_handler handler = { .context = &pass, .line = rf_pass_line, .piece = rf_pass_piece,
					     .idle = rf_pass_idle, .signal = stop_on_signal };
	int rc = rf_stream_read(fd, &handler, err);
	rf_session_end_stream(r->session);
	rf_pass_print_notes(&pass);
	rf_pass_release(&pass);
	return rc;
}

/* What a file is, it says itself: a spool starts with its magic, anything else is text. */
static bool is_spool(int fd)
{
	char magic[sizeof(RF_SPOOL_MAGIC) - 1];
	return pread(fd, magic, sizeof(magic), 0) == (ssize_t)sizeof(magic) &&
	       memcmp(magic, RF_SPOOL_MAGIC, sizeof(magic)) == 0;
}

static int ingest_file(struct rf_reporter *r, const char *path, struct rf_error *err)
{
	bool from_stdin = strcmp(path, "-") == 0;
	struct stat st;
	int fd = from_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return rf_fail(err, RF_ERR_IO, "Cannot read %s: %s.", path, strerror(errno));
	int rc;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		rc = rf_fail(err, RF_ERR_USAGE, "%s is a directory; name the files in it, such as %s/*" RF_SPOOL_SUFFIX ".",
			     path, path);
	else if (is_spool(fd))
		rc = rf_session_spool_file(r->session, path, err);
	else
		rc = ingest_text(r, fd, err);
	if (!from_stdin)
		close(fd);
	return rc;
}

static void print_result(const struct rf_reporter *r, const struct rf_outcome *outcome)
{
	const struct rf_session_counts *c = rf_session_counts(r->session);
	uint64_t fresh = c->events_stored + c->events_upgraded;
	printf("%llu report%s stored, %llu already there; %u finding%s, %u of them new. Database: %s\n",
	       (unsigned long long)fresh, fresh == 1 ? "" : "s",
	       (unsigned long long)(c->events_known + c->events_joined), outcome->count,
	       outcome->count == 1 ? "" : "s", outcome->new_count, r->database);
}

static int ingest_all(struct rf_reporter *r, const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	int unread = 0;
	for (int i = 0; i < args->word_count; i++) {
		struct rf_error one = { 0 };
		if (ingest_file(r, args->words[i], &one) < 0) {
			fprintf(stderr, "redflag ingest: %s\n", one.text);
			unread++;
		}
	}
	rf_reporter_spools(r, RF_SPOOLS_ALL); /* without files this is all there is to do */
	struct rf_outcome outcome;
	int rc = rf_reporter_finish(r, arena, &outcome, err);
	rf_reporter_print_notes(r);
	if (rc < 0)
		return rc;
	print_result(r, &outcome);
	return unread ? RF_EXIT_OWN_FAILURE : RF_EXIT_CLEAN;
}

int rf_cmd_ingest(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	struct rf_reporter r = { 0 };
	rf_str trace;
	sigset_t old;
	/* The environment's trace is of what runs now, not of what a file holds. */
	int rc = rf_trace_choose(rf_arg(args, "trace-id"), NULL, NULL, arena, &trace, err);
	if (rc < 0)
		return rc;
	struct rf_reporter_request request = { .args = args, .command = RF_STR("ingest"), .trace_id = trace,
					       .threaded = true,
					       .spool = args->word_count ? NULL : getenv("REDFLAG_SPOOL") };
	rf_stream_block_signals(&old);
	rc = rf_reporter_open(&r, &request, arena, err);
	if (rc == 0)
		rc = ingest_all(&r, args, arena, err);
	rf_reporter_close(&r);
	return rc;
}
