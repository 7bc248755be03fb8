/* SARIF 2.1.0 (OASIS). Section numbers are those of the standard. Texts of a result hold no numbers that change from run to run,
 * so that a code host knows an alert again; partialFingerprints carry the fingerprint for the same end. */
#include "export/item.h"
#include "store/json.h"
#include "export/markup.h"

#define SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

struct writer {
	struct rf_json json;
	struct rf_export *x;
	const struct rf_item *item;
	int rule_index[RF_KIND_COUNT]; /* -1: no finding of that kind */
};

/* 3.11: "[text](target)" in a message is a link, which no name of ours is meant to be. */
static void put_message(struct writer *w, const char *key, rf_str text)
{
	struct rf_buf b;
	rf_buf_init(&b);
	for (; text.len; text = rf_str_skip(text, 1)) {
		if (rf_str_starts(text, "]("))
			rf_buf_put_cstr(&b, "] ");
		else
			rf_buf_put_char(&b, text.ptr[0]);
	}
	rf_json_object(&w->json, key);
	rf_json_str(&w->json, "text", b.len ? rf_buf_str(&b) : RF_STR("")); /* an empty slice would be null */
	rf_json_end(&w->json);
	rf_export_end_text(w->x, &b);
}

/* --- locations ------------------------------------------------------------------------------------------------- */

/* C:/a.go, or C:\a.go: of a stream that was recorded on Windows. */
static bool has_drive(rf_str path)
{
	char letter = path.len > 2 ? path.ptr[0] | 0x20 : 0;
	return letter >= 'a' && letter <= 'z' && path.ptr[1] == ':' && (path.ptr[2] == '/' || path.ptr[2] == '\\');
}

static void put_file_uri(struct rf_buf *b, rf_str path)
{
	rf_str rest = rf_str_skip(path, 3);
	if (path.ptr[0] == '/')
		rf_buf_put_cstr(b, "file://");
	if (!has_drive(path)) {
		rf_markup_put_uri(b, path);
		return;
	}
	rf_buf_printf(b, "file:///%c:", path.ptr[0]);
	while (rest.len) {
		rf_buf_put_char(b, '/');
		rf_markup_put_uri(b, rf_str_cut(&rest, '\\'));
	}
}

static void put_uri(struct writer *w, struct rf_place place)
{
	struct rf_buf b;
	rf_buf_init(&b);
	if (place.relative)
		rf_markup_put_uri(&b, place.file);
	else
		put_file_uri(&b, place.file);
	rf_json_object(&w->json, "artifactLocation");
	rf_json_str(&w->json, "uri", rf_buf_str(&b));
	if (place.relative)
		rf_json_cstr(&w->json, "uriBaseId", "%SRCROOT%");
	rf_json_end(&w->json);
	rf_export_end_text(w->x, &b);
}

/* Members of a location object (3.28); id 0: none. */
static void put_location(struct writer *w, struct rf_place place, int id, rf_str message)
{
	struct rf_json *j = &w->json;
	if (id)
		rf_json_int(j, "id", id);
	if (place.file.len) {
		rf_json_object(j, "physicalLocation");
		put_uri(w, place);
		if (place.line) {
			rf_json_object(j, "region");
			rf_json_int(j, "startLine", place.line);
			rf_json_end(j);
		}
		rf_json_end(j);
	}
	if (place.function.len) {
		rf_json_array(j, "logicalLocations");
		rf_json_object(j, NULL);
		rf_json_str(j, "name", rf_words_function(place.function));
		rf_json_str(j, "fullyQualifiedName", place.function);
		rf_json_cstr(j, "kind", "function");
		rf_json_end(j);
		rf_json_end(j);
	}
	if (message.len)
		put_message(w, "message", message);
}

static void put_location_object(struct writer *w, const char *key, struct rf_place place, int id, rf_str message)
{
	rf_json_object(&w->json, key);
	put_location(w, place, id, message);
	rf_json_end(&w->json);
}

static void put_related_stack(struct writer *w, const struct rf_stack *stack, int id, rf_str message)
{
	if (stack->count)
		put_location_object(w, NULL, rf_item_place(w->x, &stack->frames[0]), id, message);
}

static void put_locations(struct writer *w)
{
	const struct rf_item *item = w->item;
	const struct rf_item_side *first = rf_item_first_place(item);
	rf_arena *scratch = &w->x->scratch;
	int id = 1;
	rf_json_array(&w->json, "locations");
	if (first)
		put_location_object(w, NULL, first->place, 0, rf_words_side(first, scratch));
	else /* code scanning refuses a whole file for one result without a location */
		put_location_object(w, NULL, rf_item_no_place(w->x), 0, RF_STR("Neither stack has a place in a file"));
	rf_json_end(&w->json);
	rf_json_array(&w->json, "relatedLocations");
	for (uint32_t i = 0; i < item->side_count; i++) {
		if (&item->sides[i] != first && item->sides[i].has_place)
			put_location_object(w, NULL, item->sides[i].place, id++, rf_words_side(&item->sides[i], scratch));
	}
	for (uint32_t i = 0; i < item->side_count; i++) {
		if (!rf_item_is_again(item, i))
			put_related_stack(w, &item->sides[i].goroutine->created, id++,
					  rf_arena_printf(&w->x->scratch, "Here the %s%s was started", i ? "other " : "",
							  rf_words_runner(item->sides[i].goroutine)));
	}
	put_related_stack(w, &item->report.allocated, id++, RF_STR("Here the memory was allocated"));
	rf_json_end(&w->json);
}

/* --- flows: one threadFlow a goroutine, from where it was started to the access -------------------------------- */

static void put_step(struct writer *w, const struct rf_frame *frame, int nesting, int order, rf_str message)
{
	rf_json_object(&w->json, NULL);
	put_location_object(w, "location", rf_item_place(w->x, frame), 0, message);
	rf_json_int(&w->json, "nestingLevel", nesting);
	if (order)
		rf_json_int(&w->json, "executionOrder", order);
	rf_json_end(&w->json);
}

static void put_thread_flow(struct writer *w, const struct rf_item_side *s, int index)
{
	struct rf_json *j = &w->json;
	const struct rf_stack *stack = &s->access->stack, *created = &s->goroutine->created;
	int nesting = 0;
	if (stack->count + created->count == 0)
		return;
	rf_json_object(j, NULL);
	rf_json_str(j, "id", rf_arena_printf(&w->x->scratch, "side-%d", index + 1));
	put_message(w, "message", rf_words_side(s, &w->x->scratch));
	rf_json_array(j, "locations");
	if (created->count)
		put_step(w, &created->frames[0], nesting++, 0, rf_arena_printf(&w->x->scratch, "starts the %s", rf_words_runner(s->goroutine)));
	for (uint32_t i = stack->count; i > 1; i--)
		put_step(w, &stack->frames[i - 1], nesting++, 0, RF_STR(""));
	if (stack->count) /* 3.38.11: which of the two came first */
		put_step(w, &stack->frames[0], nesting, s->access->previous ? 1 : 2,
			 rf_str_from(rf_words_access(s->access)));
	rf_json_end(j);
	rf_json_end(j);
}

static void put_flows(struct writer *w)
{
	const struct rf_item *item = w->item;
	uint32_t frames = 0;
	for (uint32_t i = 0; i < item->side_count; i++)
		frames += item->sides[i].access->stack.count + item->sides[i].goroutine->created.count;
	if (frames == 0) /* 3.36.3: a flow has a threadFlow at least */
		return;
	rf_json_array(&w->json, "codeFlows");
	rf_json_object(&w->json, NULL);
	rf_json_array(&w->json, "threadFlows");
	for (uint32_t i = 0; i < item->side_count; i++)
		put_thread_flow(w, &item->sides[i], (int)i);
	rf_json_end(&w->json);
	rf_json_end(&w->json);
	rf_json_end(&w->json);
}

/* --- results --------------------------------------------------------------------------------------------------- */

static rf_str message_of(struct writer *w)
{
	const struct rf_item *item = w->item;
	rf_arena *scratch = &w->x->scratch;
	rf_str text = item->row->title;
	for (uint32_t i = 0; i < item->side_count; i++)
		text = rf_arena_printf(scratch, "%.*s%s%.*s", RF_STR_ARG(text), i ? "; " : ". ",
				       RF_STR_ARG(rf_words_side(&item->sides[i], scratch)));
	return rf_arena_printf(scratch, "%.*s.", RF_STR_ARG(text));
}

static void put_suppression(struct writer *w, const struct rf_suppression *entry)
{
	struct rf_json *j = &w->json;
	rf_json_object(j, NULL);
	rf_json_cstr(j, "kind", "external");
	rf_json_cstr(j, "status", "accepted");
	rf_json_str(j, "justification", entry ? rf_words_suppression(entry, &w->x->scratch)
					      : RF_STR("A suppression list silences it: each of its occurrences matched."));
	if (entry) {
		rf_json_object(j, "properties");
		rf_json_str(j, "entry", entry->text);
		rf_json_str_if(j, "reason", entry->reason);
		rf_json_str_if(j, "owner", entry->owner);
		rf_json_str_if(j, "expires", entry->expires);
		rf_json_end(j);
	}
	rf_json_end(j);
}

static void put_suppressions(struct writer *w)
{
	struct rf_json *j = &w->json;
	rf_json_array(j, "suppressions");
	for (uint32_t i = 0; i < w->item->suppression_count; i++)
		put_suppression(w, &w->item->suppressions[i]);
	/* In the process, by a list that redflag doesn't know: which entry it was, nobody has told. */
	if (w->item->suppressed && w->item->suppression_count == 0)
		put_suppression(w, NULL);
	rf_json_end(j);
}

static void put_properties(struct writer *w)
{
	const struct rf_item *item = w->item;
	struct rf_json *j = &w->json;
	rf_json_object(j, "properties");
	rf_json_int(j, "finding", item->row->id);
	rf_json_str(j, "tag", item->row->tag);
	rf_json_str_if(j, "class", item->row->class);
	rf_json_str(j, "status", item->row->status);
	rf_json_str_if(j, "tests", rf_words_owners(item->row->test_a, item->row->test_b, &w->x->scratch));
	rf_json_str(j, "firstSeen", item->row->first_seen);
	rf_json_str(j, "lastSeen", item->row->last_seen);
	rf_json_str(j, "traceId", item->event.trace_id);
	rf_json_end(j);
}

static void put_result(struct writer *w)
{
	const struct rf_item *item = w->item;
	struct rf_json *j = &w->json;
	enum rf_kind kind = rf_kind_from_name(item->row->kind);
	rf_json_object(j, NULL);
	rf_json_cstr(j, "ruleId", rf_kind_name(kind));
	rf_json_int(j, "ruleIndex", w->rule_index[kind]);
	rf_json_cstr(j, "level", "error");
	put_message(w, "message", message_of(w));
	put_locations(w);
	put_flows(w);
	rf_json_object(j, "partialFingerprints");
	rf_json_str(j, "redflagFingerprint/v1", item->row->fingerprint);
	rf_json_end(j);
	rf_json_cstr(j, "baselineState", item->is_new ? "new" : "unchanged");
	put_suppressions(w);
	rf_json_int(j, "occurrenceCount", item->row->events);
	put_properties(w);
	rf_json_end(j);
}

/* --- rules ----------------------------------------------------------------------------------------------------- */

static rf_str kind_title(enum rf_kind kind)
{
	static const char *const titles[RF_KIND_COUNT] = {
		[RF_KIND_UNKNOWN] = "Report of another kind",
		[RF_KIND_DATA_RACE] = "Data race",
		[RF_KIND_USE_AFTER_FREE] = "Use after free",
		[RF_KIND_USE_AFTER_PUT] = "Use after sync.Pool.Put",
		[RF_KIND_USE_AFTER_PUT_ALIAS] = "Use of a pooled object's array after sync.Pool.Put",
		[RF_KIND_DOUBLE_PUT] = "Double sync.Pool.Put",
		[RF_KIND_PUT_WHILE_USED] = "sync.Pool.Put of what is in use",
		[RF_KIND_USE_AFTER_FINALIZE] = "Use after the finalizer",
		[RF_KIND_USE_AFTER_GC] = "Use of what the garbage collector freed",
		[RF_KIND_CLOSE_WHILE_SENDING] = "Close of a channel that others wait to send on",
		[RF_KIND_SEND_AFTER_CLOSE] = "Send on a closed channel",
		[RF_KIND_DOUBLE_CLOSE] = "Close of a closed channel",
		[RF_KIND_DOUBLE_FREE] = "Double free of C memory",
		[RF_KIND_INVALID_FREE] = "Free of memory that malloc never gave",
		[RF_KIND_RESURRECTION] = "An object that its finalizer keeps",
		[RF_KIND_CLEANUP_KEEPS_ALIVE] = "A finalizer or cleanup that refers to its own object",
		[RF_KIND_GOROUTINE_LEAK] = "Goroutine that is blocked for good",
		[RF_KIND_RETAINED_AFTER_DELETE] = "Value deleted from a sync.Map and still held",
		[RF_KIND_LOST_IN_CHANNEL] = "Elements left in a channel that nobody can reach",
		[RF_KIND_NATIVE_LEAK] = "C memory that nothing points to",
		[RF_KIND_FINALIZER_BACKLOG] = "A finalizer or cleanup that others wait behind",
		[RF_KIND_HEAP_USE_AFTER_FREE] = "Use of freed heap memory in C",
		[RF_KIND_HEAP_OVERFLOW] = "Access beside a heap block in C",
		[RF_KIND_NATIVE_RACE] = "Data race of threads, seen in production",
		[RF_KIND_VIEW_INCONSISTENCY] = "Fields that belong together, read in two sections of their lock",
	};
	return rf_str_from(titles[kind] ? titles[kind] : rf_kind_name(kind));
}

static void put_rule(struct writer *w, enum rf_kind kind)
{
	struct rf_json *j = &w->json;
	const struct rf_export_kind *text = &w->x->options.kinds[kind];
	rf_json_object(j, NULL);
	rf_json_cstr(j, "id", rf_kind_name(kind));
	put_message(w, "shortDescription", kind_title(kind));
	if (text->meaning) {
		put_message(w, "fullDescription", rf_str_from(text->meaning));
		put_message(w, "help", rf_arena_printf(&w->x->arena, "%s\n\n%s", text->meaning, text->cure ? text->cure : ""));
	}
	rf_json_object(j, "defaultConfiguration");
	rf_json_cstr(j, "level", "error");
	rf_json_end(j);
	rf_json_object(j, "properties");
	rf_json_cstr(j, "precision", "very-high");
	rf_json_cstr(j, "problem.severity", "error");
	rf_json_array(j, "tags");
	rf_json_cstr(j, NULL, "concurrency");
	rf_json_cstr(j, NULL, "correctness");
	rf_json_end(j);
	rf_json_end(j);
	rf_json_end(j);
}

static void put_tool(struct writer *w)
{
	struct rf_json *j = &w->json;
	int count = 0;
	rf_json_object(j, "tool");
	rf_json_object(j, "driver");
	rf_json_cstr(j, "name", "redflag");
	rf_json_str(j, "version", w->x->options.version);
	rf_json_array(j, "rules");
	for (int kind = 0; kind < RF_KIND_COUNT; kind++) {
		if (w->rule_index[kind] < 0)
			continue;
		w->rule_index[kind] = count++;
		put_rule(w, (enum rf_kind)kind);
	}
	rf_json_end(j);
	rf_json_end(j);
	rf_json_end(j);
}

/* Rules stand before the results that name them by index: which there are is known from the rows. */
static void find_kinds(struct writer *w)
{
	for (int kind = 0; kind < RF_KIND_COUNT; kind++)
		w->rule_index[kind] = -1;
	for (uint32_t i = 0; i < w->x->count; i++)
		w->rule_index[rf_kind_from_name(w->x->rows[i].kind)] = 0;
}

static void put_run_head(struct writer *w)
{
	struct rf_json *j = &w->json;
	put_tool(w);
	rf_json_object(j, "automationDetails"); /* 3.17.3: what stands before the last / is the category of the analysis */
	rf_json_str(j, "id", w->x->has_run ? rf_arena_printf(&w->x->arena, "redflag/%.*s", RF_STR_ARG(w->x->run.trace_id))
					   : RF_STR("redflag/"));
	rf_json_end(j);
	rf_json_object(j, "originalUriBaseIds"); /* 3.14.14: without a URI, whoever reads it knows where the sources are */
	rf_json_object(j, "%SRCROOT%");
	put_message(w, "description", RF_STR("The root of the checkout"));
	rf_json_end(j);
	rf_json_end(j);
	if (w->x->has_run) {
		rf_json_object(j, "properties");
		rf_json_str(j, "traceId", w->x->run.trace_id);
		rf_json_str(j, "startedAt", w->x->run.started_at);
		rf_json_end(j);
	}
}

int rf_export_sarif(struct rf_export *x, struct rf_buf *out, struct rf_error *err)
{
	struct rf_item item;
	struct writer w = { .x = x, .item = &item };
	struct rf_json *j = &w.json;
	int rc = 0;
	find_kinds(&w);
	rf_json_init(j, out);
	rf_json_object(j, NULL);
	rf_json_cstr(j, "$schema", SCHEMA);
	rf_json_cstr(j, "version", "2.1.0");
	rf_json_array(j, "runs");
	rf_json_object(j, NULL);
	put_run_head(&w);
	rf_json_array(j, "results");
	for (uint32_t i = 0; i < x->count && (rc = rf_item_load(x, i, &item, err)) == 0; i++)
		put_result(&w);
	rf_json_end(j);
	rf_json_end(j);
	rf_json_end(j);
	rf_json_end(j);
	rf_json_finish(j);
	return rc;
}
