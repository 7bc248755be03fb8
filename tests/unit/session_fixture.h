/* Sessions of tests: opened on a sample, fed with a stream, and finished. */
#ifndef RF_TESTS_UNIT_SESSION_FIXTURE_H
#define RF_TESTS_UNIT_SESSION_FIXTURE_H

#include "store_sample.h"

static struct rf_session *open_session_on(struct sample *s, const char *trace, bool mix, const char *host)
{
	struct rf_session *session;
	struct rf_session_options options = { .store = s->store, .clock = { sample_now, &s->clock },
					      .trace_id = rf_str_from(trace), .mix_trace = mix,
					      .command = RF_STR("report"), .directory = RF_STR("/src"),
					      .host = rf_str_from(host), .tags = { .config = &s->config } };
	assert_int_equal(rf_session_open(&session, &options, &s->err), 0);
	return session;
}

static struct rf_session *open_session(struct sample *s, const char *trace, bool mix)
{
	return open_session_on(s, trace, mix, "here");
}

/* One JSON line, as the command would feed it. */
static void feed_json(struct sample *s, struct rf_session *session, const char *line)
{
	struct rf_test_event event;
	assert_int_equal(rf_test2json_parse(rf_str_from(line), &s->arena, &event, &s->err), 0);
	rf_session_event(session, &event, rf_str_from(line));
}

static void feed_output(struct sample *s, struct rf_session *session, const char *package, const char *test, rf_str text,
			const char *extra)
{
	unsigned second = 0;
	while (text.len) {
		struct rf_buf b;
		rf_str line = rf_str_cut(&text, '\n');
		rf_buf_init(&b);
		rf_buf_printf(&b, "{\"Time\":\"2026-01-01T00:00:%02u.5Z\",\"Action\":\"output\",\"Package\":\"%s\",\"Test\":\"%s\""
				  ",\"Output\":\"%.*s\\n\"%s}", second++ % 60, package, test, RF_STR_ARG(line), extra);
		feed_json(s, session, rf_arena_cstr(&s->arena, rf_buf_str(&b)));
		rf_buf_release(&b);
	}
}

static void finish(struct sample *s, struct rf_session *session)
{
	rf_session_end_stream(session);
	if (rf_session_finish(session, &s->err) != 0)
		fail_msg("%s", s->err.text);
	rf_session_close(session);
}

#endif
