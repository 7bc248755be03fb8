/* Views: what a trace says of the stack of calls, which fields are partners, and whole sections by a goroutine's hooks. */
#define RF_LAYOUT_REPORTS 1
#include "tests/unit/glue_fixture.h"

#define ENTER(pc) ((uint64_t)(pc) << 2 | 2)
#define EXIT ((uint64_t)2)
#define NEAR ((uint64_t)0x1235)
#define FAR ((uint64_t)0x1200)
#define RANGE ((uint64_t)0x1204)
#define TIME ((uint64_t)0x1214)
#define LOCKED ((uint64_t)0x1208) /* which Go's detector doesn't write */

void __redflag_reports_lock(void)
{
}

void __redflag_reports_unlock(void)
{
}

uintptr_t __redflag_is_suppressed(int type, const struct ts_stack *stack, void **suppression)
{
	(void)type, (void)stack, (void)suppression;
	return 0;
}

static void test_walk(void **state)
{
	(void)state;
	const uint64_t trace[] = { NEAR, ENTER(0x400), FAR, EXIT, EXIT, RANGE, EXIT, TIME, ENTER(0x500), ENTER(0x600), EXIT };
	uint32_t depth = 5, least = 0;
	assert_true(view_trace_walk(trace, trace + 11, &depth, &least));
	assert_int_equal(depth, 6);
	assert_int_equal(least, 5); /* EXIT behind FAR and RANGE are their second words */
	depth = 5;
	assert_true(view_trace_walk(trace, trace, &depth, &least));
	assert_int_equal(least, 5);
	const uint64_t other[] = { NEAR, LOCKED, NEAR };
	assert_false(view_trace_walk(other, other + 3, &depth, &least));
	assert_false(view_trace_walk(other + 3, other, &depth, &least));
	assert_false(view_trace_walk(NULL, other, &depth, &least));
}

static void test_walk_parts(void **state)
{
	(void)state;
	uint64_t *trace = mmap(NULL, 3 * TRACE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const uint32_t words = TRACE_PAGE / sizeof(*trace);
	uint32_t depth = 1, least;
	for (uint32_t i = 0; i < 2 * words; i++)
		trace[i] = NEAR;
	assert_false(view_trace_walk(trace, trace + words + 2, &depth, &least)); /* another part, or what was there before */
	trace[words] = TRACE_NOTHING;
	assert_true(view_trace_walk(trace, trace + words + 2, &depth, &least));
	munmap(trace + words, TRACE_PAGE);
	assert_false(view_trace_walk(trace + 1, trace + 2 * words + 2, &depth, &least));
	munmap(trace, TRACE_PAGE);
	munmap(trace + 2 * words, TRACE_PAGE);
}

static void section(struct view_lock *l, uint16_t fields)
{
	struct view_held held = { .lock = l, .written = fields };
	struct view_row row = { .goid = 1 };
	view_section_learn(l, &held, &row);
}

static void test_partners(void **state)
{
	(void)state;
	static uint64_t object[8];
	struct view_lock *l = view_lock_enter((uintptr_t)object);
	uintptr_t at = (uintptr_t)&object[1];
	assert_int_equal(view_fields_written(l, (uintptr_t)object, at, 1), 1);
	assert_int_equal(view_fields_written(l, (uintptr_t)object, at, 16), 3);
	assert_int_equal(view_fields_in(l, at + 8, 1), 2);
	assert_int_equal(view_fields_in(l, at + 12, 1), 2); /* in the word that was written as a part of more */
	assert_int_equal(view_fields_in(l, at + 4, 1), 0);
	section(l, 3), section(l, 3);
	assert_int_equal(l->fields[0].partners, 0);
	section(l, 3);
	assert_int_equal(l->fields[0].partners, 2);
	assert_int_equal(l->fields[1].partners, 1);
	section(l, 1);
	assert_int_equal(l->fields[0].partners | l->fields[1].partners, 0);
	section(l, 3), section(l, 3), section(l, 3);
	assert_int_equal(l->fields[0].partners, 0); /* once apart, for ever apart */
	view_lock_leave(l);
	view_locks_forget((uintptr_t)object, (uintptr_t)(object + 8));
	assert_null(view_lock_find((uintptr_t)object));
}

static void test_locks_give_way(void **state)
{
	(void)state;
	struct view_lock *kept = view_lock_enter(0xc000000000);
	for (uintptr_t i = 1; i < 3 * RF_VIEW_LOCKS; i++) {
		struct view_lock *l = view_lock_enter(0xc000000000 + 8 * i);
		assert_non_null(l);
		view_lock_leave(l);
	}
	assert_ptr_equal(view_lock_find(0xc000000000), kept);
	view_lock_leave(kept);
}

static void test_handed_over(void **state)
{
	(void)state;
	static struct rf_fast_state threads[2];
	static uint64_t calls[4];
	static const uintptr_t stack[2];
	static uint64_t mutex, field;
	for (int i = 0; i < 2; i++) {
		threads[i].shadow_stack = threads[i].shadow_stack_pos = calls;
		threads[i].shadow_stack_end = calls + 4;
	}
	struct rf_view_section s = { .thread = (uintptr_t)&threads[0], .lock = (uintptr_t)&mutex, .goid = 1, .stack = stack };
	__redflag_view_taken(&s);
	__redflag_view_write(s.thread, (uintptr_t)&field, 0x1000);
	assert_int_equal(view_lock_find(s.lock)->field_count, 1);
	assert_false(atomic_load(&view_lock_find(s.lock)->unwatched));
	s.thread = (uintptr_t)&threads[1];
	__redflag_view_given(&s);
	assert_true(atomic_load(&view_lock_find(s.lock)->unwatched));
	__redflag_view_over((uintptr_t)&threads[0]);
	assert_int_equal(atomic_load(&view_lock_find(s.lock)->users), 0);
	assert_int_equal(accesses_seen, 1);
}

static int setup(void **state)
{
	(void)state;
	return rf_views_init() ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_walk_parts),
		cmocka_unit_test(test_partners),
		cmocka_unit_test(test_locks_give_way),
		cmocka_unit_test(test_handed_over),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
