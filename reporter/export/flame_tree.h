/* The tree that a flame graph is drawn from. Internal to flame*.c.
 */
#ifndef RF_EXPORT_FLAME_TREE_H
#define RF_EXPORT_FLAME_TREE_H

#include "export/flame.h"

struct rf_flame_node {
	struct rf_flame_node *parent, *child, *next; /* the first child, and its next sister: the largest first after sorting */
	const struct rf_frame *frame; /* NULL: all */
	int64_t total, self;
	uint64_t number;              /* from 1 for all */
};

/* NULL: out of memory. */
struct rf_flame_node *rf_flame_tree(const struct rf_flame *flame, rf_arena *arena);
/* The node of this number, or the root. */
struct rf_flame_node *rf_flame_find(struct rf_flame_node *root, uint64_t number);

#endif
