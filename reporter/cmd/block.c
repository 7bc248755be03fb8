#include "cmd/block.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define GAP " │ "
#define GAP_COLUMNS 3

void rf_block_init(struct rf_block *b, rf_arena *arena)
{
	*b = (struct rf_block){ .arena = arena };
}

void rf_block_add(struct rf_block *b, enum rf_style style, rf_str text)
{
	if (b->count == b->cap) {
		uint32_t cap = b->cap ? b->cap * 2 : 32;
		struct rf_block_line *bigger = rf_arena_array(b->arena, cap, sizeof(*bigger));
		if (!bigger)
			return;
		if (b->count)
			memcpy(bigger, b->lines, b->count * sizeof(*bigger));
		b->lines = bigger;
		b->cap = cap;
	}
	b->lines[b->count++] = (struct rf_block_line){ style, text };
}

void rf_block_printf(struct rf_block *b, enum rf_style style, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	char *p = n < 0 ? NULL : rf_arena_alloc(b->arena, (size_t)n + 1);
	if (p) {
		vsnprintf(p, (size_t)n + 1, format, again);
		rf_block_add(b, style, (rf_str){ p, (size_t)n });
	}
	va_end(again);
	va_end(args);
}

void rf_block_put(struct rf_buf *out, const struct rf_terminal *t, const struct rf_block *b)
{
	for (uint32_t i = 0; i < b->count; i++) {
		rf_put_clipped(out, t, b->lines[i].style, b->lines[i].text, t->columns, false);
		rf_buf_put_char(out, '\n');
	}
}

void rf_block_put_beside(struct rf_buf *out, const struct rf_terminal *t, const struct rf_block *left,
			 const struct rf_block *right)
{
	size_t half = (t->columns - GAP_COLUMNS) / 2;
	uint32_t rows = left->count > right->count ? left->count : right->count;
	const struct rf_block_line none = { RF_STYLE_PLAIN, { "", 0 } };
	for (uint32_t i = 0; i < rows; i++) {
		const struct rf_block_line *l = i < left->count ? &left->lines[i] : &none;
		const struct rf_block_line *r = i < right->count ? &right->lines[i] : &none;
		rf_put_clipped(out, t, l->style, l->text, half, true);
		rf_put_raw(out, t, RF_STYLE_DIM, RF_STR(GAP));
		rf_put_clipped(out, t, r->style, r->text, half, false);
		rf_buf_put_char(out, '\n');
	}
}
