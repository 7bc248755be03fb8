#include "session/session_state.h"
#include "store/database.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>


uint64_t rf_session_now(struct rf_session *s)
{
	return rf_clock_now(s->options.clock);
}

int rf_session_open(struct rf_session **out, const struct rf_session_options *options, struct rf_error *err)
{
	struct rf_session *s = calloc(1, sizeof(*s));
	if (!s)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory.");
	s->options = *options;
	s->lock_fd = -1;
	s->opened_ns = rf_session_now(s);
	rf_arena_init(&s->arena, RF_SESSION_NAMES_BYTES_MAX);
	rf_arena_init(&s->reading, RF_SESSION_ARENA_BYTES_MAX);
	for (int i = 0; i < 2; i++)
		rf_batch_init(&s->batches[i]);
	s->waiting = &s->batches[0];
	s->storing = &s->batches[1];
	rf_worker_init(&s->worker, options->threaded);
	s->kept.bytes_max = RF_SESSION_OUTPUT_BYTES_MAX;
	s->open_tests.bytes_max = RF_SESSION_TESTS_BYTES_MAX;
	s->sources_end = &s->sources;
	rf_buf_init(&s->notes);
	rf_racetext_init(&s->plain.reader);
	rf_buf_init(&s->plain.partial);
	struct rf_error ignored; /* slower, and no worse */
	if (s->options.store) {
		rf_store_check_references(s->options.store, false, &ignored);
		rf_store_use_suppressions(s->options.store, s->options.suppressions);
		if (s->options.threaded)
			rf_log_leave_sending(&s->options.store->log);
		for (int i = 0; i < 2; i++)
			rf_intern_use_suppressions(&s->batches[i].stacks, s->options.suppressions);
	}
	rf_session_begin_stream(s);
	*out = s;
	return 0;
}

static void end_source(struct rf_session *s, struct rf_source *source)
{
	if (source->over)
		return;
	rf_racetext_release(&source->reader);
	rf_buf_release(&source->partial);
	rf_open_tests_release(&source->tests, &s->open_tests, &s->kept);
	source->over = true;
}

void rf_session_close(struct rf_session *s)
{
	struct rf_error ignored;
	if (!s)
		return;
	if (s->options.store) {
		rf_store_check_references(s->options.store, true, &ignored);
		rf_store_use_suppressions(s->options.store, NULL);
	}
	rf_worker_release(&s->worker);
	rf_log_copier_release(&s->copier);
	for (struct rf_source *source = s->sources; source; source = source->next)
		end_source(s, source);
	end_source(s, &s->plain);
	rf_session_builds_release(s);
	if (s->lock_fd >= 0) {
		unlink(s->lock_path);
		close(s->lock_fd);
	}
	rf_buf_release(&s->notes);
	for (int i = 0; i < 2; i++)
		rf_batch_release(&s->batches[i]);
	rf_arena_release(&s->reading);
	rf_arena_release(&s->arena);
	free(s->events);
	free(s);
}

void rf_session_begin_stream(struct rf_session *s)
{
	rf_session_settle(s);
	rf_stream_id_init(&s->stream, s->options.mix_trace ? s->options.trace_id : RF_STR(""));
	s->stream_trace = s->options.trace_id;
	struct rf_error ignored; /* a database that fails says so when something is stored */
	if (s->options.store && s->options.trace_id.len)
		rf_store_run_has_failures(s->options.store, s->options.trace_id, &s->has_failures, &ignored);
}

/* A stream that brings no trace ID gets one that it would get again: from its first event, which has a time, or else from
 * its first report. */
rf_str rf_session_trace(struct rf_session *s)
{
	char trace[RF_STREAM_TRACE_BYTES];
	if (s->stream_trace.len == 0) {
		rf_stream_id_trace(&s->stream, trace);
		s->stream_trace = rf_arena_dup(&s->arena, (rf_str){ trace, sizeof(trace) });
	}
	return s->stream_trace;
}

void rf_session_wait_starts(struct rf_session *s)
{
	if (s->waiting_since_ns == 0)
		s->waiting_since_ns = rf_session_now(s);
}

/* What the report that is open is called while its end is missing: the stream up to its first line. Without a time or a
 * trace ID in it that is the same for many streams, and then there is no such name. */
static rf_str cut_uid_of(struct rf_session *s, const struct rf_source *source)
{
	if (!s->stream.has_times && !s->options.mix_trace)
		return RF_STR("");
	return rf_arena_printf(&s->reading, "cut-%.*s", RF_STREAM_UID_BYTES, source->start);
}

/* Takes a report that was read into `reading`. `cut`: the stream ended before it did. */
static void take_report(struct rf_session *s, struct rf_source *source, const struct rf_report *report, bool cut, bool incomplete)
{
	char end[RF_STREAM_UID_BYTES];
	rf_stream_id_uid(&s->stream, end);
	rf_stream_id_same_number(end, source->start);
	rf_str uid = { end, sizeof(end) }, cut_uid = cut_uid_of(s, source);
	struct rf_event event = { .uid = cut && cut_uid.len ? cut_uid : uid, .cut_uid = cut ? RF_STR("") : cut_uid,
				  .package = source->package.name, .test = s->test,
				  .time_unix_ns = s->stream.has_times ? s->stream.time_unix_ns : rf_session_now(s),
				  .keep_text = incomplete };
	s->counts.lost += s->reading.failed || !rf_session_wait(s, report, &event, source);
}

/* One whole line of a source's output. */
static void feed_line(struct rf_session *s, struct rf_source *source, rf_str line)
{
	struct rf_report report;
	bool was_open = source->reader.open;
	uint64_t incomplete = source->reader.incomplete;
	bool ended = rf_racetext_line(&source->reader, line, &s->reading, &report);
	s->counts.incomplete += source->reader.incomplete - incomplete;
	s->starved |= s->reading.failed || source->reader.text.failed;
	if (ended && s->stream.has_times)
		report.time_unix_ns = s->stream.time_unix_ns;
	if (ended)
		take_report(s, source, &report, false, source->reader.incomplete > incomplete);
	if (ended)
		rf_arena_reset(&s->reading);
	if (source->reader.open && (!was_open || ended)) {
		rf_stream_id_uid(&s->stream, source->start);
		s->stream.reports++; /* whatever becomes of it: those behind it have the same uids each time */
	}
}

/* What is above the bound of a line is dropped. */
static void put_partial(struct rf_session *s, struct rf_source *source, rf_str text)
{
	struct rf_buf *b = &source->partial;
	bool fits = b->len + text.len <= b->cap_max || b->cap_max == 0;
	rf_buf_put_str(b, text);
	s->starved |= fits && b->failed;
}

/* Output as test2json cuts it: any number of lines, the last of which may lack its end. */
static void feed_output(struct rf_session *s, struct rf_source *source, rf_str output)
{
	while (output.len) {
		ptrdiff_t end = rf_str_find(output, '\n');
		if (end < 0) {
			put_partial(s, source, output);
			return;
		}
		rf_str line = rf_str_take(output, (size_t)end);
		output = rf_str_skip(output, (size_t)end + 1);
		if (source->partial.len) {
			put_partial(s, source, line);
			feed_line(s, source, rf_buf_str(&source->partial));
			rf_buf_reset(&source->partial);
		} else {
			feed_line(s, source, line);
		}
	}
}

/* No more output will come: what is open is given out as it is. */
static void drain_source(struct rf_session *s, struct rf_source *source)
{
	struct rf_report report;
	uint64_t incomplete = source->reader.incomplete;
	if (source->partial.len)
		feed_line(s, source, rf_buf_str(&source->partial));
	rf_buf_reset(&source->partial);
	bool ended = rf_racetext_end(&source->reader, &s->reading, &report);
	s->starved |= s->reading.failed;
	if (ended)
		take_report(s, source, &report, true, source->reader.incomplete > incomplete);
	rf_arena_reset(&s->reading);
	s->counts.incomplete += source->reader.incomplete - incomplete;
}

static struct rf_source *source_of(struct rf_session *s, rf_str package)
{
	for (struct rf_source **at = &s->open; *at; at = &(*at)->next_open) {
		struct rf_source *found = *at;
		if (!rf_str_eq(found->package.name, package))
			continue;
		*at = found->next_open;
		found->next_open = s->open;
		return s->open = found;
	}
	struct rf_source *source = rf_arena_alloc(&s->arena, sizeof(*source));
	rf_str name = rf_arena_dup(&s->arena, package);
	if (!source || name.len != package.len) {
		s->starved = true;
		return NULL;
	}
	source->package = (struct rf_package){ .name = name, .built = true };
	rf_racetext_init(&source->reader);
	rf_buf_init(&source->partial);
	source->partial.cap_max = RF_RACETEXT_BYTES_MAX;
	*s->sources_end = source;
	s->sources_end = &source->next;
	source->next_open = s->open;
	s->open = source;
	s->counts.packages++;
	rf_session_package_begins(s, source);
	return source;
}

static void close_source(struct rf_session *s, struct rf_source *source)
{
	struct rf_source **at = &s->open;
	while (*at && *at != source)
		at = &(*at)->next_open;
	if (*at)
		*at = source->next_open;
	end_source(s, source);
}

static void end_package(struct rf_session *s, struct rf_source *source, const struct rf_test_event *event, rf_str line)
{
	drain_source(s, source);
	source->package.result = rf_str_from(rf_session_result_of(event->action));
	source->package.elapsed_s = event->elapsed_s;
	s->counts.packages_failed += event->action == RF_ACTION_FAIL;
	s->counts.packages_only_raced += event->action == RF_ACTION_FAIL && source->package.built &&
					 rf_reasons_only_races(&source->reasons);
	rf_session_package_ends(s, source, event, line);
	close_source(s, source);
}

/* What go test says about a package in the last line of its output. */
static void note_package_line(struct rf_package *p, const struct rf_test_event *event)
{
	rf_str out = event->output;
	if (event->test.len)
		return;
	if (rf_str_starts(out, "ok  \t") && rf_str_contains(out, "\t(cached)"))
		p->cached = true;
	if (rf_str_starts(out, "?") && rf_str_contains(out, "[no test files]"))
		p->no_tests_files = true;
	if (rf_str_starts(out, "FAIL\t") && (rf_str_contains(out, "[build failed]") ||
					     rf_str_contains(out, "[setup failed]")))
		p->built = false;
}

/* The value of the member "TraceID" that rf_test2json_put_with_trace_id added at the end of a line. */
static rf_str added_trace_id(rf_str line)
{
	static const char member[] = "\"TraceID\":\"";
	ptrdiff_t at = rf_str_find_str(line, RF_STR("\"TraceID\":\""));
	if (at < 0)
		return RF_STR("");
	rf_str rest = rf_str_skip(line, (size_t)at + sizeof(member) - 1);
	return rf_str_cut(&rest, '"');
}

static void note_event(struct rf_session *s, const struct rf_test_event *event, rf_str line)
{
	if (s->stream_trace.len == 0 && event->has_trace_id)
		s->stream_trace = rf_arena_dup(&s->arena, added_trace_id(line));
	if (rf_stream_id_event(&s->stream, event))
		rf_session_trace(s);
}

void rf_session_event(struct rf_session *s, const struct rf_test_event *event, rf_str line)
{
	note_event(s, event, line);
	s->test = event->test;
	if (event->package.len && event->action != RF_ACTION_BUILD_OUTPUT && event->action != RF_ACTION_BUILD_FAIL) {
		struct rf_source *source = source_of(s, event->package);
		if (!source)
			return;
		if (event->action == RF_ACTION_OUTPUT) {
			note_package_line(&source->package, event);
			rf_reasons_output(&source->reasons, event, &s->arena);
			rf_session_test_says(s, source, event);
			feed_output(s, source, event->output);
		} else if (event->action == RF_ACTION_RUN) {
			rf_session_test_begins(s, source, event);
		} else if (rf_session_result_of(event->action) && event->test.len) {
			rf_reasons_test_end(&source->reasons, event, &s->arena);
			rf_session_test_ends(s, source, event);
		} else if (rf_session_result_of(event->action)) {
			end_package(s, source, event, line);
		}
	} else if (event->action == RF_ACTION_BUILD_OUTPUT) {
		rf_session_build_says(s, event);
	}
	s->test = RF_STR("");
}

void rf_session_text(struct rf_session *s, rf_str line)
{
	rf_stream_id_text(&s->stream, line);
	if (rf_str_eq_cstr(line, "FAIL") || rf_str_starts(line, "FAIL\t") || rf_str_starts(line, "--- FAIL: "))
		s->counts.text_failed = true;
	feed_line(s, &s->plain, line);
}

void rf_session_end_stream(struct rf_session *s)
{
	for (struct rf_source *source = s->sources; source; source = source->next) {
		if (!source->over) {
			drain_source(s, source);
			rf_session_package_cut(s, source);
			close_source(s, source);
		}
	}
	rf_session_builds_release(s);
	drain_source(s, &s->plain);
	rf_session_flush(s);
	rf_session_copy_rest(s);
	for (int i = 0; i < 2; i++) /* adding up what was found takes as much */
		rf_batch_shrink(&s->batches[i]);
}

const struct rf_session_counts *rf_session_counts(const struct rf_session *s)
{
	return &s->counts;
}

const struct rf_package *rf_session_package(const struct rf_session *s, uint32_t i)
{
	struct rf_source *source = s->sources;
	while (source && i--)
		source = source->next;
	return source ? &source->package : NULL;
}

rf_str rf_session_notes(const struct rf_session *s)
{
	return rf_buf_str(&s->notes);
}
