#include "cmd/gotest.h"

#include "read/racetext.h"

#include <stdlib.h>
#include <string.h>

struct test {
	struct test *next;
	char *name;
	struct rf_buf output;
	bool failed; /* it is over: what has its name now is another time that it runs */
};

struct rf_gotest_package {
	struct rf_gotest_package *next;
	char *name;
	struct test *tests;  /* in the order in which they began; the first is the package itself, with name "" */
	struct rf_buf line;  /* a line whose end hasn't come */
	size_t bytes;        /* of all output */
	bool in_report, rule_before, cut;
};

void rf_gotest_init(struct rf_gotest *g, const struct rf_terminal *terminal, struct rf_buf *out, bool verbose)
{
	*g = (struct rf_gotest){ .terminal = terminal, .out = out, .verbose = verbose };
}

static void release_test(struct test *t)
{
	rf_buf_release(&t->output);
	free(t->name);
	free(t);
}

static void release_package(struct rf_gotest_package *p)
{
	for (struct test *t = p->tests, *next; t; t = next) {
		next = t->next;
		release_test(t);
	}
	rf_buf_release(&p->line);
	free(p->name);
	free(p);
}

void rf_gotest_release(struct rf_gotest *g)
{
	for (struct rf_gotest_package *p = g->packages, *next; p; p = next) {
		next = p->next;
		release_package(p);
	}
	g->packages = NULL;
}

static char *copy(rf_str s)
{
	char *p = malloc(s.len + 1);
	if (!p)
		return NULL;
	if (s.len)
		memcpy(p, s.ptr, s.len);
	p[s.len] = '\0';
	return p;
}

static struct test *test_of(struct rf_gotest_package *p, rf_str name)
{
	struct test **end = &p->tests;
	for (; *end; end = &(*end)->next) {
		if (!(*end)->failed && rf_str_eq_cstr(name, (*end)->name))
			return *end;
	}
	struct test *t = calloc(1, sizeof(*t));
	if (!t || !(t->name = copy(name))) {
		free(t);
		return NULL;
	}
	rf_buf_init(&t->output);
	return *end = t;
}

static struct rf_gotest_package *package_of(struct rf_gotest *g, rf_str name)
{
	struct rf_gotest_package **end = &g->packages;
	for (; *end; end = &(*end)->next) {
		if (rf_str_eq_cstr(name, (*end)->name))
			return *end;
	}
	struct rf_gotest_package *p = calloc(1, sizeof(*p));
	if (!p || !(p->name = copy(name)) || !test_of(p, RF_STR(""))) {
		if (p)
			release_package(p);
		return NULL;
	}
	g->running++;
	return *end = p;
}

/* --- lines ----------------------------------------------------------------------------------------------------- */

static bool is_marker(rf_str line)
{
	return rf_str_starts(line, "=== RUN ") || rf_str_starts(line, "=== PAUSE ") ||
	       rf_str_starts(line, "=== CONT ") || rf_str_starts(line, "=== NAME ");
}

static void keep_line(struct rf_gotest *g, struct rf_gotest_package *p, rf_str test_name, rf_str line)
{
	struct test *t = g->verbose ? p->tests : test_of(p, test_name);
	if (!t || p->bytes + line.len > RF_GOTEST_BYTES_MAX) {
		p->cut = true;
		return;
	}
	p->bytes += line.len;
	rf_buf_put_str(&t->output, line);
}

/* A line of a package's output. A rule is held back until it is clear whether a report follows. */
static void take_line(struct rf_gotest *g, struct rf_gotest_package *p, rf_str test_name, rf_str line)
{
	static const char rule[] = "==================\n";
	size_t header;
	bool is_rule = rf_str_ends(line, rule);
	if (p->in_report) {
		p->in_report = !is_rule;
		return;
	}
	if (rf_racetext_header(rf_str_line(line), &header) != RF_KIND_UNKNOWN) {
		p->in_report = true;
		p->rule_before = false;
		return;
	}
	if (p->rule_before)
		keep_line(g, p, test_name, rf_str_from(rule));
	p->rule_before = is_rule;
	if (is_rule)
		line = rf_str_take(line, line.len - (sizeof(rule) - 1));
	if (line.len && (g->verbose || !is_marker(line)))
		keep_line(g, p, test_name, line);
}

static void take_output(struct rf_gotest *g, struct rf_gotest_package *p, const struct rf_test_event *event)
{
	rf_str output = event->output;
	while (output.len) {
		ptrdiff_t end = rf_str_find(output, '\n');
		rf_str piece = rf_str_take(output, end < 0 ? output.len : (size_t)end + 1);
		output = rf_str_skip(output, piece.len);
		if (end >= 0 && p->line.len == 0) {
			take_line(g, p, event->test, piece);
			continue;
		}
		rf_buf_put_str(&p->line, piece);
		if (end < 0 && p->line.len < RF_GOTEST_BYTES_MAX)
			continue;
		take_line(g, p, event->test, rf_buf_str(&p->line));
		rf_buf_reset(&p->line);
	}
}

/* --- ends ------------------------------------------------------------------------------------------------------ */

static void forget_test(struct rf_gotest_package *p, struct test *passed)
{
	struct test **at = &p->tests;
	while (*at != passed)
		at = &(*at)->next;
	*at = passed->next;
	p->bytes -= passed->output.len;
	release_test(passed);
}

static void end_test(struct rf_gotest *g, struct rf_gotest_package *p, const struct rf_test_event *event)
{
	struct test *t = g->verbose ? NULL : test_of(p, event->test);
	if (t && event->action == RF_ACTION_FAIL)
		t->failed = true;
	else if (t)
		forget_test(p, t);
}

/* A program's own output goes out as it is, colours and all: its terminal is ours. */
static void put_line(struct rf_gotest *g, rf_str line, enum rf_style style)
{
	rf_put_raw(g->out, g->terminal, style, line);
	rf_buf_put_char(g->out, '\n');
}

/* go test prints the verdict before the log, the stream has it behind. */
static void put_test(struct rf_gotest *g, const struct test *t)
{
	rf_str rest = rf_buf_str(&t->output);
	for (int pass = 0; pass < 2; pass++, rest = rf_buf_str(&t->output)) {
		while (rest.len) {
			rf_str line = rf_str_cut(&rest, '\n');
			bool verdict = rf_str_contains(rf_str_take(line, 64), "--- FAIL: ");
			if (verdict != (pass == 0))
				continue;
			put_line(g, line, verdict ? RF_STYLE_RED : RF_STYLE_PLAIN);
		}
	}
}

static bool is_package_line(rf_str line)
{
	return rf_str_starts(line, "ok  \t") || rf_str_starts(line, "FAIL\t") || rf_str_starts(line, "?   \t") ||
	       rf_str_starts(line, "---\t") || rf_str_starts(line, "\t");
}

/* The package's own lines; of one that passed only go test's line about it. */
static void put_package_lines(struct rf_gotest *g, const struct rf_gotest_package *p, bool all)
{
	rf_str rest = rf_buf_str(&p->tests->output);
	while (rest.len) {
		rf_str line = rf_str_cut(&rest, '\n');
		if (!all && !is_package_line(line))
			continue;
		put_line(g, line, rf_str_starts(line, "FAIL\t") ? RF_STYLE_RED : RF_STYLE_PLAIN);
	}
}

static void put_package(struct rf_gotest *g, struct rf_gotest_package *p, bool failed)
{
	/* What is left are tests that failed, and those that ran when the process ended: a panic elsewhere, a time-out. */
	for (const struct test *t = p->tests->next; t && failed; t = t->next)
		put_test(g, t);
	if (p->line.len)
		take_line(g, p, RF_STR(""), rf_buf_str(&p->line));
	put_package_lines(g, p, failed || g->verbose);
	if (p->cut)
		rf_buf_printf(g->out, "redflag: output of %s above %zu MiB was left out here; --json passes all of it.\n",
			      p->name, RF_GOTEST_BYTES_MAX >> 20);
}

static void end_package(struct rf_gotest *g, struct rf_gotest_package *ended, bool failed)
{
	put_package(g, ended, failed);
	struct rf_gotest_package **at = &g->packages;
	while (*at != ended)
		at = &(*at)->next;
	*at = ended->next;
	g->running--;
	g->done++;
	g->failed += failed;
	release_package(ended);
}

void rf_gotest_event(struct rf_gotest *g, const struct rf_test_event *event)
{
	bool ends = event->action == RF_ACTION_PASS || event->action == RF_ACTION_FAIL || event->action == RF_ACTION_SKIP;
	if (event->action == RF_ACTION_BUILD_OUTPUT) {
		rf_buf_put_str(g->out, event->output);
		return;
	}
	if (event->package.len == 0 || event->action == RF_ACTION_BUILD_FAIL)
		return;
	struct rf_gotest_package *p = package_of(g, event->package);
	if (!p)
		return;
	if (event->action == RF_ACTION_OUTPUT)
		take_output(g, p, event);
	else if (event->action == RF_ACTION_RUN)
		test_of(p, event->test);
	else if (ends && event->test.len)
		end_test(g, p, event);
	else if (ends)
		end_package(g, p, event->action == RF_ACTION_FAIL);
}

void rf_gotest_text(struct rf_gotest *g, rf_str line)
{
	rf_buf_put_str(g->out, line);
	rf_buf_put_char(g->out, '\n');
}

void rf_gotest_end(struct rf_gotest *g)
{
	while (g->packages)
		end_package(g, g->packages, true);
}

rf_str rf_gotest_running(const struct rf_gotest *g)
{
	return g->packages ? rf_str_from(g->packages->name) : RF_STR("");
}
