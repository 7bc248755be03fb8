/* The glue: what runs inside ThreadSanitizer, as one translation unit (tsan-glue/ is amalgamated in the order of
 * these includes; see reporter/toolchain/overlay.c). Everything is static but what ThreadSanitizer and Go call, so that
 * no name of ours can meet a name of the program under test.
 *
 * Thread rule: any M may come in at any time; lock.h. Memory: static tables and reserved address space; never malloc.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#ifdef __aarch64__
#pragma GCC target("no-outline-atomics") /* Go's internal linker has no libgcc */
#endif

#include "tsan-glue/cgo.h"
#include "tsan-glue/cgo_stacks.h"
#include "tsan-glue/clocks.h"
#include "tsan-glue/counters.h"
#include "tsan-glue/exit.h"
#include "tsan-glue/finalizers.h"
#include "tsan-glue/finding.h"
#include "tsan-glue/globals.h"
#include "tsan-glue/goroutines.h"
#include "tsan-glue/growth.h"
#include "tsan-glue/history.h"
#include "tsan-glue/lock.h"
#include "tsan-glue/marks.h"
#include "tsan-glue/options.h"
#include "tsan-glue/owners.h"
#include "tsan-glue/pool.h"
#include "tsan-glue/print.h"
#include "tsan-glue/process.h"
#include "tsan-glue/report.h"
#include "tsan-glue/report_layout.h"
#include "tsan-glue/runtime_abi.h"
#include "tsan-glue/spool.h"
#include "tsan-glue/stacks.h"
#include "tsan-glue/switches.h"
#include "tsan-glue/symbols.h"
#include "tsan-glue/views.h"

#include <stdlib.h>
#include <string.h>

/* ThreadSanitizer's hooks (tsan_rtl.cpp): C++ names in the object, weak defaults in LLVM, strong in Go's build. The
 * object's own definitions are renamed (renames.txt), its calls reach these. */
bool __redflag_on_report(const struct ts_report *report, bool suppressed) __asm__(
	"_ZN6__tsan8OnReportEPKNS_10ReportDescEb");
bool __redflag_on_finalize(bool failed) __asm__("_ZN6__tsan10OnFinalizeEb");
const char *__redflag_default_options(void) __asm__("__tsan_default_options");
void __redflag_print_report(const struct ts_report *report) __asm__("_ZN6__tsan11PrintReportEPKNS_10ReportDescE");
void __redflag_print_stock(const struct ts_report *report) __asm__("rf_orig__ZN6__tsan11PrintReportEPKNS_10ReportDescE");

void __redflag_report_count(uint64_t *count) __asm__("__tsan_report_count");
void __redflag_stock_count(uint64_t *count) __asm__("rf_orig___tsan_report_count");

static struct {
	struct rf_options options;
	uint32_t features;
	bool ready;
	const struct ts_report *told, *told_as; /* the report that the detector is about to print, and what it was made */
} glue;

bool __redflag_on_report(const struct ts_report *report, bool suppressed)
{
	if (!RF_LAYOUT_PROVED || !glue.ready)
		return suppressed;
	if (rf_mark_is_unordered(report, RF_MARK_FINALIZER))
		return true; /* whoever was given the object by its finalizer is at work already */
	enum rf_spool_kind kind = rf_mark_kind(report);
	if (kind == RF_SPOOL_KIND_USE_AFTER_PUT_ALIAS && rf_pool_told(report))
		return true;
	glue.told = report;
	glue.told_as = rf_pool_report(report, kind);
	rf_cgo_frames_add(glue.told_as, kind);
	suppressed = rf_report_handle(glue.told_as, kind, suppressed);
	rf_cgo_frames_remove(glue.told_as);
	return suppressed;
}

static bool print_own(const struct ts_report *report)
{
	const struct ts_report *ours = report == glue.told ? glue.told_as : report;
	enum rf_spool_kind kind = rf_mark_kind(report);
	rf_cgo_frames_add(ours, kind);
	bool printed = rf_print_report(ours, kind);
	rf_cgo_frames_remove(ours);
	return printed;
}

void __redflag_print_report(const struct ts_report *report)
{
	if (!RF_LAYOUT_PROVED || !glue.ready || !print_own(report))
		__redflag_print_stock(report);
}

/* Runs in __tsan_fini, after the sleep that lets goroutines race on, before the process exits. */
bool __redflag_on_finalize(bool failed)
{
	__redflag_exit();
	return failed || rf_findings_count() > 0;
}

/* What package testing and the program's exit go by (race.Errors). */
void __redflag_report_count(uint64_t *count)
{
	__redflag_stock_count(count);
	*count += rf_findings_count();
}

/* Called by InitializeFlags (tsan_flags.cpp) at the very start, before it reads GORACE. */
const char *__redflag_default_options(void)
{
	struct rf_options options;
	rf_options_read(&options);
	const char *gorace = getenv("GORACE");
	rf_history_init(RF_LAYOUT_PROVED && options.history,
			RF_HISTORY_BOUNDED && !(gorace && strstr(gorace, "history_size")));
	return RF_LAYOUT_PROVED && options.history ? RF_HISTORY_OPTIONS : "";
}

static void counters_write(void)
{
	struct rf_spool_counters *c = rf_spool_begin(RF_SPOOL_COUNTERS, sizeof(*c));
	c->goroutines_created = rf_counters.goroutines_created;
	c->goroutines_unregistered = rf_counters.goroutines_unregistered;
	c->reports = rf_counters.reports;
	c->reports_dropped = rf_counters.reports_dropped;
	c->symbols_dropped = rf_counters.symbols_dropped;
	c->labels_cut = rf_counters.labels_cut;
	c->tests_dropped = rf_counters.tests_dropped;
	c->switches = rf_switches_count();
	rf_spool_commit();
}

void __redflag_exit(void)
{
	rf_lock();
	if (rf_spool_mine()) {
		counters_write();
		rf_spool_finish();
	}
	rf_unlock();
}

void __redflag_init(const struct rf_start *start)
{
	if (start->abi_version != RF_ABI_VERSION)
		return;
	rf_options_read(&glue.options);
	rf_process_init();
	rf_spool_init(getenv("REDFLAG_SPOOL"));
	rf_globals_init();
	rf_symbols_init(start->callback);
	rf_report_init(start);
	rf_report_fields_init(start->callback);
	rf_finding_init(start->callback, start->text);
	rf_finalizers_init(start->callback);
	rf_pool_init(start->callback);
	rf_switches_init(start, glue.options.switches);
	if (glue.options.goroutines && rf_goroutines_init(start->text))
		glue.features |= RF_SPOOL_FEATURE_GOROUTINES;
	if ((glue.features & RF_SPOOL_FEATURE_GOROUTINES) && glue.options.attribution_exact && rf_owners_init())
		glue.features |= RF_SPOOL_FEATURE_OWNERS;
	if (glue.options.switches)
		glue.features |= RF_SPOOL_FEATURE_SWITCHES;
	if (rf_spool_active())
		rf_process_write(start, glue.features);
	start->settings->exact = (glue.features & RF_SPOOL_FEATURE_OWNERS) != 0;
	start->settings->allocs = glue.options.allocs && rf_spool_active();
	start->settings->parallel = glue.options.parallel;
	start->settings->mapkeys = glue.options.mapkeys;
	start->settings->clears = glue.options.clears;
	start->settings->growth = glue.options.growth && rf_spool_active();
	if (start->settings->growth)
		rf_growth_init();
	start->settings->pool = glue.options.pool && RF_MARKS_PROVED;
	start->settings->aliases = glue.options.aliases && glue.options.pool && RF_MARKS_READABLE;
	start->settings->finalizers = glue.options.finalizers && RF_MARKS_READABLE &&
				      (glue.features & RF_SPOOL_FEATURE_GOROUTINES);
	rf_marks_init(start);
	start->settings->gc = glue.options.gc && rf_marks_shadow() != 0;
	start->settings->shadow = rf_marks_shadow();
	start->settings->channels = glue.options.channels && RF_FINDING_PROVED;
	if (!glue.options.cgo_unwatched)
		rf_cgo_init(start, glue.options.cstacks);
	start->settings->resurrection = start->settings->finalizers && RF_FINDING_PROVED;
	start->settings->cleanups = glue.options.cleanups && RF_FINDING_PROVED;
	start->settings->leaks = glue.options.leaks && RF_FINDING_PROVED && start->settings->exact;
	start->settings->exitleaks = start->settings->leaks && !glue.options.exitleaks_unwatched;
	if (!glue.options.retained_unwatched && RF_FINDING_PROVED)
		start->settings->retained = glue.options.mapdeletes_unwatched ? RF_RETAINED_SYNC_MAP : RF_RETAINED_ALL;
	start->settings->fast = glue.options.fast ? RF_LAYOUT_FAST : 0;
	rf_clocks_init(glue.options.fast && RF_CLOCKS_PROVED);
	start->settings->backlog = RF_FINDING_PROVED ? glue.options.backlog : 0;
	start->settings->lost = !glue.options.lost_unwatched && RF_FINDING_PROVED;
	start->settings->views = !glue.options.views_unwatched && RF_VIEWS_PROVED && rf_views_init();
	start->settings->exitwait = glue.options.exit_early && RF_EXIT_PROVED ? rf_exit_sleep_ms() : 0;
	glue.ready = true;
}

void __redflag_global_name(uintptr_t address, char *name, uintptr_t bytes_max, uintptr_t *bytes)
{
	struct rf_global global;
	*bytes = rf_global_find(address, &global) ? strnlen(global.name, bytes_max) : 0;
	memcpy(name, global.name, *bytes);
}

void __redflag_goroutine_start(const struct rf_goroutine_start *start)
{
	rf_lock();
	rf_goroutine_add(start);
	rf_unlock();
}

void __redflag_goroutine_end(uintptr_t slot, const struct rf_go_label *labels, uintptr_t label_count)
{
	rf_lock();
	rf_goroutine_finish((uint32_t)slot, labels, label_count);
	rf_unlock();
}

void __redflag_sample(const struct rf_sample *sample, const struct rf_origin *origins, uintptr_t origin_count, uintptr_t queue_count)
{
	uint64_t resident = rf_growth_resident();
	rf_lock();
	rf_growth_write(sample, resident, origins, origin_count, queue_count);
	rf_unlock();
}

void __redflag_test_start(uintptr_t slot, const char *name, uintptr_t name_bytes, uint32_t *id)
{
	rf_lock();
	if (name && !*id)
		*id = rf_owner_add(name, name_bytes);
	if (*id || !name)
		rf_goroutine_own((uint32_t)slot, *id);
	rf_unlock();
}

void __redflag_test_take(uintptr_t id, uint32_t *charges)
{
	rf_lock();
	*charges = rf_owner_take((uint32_t)id);
	rf_unlock();
}

void __redflag_test_end(uintptr_t id, uint32_t *done)
{
	rf_lock();
	*done = rf_owner_end((uint32_t)id);
	rf_unlock();
}

void __redflag_test_leftover(char *name, uintptr_t name_bytes_max, intptr_t *name_bytes, uintptr_t *over)
{
	rf_lock();
	uint32_t owner = rf_owner_leftover();
	struct rf_go_string text = rf_owner_name(owner);
	*name_bytes = owner == UINT32_MAX ? -1 : (intptr_t)(text.len < name_bytes_max ? text.len : name_bytes_max);
	*over = rf_owner_over(owner);
	if (*name_bytes > 0)
		memcpy(name, text.ptr, (size_t)*name_bytes);
	rf_unlock();
}
