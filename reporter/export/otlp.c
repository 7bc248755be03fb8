/* Spans as OTLP/JSON (opentelemetry-proto, ExportTraceServiceRequest): the run and, below it, an occurrence each. Numbers of 64 bits
 * are text and IDs are hex there. Span IDs are hashes of what they stand for, so that the same export sent twice is the same. */
#include <nettle/sha2.h>
#include <string.h>

#include "export/item.h"
#include "store/json.h"

#define TRACE_DIGITS 32
#define SPAN_DIGITS 16
#define KIND_INTERNAL 1 /* SpanKind */
#define STATUS_ERROR 2  /* Status.StatusCode */

struct writer {
	struct rf_json json;
	struct rf_export *x;
	char run_span[SPAN_DIGITS + 1]; /* "" without a run */
};

/* --- IDs ------------------------------------------------------------------------------------------------------- */

static void hash_hex(const rf_str *parts, size_t count, size_t digits, char *out)
{
	struct sha256_ctx hash;
	uint8_t digest[SHA256_DIGEST_SIZE];
	sha256_init(&hash);
	for (size_t i = 0; i < count; i++) {
		uint64_t len = parts[i].len;
		sha256_update(&hash, sizeof(len), (const uint8_t *)&len);
		if (len)
			sha256_update(&hash, parts[i].len, (const uint8_t *)parts[i].ptr);
	}
	sha256_digest(&hash, sizeof(digest), digest);
	digest[0] |= 1; /* all zero is no ID */
	rf_hex_put(out, digest, digits / 2);
	out[digits] = '\0';
}

/* The ID in lower case, when it is one of W3C Trace Context. */
static bool is_w3c(rf_str id, char out[TRACE_DIGITS + 1])
{
	bool zero = true;
	if (id.len != TRACE_DIGITS)
		return false;
	for (size_t i = 0; i < TRACE_DIGITS; i++) {
		char c = id.ptr[i];
		out[i] = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
		if (!((out[i] >= '0' && out[i] <= '9') || (out[i] >= 'a' && out[i] <= 'f')))
			return false;
		zero = zero && c == '0';
	}
	out[TRACE_DIGITS] = '\0';
	return !zero;
}

/* Returns true when the ID had to be derived. */
static bool trace_of(rf_str id, char out[TRACE_DIGITS + 1])
{
	const rf_str parts[] = { RF_STR("redflag trace"), id };
	if (is_w3c(id, out))
		return false;
	hash_hex(parts, 2, TRACE_DIGITS, out);
	return true;
}

/* The parent in a traceparent ("00-TRACE-PARENT-FLAGS") of this trace; "" else. */
static rf_str parent_of(rf_str traceparent, const char *trace)
{
	rf_str rest = traceparent;
	rf_str_cut(&rest, '-');
	rf_str id = rf_str_cut(&rest, '-'), parent = rf_str_cut(&rest, '-');
	return rf_str_eq_cstr(id, trace) && parent.len == SPAN_DIGITS ? parent : RF_STR("");
}

/* --- attributes ------------------------------------------------------------------------------------------------ */

static void put_attribute(struct rf_json *j, const char *key, const char *type, rf_str value)
{
	rf_json_object(j, NULL);
	rf_json_cstr(j, "key", key);
	rf_json_object(j, "value");
	rf_json_str(j, type, value);
	rf_json_end(j);
	rf_json_end(j);
}

static void put_text(struct rf_json *j, const char *key, rf_str value)
{
	if (value.len)
		put_attribute(j, key, "stringValue", value);
}

static void put_int(struct writer *w, const char *key, int64_t value)
{
	put_attribute(&w->json, key, "intValue", rf_arena_printf(&w->x->scratch, "%lld", (long long)value));
}

static void put_bool(struct rf_json *j, const char *key, bool value)
{
	rf_json_object(j, NULL);
	rf_json_cstr(j, "key", key);
	rf_json_object(j, "value");
	rf_json_bool(j, "boolValue", value);
	rf_json_end(j);
	rf_json_end(j);
}

/* What our own trace ID was, where the span's had to be derived. */
static void put_trace_attributes(struct rf_json *j, rf_str trace_id, bool derived)
{
	put_text(j, "redflag.trace_id", trace_id);
	put_bool(j, "redflag.trace_id.derived", derived);
}

/* --- spans ----------------------------------------------------------------------------------------------------- */

static void put_time(struct writer *w, const char *key, rf_str time)
{
	uint64_t ns = 0;
	rf_time_parse(time, &ns);
	rf_json_str(&w->json, key, rf_arena_printf(&w->x->scratch, "%llu", (unsigned long long)ns));
}

static void begin_span(struct writer *w, const char *trace, const char *span, rf_str parent, rf_str name)
{
	struct rf_json *j = &w->json;
	rf_json_object(j, NULL);
	rf_json_cstr(j, "traceId", trace);
	rf_json_cstr(j, "spanId", span);
	rf_json_str_if(j, "parentSpanId", parent);
	rf_json_str(j, "name", name);
	rf_json_int(j, "kind", KIND_INTERNAL);
}

static void put_run(struct writer *w)
{
	struct rf_json *j = &w->json;
	const struct rf_run_row *run = &w->x->run;
	const rf_str parts[] = { RF_STR("redflag run"), run->trace_id };
	char trace[TRACE_DIGITS + 1];
	bool derived = trace_of(run->trace_id, trace);
	hash_hex(parts, 2, SPAN_DIGITS, w->run_span);
	begin_span(w, trace, w->run_span, parent_of(run->traceparent, trace), RF_STR("redflag run"));
	put_time(w, "startTimeUnixNano", run->started_at);
	put_time(w, "endTimeUnixNano", run->last_at);
	rf_json_array(j, "attributes");
	put_trace_attributes(j, run->trace_id, derived);
	put_text(j, "redflag.command", run->command);
	put_int(w, "redflag.findings", w->x->count);
	rf_json_end(j);
	rf_json_end(j);
}

static void put_finding_attributes(struct writer *w, const struct rf_item *item, const struct rf_event_row *e)
{
	struct rf_json *j = &w->json;
	const struct rf_item_side *first = rf_item_first_place(item);
	put_int(w, "redflag.finding.id", item->row->id);
	put_text(j, "redflag.finding.fingerprint", item->row->fingerprint);
	put_text(j, "redflag.finding.kind", item->row->kind);
	put_text(j, "redflag.finding.tag", item->row->tag);
	put_text(j, "redflag.finding.status", item->row->status);
	put_bool(j, "redflag.finding.new", item->is_new);
	put_text(j, "redflag.verdict", e->verdict);
	put_text(j, "test.case.name", rf_words_owners(e->test_a, e->test_b, &w->x->scratch));
	if (!first)
		return;
	put_text(j, "code.function.name", first->place.function);
	put_text(j, "code.file.path", first->place.file);
	put_int(w, "code.line.number", first->place.line);
}

/* By the conventions for exceptions, which viewers of traces know how to show. */
static void put_exception(struct writer *w, const struct rf_item *item)
{
	struct rf_json *j = &w->json;
	struct rf_buf stacks;
	rf_buf_init(&stacks);
	rf_words_put_stacks(&stacks, w->x, item);
	rf_json_array(j, "events");
	rf_json_object(j, NULL);
	put_time(w, "timeUnixNano", item->event.time);
	rf_json_cstr(j, "name", "exception");
	rf_json_array(j, "attributes");
	put_text(j, "exception.type", item->row->kind);
	put_text(j, "exception.message", item->row->title);
	put_text(j, "exception.stacktrace", rf_buf_str(&stacks));
	rf_json_end(j);
	rf_json_end(j);
	rf_json_end(j);
	rf_export_end_text(w->x, &stacks);
}

static void put_event(struct writer *w, const struct rf_item *item, const struct rf_event_row *e)
{
	struct rf_json *j = &w->json;
	const rf_str parts[] = { RF_STR("redflag event"), e->trace_id, item->row->fingerprint, item->row->tag, e->time,
				 rf_arena_printf(&w->x->scratch, "%lld", (long long)e->id) };
	char trace[TRACE_DIGITS + 1], span[SPAN_DIGITS + 1];
	bool derived = trace_of(e->trace_id, trace);
	hash_hex(parts, sizeof(parts) / sizeof(parts[0]), SPAN_DIGITS, span);
	begin_span(w, trace, span, rf_str_from(w->run_span), item->row->title);
	put_time(w, "startTimeUnixNano", e->time);
	put_time(w, "endTimeUnixNano", e->time);
	rf_json_array(j, "attributes");
	put_trace_attributes(j, e->trace_id, derived);
	put_finding_attributes(w, item, e);
	rf_json_end(j);
	if (e->id == item->event.id) /* the stacks are this one's */
		put_exception(w, item);
	if (!rf_str_eq_cstr(e->verdict, "suppressed")) {
		rf_json_object(j, "status");
		rf_json_int(j, "code", STATUS_ERROR);
		rf_json_str(j, "message", item->row->title);
		rf_json_end(j);
	}
	rf_json_end(j);
}

static void put_resource(struct writer *w)
{
	struct rf_json *j = &w->json;
	rf_json_object(j, "resource");
	rf_json_array(j, "attributes");
	put_text(j, "service.name", RF_STR("redflag"));
	put_text(j, "service.version", w->x->options.version);
	put_text(j, "host.name", w->x->run.host);
	rf_json_end(j);
	rf_json_end(j);
}

static int put_spans(struct writer *w, struct rf_error *err)
{
	struct rf_item item;
	int rc = 0;
	rf_json_array(&w->json, "spans");
	if (w->x->has_run)
		put_run(w);
	for (uint32_t i = 0; i < w->x->count && (rc = rf_item_load(w->x, i, &item, err)) == 0; i++) {
		bool told = false; /* the best one may be older than those that are listed */
		for (uint32_t k = 0; k < item.event_count; k++) {
			put_event(w, &item, &item.events[k]);
			told |= item.events[k].id == item.event.id;
		}
		if (!told)
			put_event(w, &item, &item.event);
	}
	rf_json_end(&w->json);
	return rc;
}

int rf_export_otlp(struct rf_export *x, struct rf_buf *out, struct rf_error *err)
{
	struct writer w = { .x = x };
	struct rf_json *j = &w.json;
	rf_json_init(j, out);
	rf_json_object(j, NULL);
	rf_json_array(j, "resourceSpans");
	rf_json_object(j, NULL);
	put_resource(&w);
	rf_json_array(j, "scopeSpans");
	rf_json_object(j, NULL);
	rf_json_object(j, "scope");
	rf_json_cstr(j, "name", "redflag");
	rf_json_str(j, "version", x->options.version);
	rf_json_end(j);
	int rc = put_spans(&w, err);
	while (j->depth)
		rf_json_end(j);
	rf_json_finish(j);
	return rc;
}
