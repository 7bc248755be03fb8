#include "export/flame.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/quantity.h"
#include "export/flame_tree.h"
#include "export/markup.h"
#include "export/profile.h"
#include "model/native.h"
#include "store/clean_text.h"

#define WIDTH 1200
#define ROW 18
#define LETTER 6.7  /* of the font, in units */
#define THINNEST 0.8 /* a box, unless there are too many of them */

/* Black on all of them: light enough in the dark, too. */
const char rf_flame_css[] =
	".flame { display: block; width: 100%; min-width: 50rem; font: 11px ui-monospace, monospace; }\n"
	".flame rect { stroke: var(--back); stroke-width: .6; } .flame text { fill: #1c2024; pointer-events: none; }\n"
	".flame .whole { fill: #c3cad3; } .flame .sys { fill: #d9dee4; }\n"
	".flame .c0 { fill: #f6c177; } .flame .c1 { fill: #f2a65a; } .flame .c2 { fill: #ee8d5b; } .flame .c3 { fill: #f7d08a; }\n"
	".flame .go0 { fill: #9fd3e6; } .flame .go1 { fill: #83c5de; } .flame .go2 { fill: #b5dff0; } .flame .go3 { fill: #74b8d6; }\n"
	".flame .none { fill: #c9b8d9; } .flame a:hover rect, .flame g:hover > rect { stroke: var(--text); stroke-width: 1.5; }\n"
	".flame a:focus-visible rect { stroke: var(--link); stroke-width: 2; }\n";

struct drawing {
	struct rf_buf *out;
	const struct rf_flame *flame;
	const struct rf_flame_node *whole, *top;
	double thinnest;
	uint32_t rows;
};

void rf_flame_put_value(struct rf_buf *out, enum rf_profile_kind kind, uint32_t value, int64_t number)
{
	rf_str unit = rf_str_from(rf_profile_value(kind, value)->unit);
	if (rf_str_eq_cstr(unit, "bytes"))
		rf_quantity_put_bytes(out, (uint64_t)number, " ");
	else if (!rf_str_eq_cstr(unit, "nanoseconds"))
		rf_buf_put_int(out, number);
	else if (number >= 1000000000)
		rf_buf_printf(out, "%.2f s", (double)number / 1e9);
	else if (number >= 1000000)
		rf_buf_printf(out, "%.1f ms", (double)number / 1e6);
	else
		rf_buf_printf(out, "%.1f us", (double)number / 1e3);
}

/* By what it is, and by its name, so that neighbours can be told apart. */
static void put_class(struct rf_buf *out, const struct rf_frame *f)
{
	if (!f) {
		rf_buf_put_cstr(out, "whole");
		return;
	}
	bool go = rf_str_ends(f->file, ".go");
	if (f->function.len == 0 || (!go && rf_frame_is_place(f)))
		rf_buf_put_cstr(out, "none");
	else if (!go && rf_frame_is_system(f))
		rf_buf_put_cstr(out, "sys");
	else
		rf_buf_printf(out, "%s%u", go ? "go" : "c", (unsigned)(rf_hash_str(RF_HASH_START, f->function) >> 7 & 3));
}

static rf_str name_of(const struct rf_flame_node *n)
{
	return n->frame ? rf_export_frame_name(n->frame) : RF_STR("all");
}

/* As much of the name as fits, in whole characters. */
static void put_label(struct drawing *d, const struct rf_flame_node *n, double x, double y, double width)
{
	struct rf_buf clean;
	size_t room = (size_t)((width - 6) / LETTER), letters = 0, bytes = 0;
	if (width < 6 + 3 * LETTER)
		return;
	rf_buf_init(&clean);
	rf_text_put_visible(&clean, name_of(n));
	rf_str name = rf_buf_str(&clean);
	for (; bytes < name.len; bytes++) {
		if ((name.ptr[bytes] & 0xc0) != 0x80 && letters++ == room)
			break;
	}
	bool cut = bytes < name.len;
	while (cut && bytes > 0 && (name.ptr[--bytes] & 0xc0) == 0x80) /* room for the dots */
		;
	rf_buf_printf(d->out, "<text x=\"%.1f\" y=\"%.0f\">", x + 3, y + ROW - 5);
	rf_markup_put(d->out, rf_str_take(name, bytes));
	rf_buf_put_cstr(d->out, cut ? "\u2026</text>" : "</text>");
	d->out->failed |= clean.failed;
	rf_buf_release(&clean);
}

static void put_title(struct drawing *d, const struct rf_flame_node *n)
{
	const struct rf_flame *f = d->flame;
	rf_buf_put_cstr(d->out, "<title>");
	rf_markup_put(d->out, name_of(n));
	if (n->frame && n->frame->file.len) {
		rf_buf_put_char(d->out, '\n');
		rf_markup_put(d->out, n->frame->file);
	}
	rf_buf_put_char(d->out, '\n');
	rf_flame_put_value(d->out, f->kind, f->value, n->total);
	rf_buf_printf(d->out, " (%.1f %%)", 100.0 * (double)n->total / (double)d->whole->total);
	if (n->self > 0 && n->self < n->total) {
		rf_buf_put_cstr(d->out, ", itself ");
		rf_flame_put_value(d->out, f->kind, f->value, n->self);
	}
	rf_buf_put_cstr(d->out, "</title>");
}

static void put_box(struct drawing *d, const struct rf_flame_node *n, uint32_t row, double x, double width)
{
	bool link = d->flame->link && n != d->top;
	if (link)
		rf_buf_printf(d->out, "<a href=\"%s%llu\">", d->flame->link, (unsigned long long)n->number);
	else
		rf_buf_put_cstr(d->out, "<g>");
	put_title(d, n);
	rf_buf_put_cstr(d->out, "<rect class=\"");
	put_class(d->out, n->frame);
	rf_buf_printf(d->out, "\" x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%d\"/>", x, row * ROW, width, ROW);
	put_label(d, n, x, row * ROW, width);
	rf_buf_put_cstr(d->out, link ? "</a>\n" : "</g>\n");
	d->rows = row + 1 > d->rows ? row + 1 : d->rows;
}

static double width_of(const struct drawing *d, const struct rf_flame_node *n)
{
	return WIDTH * ((double)n->total / (double)d->top->total);
}

/* Depth is bounded, so this may call itself, as may the next. */
static uint32_t count_below(const struct drawing *d, const struct rf_flame_node *n, uint32_t row)
{
	uint32_t count = 1;
	if (width_of(d, n) < d->thinnest || row >= RF_FLAME_ROWS_MAX)
		return 0;
	for (const struct rf_flame_node *c = n->child; c && count <= RF_FLAME_BOXES_MAX; c = c->next)
		count += count_below(d, c, row + 1);
	return count;
}

static void put_below(struct drawing *d, const struct rf_flame_node *n, uint32_t row, double x)
{
	double width = width_of(d, n);
	if (width < d->thinnest || row >= RF_FLAME_ROWS_MAX)
		return;
	put_box(d, n, row, x, width);
	for (const struct rf_flame_node *c = n->child; c; c = c->next) {
		put_below(d, c, row + 1, x);
		x += width_of(d, c);
	}
}

/* What leads to the box that is drawn as the whole: one row each, to go back by. */
static uint32_t put_above(struct drawing *d)
{
	const struct rf_flame_node *path[RF_FLAME_ROWS_MAX];
	uint32_t count = 0;
	for (const struct rf_flame_node *n = d->top->parent; n && count < RF_FLAME_ROWS_MAX / 2; n = n->parent)
		path[count++] = n;
	for (uint32_t i = 0; i < count; i++)
		put_box(d, path[count - 1 - i], i, 0, WIDTH);
	return count;
}

bool rf_flame_put(struct rf_buf *out, const struct rf_flame *flame, rf_arena *scratch)
{
	struct rf_buf boxes;
	struct rf_flame_node *root = rf_flame_tree(flame, scratch);
	if (!root || root->total == 0)
		return root;
	rf_buf_init(&boxes);
	struct drawing d = { .out = &boxes, .flame = flame, .whole = root, .top = rf_flame_find(root, flame->top) };
	for (d.thinnest = THINNEST; count_below(&d, d.top, 0) > RF_FLAME_BOXES_MAX;)
		d.thinnest *= 1.5;
	put_below(&d, d.top, put_above(&d), 0);
	rf_buf_printf(out, "<svg class=\"flame\" viewBox=\"0 0 %d %u\" role=\"img\" aria-label=\"Flame graph, %s\">\n", WIDTH, d.rows * ROW,
		      rf_profile_value(flame->kind, flame->value)->words);
	rf_buf_put_str(out, rf_buf_str(&boxes));
	rf_buf_put_cstr(out, "</svg>\n");
	out->failed |= boxes.failed;
	rf_buf_release(&boxes);
	return true;
}

/* --- functions ---------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return rf_str_cmp(((const struct rf_flame_row *)a)->function, ((const struct rf_flame_row *)b)->function);
}

static int by_self(const void *a, const void *b)
{
	const struct rf_flame_row *x = a, *y = b;
	if (x->self != y->self)
		return x->self < y->self ? 1 : -1;
	return x->total != y->total ? (x->total < y->total ? 1 : -1) : by_name(a, b);
}

/* Is it in the stack further in, too? */
static bool is_again(const struct rf_stack *stack, uint32_t at)
{
	for (uint32_t i = 0; i < at; i++) {
		if (rf_str_eq(stack->frames[i].function, stack->frames[at].function))
			return true;
	}
	return false;
}

uint32_t rf_flame_functions(const struct rf_flame *flame, uint32_t most, rf_arena *arena, struct rf_flame_row **rows)
{
	uint32_t count = 0, kept = 0;
	size_t frames = 0;
	for (uint32_t i = 0; i < flame->count; i++)
		frames += flame->samples[i].stack.count;
	struct rf_flame_row *list = *rows = rf_arena_array(arena, frames, sizeof(*list));
	for (uint32_t i = 0; i < flame->count && list; i++) {
		const struct rf_stack *stack = &flame->samples[i].stack;
		int64_t value = flame->samples[i].values[flame->value];
		for (uint32_t k = 0; k < stack->count; k++) {
			if (!is_again(stack, k))
				list[count++] = (struct rf_flame_row){ rf_export_frame_name(&stack->frames[k]), k == 0 ? value : 0,
								       value };
		}
	}
	if (count)
		qsort(list, count, sizeof(*list), by_name);
	for (uint32_t i = 0; i < count; i++) {
		if (kept && rf_str_eq(list[kept - 1].function, list[i].function)) {
			list[kept - 1].self = rf_profile_add(list[kept - 1].self, list[i].self);
			list[kept - 1].total = rf_profile_add(list[kept - 1].total, list[i].total);
		} else {
			list[kept++] = list[i];
		}
	}
	if (kept)
		qsort(list, kept, sizeof(*list), by_self);
	return kept < most ? kept : most;
}
