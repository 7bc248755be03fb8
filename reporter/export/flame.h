/* A profile as a flame graph: an SVG that needs no script. The root is on top; what a function called stands below it, as wide as its
 * share. Colours are classes of rf_flame_css, which knows dark and light; each box has a title.
 *
 * Boxes have numbers, the same for the same samples in the same order. With a link a box is one that leads to the graph of what is
 * below it: the link, and the number.
 */
#ifndef RF_EXPORT_FLAME_H
#define RF_EXPORT_FLAME_H

#include "base/arena.h"
#include "model/profile.h"

#define RF_FLAME_ROWS_MAX 200u    /* deeper calls aren't drawn */
#define RF_FLAME_BOXES_MAX 4000u  /* nor what is thinner than a pixel, or thinner than leaves so many; the values count them all */

struct rf_flame {
	const struct rf_profile_sample *samples;
	uint32_t count;
	enum rf_profile_kind kind;
	uint32_t value;    /* which one of the kind's */
	const char *link;  /* escaped already; NULL: none */
	uint64_t top;      /* number of the box to draw as the whole; 0 all, as for a number that there isn't */
};

extern const char rf_flame_css[];

/* Nothing when the samples add up to nothing. False: out of memory. */
bool rf_flame_put(struct rf_buf *out, const struct rf_flame *flame, rf_arena *scratch);

struct rf_flame_row { /* of a function */
	rf_str function;
	int64_t self, total; /* a function that calls itself counts once */
};
/* The functions with the largest share of their own, at most `most`. */
uint32_t rf_flame_functions(const struct rf_flame *flame, uint32_t most, rf_arena *arena, struct rf_flame_row **rows);
/* A value for people: "1.5 MB", "230 ms", "12". */
void rf_flame_put_value(struct rf_buf *out, enum rf_profile_kind kind, uint32_t value, int64_t number);

#endif
