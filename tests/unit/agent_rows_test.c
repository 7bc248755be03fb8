/* Stacks by remembered rows are those that libgcc's unwinder sees; what a row can't say is unknown. */
#include "tests/unit/agent_fixture.h"

static uint32_t compared, forgotten_each;

/* Both ways from here. */
static __attribute__((noinline)) void compare(void)
{
	static struct rf_trace by_rows, by_tables;
	struct walk rows_walk = { .trace = &by_rows }, tables_walk = { .trace = &by_tables };
	if (forgotten_each)
		rf_rows_forget();
	assert_true(walk_from_here(&rows_walk));
	walk_tables(&tables_walk);
	assert_true(by_rows.count > 3 && by_tables.count > 3);
	assert_int_equal(by_rows.cut, by_tables.cut);
	/* The first frames are those of this function and of what it calls, in which the two are at different places. */
	uint32_t skipped = by_tables.pcs[1] == by_rows.pcs[2] ? 1 : 2, same_count = (uint32_t)by_tables.count - skipped;
	assert_true(by_rows.cut || by_rows.count - 2u == same_count);
	same_count = same_count < by_rows.count - 2u ? same_count : by_rows.count - 2u;
	assert_memory_equal(by_rows.pcs + 2, by_tables.pcs + skipped, same_count * sizeof(by_rows.pcs[0]));
	compared++;
}

static int compare_numbers(const void *a, const void *b)
{
	compare();
	return *(const int *)a - *(const int *)b;
}

/* Its frame is known by rbp alone, whose own is moved to a multiple of 64. */
static __attribute__((noinline)) void with_array(uint32_t depth)
{
	_Alignas(64) volatile char array[40];
	array[0] = (char)depth;
	if (depth)
		with_array(depth - 1);
	else
		compare();
	array[1] = array[0];
}

static __attribute__((noinline)) uint32_t deep(uint32_t depth)
{
	volatile uint32_t here = depth;
	if (depth)
		return deep(depth - 1) + here;
	compare();
	return here;
}

static void *run(void *unused)
{
	int numbers[] = { 5, 3, 9, 1 };
	qsort(numbers, 4, sizeof(numbers[0]), compare_numbers);
	with_array(3);
	return unused;
}

static void test_stacks(void **state)
{
	pthread_t thread;
	(void)state;
	for (forgotten_each = 0; forgotten_each < 2; forgotten_each++) {
		compared = 0;
		for (int round = 0; round < 3; round++) {
			run(NULL);
			deep(7);
			deep(100); /* more than are kept */
		}
		assert_int_equal(pthread_create(&thread, NULL, run, NULL), 0);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_true(compared > 20);
	}
}

static struct rf_row row_for(const uint8_t *code, size_t bytes, uint64_t at)
{
	const struct table t = { .code_factor = 1, .data_factor = -8 };
	/* def_cfa rsp 8; offset of the address to return to: what every function begins with */
	const struct row_state initial = { .frame_register = RSP, .frame_offset = 8, .rbp = RULE_KEPT, .back = RULE_SAVED,
					   .return_offset = -8 };
	struct row_state s = initial;
	if (!follow_table(&t, (struct cursor){ code, code + bytes, false }, at, &initial, &s))
		return (struct rf_row){ .kind = RF_ROW_UNKNOWN };
	return row_of(&s);
}

static void test_instructions(void **state)
{
	(void)state;
	/* push rbp; mov rsp, rbp; an early return, and on behind it */
	static const uint8_t usual[] = { 0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x50, 0x0a, 0x0c, 7, 8, 0xc6, 0x41, 0x0b, 0x2e, 16 };
	struct rf_row r = row_for(usual, sizeof(usual), 0);
	assert_true(r.kind == RF_ROW_BY_RSP && r.frame_offset == 8 && r.rbp_offset == 0);
	r = row_for(usual, sizeof(usual), 1);
	assert_true(r.kind == RF_ROW_BY_RSP && r.frame_offset == 16 && r.rbp_offset == 16);
	r = row_for(usual, sizeof(usual), 4 + 15);
	assert_true(r.kind == RF_ROW_BY_RBP && r.frame_offset == 16 && r.rbp_offset == 16);
	r = row_for(usual, sizeof(usual), 4 + 16);
	assert_true(r.kind == RF_ROW_BY_RSP && r.frame_offset == 8 && r.rbp_offset == 0);
	r = row_for(usual, sizeof(usual), 4 + 17);
	assert_true(r.kind == RF_ROW_BY_RBP && r.frame_offset == 16);
	for (size_t cut = 1; cut < sizeof(usual); cut++)
		row_for(usual, cut, UINT64_MAX);
	assert_int_equal(row_for(usual, 3, UINT64_MAX).kind, RF_ROW_BY_RSP);
	assert_int_equal(row_for(usual, 2, UINT64_MAX).kind, RF_ROW_UNKNOWN);
}

static void test_what_is_unknown(void **state)
{
	(void)state;
	static const uint8_t by_r10[] = { 0x0c, 10, 0 }, by_expression[] = { 0x0f, 3, 0x77, 8, 0x06 };
	static const uint8_t rbp_expression[] = { 0x10, 6, 2, 0x76, 0 }, rbp_elsewhere[] = { 0x09, 6, 3 };
	static const uint8_t odd_offset[] = { 0x0e, 12 }, new_code[] = { 0x3f }, back_elsewhere[] = { 0x90, 2 }, own_stack[] = { 0x87, 3 };
	static const uint8_t restored_too_often[] = { 0x0b }, start[] = { 0x07, 16 }, others[] = { 0x83, 4, 0x10, 12, 1, 0x50 };
	assert_int_equal(row_for(by_r10, sizeof(by_r10), 0).kind, RF_ROW_UNKNOWN);
	assert_int_equal(row_for(by_expression, sizeof(by_expression), 0).kind, RF_ROW_UNKNOWN);
	assert_int_equal(row_for(rbp_expression, sizeof(rbp_expression), 0).kind, RF_ROW_UNKNOWN);
	assert_int_equal(row_for(rbp_elsewhere, sizeof(rbp_elsewhere), 0).kind, RF_ROW_UNKNOWN);
	assert_int_equal(row_for(odd_offset, sizeof(odd_offset), 0).kind, RF_ROW_UNKNOWN);
	assert_int_equal(row_for(new_code, sizeof(new_code), 0).kind, RF_ROW_UNKNOWN);
	assert_int_equal(row_for(back_elsewhere, sizeof(back_elsewhere), 0).kind, RF_ROW_UNKNOWN);
	assert_int_equal(row_for(own_stack, sizeof(own_stack), 0).kind, RF_ROW_UNKNOWN);
	assert_int_equal(row_for(restored_too_often, sizeof(restored_too_often), 0).kind, RF_ROW_UNKNOWN);
	assert_int_equal(row_for(start, sizeof(start), 0).kind, RF_ROW_END);
	assert_int_equal(row_for(others, sizeof(others), 0).kind, RF_ROW_BY_RSP); /* registers that no stack needs */
}

/* What is kept is what was worked out; another library in the same place is another one; where there is no code there is no table. */
static void test_kept(void **state)
{
	(void)state;
	uintptr_t pc = (uintptr_t)compare_numbers + 1;
	struct rf_row first = rf_row_at(pc, 1), again = rf_row_at(pc, 1);
	assert_true(first.kind == RF_ROW_BY_RSP || first.kind == RF_ROW_BY_RBP);
	assert_memory_equal(&first, &again, sizeof(first));
	uint32_t at = (uint32_t)(pc * 0x9e3779b97f4a7c15u >> 54);
	uint64_t wrong = RF_ROW_END | 8u, key = rows[at].mixed ^ rows[at].value;
	rows[at].value = wrong;
	assert_int_equal(rf_row_at(pc, 1).kind, first.kind); /* halves that don't fit */
	rows[at].value = wrong;
	rows[at].mixed = key ^ wrong;
	assert_int_equal(rf_row_at(pc, 1).kind, RF_ROW_END);
	assert_int_equal(rf_row_at(pc, 2).kind, first.kind);
	rows[at].value = wrong;
	rows[at].mixed = key ^ wrong;
	rf_rows_forget();
	assert_int_equal(rf_row_at(pc, 1).kind, first.kind);
	assert_int_equal(rf_row_at(4096, 1).kind, RF_ROW_NONE);
}

/* Two addresses that want the same place are both kept; a third takes the place of the one that came first. */
static void test_pairs(void **state)
{
	uint32_t count = 0;
	uintptr_t pcs[3], pc = (uintptr_t)compare_numbers + 1;
	(void)state;
	uint32_t wanted = (uint32_t)(pc * 0x9e3779b97f4a7c15u >> 54);
	for (; count < 3; pc++) {
		uint32_t at = (uint32_t)(pc * 0x9e3779b97f4a7c15u >> 54);
		if (at == wanted)
			pcs[count++] = pc;
	}
	for (uint32_t i = 0; i < 3; i++) {
		const struct rf_row row = rf_row_at(pcs[i], 1), again = rf_row_at(pcs[i], 1);
		assert_memory_equal(&row, &again, sizeof(row));
		assert_true((rows[wanted].mixed ^ rows[wanted].value) % ((uint64_t)1 << PC_BITS) == pcs[i]);
		if (i)
			assert_true((rows[wanted ^ 1].mixed ^ rows[wanted ^ 1].value) % ((uint64_t)1 << PC_BITS) == pcs[i - 1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stacks), cmocka_unit_test(test_instructions), cmocka_unit_test(test_what_is_unknown),
		cmocka_unit_test(test_kept), cmocka_unit_test(test_pairs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
