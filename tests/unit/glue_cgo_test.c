/* The heap for C memory: sizes, addresses, who waits how long, and what a child of fork may do. */
#define RF_CGO_HEAP_ALONE 1
#define RF_CGO_HEAP_START ((uintptr_t)0x500000000000) /* the sanitizers have the usual place */
#include <stdint.h>
#include "tests/unit/glue_fixture.h"

#include <sys/wait.h>

static struct rf_cgo_block *take(size_t bytes)
{
	bool again;
	struct rf_cgo_block *block = rf_cgo_heap_take(bytes, &again);
	assert_non_null(block);
	return block;
}

static int heap_set_up(void **state)
{
	(void)state;
	assert_false(rf_cgo_heap_usable());
	assert_false(rf_cgo_heap_has(RF_CGO_HEAP_START));
	assert_null(rf_cgo_heap_next(NULL));
	return rf_cgo_heap_init() ? 0 : -1;
}

static void every_size_fits_and_is_aligned(void **state)
{
	(void)state;
	for (size_t bytes = 0; bytes <= RF_CGO_BLOCK_BYTES_MAX; bytes += bytes < 5000 ? 1 : 997) {
		uint32_t size = size_of(bytes);
		assert_true(size < SIZES && bytes_of(size) >= bytes && bytes_of(size) % 16 == 0);
		assert_true(size == 0 || bytes_of(size - 1) < bytes);
	}
	assert_int_equal(bytes_of(SIZES - 1), RF_CGO_BLOCK_BYTES_MAX);
	bool again;
	assert_null(rf_cgo_heap_take(RF_CGO_BLOCK_BYTES_MAX + 1, &again));
}

static void blocks_are_apart_and_found_by_any_address(void **state)
{
	(void)state;
	for (size_t bytes = 1; bytes < 3000; bytes += 7) {
		struct rf_cgo_block *a = take(bytes), *b = take(bytes);
		uintptr_t at = rf_cgo_heap_address(a), other = rf_cgo_heap_address(b);
		assert_true(at + bytes <= other || other + bytes <= at);
		assert_true(at % 16 == 0 && rf_cgo_heap_has(at) && rf_cgo_heap_has(at + bytes - 1));
		assert_ptr_equal(rf_cgo_heap_block(at), a);
		assert_ptr_equal(rf_cgo_heap_block(at + bytes - 1), a);
		assert_ptr_equal(rf_cgo_heap_numbered(rf_cgo_heap_number(a)), a);
		memset((void *)at, 1, bytes);
		assert_true(a->state == RF_CGO_STATE_LIVE && a->bytes == bytes && a->goid == 0 && a->pcs[0] == 0);
	}
	assert_null(rf_cgo_heap_block(RF_CGO_HEAP_START - 1));
	assert_null(rf_cgo_heap_block(RF_CGO_HEAP_START + RF_CGO_HEAP_BYTES));
	assert_null(rf_cgo_heap_block(RF_CGO_HEAP_START + RF_CGO_HEAP_BYTES - 1));
	assert_false(rf_cgo_heap_has(RF_CGO_HEAP_START + RF_CGO_HEAP_BYTES));
}

static void what_is_given_back_waits(void **state)
{
	(void)state;
	bool again;
	struct rf_cgo_block *first = take(1000);
	assert_true(rf_cgo_heap_give(first));
	assert_false(rf_cgo_heap_give(first));
	rf_cgo_heap_queue(first);
	assert_false(rf_cgo_heap_give(first));
	size_t blocks = RF_CGO_WAITING_BYTES_MAX / bytes_of(size_of(1000));
	for (size_t i = 0; i < blocks; i++) {
		struct rf_cgo_block *block = rf_cgo_heap_take(1000, &again);
		assert_false(again);
		assert_true(block != first && rf_cgo_heap_give(block));
		rf_cgo_heap_queue(block);
	}
	assert_ptr_equal(rf_cgo_heap_take(1000, &again), first);
	assert_true(again && first->state == RF_CGO_STATE_LIVE);
}

static void a_walk_meets_every_block_once(void **state)
{
	(void)state;
	uint32_t live = 0, more = 0;
	for (struct rf_cgo_block *b = rf_cgo_heap_next(NULL); b; b = rf_cgo_heap_next(b))
		live += b->state == RF_CGO_STATE_LIVE;
	for (size_t bytes = 1; bytes < 40000; bytes *= 3)
		take(bytes);
	for (struct rf_cgo_block *b = rf_cgo_heap_next(NULL); b; b = rf_cgo_heap_next(b))
		more += b->state == RF_CGO_STATE_LIVE;
	assert_int_equal(more, live + 10);
	uintptr_t start, end;
	rf_cgo_heap_table(&start, &end);
	for (struct rf_cgo_block *b = rf_cgo_heap_next(NULL); b; b = rf_cgo_heap_next(b))
		assert_true((uintptr_t)b >= start && (uintptr_t)(b + 1) <= end);
}

static void a_child_has_no_heap(void **state)
{
	(void)state;
	struct rf_cgo_block *block = take(10);
	bool again;
	pid_t child = fork();
	if (child == 0)
		_exit(!rf_cgo_heap_usable() && !rf_cgo_heap_take(10, &again) && rf_cgo_heap_has(rf_cgo_heap_address(block)) ? 0 : 1);
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(rf_cgo_heap_usable());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_fits_and_is_aligned),
		cmocka_unit_test(blocks_are_apart_and_found_by_any_address),
		cmocka_unit_test(what_is_given_back_waits),
		cmocka_unit_test(a_walk_meets_every_block_once),
		cmocka_unit_test(a_child_has_no_heap),
	};
	return cmocka_run_group_tests(tests, heap_set_up, NULL);
}
