#include "read/spool_private.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the format is little-endian and copied into structs");

#define LABELS_MAX 256u /* a goroutine's; more are left out */

/* What a ref points to; false when it points outside the record. */
static bool ref_bytes(rf_str record, struct rf_spool_ref ref, rf_str *out)
{
	*out = RF_STR("");
	if (ref.length == 0)
		return true;
	if (ref.offset > record.len || ref.length > record.len - ref.offset)
		return false;
	*out = (rf_str){ record.ptr + ref.offset, ref.length };
	return true;
}

bool rf_spool_ref_text(rf_str record, struct rf_spool_ref ref, rf_arena *arena, rf_str *out)
{
	rf_str bytes;
	if (!ref_bytes(record, ref, &bytes))
		return false;
	*out = bytes.len ? rf_arena_dup(arena, bytes) : RF_STR("");
	return true;
}

bool rf_spool_ref_array(rf_str record, struct rf_spool_ref ref, size_t bytes, rf_str *out, uint32_t *count)
{
	if (!ref_bytes(record, ref, out) || out->len % bytes)
		return false;
	*count = (uint32_t)(out->len / bytes);
	return true;
}

/* --- symbols, counters ------------------------------------------------------------------------------------------- */

/* Room for the symbol of that id. Ids are dense, so one above what the file can hold is damage. */
void *rf_spool_room(struct rf_spool *s, void *array, uint32_t count, uint32_t most, size_t bytes)
{
	bool full = (count & (count - 1)) == 0; /* its room is a power of two, or nothing */
	if (count >= most)
		return NULL;
	if (!full && array)
		return array;
	void *p = realloc(array, (count ? (size_t)count * 2 : 1) * bytes);
	s->starved |= !p;
	return p;
}

static struct rf_spool_symbol_info *symbol_slot(struct rf_spool *s, uint32_t id)
{
	if (id == 0 || id > s->data.len / sizeof(struct rf_spool_symbol) + 1)
		return NULL;
	if (id > s->symbol_cap) {
		uint32_t cap = id + id / 2 + 256;
		struct rf_spool_symbol_info *symbols = realloc(s->symbols, cap * sizeof(*symbols));
		if (!symbols) {
			s->starved = true;
			return NULL;
		}
		memset(symbols + s->symbol_cap, 0, (cap - s->symbol_cap) * sizeof(*symbols));
		s->symbols = symbols;
		s->symbol_cap = cap;
	}
	if (id > s->symbol_count)
		s->symbol_count = id;
	return &s->symbols[id - 1];
}

/* runtime/race.go writes "??" and "-" for what it doesn't know. */
static rf_str known(rf_str text, const char *unknown)
{
	return rf_str_eq_cstr(text, unknown) ? RF_STR("") : text;
}

bool rf_spool_decode_symbol(struct rf_spool *s, rf_str record)
{
	struct rf_spool_symbol raw;
	struct rf_spool_symbol_info info;
	if (record.len < sizeof(raw))
		return false;
	memcpy(&raw, record.ptr, sizeof(raw));
	if (!rf_spool_ref_text(record, raw.function, &s->memory, &info.function) ||
	    !rf_spool_ref_text(record, raw.file, &s->memory, &info.file))
		return false;
	struct rf_spool_symbol_info *slot = symbol_slot(s, raw.id);
	if (!slot)
		return false;
	info.function = known(info.function, "??");
	info.file = known(info.file, "-");
	info.pc = raw.pc;
	info.entry = raw.entry;
	info.line = raw.line;
	info.argument_bytes = raw.argument_bytes;
	info.offset = raw.offset;
	info.module = info.function.len || info.file.len ? 0 : rf_spool_module_of(s, raw.pc);
	*slot = info;
	return true;
}

bool rf_spool_decode_counters(struct rf_spool *s, rf_str record)
{
	struct rf_spool_counters raw;
	if (record.len < sizeof(raw))
		return false;
	memcpy(&raw, record.ptr, sizeof(raw));
	s->counters = (struct rf_process_counters){
		.goroutines_created = raw.goroutines_created,
		.goroutines_unregistered = raw.goroutines_unregistered,
		.reports = raw.reports,
		.reports_dropped = raw.reports_dropped,
		.symbols_dropped = raw.symbols_dropped,
		.labels_cut = raw.labels_cut,
		.tests_dropped = raw.tests_dropped,
		.switches = raw.switches,
	};
	return true;
}

bool rf_spool_decode_detail(struct rf_spool *s, rf_str record)
{
	struct rf_spool_detail raw;
	if (record.len < sizeof(raw))
		return false;
	memcpy(&raw, record.ptr, sizeof(raw));
	return rf_spool_ref_text(record, raw.text, &s->memory, &s->detail);
}

/* --- reports ---------------------------------------------------------------------------------------------------- */

struct report_scan {
	struct rf_spool *s;
	rf_str record;
	rf_arena *arena;
	struct rf_report *out;
};

/* As rf_spool_frames; a symbol that came with its name is one frame. Texts are the reader's. */
static uint32_t frames_of_symbol(struct report_scan *r, uint32_t id, struct rf_frame *one, const struct rf_frame **frames)
{
	struct rf_spool_symbol_info symbol;
	*one = (struct rf_frame){ RF_STR(""), RF_STR(""), 0, 0, 0 };
	*frames = one;
	if (id == 0 || !rf_spool_symbol_at(r->s, id - 1, &symbol))
		return 1;
	*one = (struct rf_frame){ symbol.function, symbol.file, symbol.line, symbol.pc, symbol.offset };
	uint32_t count = rf_spool_frames(r->s, symbol.module, symbol.pc, frames);
	if (count)
		return count;
	*frames = one;
	return 1;
}

/* Appends the frames of a symbol to a stack that has room for RF_SPOOL_STACK_FRAMES_MAX. */
static void add_frames(struct report_scan *r, uint32_t id, struct rf_stack *out)
{
	struct rf_frame one;
	const struct rf_frame *frames;
	uint32_t count = frames_of_symbol(r, id, &one, &frames);
	for (uint32_t i = 0; i < count; i++) {
		if (out->count == RF_SPOOL_STACK_FRAMES_MAX) {
			out->cut = true;
			return;
		}
		struct rf_frame *f = &out->frames[out->count++];
		*f = frames[i];
		f->function = rf_arena_dup(r->arena, f->function);
		f->file = rf_arena_dup(r->arena, f->file);
	}
}

static bool read_stack(struct report_scan *r, struct rf_spool_ref ref, bool cut, struct rf_stack *out)
{
	rf_str ids;
	uint32_t count;
	*out = (struct rf_stack){ .cut = cut };
	if (!rf_spool_ref_array(r->record, ref, sizeof(uint32_t), &ids, &count))
		return false;
	if (count > RF_SPOOL_STACK_FRAMES_MAX) {
		count = RF_SPOOL_STACK_FRAMES_MAX;
		out->cut = true;
	}
	uint32_t room = count && r->s->symbolizer ? RF_SPOOL_STACK_FRAMES_MAX : count;
	out->frames = rf_arena_array(r->arena, room, sizeof(*out->frames));
	for (uint32_t i = 0; i < count && out->frames; i++) {
		uint32_t id;
		memcpy(&id, ids.ptr + i * sizeof(id), sizeof(id));
		add_frames(r, id, out);
	}
	return true;
}

/* key NUL value NUL … */
static bool read_labels(struct report_scan *r, struct rf_spool_ref ref, struct rf_goroutine *g)
{
	rf_str text;
	uint32_t count = 0;
	if (!rf_spool_ref_text(r->record, ref, r->arena, &text))
		return false;
	for (size_t i = 0; i < text.len; i++)
		count += text.ptr[i] == '\0';
	count = count / 2 < LABELS_MAX ? count / 2 : LABELS_MAX;
	g->labels = rf_arena_array(r->arena, count, sizeof(*g->labels));
	g->label_count = g->labels ? count : 0;
	for (uint32_t i = 0; i < g->label_count; i++) {
		g->labels[i].key = rf_str_cut(&text, '\0');
		g->labels[i].value = rf_str_cut(&text, '\0');
	}
	return true;
}

static bool read_goroutine(struct report_scan *r, const struct rf_spool_goroutine *raw, struct rf_goroutine *g)
{
	struct rf_frame one;
	const struct rf_frame *entry;
	g->thread = raw->thread;
	g->goid = raw->goid;
	g->parent_goid = raw->parent_goid;
	g->created_unix_ns = raw->created_unix_ns;
	g->is_main = raw->flags & RF_SPOOL_GOROUTINE_MAIN;
	g->finished = raw->flags & RF_SPOOL_GOROUTINE_FINISHED;
	g->test_over = raw->flags & RF_SPOOL_GOROUTINE_TEST_OVER;
	g->test_known = r->s->process.features & RF_SPOOL_FEATURE_OWNERS;
	g->is_thread = raw->flags & RF_SPOOL_GOROUTINE_THREAD;
	uint32_t frames = frames_of_symbol(r, raw->entry_symbol, &one, &entry); /* what was inlined into it comes first */
	g->entry = rf_arena_dup(r->arena, entry[frames - 1].function);
	if (!read_stack(r, raw->created_stack, raw->flags & RF_SPOOL_GOROUTINE_STACK_CUT, &g->created) ||
	    !read_labels(r, raw->labels, g) || !rf_spool_ref_text(r->record, raw->test, r->arena, &g->test) ||
	    !rf_spool_ref_text(r->record, raw->state, r->arena, &g->state))
		return false;
	g->test_known &= !rf_goroutine_is_collector(g);
	return true;
}

static bool read_goroutines(struct report_scan *r, struct rf_spool_ref ref)
{
	rf_str bytes;
	uint32_t count;
	struct rf_spool_goroutine raw;
	if (!rf_spool_ref_array(r->record, ref, sizeof(raw), &bytes, &count))
		return false;
	for (uint32_t i = 0; i < count && i < RF_REPORT_GOROUTINES_MAX; i++) {
		struct rf_goroutine *g = rf_arena_alloc(r->arena, sizeof(*g));
		memcpy(&raw, bytes.ptr + i * sizeof(raw), sizeof(raw));
		if (!g || !read_goroutine(r, &raw, g))
			return false;
		r->out->goroutines[r->out->goroutine_count++] = g;
	}
	return true;
}

/* The goroutine of an access: by index, else by thread, else a new one of which only the thread is known. */
static struct rf_goroutine *goroutine_of(struct report_scan *r, const struct rf_spool_access *raw)
{
	if (raw->goroutine && raw->goroutine <= r->out->goroutine_count)
		return r->out->goroutines[raw->goroutine - 1];
	for (uint32_t i = 0; i < r->out->goroutine_count; i++) {
		if (r->out->goroutines[i]->thread == raw->thread)
			return r->out->goroutines[i];
	}
	struct rf_goroutine *g = rf_arena_alloc(r->arena, sizeof(*g));
	if (!g)
		return NULL;
	g->thread = raw->thread;
	if (r->out->goroutine_count < RF_REPORT_GOROUTINES_MAX)
		r->out->goroutines[r->out->goroutine_count++] = g;
	return g;
}

static enum rf_act action_from(uint32_t action)
{
	static const enum rf_act actions[RF_SPOOL_ACTION_COUNT] = {
		[RF_SPOOL_ACTION_CLOSE] = RF_ACT_CLOSE,	 [RF_SPOOL_ACTION_SEND] = RF_ACT_SEND,
		[RF_SPOOL_ACTION_RECEIVE] = RF_ACT_RECEIVE,	 [RF_SPOOL_ACTION_WAIT] = RF_ACT_WAIT,
		[RF_SPOOL_ACTION_START] = RF_ACT_START,	 [RF_SPOOL_ACTION_FINALIZE] = RF_ACT_FINALIZE,
		[RF_SPOOL_ACTION_STORE] = RF_ACT_STORE,	 [RF_SPOOL_ACTION_DELETE] = RF_ACT_DELETE,
		[RF_SPOOL_ACTION_ALLOCATE] = RF_ACT_ALLOCATE, [RF_SPOOL_ACTION_GET] = RF_ACT_GET,
	};
	return action < RF_SPOOL_ACTION_COUNT ? actions[action] : RF_ACT_NONE;
}

static bool read_accesses(struct report_scan *r, struct rf_spool_ref ref)
{
	rf_str bytes;
	uint32_t count;
	struct rf_spool_access raw;
	if (!rf_spool_ref_array(r->record, ref, sizeof(raw), &bytes, &count))
		return false;
	for (uint32_t i = 0; i < count && i < RF_REPORT_ACCESSES_MAX; i++) {
		memcpy(&raw, bytes.ptr + i * sizeof(raw), sizeof(raw));
		struct rf_access access = {
			.write = raw.flags & RF_SPOOL_ACCESS_WRITE,
			.atomic = raw.flags & RF_SPOOL_ACCESS_ATOMIC,
			.freed = raw.flags & RF_SPOOL_ACCESS_FREE,
			.put = (raw.flags & RF_SPOOL_ACCESS_FREE) && rf_kind_is_pool(r->out->kind),
			.act = action_from(RF_SPOOL_ACCESS_ACTION(raw.flags)),
			.previous = i > 0,
			.address = raw.address,
			.size = raw.size,
			.goroutine = goroutine_of(r, &raw),
		};
		if (!access.goroutine ||
		    !read_stack(r, raw.stack, raw.flags & RF_SPOOL_ACCESS_STACK_CUT, &access.stack))
			return false;
		r->out->accesses[r->out->access_count++] = access;
	}
	return true;
}

static bool read_switches(struct report_scan *r, struct rf_spool_ref ref)
{
	rf_str bytes;
	uint32_t count;
	struct rf_spool_switch raw;
	if (!rf_spool_ref_array(r->record, ref, sizeof(raw), &bytes, &count))
		return false;
	r->out->switches = rf_arena_array(r->arena, count, sizeof(*r->out->switches));
	for (uint32_t i = 0; i < count && r->out->switches; i++) {
		struct rf_switch *sw = &r->out->switches[i];
		memcpy(&raw, bytes.ptr + i * sizeof(raw), sizeof(raw));
		*sw = (struct rf_switch){ raw.time_unix_ns, raw.from_goid, raw.to_goid, raw.p, raw.m, RF_STR("") };
		if (!rf_spool_ref_text(r->record, raw.reason, r->arena, &sw->reason))
			return false;
		r->out->switch_count++;
	}
	return true;
}

static enum rf_kind kind_from(uint32_t kind)
{
	static const enum rf_kind kinds[RF_SPOOL_KIND_COUNT] = {
		[RF_SPOOL_KIND_UNKNOWN] = RF_KIND_UNKNOWN,
		[RF_SPOOL_KIND_RACE] = RF_KIND_DATA_RACE,
		[RF_SPOOL_KIND_USE_AFTER_FREE] = RF_KIND_USE_AFTER_FREE,
		[RF_SPOOL_KIND_USE_AFTER_PUT] = RF_KIND_USE_AFTER_PUT,
		[RF_SPOOL_KIND_DOUBLE_PUT] = RF_KIND_DOUBLE_PUT,
		[RF_SPOOL_KIND_PUT_WHILE_USED] = RF_KIND_PUT_WHILE_USED,
		[RF_SPOOL_KIND_USE_AFTER_FINALIZE] = RF_KIND_USE_AFTER_FINALIZE,
		[RF_SPOOL_KIND_USE_AFTER_GC] = RF_KIND_USE_AFTER_GC,
		[RF_SPOOL_KIND_CLOSE_WHILE_SENDING] = RF_KIND_CLOSE_WHILE_SENDING,
		[RF_SPOOL_KIND_SEND_AFTER_CLOSE] = RF_KIND_SEND_AFTER_CLOSE,
		[RF_SPOOL_KIND_DOUBLE_CLOSE] = RF_KIND_DOUBLE_CLOSE,
		[RF_SPOOL_KIND_DOUBLE_FREE] = RF_KIND_DOUBLE_FREE,
		[RF_SPOOL_KIND_INVALID_FREE] = RF_KIND_INVALID_FREE,
		[RF_SPOOL_KIND_RESURRECTION] = RF_KIND_RESURRECTION,
		[RF_SPOOL_KIND_CLEANUP_KEEPS_ALIVE] = RF_KIND_CLEANUP_KEEPS_ALIVE,
		[RF_SPOOL_KIND_GOROUTINE_LEAK] = RF_KIND_GOROUTINE_LEAK,
		[RF_SPOOL_KIND_RETAINED_AFTER_DELETE] = RF_KIND_RETAINED_AFTER_DELETE,
		[RF_SPOOL_KIND_LOST_IN_CHANNEL] = RF_KIND_LOST_IN_CHANNEL,
		[RF_SPOOL_KIND_USE_AFTER_PUT_ALIAS] = RF_KIND_USE_AFTER_PUT_ALIAS,
		[RF_SPOOL_KIND_NATIVE_LEAK] = RF_KIND_NATIVE_LEAK,
		[RF_SPOOL_KIND_FINALIZER_BACKLOG] = RF_KIND_FINALIZER_BACKLOG,
		[RF_SPOOL_KIND_HEAP_USE_AFTER_FREE] = RF_KIND_HEAP_USE_AFTER_FREE,
		[RF_SPOOL_KIND_HEAP_OVERFLOW] = RF_KIND_HEAP_OVERFLOW,
		[RF_SPOOL_KIND_NATIVE_RACE] = RF_KIND_NATIVE_RACE,
		[RF_SPOOL_KIND_VIEW_INCONSISTENCY] = RF_KIND_VIEW_INCONSISTENCY,
	};
	return kind < RF_SPOOL_KIND_COUNT ? kinds[kind] : RF_KIND_UNKNOWN;
}

/* What is known of the memory, from the record before the report's own. When that one was lost there is none. */
static bool read_object(struct report_scan *r, uint32_t sequence)
{
	struct rf_spool *s = r->s;
	struct rf_spool_object raw;
	size_t pos = s->object_pos;
	s->object_pos = 0;
	if (pos == 0 || s->data.len - pos < sizeof(raw))
		return true;
	memcpy(&raw, s->data.ptr + pos, sizeof(raw));
	if (raw.record.length < sizeof(raw) || raw.record.length > s->data.len - pos || raw.record.sequence + 1 != sequence)
		return true;
	rf_str record = { s->data.ptr + pos, raw.record.length };
	r->out->memory_kind = raw.kind;
	r->out->memory_in_context = raw.flags & RF_SPOOL_OBJECT_CONTEXT;
	rf_str path, variable = r->out->memory == RF_MEMORY_GLOBAL ? r->out->memory_name : RF_STR("");
	if (!rf_spool_ref_text(record, raw.type, r->arena, &r->out->memory_type) ||
	    !rf_spool_ref_text(record, raw.path, r->arena, &path))
		return false;
	if (r->out->memory != RF_MEMORY_UNKNOWN)
		r->out->memory_name = rf_arena_printf(r->arena, "%.*s%.*s", RF_STR_ARG(variable), RF_STR_ARG(path));
	return true;
}

bool rf_spool_decode_report(struct rf_spool *s, rf_str record, rf_arena *arena, struct rf_report *out)
{
	static const enum rf_memory memories[RF_SPOOL_MEMORY_COUNT] = {
		[RF_SPOOL_MEMORY_HEAP] = RF_MEMORY_HEAP, [RF_SPOOL_MEMORY_GLOBAL] = RF_MEMORY_GLOBAL };
	struct rf_spool_report raw;
	struct report_scan r = { s, record, arena, out };
	if (record.len < sizeof(raw))
		return false;
	memcpy(&raw, record.ptr, sizeof(raw));
	*out = (struct rf_report){
		.kind = kind_from(raw.kind),
		.memory = raw.memory < RF_SPOOL_MEMORY_COUNT ? memories[raw.memory] : RF_MEMORY_UNKNOWN,
		.memory_start = raw.memory_start,
		.memory_bytes = raw.memory_bytes,
		.allocated_goid = raw.allocation_goid,
		.program = rf_arena_dup(arena, s->process.program),
		.suppressed = raw.flags & RF_SPOOL_REPORT_SUPPRESSED,
		.from_spool = true,
		.time_unix_ns = raw.record.time_unix_ns,
		.record_sequence = raw.record.sequence,
		.detail = s->detail.len ? rf_arena_dup(arena, s->detail) : RF_STR(""),
	};
	s->detail = RF_STR("");
	return rf_spool_ref_text(record, raw.memory_name, arena, &out->memory_name) && read_object(&r, raw.record.sequence) &&
	       read_stack(&r, raw.allocation_stack, false, &out->allocated) && read_goroutines(&r, raw.goroutines) &&
	       read_accesses(&r, raw.accesses) && read_switches(&r, raw.switches);
}
