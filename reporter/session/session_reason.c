#include "session/session_reason.h"

static struct rf_reason *reason_of(struct rf_reasons *r, rf_str test, rf_arena *arena)
{
	for (struct rf_reason *t = r->tests; t; t = t->next) {
		if (rf_str_eq(t->test, test))
			return t;
	}
	struct rf_reason *t = rf_arena_alloc(arena, sizeof(*t));
	if (!t) {
		r->other = true; /* nothing is known about it, so it is no race */
		return NULL;
	}
	*t = (struct rf_reason){ .next = r->tests, .test = rf_arena_dup(arena, test) };
	return r->tests = t;
}

static void forget(struct rf_reasons *r, rf_str test)
{
	for (struct rf_reason **at = &r->tests; *at; at = &(*at)->next) {
		if (rf_str_eq((*at)->test, test)) {
			*at = (*at)->next;
			return;
		}
	}
}

/* "    shop_test.go:12: …", as t.Log and t.Error print it. A frame of a report has no second colon. */
static bool has_place(rf_str line)
{
	uint64_t ignored;
	if (line.ptr[0] != ' ')
		return false;
	rf_str file = rf_str_cut(&line, ':');
	return rf_str_ends(file, ".go") && rf_str_u64(rf_str_cut(&line, ':'), &ignored);
}

/* Can the line be one of those that is_crash, is_odd_exit and "testing: race detected" look for? */
static bool may_be_end(rf_str line)
{
	switch (line.ptr[0]) {
	case 'p': case 'f': case '*': case 's': case 'e': case 't': return true;
	default: return false;
	}
}

static bool is_crash(rf_str line)
{
	return rf_str_starts(line, "panic: ") || rf_str_starts(line, "fatal error: ") || rf_str_starts(line, "*** Test killed") ||
	       rf_str_starts(line, "signal: ");
}

/* go test says how the test binary ended when it wasn't 1; 66 is a race binary's own. */
static bool is_odd_exit(rf_str line)
{
	return rf_str_starts(line, "exit status ") && !rf_str_eq_cstr(rf_str_trim(line), "exit status 66") &&
	       !rf_str_eq_cstr(rf_str_trim(line), "exit status 1");
}

void rf_reasons_output(struct rf_reasons *r, const struct rf_test_event *event, rf_arena *arena)
{
	rf_str line = event->output;
	if (line.len == 0)
		return;
	if (may_be_end(line)) {
		r->other |= is_crash(line) || is_odd_exit(line);
		r->raced |= rf_str_starts(line, "testing: race detected ");
		return;
	}
	if (event->test.len == 0 || !has_place(line))
		return;
	struct rf_reason *t = reason_of(r, event->test, arena);
	if (t && rf_str_ends(rf_str_trim(line), ": race detected during execution of test"))
		t->raced = true;
	else if (t)
		t->other = true;
}

void rf_reasons_test_end(struct rf_reasons *r, const struct rf_test_event *event, rf_arena *arena)
{
	struct rf_reason *t;
	if (event->action != RF_ACTION_FAIL)
		forget(r, event->test);
	else if ((t = reason_of(r, event->test, arena)))
		t->failed = true;
}

static bool has_failed_subtest(const struct rf_reasons *r, rf_str test)
{
	for (const struct rf_reason *t = r->tests; t; t = t->next) {
		if (t->failed && t->test.len > test.len && t->test.ptr[test.len] == '/' &&
		    rf_str_eq(rf_str_take(t->test, test.len), test))
			return true;
	}
	return false;
}

bool rf_reasons_only_races(const struct rf_reasons *r)
{
	bool raced = r->raced;
	for (const struct rf_reason *t = r->tests; t; t = t->next) {
		if (!t->failed)
			continue;
		if (t->other || (!t->raced && !has_failed_subtest(r, t->test)))
			return false;
		raced = true;
	}
	return raced && !r->other;
}
