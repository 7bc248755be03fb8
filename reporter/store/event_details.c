/* What an event consists of, as the JSON that event_details holds; the order of the values is that of the views (schema_details.c). */
#include "store/clean_text.h"
#include "store/rows.h"

static void put_number(struct rf_buf *b, int64_t value)
{
	rf_buf_put_int(b, value);
	rf_buf_put_char(b, ',');
}

/* 64 bits as SQLite has them. */
static void put_bits(struct rf_buf *b, uint64_t value)
{
	put_number(b, (int64_t)value);
}

static void put_row_id(struct rf_buf *b, int64_t id)
{
	if (id)
		put_number(b, id);
	else
		rf_buf_put_cstr(b, "null,");
}

/* As a column of text would have it: with U+FFFD for what is not UTF-8, and for NUL. */
static void put_text(struct rf_buf *b, rf_str text)
{
	struct rf_buf clean;
	if (rf_text_is_clean(text)) {
		rf_text_put_json(b, text);
	} else {
		rf_buf_init(&clean);
		rf_text_put_clean(&clean, text);
		rf_text_put_json(b, rf_buf_str(&clean));
		b->failed |= clean.failed;
		rf_buf_release(&clean);
	}
	rf_buf_put_char(b, ',');
}

static void put_labels(struct rf_buf *b, const struct rf_goroutine *g)
{
	rf_buf_put_char(b, '[');
	for (uint32_t i = 0; i < g->label_count; i++) {
		rf_buf_put_cstr(b, i ? ",[" : "[");
		rf_text_put_json(b, g->labels[i].key);
		rf_buf_put_char(b, ',');
		rf_text_put_json(b, g->labels[i].value);
		rf_buf_put_char(b, ']');
	}
	rf_buf_put_cstr(b, "],");
}

/* The last comma becomes the end. */
static void end_array(struct rf_buf *b)
{
	if (b->len && b->ptr[b->len - 1] == ',')
		b->ptr[b->len - 1] = ']';
	else
		rf_buf_put_char(b, ']');
}

static void put_goroutine(struct rf_buf *b, const struct rf_goroutine *g, int64_t created_stack_id)
{
	rf_buf_put_char(b, '[');
	put_number(b, g->thread);
	put_bits(b, g->goid);
	put_bits(b, g->parent_goid);
	put_bits(b, g->created_unix_ns);
	put_text(b, g->state);
	put_text(b, g->entry);
	if (g->test_known)
		put_text(b, g->test);
	else
		rf_buf_put_cstr(b, "null,");
	put_number(b, g->test_over);
	put_number(b, g->is_main);
	put_number(b, g->finished);
	put_labels(b, g);
	put_row_id(b, created_stack_id);
	if (g->is_thread)
		put_number(b, 1);
	end_array(b);
	rf_buf_put_char(b, ',');
}

/* 1-based position of the access's goroutine among the report's; 0 when it isn't there. */
static int64_t goroutine_number(const struct rf_report *report, const struct rf_access *access)
{
	for (uint32_t i = 0; i < report->goroutine_count; i++) {
		if (report->goroutines[i] == access->goroutine)
			return i + 1;
	}
	return 0;
}

static const struct rf_side *side_of(const struct rf_finding *f, uint32_t access, int64_t *side)
{
	for (uint32_t i = 0; i < f->side_count; i++) {
		if (f->sides[i].access == access) {
			*side = i + 1;
			return &f->sides[i];
		}
	}
	*side = 0;
	return NULL;
}

static void put_access(struct rf_buf *b, const struct rf_event *e, uint32_t position, int64_t stack_id)
{
	const struct rf_access *a = &e->report->accesses[position];
	int64_t number;
	const struct rf_side *side = side_of(e->finding, position, &number);
	rf_buf_put_char(b, '[');
	put_row_id(b, number);
	put_number(b, a->write);
	put_number(b, a->atomic);
	put_number(b, a->freed);
	put_number(b, a->previous);
	put_bits(b, a->address);
	put_number(b, a->size);
	put_row_id(b, goroutine_number(e->report, a));
	put_row_id(b, stack_id);
	put_text(b, rf_str_from(side ? rf_operation_name(side->operation) : rf_act_name(a->act)));
	put_text(b, side ? side->leaf : RF_STR(""));
	end_array(b);
	rf_buf_put_char(b, ',');
}

int rf_rows_details(struct rf_store *s, int64_t event_id, bool is_new, const struct rf_event *e, struct rf_buf *json, struct rf_error *err)
{
	int64_t stack_id;
	int rc = 0;
	rf_buf_reset(json);
	rf_buf_put_char(json, '[');
	for (uint32_t i = 0; rc >= 0 && i < e->report->access_count; i++) {
		rc = rf_rows_stack(s, e->stacks->stacks[i], &stack_id, err);
		put_access(json, e, i, stack_id);
	}
	end_array(json);
	size_t accesses = json->len;
	rf_buf_put_char(json, '[');
	for (uint32_t i = 0; rc >= 0 && i < e->report->goroutine_count; i++) {
		rc = rf_rows_stack(s, e->stacks->created[i], &stack_id, err);
		put_goroutine(json, e->report->goroutines[i], stack_id);
	}
	end_array(json);
	if (rc >= 0 && json->failed)
		rc = rf_fail(err, RF_ERR_MEMORY, "Out of memory while storing a report.");
	if (rc < 0)
		return rc;
	rf_str all = rf_buf_str(json), first = rf_str_take(all, accesses), second = rf_str_skip(all, accesses);
	return is_new ? rf_queue_add(s, RF_QUEUE_DETAILS, err, "iss", event_id, first, second)
		      : rf_db_run(s, RF_SQL_EVENT_DETAILS_PUT, NULL, err, "iss", event_id, first, second);
}
