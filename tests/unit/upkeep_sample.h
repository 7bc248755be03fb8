/* What the tests of gc, merge and backup share. */
#ifndef RF_TESTS_UNIT_UPKEEP_SAMPLE_H
#define RF_TESTS_UNIT_UPKEEP_SAMPLE_H

#include "unit.h"

#include "store_dump.h"
#include "store_sample.h"
#include "upkeep/gc.h"
#include "upkeep/merge.h"

#define DAY_NS 86400000000000u

static inline void assert_sound(const char *path)
{
	struct rf_buf said;
	rf_buf_init(&said);
	store_check_sound(path, &said);
	if (said.len)
		fail_msg("%s: %.*s", path, (int)said.len, said.ptr);
	rf_buf_release(&said);
}

static inline rf_str dump_of(struct sample *s, const char *path)
{
	struct rf_buf b;
	assert_sound(path);
	rf_buf_init(&b);
	store_dump(path, &b);
	rf_str text = rf_arena_dup(&s->arena, rf_buf_str(&b));
	rf_buf_release(&b);
	return text;
}

/* The first lines that differ are shown. */
static inline void assert_same(rf_str a, rf_str b)
{
	while (a.len || b.len) {
		rf_str x = rf_str_cut(&a, '\n'), y = rf_str_cut(&b, '\n');
		if (!rf_str_eq(x, y))
			fail_msg("\n%.*s\n%.*s", RF_STR_ARG(x), RF_STR_ARG(y));
	}
}

static inline const char *path_of(struct sample *s, const char *name)
{
	return rf_arena_printf(&s->arena, "%s/%s", s->directory, name).ptr;
}

/* In either order. */
static inline void assert_merges_to(struct sample *s, const char *a, const char *b, rf_str want)
{
	const char *to = path_of(s, "merged");
	for (int order = 0; order < 2; order++) {
		const char *inputs[] = { order ? a : b, order ? b : a };
		struct rf_merge_options options = { .inputs = inputs, .count = 2, .to = to, .clock = { sample_now, &s->clock } };
		struct rf_merge out;
		if (rf_merge_run(&options, &out, &s->err) < 0)
			fail_msg("%s", s->err.text);
		assert_same(want, dump_of(s, to));
		assert_int_equal(unlink(to), 0);
	}
}

static inline struct rf_gc gc(struct sample *s, struct rf_gc_options options)
{
	struct rf_gc out;
	int rc = rf_gc_run(s->store, &options, &s->arena, &out, &s->err);
	if (rc < 0)
		fail_msg("%s", s->err.text);
	return out;
}

#endif
