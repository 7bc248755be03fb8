#include "tsan-glue/print.h"

#include "tsan-glue/finding.h"
#include "tsan-glue/marks.h"

#include <stdarg.h>
#include <stdio.h>

#define RULE "==================\n"
#define PRINT_MAIN_THREAD 1 /* tsan_report.cpp, kMainGoroutineId */
#define PRINT_BYTES 4096u   /* a line at least; a longer one is cut */

#if RF_LAYOUT_PROVED
/* sanitizer_common.h: what ThreadSanitizer's own Printf ends in. */
void __redflag_raw_write(const char *text) __asm__("_ZN11__sanitizer8RawWriteEPKc");
#else
static void __redflag_raw_write(const char *text)
{
	(void)text;
}
#endif

/* NULL: the detector's own words do. */
static const char *print_name(enum rf_spool_kind kind)
{
	static const char *const names[RF_SPOOL_KIND_COUNT] = {
		[RF_SPOOL_KIND_USE_AFTER_FREE] = "use-after-free",
		[RF_SPOOL_KIND_USE_AFTER_GC] = "use-after-gc",
		[RF_SPOOL_KIND_USE_AFTER_PUT] = "use-after-put",
		[RF_SPOOL_KIND_USE_AFTER_PUT_ALIAS] = "use-after-put-alias",
		[RF_SPOOL_KIND_DOUBLE_PUT] = "double-put",
		[RF_SPOOL_KIND_DOUBLE_FREE] = "double-free",
		[RF_SPOOL_KIND_INVALID_FREE] = "invalid-free",
		[RF_SPOOL_KIND_NATIVE_LEAK] = "native-leak",
		[RF_SPOOL_KIND_PUT_WHILE_USED] = "put-while-used",
		[RF_SPOOL_KIND_USE_AFTER_FINALIZE] = "use-after-finalize",
		[RF_SPOOL_KIND_RETAINED_AFTER_DELETE] = "retained-after-delete",
		[RF_SPOOL_KIND_LOST_IN_CHANNEL] = "lost-in-channel",
		[RF_SPOOL_KIND_CLOSE_WHILE_SENDING] = "close-while-sending",
		[RF_SPOOL_KIND_SEND_AFTER_CLOSE] = "send-after-close",
		[RF_SPOOL_KIND_DOUBLE_CLOSE] = "double-close",
		[RF_SPOOL_KIND_RESURRECTION] = "resurrection",
		[RF_SPOOL_KIND_CLEANUP_KEEPS_ALIVE] = "cleanup-keeps-alive",
		[RF_SPOOL_KIND_GOROUTINE_LEAK] = "goroutine-leak",
		[RF_SPOOL_KIND_FINALIZER_BACKLOG] = "finalizer-backlog",
		[RF_SPOOL_KIND_VIEW_INCONSISTENCY] = "view-inconsistency",
	};
	return kind < RF_SPOOL_KIND_COUNT ? names[kind] : NULL;
}

__attribute__((format(printf, 1, 2))) static void print(const char *format, ...)
{
	static char text[PRINT_BYTES];
	va_list list;
	va_start(list, format);
	int n = vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	if (n >= (int)sizeof(text))
		text[sizeof(text) - 2] = '\n';
	__redflag_raw_write(text);
}

static void print_stack(const struct ts_stack *stack)
{
	if (!stack || !stack->frames)
		print("  [failed to restore the stack]\n");
	for (const struct ts_frame *f = stack ? stack->frames : NULL; f; f = f->next)
		print("  %s()\n      %s:%d +0x%zx\n", f->info.function, f->info.file, f->info.line,
		      (size_t)f->info.module_offset);
}

static void print_collection(const struct ts_access *a)
{
	char words[RF_MARK_WORDS_BYTES];
	rf_mark_words(words);
	print("\nPrevious free at 0x%012zx by the garbage collector (%s)\n", (size_t)a->address, words);
}

static const char *print_action(enum rf_spool_action action)
{
	static const char *const verbs[RF_SPOOL_ACTION_COUNT] = {
		[RF_SPOOL_ACTION_CLOSE] = "close", [RF_SPOOL_ACTION_SEND] = "send", [RF_SPOOL_ACTION_RECEIVE] = "receive",
		[RF_SPOOL_ACTION_WAIT] = "wait", [RF_SPOOL_ACTION_START] = "start",
		[RF_SPOOL_ACTION_FINALIZE] = "finalize", [RF_SPOOL_ACTION_STORE] = "store",
		[RF_SPOOL_ACTION_DELETE] = "delete", [RF_SPOOL_ACTION_FREE] = "free",
		[RF_SPOOL_ACTION_ALLOCATE] = "allocate", [RF_SPOOL_ACTION_GET] = "get" };
	return action < RF_SPOOL_ACTION_COUNT ? verbs[action] : NULL;
}

static void print_access(const struct ts_access *a, bool first, enum rf_mark mark)
{
	if (mark == RF_MARK_COLLECTION) {
		print_collection(a);
		return;
	}
	const char *verb = print_action((enum rf_spool_action)rf_finding_action(a));
	if (!verb && mark != RF_MARK_NONE)
		verb = mark == RF_MARK_PUT || mark == RF_MARK_ALIAS ? "put" : mark == RF_MARK_FINALIZER ? "finalize" : "free";
	else if (!verb)
		verb = a->write ? "write" : "read";
	if (first)
		print("\n%c%s at 0x%012zx by ", *verb - 'a' + 'A', verb + 1, (size_t)a->address);
	else
		print("\nPrevious %s at 0x%012zx by ", verb, (size_t)a->address);
	if (a->thread == PRINT_MAIN_THREAD)
		print("main goroutine:\n");
	else
		print("goroutine %d:\n", a->thread);
	print_stack(a->stack);
}

static void print_thread(const struct ts_thread *t)
{
	if (t->id == PRINT_MAIN_THREAD || t->id == RF_MARK_THREAD)
		return;
	print("\nGoroutine %d (%s) created at:\n", t->id, t->running ? "running" : "finished");
	print_stack(t->stack);
}

static void print_all(const struct ts_report *report, const char *name, struct rf_go_string detail)
{
	print(RULE "WARNING: REDFLAG: %s", name);
	if (detail.len)
		print("\nDetail: %.*s", (int)detail.len, detail.ptr);
	for (void **p = report->accesses.begin; p < report->accesses.end; p++)
		print_access(*p, p == report->accesses.begin, rf_mark_of(report, (size_t)(p - report->accesses.begin)));
	for (void **p = report->threads.begin; p < report->threads.end; p++)
		print_thread(*p);
	print(RULE);
}

static bool rf_print_report(const struct ts_report *report, enum rf_spool_kind kind)
{
	const char *name = print_name(kind);
	if (name)
		print_all(report, name, (struct rf_go_string){ "", 0 });
	return name != NULL;
}

static void rf_print_finding(const struct ts_report *report, enum rf_spool_kind kind, struct rf_go_string detail)
{
	const char *name = print_name(kind);
	print_all(report, name ? name : "report", detail);
}
