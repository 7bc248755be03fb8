#include "export/flame_tree.h"

#include <stdlib.h>

#include "base/hash.h"
#include "export/profile.h"

/* Children are found by parent and name, however many a node has. */
struct table {
	struct rf_flame_node **places; /* open addressing, at most half full */
	size_t cap;
	uint64_t count;
};

static size_t place_of(const struct table *t, const struct rf_flame_node *parent, rf_str name)
{
	size_t i = (size_t)rf_hash_bytes(rf_hash_str(RF_HASH_START, name), &parent->number, sizeof(parent->number)) & (t->cap - 1);
	while (t->places[i] && (t->places[i]->parent != parent || !rf_str_eq(rf_export_frame_name(t->places[i]->frame), name)))
		i = (i + 1) & (t->cap - 1);
	return i;
}

static struct rf_flame_node *child_of(struct table *t, struct rf_flame_node *parent, const struct rf_frame *frame, rf_arena *arena)
{
	size_t i = place_of(t, parent, rf_export_frame_name(frame));
	if (t->places[i])
		return t->places[i];
	struct rf_flame_node *n = rf_arena_alloc(arena, sizeof(*n));
	if (!n)
		return NULL;
	*n = (struct rf_flame_node){ .parent = parent, .next = parent->child, .frame = frame, .number = ++t->count };
	parent->child = n;
	return t->places[i] = n;
}

static bool add_sample(struct table *t, struct rf_flame_node *root, const struct rf_flame *flame, const struct rf_profile_sample *sample,
		       rf_arena *arena)
{
	static const struct rf_frame unknown = { { "", 0 }, { "", 0 }, 0, 0, 0 };
	int64_t value = sample->values[flame->value];
	struct rf_flame_node *at = root;
	uint32_t depth = sample->stack.count ? sample->stack.count : 1;
	if (value <= 0)
		return true;
	root->total = rf_profile_add(root->total, value);
	for (uint32_t i = depth; i > 0 && at; i--) {
		at = child_of(t, at, sample->stack.count ? &sample->stack.frames[i - 1] : &unknown, arena);
		if (at)
			at->total = rf_profile_add(at->total, value);
	}
	if (at)
		at->self = rf_profile_add(at->self, value);
	return at;
}

static int by_total(const void *a, const void *b)
{
	const struct rf_flame_node *x = *(struct rf_flame_node *const *)a, *y = *(struct rf_flame_node *const *)b;
	if (x->total != y->total)
		return x->total < y->total ? 1 : -1;
	return rf_str_cmp(rf_export_frame_name(x->frame), rf_export_frame_name(y->frame));
}

static bool sort_children(struct rf_flame_node *node, rf_arena *arena)
{
	uint32_t count = 0;
	for (const struct rf_flame_node *c = node->child; c; c = c->next)
		count++;
	if (count < 2)
		return true;
	struct rf_flame_node **list = rf_arena_array(arena, count, sizeof(struct rf_flame_node *)), **at = list;
	if (!list)
		return false;
	for (struct rf_flame_node *c = node->child; c; c = c->next)
		*at++ = c;
	qsort(list, count, sizeof(struct rf_flame_node *), by_total);
	node->child = list[0];
	for (uint32_t i = 0; i < count; i++)
		list[i]->next = i + 1 < count ? list[i + 1] : NULL;
	return true;
}

/* Every node, however deep the tree is: the places of the table are all but the root. */
static bool sort_all(struct table *t, struct rf_flame_node *root, rf_arena *arena)
{
	bool good = sort_children(root, arena);
	for (size_t i = 0; i < t->cap && good; i++)
		good = !t->places[i] || sort_children(t->places[i], arena);
	return good;
}

struct rf_flame_node *rf_flame_tree(const struct rf_flame *flame, rf_arena *arena)
{
	struct table t = { .cap = 16, .count = 1 };
	struct rf_flame_node *root = rf_arena_alloc(arena, sizeof(*root));
	size_t frames = 1;
	for (uint32_t i = 0; i < flame->count; i++)
		frames += flame->samples[i].stack.count + 1;
	while (t.cap < frames * 2)
		t.cap *= 2;
	t.places = rf_arena_array(arena, t.cap, sizeof(struct rf_flame_node *));
	if (!root || !t.places)
		return NULL;
	root->number = 1;
	for (uint32_t i = 0; i < flame->count; i++) {
		if (!add_sample(&t, root, flame, &flame->samples[i], arena))
			return NULL;
	}
	return sort_all(&t, root, arena) ? root : NULL;
}

struct rf_flame_node *rf_flame_find(struct rf_flame_node *root, uint64_t number)
{
	struct rf_flame_node *at = root;
	while (at && at->number != number) {
		if (at->child) {
			at = at->child;
			continue;
		}
		while (at && !at->next)
			at = at->parent;
		at = at ? at->next : NULL;
	}
	return at ? at : root;
}
