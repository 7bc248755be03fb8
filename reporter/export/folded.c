#include <stdlib.h>

#include "export/profile.h"
#include "store/clean_text.h"

struct line {
	rf_str stack;
	int64_t value;
};

/* The outermost first. ';' ends a name, so in one it becomes ':'. */
static rf_str fold(const struct rf_stack *stack, struct rf_buf *text, rf_arena *arena)
{
	rf_buf_reset(text);
	for (uint32_t i = stack->count; i > 0; i--) {
		size_t from = text->len;
		rf_text_put_visible(text, rf_export_frame_name(&stack->frames[i - 1]));
		for (size_t k = from; k < text->len; k++)
			text->ptr[k] = text->ptr[k] == ';' ? ':' : text->ptr[k];
		if (i > 1)
			rf_buf_put_char(text, ';');
	}
	if (stack->count == 0)
		rf_buf_put_cstr(text, "[unknown]");
	return rf_arena_dup(arena, rf_buf_str(text));
}

static int by_stack(const void *a, const void *b)
{
	return rf_str_cmp(((const struct line *)a)->stack, ((const struct line *)b)->stack);
}

static void put_lines(struct line *lines, uint32_t count, struct rf_buf *out)
{
	qsort(lines, count, sizeof(*lines), by_stack);
	for (uint32_t i = 0; i < count;) {
		int64_t value = 0;
		rf_str stack = lines[i].stack;
		for (; i < count && rf_str_eq(lines[i].stack, stack); i++)
			value = rf_profile_add(value, lines[i].value);
		rf_buf_put_str(out, stack);
		rf_buf_put_char(out, ' ');
		rf_buf_put_int(out, value);
		rf_buf_put_char(out, '\n');
	}
}

int rf_export_folded(struct rf_export *x, struct rf_buf *out, struct rf_error *err)
{
	struct rf_export_profile profile;
	struct rf_buf text;
	uint32_t count = 0, most = 0;
	int rc = rf_export_profile_load(x, &profile, err);
	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < profile.process_count; i++)
		most += profile.processes[i].sample_count;
	struct line *lines = rf_arena_array(&x->arena, most, sizeof(*lines));
	rf_buf_init(&text);
	for (uint32_t i = 0; i < profile.process_count && lines; i++) {
		const struct rf_export_process *p = &profile.processes[i];
		for (uint32_t k = 0; k < p->sample_count; k++) {
			int64_t value = p->samples[k].values[profile.value];
			if (value > 0)
				lines[count++] = (struct line){ fold(&p->samples[k].stack, &text, &x->arena), value };
		}
	}
	rf_export_end_text(x, &text);
	if (lines)
		put_lines(lines, count, out);
	return 0;
}
