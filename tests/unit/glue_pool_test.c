/* Marks of freed memory, and reports of pools: kinds, words, and what the detector is told. */
#define RF_LAYOUT_FREED 1
#define RF_LAYOUT_SHADOW(address) (shadow + 0 * (address))
#include <stdint.h>
static uint32_t shadow[4];
#include "tests/unit/glue_fixture.h"

#define PUT_PC 0x5555u
#define ALIAS_PC 0x5560u
#define OBJECT ((uintptr_t)0xc000020000)
#define ARRAY ((uintptr_t)0xc000030000)

static char calls[128]; /* what the detector was asked to do */

void __redflag_slot_lock(void *thread)
{
	assert_ptr_equal(thread, (void *)7);
	strncat(calls, "lock ", sizeof(calls) - strlen(calls) - 1);
}

void __redflag_slot_unlock(void *thread)
{
	assert_ptr_equal(thread, (void *)7);
	strncat(calls, "unlock ", sizeof(calls) - strlen(calls) - 1);
}

void __redflag_range_freed(void *thread, uintptr_t pc, uintptr_t address, uintptr_t bytes)
{
	assert_ptr_equal(thread, (void *)7);
	assert_true((pc == PUT_PC && address == OBJECT && bytes == 24) || (pc == ALIAS_PC && address == ARRAY && bytes == 64));
	shadow[0] = CELL_FREED;
	shadow[1] = 17u << 16 | 3u << 8 | CELL_INFO; /* epoch 17 of slot 3 */
	strncat(calls, "freed ", sizeof(calls) - strlen(calls) - 1);
}

void __redflag_increment_epoch(void *thread)
{
	assert_ptr_equal(thread, (void *)7);
	strncat(calls, "epoch ", sizeof(calls) - strlen(calls) - 1);
}

void __redflag_range_reset(void *thread, uintptr_t pc, uintptr_t address, uintptr_t bytes)
{
	assert_true(!thread && !pc && ((address == OBJECT && bytes == 24) || (address == ARRAY && bytes == 64)));
	strncat(calls, "reset ", sizeof(calls) - strlen(calls) - 1);
}

static struct ts_report *fake_report(enum ts_report_type type, uintptr_t pc, uintptr_t pc_before)
{
	static char function[] = "main.f", file[] = "/src/f.go";
	static struct ts_frame frames[2];
	static struct ts_stack stacks[2];
	static struct ts_access accesses[2];
	static struct ts_thread thread;
	static void *pointers[2] = { &accesses[0], &accesses[1] }, *threads[1] = { &thread };
	static struct ts_report report;
	memset(&report, 0, sizeof(report));
	report.type = (int)type;
	for (int i = 0; i < 2; i++) {
		frames[i] = (struct ts_frame){ .info = { .address = i ? pc_before : pc, .function = function, .file = file,
							 .line = 7, .module_offset = 0x10 } };
		stacks[i].frames = frames[i].info.address ? &frames[i] : NULL;
		accesses[i] = (struct ts_access){ .thread = i ? 1 : 800001, .address = OBJECT + 8, .size = 8, .write = true,
						  .stack = &stacks[i] };
	}
	thread = (struct ts_thread){ .id = 800001, .running = true, .stack = &stacks[0] };
	report.accesses = (struct ts_vector){ pointers, pointers + 2, pointers + 2 };
	report.threads = (struct ts_vector){ threads, threads + 1, threads + 1 };
	return &report;
}

static void put_and_get_reach_the_detector(void **state)
{
	(void)state;
	assert_int_equal(settings.pool, 1);
	__redflag_pool_put(7, PUT_PC, OBJECT, 24);
	__redflag_pool_get(OBJECT, 24);
	assert_string_equal(calls, "lock epoch freed unlock reset ");
}

static void kinds_follow_from_type_and_stacks(void **state)
{
	(void)state;
	assert_int_equal(rf_mark_kind(fake_report(TS_REPORT_USE_AFTER_FREE, 0x2000, PUT_PC)), RF_SPOOL_KIND_USE_AFTER_PUT);
	assert_int_equal(rf_mark_kind(fake_report(TS_REPORT_USE_AFTER_FREE, PUT_PC, PUT_PC)), RF_SPOOL_KIND_DOUBLE_PUT);
	assert_int_equal(rf_mark_kind(fake_report(TS_REPORT_RACE, PUT_PC, 0x2000)), RF_SPOOL_KIND_PUT_WHILE_USED);
	assert_int_equal(rf_mark_kind(fake_report(TS_REPORT_RACE, 0x2000, 0x2000)), RF_SPOOL_KIND_UNKNOWN);
	assert_int_equal(rf_mark_kind(fake_report(TS_REPORT_RACE, 0, 0)), RF_SPOOL_KIND_UNKNOWN);
	assert_int_equal(rf_mark_kind(fake_report(TS_REPORT_USE_AFTER_FREE, 0x2000, 0x3000)), RF_SPOOL_KIND_USE_AFTER_FREE);
	struct ts_report none = { .type = TS_REPORT_USE_AFTER_FREE };
	assert_int_equal(rf_mark_kind(&none), RF_SPOOL_KIND_UNKNOWN);
}

/* The detector says which slot and epoch it looks for. */
static void restores(uint8_t slot, uint16_t epoch)
{
	uint32_t thread;
	__redflag_restore_stack(EVENT_ACCESS, slot, epoch, OBJECT, 8, 0, &thread, NULL, NULL, NULL);
}

static void a_lost_stack_is_told_by_its_epoch(void **state)
{
	(void)state;
	restores(3, 17);
	assert_int_equal(rf_mark_kind(fake_report(TS_REPORT_USE_AFTER_FREE, 0x2000, 0)), RF_SPOOL_KIND_USE_AFTER_PUT);
	restores(3, 18);
	assert_int_equal(rf_mark_kind(fake_report(TS_REPORT_USE_AFTER_FREE, 0x2000, 0)), RF_SPOOL_KIND_USE_AFTER_FREE);
	assert_int_equal(rf_mark_of(fake_report(TS_REPORT_USE_AFTER_FREE, PUT_PC, 0), 0), RF_MARK_NONE);
	printed[0] = '\0';
	__redflag_print_report(fake_report(TS_REPORT_USE_AFTER_FREE, 0x2000, 0));
	assert_non_null(strstr(printed, "REDFLAG: use-after-free\nWrite at "));
	assert_non_null(strstr(printed, "\nPrevious free at "));
	restores(3, 17);
}

static void finalizers_have_a_mark_of_their_own(void **state)
{
	struct rf_finalized object = { .function = PUT_PC, .marker = 0x6666, .address = OBJECT, .bytes = 24 };
	struct ts_frame marker = { .info = { .address = 0x6666 } };
	uint32_t again;
	(void)state;
	assert_int_equal(settings.finalizers, 1);
	calls[0] = '\0';
	__redflag_finalized(7, &object);
	__redflag_finalizer_again(OBJECT, OBJECT, 24, &again);
	assert_int_equal(again, 1);
	shadow[0] = 0;
	__redflag_finalizer_again(OBJECT, OBJECT, 24, &again);
	assert_int_equal(again, 0);
	assert_string_equal(calls, "lock epoch freed unlock reset ");
	struct ts_report *used = fake_report(TS_REPORT_USE_AFTER_FREE, 0x2000, 0x3000);
	assert_int_equal(rf_mark_kind(used), RF_SPOOL_KIND_USE_AFTER_FREE);
	((struct ts_access *)used->accesses.begin[1])->stack->frames->next = &marker;
	assert_int_equal(rf_mark_kind(used), RF_SPOOL_KIND_USE_AFTER_FINALIZE);
	printed[0] = '\0';
	__redflag_print_report(used);
	assert_non_null(strstr(printed, "REDFLAG: use-after-finalize\nWrite at "));
	struct ts_report *at_work = fake_report(TS_REPORT_RACE, 0x3000, 0x2000);
	assert_false(rf_mark_is_unordered(at_work, RF_MARK_FINALIZER));
	((struct ts_access *)at_work->accesses.begin[0])->stack->frames->next = &marker;
	assert_true(rf_mark_is_unordered(at_work, RF_MARK_FINALIZER));
	assert_true(__redflag_on_report(at_work, false));
	__redflag_pool_put(7, PUT_PC, OBJECT, 24); /* epochs change hands */
}

/* All memory has one shadow here: the object's mark is there as long as the array's is. */
static void arrays_have_a_mark_of_their_own(void **state)
{
	const struct rf_alias alias = { .pc = ALIAS_PC, .array = ARRAY, .bytes = 64, .object = OBJECT, .extent = 24 };
	(void)state;
	assert_int_equal(settings.aliases, 1);
	shadow[0] = 0;
	calls[0] = '\0';
	__redflag_pool_unalias(ARRAY, 64);
	assert_string_equal(calls, "");
	__redflag_pool_alias(7, &alias);
	__redflag_pool_alias(7, &alias);
	assert_string_equal(calls, "lock epoch freed unlock ");
	struct ts_report *used = fake_report(TS_REPORT_USE_AFTER_FREE, 0x2000, ALIAS_PC);
	((struct ts_access *)used->accesses.begin[0])->address = ARRAY + 63;
	assert_int_equal(rf_mark_kind(used), RF_SPOOL_KIND_USE_AFTER_PUT_ALIAS);
	assert_false(rf_pool_told(used));
	printed[0] = '\0';
	__redflag_print_report(used);
	assert_non_null(strstr(printed, "REDFLAG: use-after-put-alias\nWrite at "));
	assert_non_null(strstr(printed, "\nPrevious put at "));
	((struct ts_access *)used->accesses.begin[0])->address = ARRAY + 64;
	shadow[0] = 0x40000000; /* a report of the object takes its mark away */
	assert_false(rf_pool_told(used));
	((struct ts_access *)used->accesses.begin[0])->address = ARRAY;
	assert_true(rf_pool_told(used));
	assert_true(__redflag_on_report(used, false));
	assert_int_equal(rf_mark_kind(fake_report(TS_REPORT_RACE, ALIAS_PC, 0x2000)), RF_SPOOL_KIND_PUT_WHILE_USED);
	shadow[0] = CELL_FREED;
	__redflag_pool_unalias(ARRAY, 64);
	assert_string_equal(calls, "lock epoch freed unlock reset ");
	__redflag_pool_put(7, PUT_PC, OBJECT, 24); /* epochs change hands */
}

static void text_has_the_detectors_layout(void **state)
{
	(void)state;
	printed[0] = '\0';
	__redflag_print_report(fake_report(TS_REPORT_USE_AFTER_FREE, 0x2000, 0));
	assert_string_equal(printed, "==================\nWARNING: REDFLAG: use-after-put\n"
				     "Write at 0x00c000020008 by goroutine 800001:\n  main.f()\n      /src/f.go:7 +0x10\n\n"
				     "Previous put at 0x00c000020008 by main goroutine:\n  [failed to restore the stack]\n\n"
				     "Goroutine 800001 (running) created at:\n  main.f()\n      /src/f.go:7 +0x10\n"
				     "==================\n");
	printed[0] = '\0';
	__redflag_print_report(fake_report(TS_REPORT_RACE, PUT_PC, 0x2000));
	assert_non_null(strstr(printed, "put-while-used\nPut at "));
	assert_non_null(strstr(printed, "\nPrevious write at "));
	assert_int_equal(left_to_stock, 0);
	__redflag_print_report(fake_report(TS_REPORT_RACE, 0x2000, 0x2000));
	assert_int_equal(left_to_stock, 1);
}

static void record_has_kind_and_put(void **state)
{
	uint32_t count;
	(void)state;
	uint32_t test = test_start(0, "TestPool");
	start_goroutine(800001, 21, 0, test);
	assert_false(__redflag_on_report(fake_report(TS_REPORT_USE_AFTER_FREE, 0x2000, PUT_PC), false));
	const struct rf_spool_report *r = record_of(RF_SPOOL_REPORT, &count);
	assert_int_equal(r->kind, RF_SPOOL_KIND_USE_AFTER_PUT);
	const struct rf_spool_access *accesses = (const void *)((const char *)r + r->accesses.offset);
	assert_int_equal(accesses[0].flags, RF_SPOOL_ACCESS_WRITE);
	assert_int_equal(accesses[1].flags, RF_SPOOL_ACCESS_WRITE | RF_SPOOL_ACCESS_FREE);
	assert_int_equal(taken(test), 1);
}

static void who_got_it_is_a_side_more(void **state)
{
	uint32_t count;
	(void)state;
	uint32_t test = test_start(0, "TestUse"), other = test_start(0, "TestGet");
	start_goroutine(800001, 21, 0, test);
	uint32_t slot = start_goroutine(800002, 22, 0, other);
	got = (struct rf_got_query){ .address = OBJECT + 8, .object = OBJECT, .goid = 22, .slot = slot, .pcs = { 0x2100, 0x2200 } };
	struct ts_report *report = fake_report(TS_REPORT_USE_AFTER_FREE, 0x2000, PUT_PC);
	((struct ts_access *)report->accesses.begin[1])->address = OBJECT;
	printed[0] = '\0';
	assert_false(__redflag_on_report(report, false));
	got.object = 0; /* asked once: record and text are the same */
	__redflag_print_report(report);
	const char *get = strstr(printed, "\nPrevious get at 0x00c000020000 by goroutine 800002:\n  main.f()\n"
					  "      /src/f.go:7 +0x0\n  main.f()");
	assert_non_null(get);
	assert_true(get > strstr(printed, "\nPrevious put at "));
	assert_non_null(strstr(get, "\nGoroutine 800002 (running) created at:"));
	const struct rf_spool_report *r = record_of(RF_SPOOL_REPORT, &count);
	const struct rf_spool_access *accesses = (const void *)((const char *)r + r->accesses.offset);
	assert_int_equal(r->kind, RF_SPOOL_KIND_USE_AFTER_PUT);
	assert_int_equal(r->accesses.length, 3 * sizeof(*accesses));
	assert_int_equal(accesses[1].flags, RF_SPOOL_ACCESS_WRITE | RF_SPOOL_ACCESS_FREE);
	assert_int_equal(accesses[2].flags, RF_SPOOL_ACTION_GET << RF_SPOOL_ACCESS_ACTION_SHIFT);
	assert_int_equal(accesses[2].stack.length, 2 * sizeof(uint32_t));
	assert_int_equal(taken(test), 1);
	assert_int_equal(taken(other), 0);
	assert_ptr_equal(rf_pool_report(report, rf_mark_kind(report)), report); /* not known */
	report->type = TS_REPORT_RACE;
	((struct ts_access *)report->accesses.begin[1])->stack = NULL;
	got.object = OBJECT;
	assert_ptr_equal(rf_pool_report(report, rf_mark_kind(report)), report); /* a data race */
	got = (struct rf_got_query){ 0 };
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(put_and_get_reach_the_detector),
		cmocka_unit_test(kinds_follow_from_type_and_stacks),
		cmocka_unit_test(a_lost_stack_is_told_by_its_epoch),
		cmocka_unit_test(finalizers_have_a_mark_of_their_own),
		cmocka_unit_test(arrays_have_a_mark_of_their_own),
		cmocka_unit_test(text_has_the_detectors_layout),
		cmocka_unit_test(record_has_kind_and_put),
		cmocka_unit_test(who_got_it_is_a_side_more),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
