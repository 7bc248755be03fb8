#include "symtab/symbolizer.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/hash.h"
#include "model/native.h"
#include "symtab/object.h"

struct file {
	struct file *next;
	rf_str path, build_id;
	struct rf_object *object; /* NULL: it gives no names */
	bool system;
};

struct answer { /* a place in the table; empty: no frames */
	const struct file *file;
	uint64_t address;
	struct rf_frame *frames;
	uint32_t count;
};

struct rf_symbolizer {
	rf_arena memory;
	uint64_t since_unix_ns;
	struct file *files;
	uint32_t file_count;
	struct answer *answers; /* open addressing, at most half full */
	size_t answer_count, answer_cap;
};

struct rf_symbolizer *rf_symbolizer_open(uint64_t since_unix_ns)
{
	struct rf_symbolizer *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	rf_arena_init(&s->memory, 0);
	s->since_unix_ns = since_unix_ns;
	return s;
}

void rf_symbolizer_close(struct rf_symbolizer *s)
{
	if (!s)
		return;
	for (struct file *f = s->files; f; f = f->next)
		rf_object_close(f->object);
	rf_arena_release(&s->memory);
	free(s->answers);
	free(s);
}

/* --- files ------------------------------------------------------------------------------------------------------- */

/* NULL: there are too many. */
static struct file *file_of(struct rf_symbolizer *s, const struct rf_module *module)
{
	struct file *f = s->files;
	while (f && (!rf_str_eq(f->path, module->path) || !rf_str_eq(f->build_id, module->build_id)))
		f = f->next;
	if (f || s->file_count == RF_SYMBOLIZER_FILES_MAX)
		return f;
	f = rf_arena_alloc(&s->memory, sizeof(*f));
	if (!f)
		return NULL;
	*f = (struct file){ .next = s->files, .path = rf_arena_dup(&s->memory, module->path),
			    .build_id = rf_arena_dup(&s->memory, module->build_id), .system = rf_path_is_system(module->path) };
	if (rf_str_starts(module->path, "/"))
		f->object = rf_object_open(rf_arena_cstr(&s->memory, module->path), f->build_id, s->since_unix_ns);
	s->files = f;
	s->file_count++;
	return f;
}

/* --- what was found ---------------------------------------------------------------------------------------------- */

static size_t place_of(const struct rf_symbolizer *s, const struct file *file, uint64_t address)
{
	uint64_t hash = rf_hash_bytes(rf_hash_bytes(RF_HASH_START, &address, sizeof(address)), &file, sizeof(file));
	size_t i = (size_t)hash & (s->answer_cap - 1);
	while (s->answers[i].frames && (s->answers[i].file != file || s->answers[i].address != address))
		i = (i + 1) & (s->answer_cap - 1);
	return i;
}

static bool make_room(struct rf_symbolizer *s)
{
	size_t cap = s->answer_cap ? s->answer_cap * 2 : 1024;
	if (s->answer_count * 2 < s->answer_cap)
		return true;
	if (s->answer_count >= RF_SYMBOLIZER_ADDRESSES_MAX)
		return false;
	struct rf_symbolizer bigger = { .answers = calloc(cap, sizeof(*s->answers)), .answer_cap = cap };
	if (!bigger.answers)
		return false;
	for (size_t i = 0; i < s->answer_cap; i++) {
		const struct answer *a = &s->answers[i];
		if (a->frames)
			bigger.answers[place_of(&bigger, a->file, a->address)] = *a;
	}
	free(s->answers);
	s->answers = bigger.answers;
	s->answer_cap = cap;
	return true;
}

static void name_by_place(struct rf_symbolizer *s, const struct rf_module *module, uint64_t address, struct rf_frame *frame)
{
	rf_str name = rf_path_base(module->path), gone = RF_STR(" (deleted)"); /* /proc/self/maps says that */
	if (rf_str_ends(name, gone.ptr))
		name.len -= gone.len;
	if (frame->function.len == 0)
		frame->function = rf_arena_printf(&s->memory, "%.*s+0x%" PRIx64, RF_STR_ARG(name), address);
	if (frame->file.len)
		return;
	frame->file = rf_arena_dup(&s->memory, module->path);
	frame->offset = address;
}

static struct answer look_up(struct rf_symbolizer *s, const struct file *file, const struct rf_module *module, uint64_t address)
{
	struct rf_frame found[RF_OBJECT_FRAMES_MAX] = { 0 };
	struct answer a = { .file = file, .address = address };
	if (file && file->object)
		a.count = rf_object_frames(file->object, address, file->system, &s->memory, found);
	if (a.count == 0)
		a.count = 1;
	for (uint32_t i = 0; i < a.count; i++)
		name_by_place(s, module, address, &found[i]);
	found[0].pc = address;
	a.frames = rf_arena_array(&s->memory, a.count, sizeof(*a.frames));
	if (a.frames)
		memcpy(a.frames, found, a.count * sizeof(*a.frames));
	return a;
}

uint32_t rf_symbolizer_frames(struct rf_symbolizer *s, const struct rf_module *module, uint64_t address,
			      const struct rf_frame **frames)
{
	struct file *file = file_of(s, module);
	uint64_t own = address - module->bias;
	struct answer a;
	bool room = file && make_room(s);
	size_t i = file && s->answer_cap ? place_of(s, file, own) : 0;
	if (file && s->answer_cap && s->answers[i].frames) {
		a = s->answers[i];
	} else {
		a = look_up(s, room ? file : NULL, module, own);
		if (room && a.frames) {
			s->answers[i] = a;
			s->answer_count++;
		}
	}
	*frames = a.frames;
	return a.frames ? a.count : 0;
}
