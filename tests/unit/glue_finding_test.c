/* Findings of Go's runtime: the report that they are made, and what becomes of it. */
#define RF_LAYOUT_REPORTS 1
#include "tests/unit/glue_fixture.h"

#define CHANNEL ((uintptr_t)0xc000030000)

static int locked;
static const char *suppression_wanted;

void __redflag_reports_lock(void)
{
	assert_int_equal(locked++, 0);
}

void __redflag_reports_unlock(void)
{
	assert_int_equal(--locked, 0);
}

uintptr_t __redflag_is_suppressed(int type, const struct ts_stack *stack, void **suppression)
{
	assert_int_equal(type, TS_REPORT_RACE);
	assert_int_equal(locked, 1);
	assert_true(stack->suppressable);
	*suppression = NULL;
	return suppression_wanted && stack->frames && strcmp(stack->frames->info.function, suppression_wanted) == 0;
}

static struct rf_finding finding_at(uintptr_t pc, uint32_t slot)
{
	static uintptr_t pcs[2][3];
	struct rf_finding f = { .kind = RF_SPOOL_KIND_CLOSE_WHILE_SENDING, .address = CHANNEL, .bytes = 112, .side_count = 2,
				.detail = { "2 more wait to send", 19 } };
	for (int i = 0; i < 2; i++) {
		pcs[i][0] = pc + 16u * (unsigned)i;
		f.sides[i] = (struct rf_finding_side){ .action = i ? RF_SPOOL_ACTION_SEND : RF_SPOOL_ACTION_CLOSE,
						       .goid = i ? 4711 : 21, .slot = i ? 0 : slot, .pcs = pcs[i],
						       .pc_count = 3 };
	}
	return f;
}

static void record_text_and_charge(void **state)
{
	uint32_t count;
	uint64_t errors = 0;
	(void)state;
	assert_int_equal(settings.channels, 1);
	assert_int_equal(settings.leaks, settings.exact);
	assert_int_equal(settings.exitleaks, 0); /* unless it is asked for */
	uint32_t test = test_start(0, "TestClose");
	struct rf_finding f = finding_at(0x2000, start_goroutine(800001, 21, 0, test));
	printed[0] = '\0';
	__redflag_finding(&f);
	const struct rf_spool_report *r = record_of(RF_SPOOL_REPORT, &count);
	assert_int_equal(r->kind, RF_SPOOL_KIND_CLOSE_WHILE_SENDING);
	const struct rf_spool_access *a = (const void *)((const char *)r + r->accesses.offset);
	assert_int_equal(r->accesses.length, 2 * sizeof(*a));
	assert_int_equal(RF_SPOOL_ACCESS_ACTION(a[0].flags), RF_SPOOL_ACTION_CLOSE);
	assert_int_equal(RF_SPOOL_ACCESS_ACTION(a[1].flags), RF_SPOOL_ACTION_SEND);
	assert_int_equal(a[0].thread, 800001);
	assert_int_equal(a[1].thread, RF_FINDING_THREAD_UNKNOWN | 4711);
	assert_int_equal(a[0].stack.length, sizeof(uint32_t));
	const struct rf_spool_detail *d = record_of(RF_SPOOL_DETAIL, &count);
	assert_int_equal(count, 1);
	assert_in_range(d->record.sequence, r->record.sequence - 2, r->record.sequence - 1);
	assert_string_equal(printed, "==================\nWARNING: REDFLAG: close-while-sending\n"
				     "Detail: 2 more wait to send\nClose at 0x00c000030000 by goroutine 800001:\n  main.f()\n"
				     "      /src/f.go:7 +0x0\n\nPrevious send at 0x00c000030000 by goroutine 1073746535:\n  main.f()\n"
				     "      /src/f.go:7 +0x0\n\nGoroutine 800001 (running) created at:\n"
				     "  [failed to restore the stack]\n\nGoroutine 1073746535 (running) created at:\n"
				     "  [failed to restore the stack]\n==================\n");
	assert_int_equal(taken(test), 1);
	stock_count = 2;
	__redflag_report_count(&errors);
	assert_int_equal(errors, 3);
	assert_true(__redflag_on_finalize(false));
}

static void said_once(void **state)
{
	uint32_t before, after;
	(void)state;
	struct rf_finding f = finding_at(0x2100, 0), other = f;
	__redflag_finding(&f);
	record_of(RF_SPOOL_REPORT, &before);
	__redflag_finding(&f);
	record_of(RF_SPOOL_REPORT, &after);
	assert_int_equal(before, after);
	other.kind = RF_SPOOL_KIND_DOUBLE_CLOSE;
	__redflag_finding(&other);
	record_of(RF_SPOOL_REPORT, &after);
	assert_int_equal(before + 1, after);
}

static void quiet_and_suppressed_fail_nothing(void **state)
{
	uint32_t count;
	(void)state;
	uint32_t test = test_start(0, "TestQuiet"), slot = start_goroutine(800002, 21, 0, test), known = rf_findings_count();
	struct rf_finding f = finding_at(0x2200, slot);
	f.quiet = 1;
	printed[0] = '\0';
	__redflag_finding(&f);
	assert_non_null(strstr(printed, "close-while-sending"));
	f = finding_at(0x2300, slot);
	suppression_wanted = "main.f";
	printed[0] = '\0';
	__redflag_finding(&f);
	suppression_wanted = NULL;
	assert_string_equal(printed, "");
	assert_int_equal(((const struct rf_spool_report *)record_of(RF_SPOOL_REPORT, &count))->flags, RF_SPOOL_REPORT_SUPPRESSED);
	assert_int_equal(taken(test), 0);
	assert_int_equal(rf_findings_count(), known);
}

/* One finalizer is named by one kind: a use takes the place of the resurrection, and the other way round. */
static void a_finalizer_is_named_by_one_kind(void **state)
{
	uint32_t before, after;
	(void)state;
	assert_int_equal(settings.resurrection, settings.finalizers);
	assert_false(rf_finalizer_named(0x5010, RF_SPOOL_KIND_USE_AFTER_FINALIZE));
	assert_false(rf_finalizer_named(0x5020, RF_SPOOL_KIND_USE_AFTER_FINALIZE));
	assert_true(rf_finalizer_named(0x5000, RF_SPOOL_KIND_RESURRECTION));
	record_of(RF_SPOOL_REPORT, &before);
	struct rf_finding f = finding_at(0x5030, 0);
	f.kind = RF_SPOOL_KIND_RESURRECTION;
	__redflag_finding(&f);
	record_of(RF_SPOOL_REPORT, &after);
	assert_int_equal(before, after);
	struct rf_finding other = finding_at(0x5130, 0);
	other.kind = RF_SPOOL_KIND_RESURRECTION;
	__redflag_finding(&other);
	record_of(RF_SPOOL_REPORT, &after);
	assert_int_equal(before + 1, after);
	assert_true(rf_finalizer_named(0x5110, RF_SPOOL_KIND_USE_AFTER_FINALIZE));
	assert_false(rf_finalizer_named(0, RF_SPOOL_KIND_USE_AFTER_FINALIZE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_text_and_charge),
		cmocka_unit_test(said_once),
		cmocka_unit_test(quiet_and_suppressed_fail_nothing),
		cmocka_unit_test(a_finalizer_is_named_by_one_kind),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
