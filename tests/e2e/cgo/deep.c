// A small C library in a file of its own: what it does lies several calls deep.
#include "deep.h"

#include <stdlib.h>
#include <string.h>

#define APART __attribute__((noinline, noclone))

static APART struct deep *new_node(int i)
{
	struct deep *d = calloc(1, sizeof(*d));
	d->i = i;
	return d;
}

struct deep *deep_new(int i)
{
	struct deep *d = new_node(i);
	d->text = strdup("of a node");
	return d;
}

static APART void drop(void *p)
{
	free(p);
	__asm__ volatile("" ::: "memory"); // or the call becomes a jump
}

/* A frame whose size is known only when it runs. */
static APART void drop_later(void *p, size_t n)
{
	char room[n];
	memset(room, 0, n);
	__asm__ volatile("" ::"r"(room) : "memory");
	drop(p);
	__asm__ volatile("" ::: "memory");
}

void deep_free(struct deep *d)
{
	drop_later(d->text, 40);
	drop_later(d, 400);
	__asm__ volatile("" ::: "memory");
}

void deep_free_inside(struct deep *d)
{
	drop(&d->text);
	deep_free(d);
}

static APART void down(struct deep *d, int depth)
{
	if (depth)
		down(d, depth - 1);
	else
		drop(d);
	__asm__ volatile("" ::: "memory");
}

void deep_free_down(struct deep *d, int depth)
{
	free(d->text);
	down(d, depth);
}
