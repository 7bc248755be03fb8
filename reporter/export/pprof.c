/* profile.proto, as https://github.com/google/pprof/blob/main/proto/profile.proto has it. Numbers of the fields stand beside them. */
#include <zlib.h>

#include "base/hash.h"
#include "export/profile.h"
#include "export/protobuf.h"
#include "store/timestamp.h"

enum { PROFILE_SAMPLE_TYPE = 1, PROFILE_SAMPLE = 2, PROFILE_MAPPING = 3, PROFILE_LOCATION = 4, PROFILE_FUNCTION = 5,
       PROFILE_STRING = 6, PROFILE_TIME = 9, PROFILE_DURATION = 10, PROFILE_PERIOD_TYPE = 11, PROFILE_PERIOD = 12,
       PROFILE_DEFAULT_TYPE = 14 };
enum { TYPE_TYPE = 1, TYPE_UNIT = 2 };
enum { SAMPLE_LOCATIONS = 1, SAMPLE_VALUES = 2, SAMPLE_LABEL = 3 };
enum { LABEL_KEY = 1, LABEL_TEXT = 2 };
enum { MAPPING_ID = 1, MAPPING_FILE = 5, MAPPING_FUNCTIONS = 7, MAPPING_FILES = 8, MAPPING_LINES = 9, MAPPING_INLINED = 10 };
enum { LOCATION_ID = 1, LOCATION_MAPPING = 2, LOCATION_LINE = 4 };
enum { LINE_FUNCTION = 1, LINE_LINE = 2 };
enum { FUNCTION_ID = 1, FUNCTION_NAME = 2, FUNCTION_SYSTEM_NAME = 3, FUNCTION_FILE = 4 };

/* A list of what has a number: texts from 0, functions and locations from 1. Found by what they are made of. */
struct entry {
	rf_str text;     /* of a text; of the others empty */
	uint64_t a, b;   /* numbers that the others are made of */
	uint64_t number;
	bool used;
};

struct table {
	struct entry *entries; /* open addressing, at most half full */
	size_t cap;
	uint64_t next;
};

struct writer {
	struct rf_export *x;
	struct rf_buf *out, part, inner;
	struct table texts, functions, locations;
	bool lacking;
};

static bool grow(struct table *t, rf_arena *arena)
{
	struct table bigger = { .cap = t->cap ? t->cap * 2 : 256, .next = t->next };
	bigger.entries = rf_arena_array(arena, bigger.cap, sizeof(*bigger.entries));
	for (size_t i = 0; i < t->cap && bigger.entries; i++) {
		const struct entry *e = &t->entries[i];
		uint64_t hash = rf_hash_bytes(rf_hash_bytes(rf_hash_str(RF_HASH_START, e->text), &e->a, 8), &e->b, 8);
		size_t at = (size_t)hash & (bigger.cap - 1);
		while (e->used && bigger.entries[at].used)
			at = (at + 1) & (bigger.cap - 1);
		if (e->used)
			bigger.entries[at] = *e;
	}
	if (!bigger.entries)
		return false;
	*t = bigger;
	return true;
}

/* Its number; *is_new: it had none until now. The text must stay valid. */
static uint64_t number_of(struct writer *w, struct table *t, rf_str text, uint64_t a, uint64_t b, bool *is_new)
{
	*is_new = false;
	if (t->next * 2 >= t->cap && !grow(t, &w->x->arena)) {
		w->lacking = true;
		return 0;
	}
	uint64_t hash = rf_hash_bytes(rf_hash_bytes(rf_hash_str(RF_HASH_START, text), &a, 8), &b, 8);
	size_t at = (size_t)hash & (t->cap - 1);
	while (t->entries[at].used && (!rf_str_eq(t->entries[at].text, text) || t->entries[at].a != a || t->entries[at].b != b))
		at = (at + 1) & (t->cap - 1);
	if (!t->entries[at].used) {
		*is_new = true;
		t->entries[at] = (struct entry){ .text = text, .a = a, .b = b, .number = t->next++, .used = true };
	}
	return t->entries[at].number;
}

/* Texts are in the order of their numbers, because each is written when it gets one. */
static uint64_t text_number(struct writer *w, rf_str text)
{
	bool is_new;
	uint64_t number = number_of(w, &w->texts, text, 0, 0, &is_new);
	if (is_new)
		rf_protobuf_bytes(w->out, PROFILE_STRING, text);
	return number;
}

static void put_part(struct writer *w, unsigned field)
{
	rf_protobuf_bytes(w->out, field, rf_buf_str(&w->part));
	rf_buf_reset(&w->part);
}

static void put_type(struct writer *w, unsigned field, rf_str type, rf_str unit)
{
	uint64_t a = text_number(w, type), b = text_number(w, unit);
	rf_protobuf_number(&w->part, TYPE_TYPE, a);
	rf_protobuf_number(&w->part, TYPE_UNIT, b);
	put_part(w, field);
}

static uint64_t function_number(struct writer *w, const struct rf_frame *f)
{
	bool is_new;
	uint64_t name = text_number(w, rf_export_frame_name(f)), file = text_number(w, f->file);
	uint64_t number = number_of(w, &w->functions, RF_STR(""), name, file, &is_new);
	if (!is_new)
		return number;
	rf_protobuf_number(&w->part, FUNCTION_ID, number);
	rf_protobuf_number(&w->part, FUNCTION_NAME, name);
	rf_protobuf_number(&w->part, FUNCTION_SYSTEM_NAME, name);
	rf_protobuf_number(&w->part, FUNCTION_FILE, file);
	put_part(w, PROFILE_FUNCTION);
	return number;
}

static uint64_t location_number(struct writer *w, const struct rf_frame *f)
{
	bool is_new;
	uint64_t function = function_number(w, f);
	uint64_t number = number_of(w, &w->locations, RF_STR(""), function, f->line, &is_new);
	if (!is_new)
		return number;
	rf_buf_reset(&w->inner);
	rf_protobuf_number(&w->inner, LINE_FUNCTION, function);
	rf_protobuf_number(&w->inner, LINE_LINE, f->line);
	rf_protobuf_number(&w->part, LOCATION_ID, number);
	rf_protobuf_number(&w->part, LOCATION_MAPPING, 1);
	rf_protobuf_bytes(&w->part, LOCATION_LINE, rf_buf_str(&w->inner));
	put_part(w, PROFILE_LOCATION);
	return number;
}

static void put_sample(struct writer *w, const struct rf_profile_sample *sample, enum rf_profile_kind kind, uint64_t label_key,
		       uint64_t label)
{
	static const struct rf_frame unknown = { { "", 0 }, { "", 0 }, 0, 0, 0 };
	struct rf_buf locations;
	rf_buf_init(&locations);
	for (uint32_t i = 0; i < sample->stack.count; i++)
		rf_protobuf_packed(&locations, location_number(w, &sample->stack.frames[i]));
	if (sample->stack.count == 0)
		rf_protobuf_packed(&locations, location_number(w, &unknown));
	rf_protobuf_bytes(&w->part, SAMPLE_LOCATIONS, rf_buf_str(&locations));
	rf_buf_reset(&locations);
	for (uint32_t v = 0; v < rf_profile_value_count(kind); v++)
		rf_protobuf_packed(&locations, (uint64_t)sample->values[v]);
	rf_protobuf_bytes(&w->part, SAMPLE_VALUES, rf_buf_str(&locations));
	if (label) {
		rf_buf_reset(&locations);
		rf_protobuf_number(&locations, LABEL_KEY, label_key);
		rf_protobuf_number(&locations, LABEL_TEXT, label);
		rf_protobuf_bytes(&w->part, SAMPLE_LABEL, rf_buf_str(&locations));
	}
	put_part(w, PROFILE_SAMPLE);
	w->lacking |= locations.failed;
	rf_buf_release(&locations);
}

/* Samples of several processes say which one they are of. */
static void put_process(struct writer *w, const struct rf_export_profile *profile, const struct rf_export_process *p)
{
	bool many = profile->process_count > 1;
	rf_str who = rf_arena_printf(&w->x->arena, "%.*s (%lld)", RF_STR_ARG(p->row->program), (long long)p->row->pid);
	uint64_t key = many ? text_number(w, RF_STR("process")) : 0, label = many ? text_number(w, who) : 0;
	for (uint32_t i = 0; i < p->sample_count; i++)
		put_sample(w, &p->samples[i], profile->kind, key, label);
}

static void put_mapping(struct writer *w, const struct rf_export_profile *profile)
{
	uint64_t file = text_number(w, profile->processes[0].row->program);
	rf_protobuf_number(&w->part, MAPPING_ID, 1);
	rf_protobuf_number(&w->part, MAPPING_FILE, file);
	for (unsigned field = MAPPING_FUNCTIONS; field <= MAPPING_INLINED; field++)
		rf_protobuf_number(&w->part, field, 1); /* nothing is left to be looked up */
	put_part(w, PROFILE_MAPPING);
}

/* When it was taken, and how. */
static void put_circumstances(struct writer *w, const struct rf_export_profile *profile)
{
	static const char *const types[RF_PROFILE_KIND_COUNT][2] = {
		[RF_PROFILE_HEAP] = { "space", "bytes" }, [RF_PROFILE_CPU] = { "cpu", "nanoseconds" },
		[RF_PROFILE_IO] = { "calls", "count" },
		[RF_PROFILE_CONTENTION] = { "delay", "nanoseconds" }, [RF_PROFILE_OFFCPU] = { "switches", "count" },
		[RF_PROFILE_FAULTS] = { "faults", "count" }, [RF_PROFILE_SYSTEM] = { "system", "nanoseconds" },
		[RF_PROFILE_SYSCALLS] = { "calls", "count" }, [RF_PROFILE_COUNTERS] = { "calls", "count" },
		[RF_PROFILE_PROCESSOR] = { "calls", "count" } };
	const struct rf_profile_row *row = profile->processes[0].row;
	const struct rf_profile_point *last = &row->points[row->point_count - 1];
	uint64_t started = 0, elapsed = (uint64_t)last->elapsed_ms * 1000000u;
	rf_time_parse(row->started_at, &started);
	put_type(w, PROFILE_PERIOD_TYPE, rf_str_from(types[profile->kind][0]), rf_str_from(types[profile->kind][1]));
	rf_protobuf_number(w->out, PROFILE_TIME, started + elapsed);
	rf_protobuf_number(w->out, PROFILE_DURATION, elapsed);
	rf_protobuf_number(w->out, PROFILE_PERIOD, (uint64_t)last->period);
	rf_protobuf_number(w->out, PROFILE_DEFAULT_TYPE,
			   text_number(w, rf_str_from(rf_profile_value(profile->kind, profile->value)->name)));
}

/* The same bytes each time: no name and no time in the header. */
static bool compress_to(struct rf_buf *out, rf_str bytes)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)bytes.ptr, .avail_in = (uInt)bytes.len };
	if (bytes.len > UINT32_MAX || deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	uLong room = deflateBound(&z, (uLong)bytes.len);
	z.next_out = (Bytef *)rf_buf_grow(out, room);
	z.avail_out = (uInt)room;
	bool good = z.next_out && deflate(&z, Z_FINISH) == Z_STREAM_END;
	if (good)
		out->len -= z.avail_out;
	deflateEnd(&z);
	return good;
}

static void put_profile(struct writer *w, const struct rf_export_profile *profile)
{
	text_number(w, RF_STR("")); /* number 0 */
	for (uint32_t v = 0; v < rf_profile_value_count(profile->kind); v++) {
		const struct rf_profile_value *value = rf_profile_value(profile->kind, v);
		put_type(w, PROFILE_SAMPLE_TYPE, rf_str_from(value->name), rf_str_from(value->unit));
	}
	put_mapping(w, profile);
	for (uint32_t i = 0; i < profile->process_count; i++)
		put_process(w, profile, &profile->processes[i]);
	put_circumstances(w, profile);
}

int rf_export_pprof(struct rf_export *x, struct rf_buf *out, struct rf_error *err)
{
	struct rf_export_profile profile;
	struct rf_buf plain;
	struct writer w = { .x = x, .out = &plain, .functions.next = 1, .locations.next = 1 };
	int rc = rf_export_profile_load(x, &profile, err);
	if (rc < 0)
		return rc;
	rf_buf_init(&plain);
	rf_buf_init(&w.part);
	rf_buf_init(&w.inner);
	put_profile(&w, &profile);
	x->lacking |= w.lacking || plain.failed || !compress_to(out, rf_buf_str(&plain));
	rf_export_end_text(x, &w.part);
	rf_export_end_text(x, &w.inner);
	rf_export_end_text(x, &plain);
	return 0;
}
