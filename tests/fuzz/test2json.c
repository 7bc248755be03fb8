/* One line of `go test -json`. The outcome doesn't depend on white space around it, a trace ID is added exactly once,
 * and what was added can be read back with everything else unchanged. As lines, one behind the other, they mean what each means alone. */
#include "fuzz.h"

#include "read/test2json.h"

static void must_equal(const struct rf_test_event *a, const struct rf_test_event *b)
{
	MUST(a->action == b->action);
	MUST(rf_str_eq(a->time, b->time) && rf_str_eq(a->package, b->package));
	MUST(rf_str_eq(a->test, b->test) && rf_str_eq(a->output, b->output));
	MUST(a->elapsed_s == b->elapsed_s);
}

/* A line means the same whatever line it comes behind. */
static void read_as_stream(rf_str lines, rf_arena *arena)
{
	struct rf_test2json_before before = { 0 };
	struct rf_error err = { 0 };
	while (lines.len) {
		struct rf_test_event next, alone;
		rf_str line = rf_str_cut(&lines, '\n');
		for (int i = 0; i < 2; i++) {
			int rc = rf_test2json_parse(line, arena, &alone, &err);
			MUST(rf_test2json_parse_next(&before, line, arena, &next, &err) == rc);
			MUST(next.has_trace_id == alone.has_trace_id);
			must_equal(&next, &alone);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rf_str line = { (const char *)data, size };
	struct rf_test_event event, again;
	struct rf_error err = { 0 };
	struct rf_buf out;
	rf_arena arena;
	rf_arena_init(&arena, 0);
	rf_buf_init(&out);
	int rc = rf_test2json_parse(line, &arena, &event, &err);
	if (rc) {
		must_say(rc, &err);
		MUST(event.output.len == 0 && event.action == RF_ACTION_OTHER);
	} else {
		MUST(event.output.len <= size && event.test.len <= size && (unsigned)event.action < RF_ACTION_COUNT);
		MUST(event.elapsed_s == -1 || event.elapsed_s >= 0);
		rf_test2json_put_with_trace_id(&out, line, &event, RF_STR("4bf92f35"));
		MUST(rf_test2json_parse(rf_buf_str(&out), &arena, &again, &err) == 0);
		MUST(again.has_trace_id);
		must_equal(&event, &again);
		size_t added = event.has_trace_id ? 0 : sizeof(",\"TraceID\":\"4bf92f35\"") - 1;
		MUST(out.len == size + added);
		rf_buf_reset(&out);
		rf_buf_put_cstr(&out, "\t ");
		rf_buf_put_str(&out, line);
		rf_buf_put_cstr(&out, "\r\n");
		MUST(rf_test2json_parse(rf_buf_str(&out), &arena, &again, &err) == 0);
		must_equal(&event, &again);
	}
	read_as_stream(line, &arena);
	rf_buf_release(&out);
	rf_arena_release(&arena);
	return 0;
}
