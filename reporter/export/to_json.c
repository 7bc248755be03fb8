/* redflag's own JSON: everything that is known about each finding. docs/exports.md has the shape. */
#include "export/item.h"
#include "store/json.h"

#define FORMAT_VERSION 1 /* goes up when a member changes its meaning or goes; new members don't count */

static const char *const role_names[RF_FRAME_ROLE_COUNT] = {
	[RF_FRAME_COUNTED] = "counted", [RF_FRAME_LEAF] = "leaf", [RF_FRAME_RUNTIME] = "runtime",
	[RF_FRAME_SYNC] = "sync", [RF_FRAME_TESTING] = "testing", [RF_FRAME_GENERATED] = "generated",
	[RF_FRAME_DEEPER] = "deeper", [RF_FRAME_UNKNOWN] = "unknown", [RF_FRAME_STDLIB] = "stdlib",
	[RF_FRAME_C] = "c",
};

struct writer {
	struct rf_json json;
	struct rf_export *x;
	const struct rf_item *item;
};

static void put_place(struct writer *w, struct rf_place place)
{
	rf_json_str(&w->json, "function", place.function);
	rf_json_str(&w->json, "file", place.file);
	rf_json_bool(&w->json, "in_root", place.relative);
	rf_json_int(&w->json, "line", place.line);
}

static void put_stack(struct writer *w, const char *key, const struct rf_stack *stack, const struct rf_side *side)
{
	rf_json_array(&w->json, key);
	for (uint32_t i = 0; i < stack->count; i++) {
		rf_json_object(&w->json, NULL);
		put_place(w, rf_item_place(w->x, &stack->frames[i]));
		if (side && i < side->name_count)
			rf_json_cstr(&w->json, "role", role_names[side->roles[i]]);
		rf_json_end(&w->json);
	}
	rf_json_end(&w->json);
}

static void put_side(struct writer *w, const struct rf_item_side *s)
{
	struct rf_json *j = &w->json;
	const struct rf_access *a = s->access;
	rf_json_object(j, NULL);
	rf_json_cstr(j, "access", a->act ? rf_act_name(a->act) : a->put ? "put" : a->freed ? "free" : a->write ? "write" : "read");
	rf_json_bool(j, "atomic", a->atomic);
	rf_json_bool(j, "previous", a->previous);
	rf_json_cstr(j, "operation", rf_operation_name(s->side->operation));
	rf_json_bool(j, "stack_missing", s->side->missing);
	rf_json_str(j, "leaf", s->side->leaf);
	rf_json_hex(j, "address", a->address);
	rf_json_int(j, "size", a->size);
	if (s->goroutine_index < w->item->report.goroutine_count)
		rf_json_int(j, "goroutine", s->goroutine_index);
	if (s->has_place) {
		rf_json_object(j, "location");
		put_place(w, s->place);
		rf_json_end(j);
	}
	put_stack(w, "frames", &a->stack, s->side);
	rf_json_bool(j, "frames_cut", a->stack.cut);
	rf_json_end(j);
}

static void put_goroutine(struct writer *w, const struct rf_goroutine *g)
{
	struct rf_json *j = &w->json;
	rf_json_object(j, NULL);
	rf_json_int(j, "thread", g->thread);
	rf_json_int(j, "goid", (int64_t)g->goid);
	rf_json_int(j, "parent_goid", (int64_t)g->parent_goid);
	rf_json_bool(j, "main", g->is_main);
	if (g->is_thread)
		rf_json_bool(j, "of_system", true);
	rf_json_bool(j, "finished", g->finished);
	rf_json_str(j, "state", g->state);
	rf_json_str(j, "entry", g->entry);
	rf_json_str(j, "test", g->test_known ? g->test : (rf_str){ NULL, 0 });
	rf_json_bool(j, "test_over", g->test_over);
	rf_json_array(j, "labels");
	for (uint32_t i = 0; i < g->label_count; i++) {
		rf_json_object(j, NULL);
		rf_json_str(j, "key", g->labels[i].key);
		rf_json_str(j, "value", g->labels[i].value);
		rf_json_end(j);
	}
	rf_json_end(j);
	put_stack(w, "created", &g->created, NULL);
	rf_json_end(j);
}

static void put_memory(struct writer *w)
{
	const struct rf_report *r = &w->item->report;
	rf_json_object(&w->json, "memory");
	rf_json_cstr(&w->json, "kind", rf_memory_name(r->memory));
	rf_json_str(&w->json, "name", r->memory_name);
	rf_json_str(&w->json, "type", r->memory_type);
	rf_json_hex(&w->json, "start", r->memory_start);
	rf_json_int(&w->json, "bytes", (int64_t)r->memory_bytes);
	rf_json_int(&w->json, "allocated_goid", (int64_t)r->allocated_goid);
	put_stack(w, "allocated", &r->allocated, NULL);
	rf_json_end(&w->json);
}

static void put_switches(struct writer *w)
{
	const struct rf_report *r = &w->item->report;
	rf_json_array(&w->json, "switches");
	for (uint32_t i = 0; i < r->switch_count; i++) {
		const struct rf_switch *s = &r->switches[i];
		rf_json_object(&w->json, NULL);
		rf_json_int(&w->json, "before_ns", (int64_t)(r->time_unix_ns - s->time_unix_ns));
		rf_json_int(&w->json, "p", s->p);
		rf_json_int(&w->json, "m", s->m);
		rf_json_int(&w->json, "from_goid", (int64_t)s->from_goid);
		rf_json_int(&w->json, "to_goid", (int64_t)s->to_goid);
		rf_json_str(&w->json, "reason", s->reason);
		rf_json_end(&w->json);
	}
	rf_json_end(&w->json);
}

static void put_event(struct rf_json *j, const struct rf_event_row *e)
{
	rf_json_object(j, NULL);
	rf_json_int(j, "id", e->id);
	rf_json_str(j, "trace_id", e->trace_id);
	rf_json_str(j, "time", e->time);
	rf_json_str(j, "verdict", e->verdict);
	rf_json_str(j, "tag", e->tag);
	rf_json_str(j, "source", e->source);
	rf_json_str(j, "seed", e->seed);
	rf_json_str(j, "test_a", e->test_a);
	rf_json_str(j, "test_b", e->test_b);
	rf_json_str(j, "stream_package", e->package);
	rf_json_str(j, "stream_test", e->test);
	rf_json_end(j);
}

static void put_row(struct rf_json *j, const struct rf_item *item)
{
	const struct rf_finding_row *row = item->row;
	rf_json_int(j, "id", row->id);
	rf_json_str(j, "fingerprint", row->fingerprint);
	rf_json_str(j, "coarse", row->coarse);
	rf_json_str(j, "kind", row->kind);
	rf_json_str(j, "class", row->class);
	rf_json_str(j, "title", row->title);
	rf_json_str(j, "tag", row->tag);
	rf_json_str(j, "status", row->status);
	if (row->duplicate_of)
		rf_json_int(j, "duplicate_of", row->duplicate_of);
	else
		rf_json_str(j, "duplicate_of", (rf_str){ NULL, 0 });
	rf_json_bool(j, "is_new", item->is_new);
	rf_json_bool(j, "wildcard", row->wildcard);
	rf_json_str(j, "package", row->package);
	rf_json_str(j, "test_a", row->test_a);
	rf_json_str(j, "test_b", row->test_b);
	rf_json_int(j, "event_count", row->events);
	rf_json_str(j, "first_seen", row->first_seen);
	rf_json_str(j, "last_seen", row->last_seen);
	rf_json_str(j, "last_trace_id", row->last_trace_id);
}

static void put_suppression(struct rf_json *j, const struct rf_suppression *entry)
{
	rf_json_object(j, NULL);
	rf_json_str(j, "entry", entry->text);
	rf_json_str(j, "reason", entry->reason);
	rf_json_str(j, "owner", entry->owner);
	rf_json_str(j, "expires", entry->expires);
	rf_json_end(j);
}

static void put_finding(struct writer *w)
{
	struct rf_json *j = &w->json;
	const struct rf_item *item = w->item;
	rf_json_object(j, NULL);
	put_row(j, item);
	rf_json_array(j, "suppressions");
	for (uint32_t i = 0; i < item->suppression_count; i++)
		put_suppression(j, &item->suppressions[i]);
	rf_json_end(j);
	rf_json_int(j, "told_by_event", item->event.id);
	rf_json_str(j, "detail", item->report.detail);
	rf_json_array(j, "sides");
	for (uint32_t i = 0; i < item->side_count; i++)
		put_side(w, &item->sides[i]);
	rf_json_end(j);
	rf_json_array(j, "goroutines");
	for (uint32_t i = 0; i < item->report.goroutine_count; i++)
		put_goroutine(w, item->report.goroutines[i]);
	rf_json_end(j);
	put_memory(w);
	put_switches(w);
	rf_json_str_if(j, "text", item->report.text);
	rf_json_array(j, "events");
	for (uint32_t i = 0; i < item->event_count; i++)
		put_event(j, &item->events[i]);
	rf_json_end(j);
	rf_json_end(j);
}

static void put_run(struct rf_json *j, const struct rf_export *x)
{
	if (!x->has_run) {
		rf_json_str(j, "run", (rf_str){ NULL, 0 });
		return;
	}
	rf_json_object(j, "run");
	rf_json_str(j, "trace_id", x->run.trace_id);
	rf_json_str(j, "command", x->run.command);
	rf_json_str(j, "directory", x->run.directory);
	rf_json_str(j, "host", x->run.host);
	rf_json_str(j, "started_at", x->run.started_at);
	rf_json_str(j, "last_at", x->run.last_at);
	rf_json_end(j);
}

int rf_export_json(struct rf_export *x, struct rf_buf *out, struct rf_error *err)
{
	struct rf_item item;
	struct writer w = { .x = x, .item = &item };
	struct rf_json *j = &w.json;
	int rc = 0;
	rf_json_init(j, out);
	rf_json_object(j, NULL);
	rf_json_int(j, "version", FORMAT_VERSION);
	rf_json_str(j, "redflag", x->options.version);
	put_run(j, x);
	rf_json_array(j, "findings");
	for (uint32_t i = 0; i < x->count && (rc = rf_item_load(x, i, &item, err)) == 0; i++)
		put_finding(&w);
	rf_json_end(j);
	rf_json_end(j);
	rf_json_finish(j);
	return rc;
}
