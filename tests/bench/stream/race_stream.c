/* Writes a stream of `go test -race -json` to standard output, of a given size and with a given number of race reports.
 *
 *	race_stream BYTES REPORTS [BUGS]      (default: one bug in 25 reports, 4000 at most)
 *
 * The same arguments give the same bytes. What it has of a real one: packages that run side by side and whose lines are mixed,
 * tests with run, pause and cont, log lines with quotes, tabs, control characters as Go escapes them, tests that fail because
 * of their races, and packages that pass. Tests run several times, as with -count. A report is cut into one event a line;
 * its addresses and goroutine numbers are its own, its stacks are its bug's. A bug belongs to a package and is seen by a few of
 * its tests, but for some in what all packages share. The size is met to within a package.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PACKAGES_AT_ONCE 8
#define REPORTS_PER_PACKAGE 256
#define REPORTS_PER_TEST 6
#define TESTS_PER_PACKAGE 24 /* then the first runs again */
#define BUGS_SHARED 40
#define SHARED_ONE_IN 16     /* reports */
#define DEPTH_MAX 8
#define START_S 1767261600u /* 2026-01-01T10:00:00Z */

struct package {
	char name[96];
	char test[96];      /* "" between tests */
	unsigned number, tests, reports_left, test_reports, rounds_left;
	bool failed, test_failed, parallel, over;
	char *lines;        /* events without their time, each with its newline */
	size_t len, pos, cap;
};

struct stream {
	uint64_t random, time_ns, bytes_made, bytes_max;
	unsigned reports_made, reports_max, bugs, packages_started, package_count;
};

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static unsigned below(struct stream *s, unsigned n)
{
	s->random += UINT64_C(0x9e3779b97f4a7c15);
	return (unsigned)(mix(s->random) % n);
}

__attribute__((format(printf, 3, 4))) static void put(struct stream *s, struct package *p, const char *format, ...)
{
	va_list args;
	if (p->cap - p->len < 4096) {
		p->cap = p->cap * 2 + 8192;
		p->lines = realloc(p->lines, p->cap);
		if (!p->lines)
			abort();
	}
	va_start(args, format);
	int n = vsnprintf(p->lines + p->len, 4096, format, args);
	va_end(args);
	if (n < 0 || n >= 4096)
		abort();
	p->len += (size_t)n;
	s->bytes_made += (uint64_t)n;
}

static void put_action(struct stream *s, struct package *p, const char *action, const char *elapsed)
{
	s->bytes_made += 40; /* the time */
	put(s, p, "\"Action\":\"%s\",\"Package\":\"%s\"", action, p->name);
	if (p->test[0])
		put(s, p, ",\"Test\":\"%s\"", p->test);
	put(s, p, elapsed ? ",\"Elapsed\":%s}\n" : "%s}\n", elapsed ? elapsed : "");
}

/* `text`, a format, is JSON already, without the newline that ends it. */
#define put_output(s, p, ...) (begin_output(s, p), put(s, p, __VA_ARGS__), put(s, p, "\\n\"}\n"))

static void begin_output(struct stream *s, struct package *p)
{
	s->bytes_made += 40;
	put(s, p, "\"Action\":\"output\",\"Package\":\"%s\"", p->name);
	if (p->test[0])
		put(s, p, ",\"Test\":\"%s\"", p->test);
	put(s, p, ",\"Output\":\"");
}

/* --- reports --------------------------------------------------------------------------------------------------- */

static const char *const types[] = { "Cart", "Order", "Session", "Cache", "Pool", "Index", "Router", "Queue", "Ledger", "Worker" };
static const char *const verbs[] = { "Add", "Total", "Remove", "Get", "Put", "flush", "Close", "refresh", "Lookup", "evict", "Run",
				     "handle" };
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void put_frame(struct stream *s, struct package *p, const char *function, const char *file, uint64_t seed)
{
	put_output(s, p, "  %s()", function);
	put_output(s, p, "      %s:%u +0x%x", file, (unsigned)(seed % 900 + 10), (unsigned)(seed >> 20 & 0xfff));
}

/* One of ours; what it is called depends on the bug, the side and the depth alone. */
static void put_own_frame(struct stream *s, struct package *p, unsigned bug, unsigned side, unsigned depth)
{
	char function[256], file[256];
	uint64_t seed = mix((uint64_t)bug << 16 | side << 8 | depth);
	const char *type = types[seed % COUNT(types)], *verb = verbs[(seed >> 8) % COUNT(verbs)];
	unsigned part = bug / 4 % 60;
	if (depth == 0)
		snprintf(function, sizeof(function), "example.com/shop/internal/part%u.(*%s%u).%s", part, type, bug, verb);
	else if (seed >> 30 & 1)
		snprintf(function, sizeof(function), "example.com/shop/internal/part%u.%s%s.func%u", part, verb, type,
			 (unsigned)(seed >> 40 & 3) + 1);
	else
		snprintf(function, sizeof(function), "example.com/shop/internal/part%u.(*%s).%s", part, type, verb);
	snprintf(file, sizeof(file), "/builds/shop/internal/part%u/%c%s.go", part, type[0] | 0x20, type + 1);
	put_frame(s, p, function, file, seed);
}

static void put_runtime_frames(struct stream *s, struct package *p, unsigned bug)
{
	if (bug % 5 == 0)
		put_frame(s, p, "runtime.mapassign_faststr", "/usr/local/go/src/internal/runtime/maps/runtime_faststr.go", 253);
	if (bug % 11 == 0)
		put_frame(s, p, "sync.(*Pool).Get", "/usr/local/go/src/sync/pool.go", 122);
}

static void put_test_frames(struct stream *s, struct package *p)
{
	char function[256], file[256];
	snprintf(function, sizeof(function), "%s.%.60s", p->name, p->test);
	snprintf(file, sizeof(file), "/builds/shop/%s_test.go", strrchr(p->name, '/') + 1);
	put_frame(s, p, function, file, mix(p->number * 1000 + (p->tests - 1) % TESTS_PER_PACKAGE));
	put_frame(s, p, "testing.tRunner", "/usr/local/go/src/testing/testing.go", 2026);
	put_frame(s, p, "testing.(*T).Run.gowrap1", "/usr/local/go/src/testing/testing.go", 2091);
}

static void put_side(struct stream *s, struct package *p, unsigned bug, unsigned side)
{
	unsigned depth = 2 + (unsigned)(mix(bug * 2 + side) % (DEPTH_MAX - 2));
	if (side == 0)
		put_runtime_frames(s, p, bug);
	for (unsigned i = 0; i < depth; i++)
		put_own_frame(s, p, bug, side, i);
}

/* One of the three bugs that the test runs into, or one that all do. */
static unsigned choose_bug(struct stream *s, const struct package *p)
{
	unsigned own = s->bugs / s->package_count + 1, first = p->number * own;
	if (below(s, SHARED_ONE_IN) == 0)
		return below(s, BUGS_SHARED) % s->bugs;
	return (first + ((p->tests - 1) % TESTS_PER_PACKAGE / 2 + below(s, 3)) % own) % s->bugs;
}

static void put_report(struct stream *s, struct package *p)
{
	unsigned bug = choose_bug(s, p);
	unsigned first = 10 + below(s, 5000), second = first + 1 + below(s, 20);
	uint64_t address = UINT64_C(0xc000000000) + below(s, 1u << 26) * UINT64_C(8);
	put_output(s, p, "==================");
	put_output(s, p, "WARNING: DATA RACE");
	put_output(s, p, "%s at 0x%012" PRIx64 " by goroutine %u:", bug % 3 ? "Write" : "Read", address, first);
	put_side(s, p, bug, 0);
	put_output(s, p, "%s", "");
	put_output(s, p, "Previous %s at 0x%012" PRIx64 " by goroutine %u:", bug % 3 == 1 ? "read" : "write", address, second);
	put_side(s, p, bug, 1);
	for (unsigned i = 0; i < 2; i++) {
		put_output(s, p, "%s", "");
		put_output(s, p, "Goroutine %u (%s) created at:", i ? second : first, i ? "finished" : "running");
		put_own_frame(s, p, bug, i, DEPTH_MAX);
		put_test_frames(s, p);
	}
	put_output(s, p, "==================");
	s->reports_made++;
}

/* --- what is between them ---------------------------------------------------------------------------------------- */

static void put_log(struct stream *s, struct package *p)
{
	unsigned n = below(s, 1000000);
	const char *part = strrchr(p->name, '/') + 1;
	switch (below(s, 6)) {
	case 0:
		put_output(s, p, "    %s_test.go:%u: order %u has %u lines, want at least 1", part, n % 700, n, n % 9);
		break;
	case 1:
		put_output(s, p, "{\\\"time\\\":\\\"2026-01-01T10:00:00Z\\\",\\\"level\\\":\\\"INFO\\\",\\\"msg\\\":\\\"request done\\\""
				 ",\\\"path\\\":\\\"/v1/orders/%u\\\",\\\"status\\\":%u}", n, 200 + n % 5);
		break;
	case 2:
		put_output(s, p, "2026/01/01 10:00:00 worker %u: took %u.%ums\\tqueue=%s \\u003cempty\\u003e", n % 64, n % 90, n % 10,
			   part);
		break;
	case 3:
		put_output(s, p, "\\u001b[32mDEBUG\\u001b[0m cache h\xc3\xb6here Stufe %u \xe2\x86\x92 %u entries \\u0026 counting",
			   n % 12, n);
		break;
	case 4:
		put_output(s, p, "time=2026-01-01T10:00:00.000Z level=INFO msg=\\\"session opened\\\" user=%u remote=10.%u.%u.7", n,
			   n % 256, n / 256 % 256);
		break;
	default:
		put_output(s, p, "connected to postgres://localhost:5432/shop_%u in %u ms", n % 32, n % 40);
	}
}

static void begin_test(struct stream *s, struct package *p)
{
	unsigned number = p->tests++ % TESTS_PER_PACKAGE;
	snprintf(p->test, sizeof(p->test), "Test%s%s%u", types[number % COUNT(types)], verbs[number % COUNT(verbs)], number);
	p->parallel = number % 3 == 0;
	p->test_failed = false;
	p->test_reports = number % 3 == 1 ? 0 : REPORTS_PER_TEST;
	p->rounds_left = 6;
	put_action(s, p, "run", NULL);
	put_output(s, p, "=== RUN   %s", p->test);
	if (p->parallel) {
		put_output(s, p, "=== PAUSE %s", p->test);
		put_action(s, p, "pause", NULL);
		put_action(s, p, "cont", NULL);
		put_output(s, p, "=== CONT  %s", p->test);
	}
}

static void end_test(struct stream *s, struct package *p)
{
	char elapsed[16];
	const char *result = p->test_failed ? "fail" : p->tests % 29 == 0 ? "skip" : "pass";
	snprintf(elapsed, sizeof(elapsed), "0.%02u", below(s, 99) + 1);
	if (p->test_failed)
		put_output(s, p, "    testing.go:1712: race detected during execution of test");
	put_output(s, p, "--- %s: %s (%ss)", p->test_failed ? "FAIL" : result[0] == 's' ? "SKIP" : "PASS", p->test, elapsed);
	put_action(s, p, result, elapsed);
	p->failed |= p->test_failed;
	p->test[0] = '\0';
}

static void end_package(struct stream *s, struct package *p)
{
	char elapsed[16];
	snprintf(elapsed, sizeof(elapsed), "%u.%03u", p->tests / 8 + 1, below(s, 1000));
	if (p->failed)
		put_output(s, p, "exit status 1");
	put_output(s, p, "%s\\t%s\\t%ss", p->failed ? "FAIL" : "ok  ", p->name, elapsed);
	put_action(s, p, p->failed ? "fail" : "pass", elapsed);
	p->over = true;
}

/* A report's share of all the bytes. */
static uint64_t share(const struct stream *s, unsigned reports)
{
	return s->reports_max ? s->bytes_max / s->reports_max * reports : s->bytes_max;
}

static void next_lines(struct stream *s, struct package *p)
{
	p->len = p->pos = 0;
	if (!p->test[0]) {
		if (p->reports_left == 0)
			end_package(s, p);
		else
			begin_test(s, p);
		return;
	}
	if (p->rounds_left-- == 0 || p->reports_left == 0) {
		end_test(s, p);
		return;
	}
	if (p->test_reports) {
		p->test_reports--;
		p->reports_left--;
		p->test_failed = true;
		put_report(s, p);
	}
	for (unsigned i = 0; i < 40 && s->bytes_made < share(s, s->reports_made); i++)
		put_log(s, p);
}

static void begin_package(struct stream *s, struct package *p)
{
	char *lines = p->lines;
	size_t cap = p->cap;
	*p = (struct package){ .lines = lines, .cap = cap, .number = s->packages_started++ };
	snprintf(p->name, sizeof(p->name), "example.com/shop/internal/part%u", p->number);
	unsigned before = (unsigned)((uint64_t)s->reports_max * p->number / s->package_count);
	p->reports_left = (unsigned)((uint64_t)s->reports_max * (p->number + 1) / s->package_count) - before;
	put_action(s, p, "start", NULL);
}

static void write_line(struct stream *s, struct package *p)
{
	const char *line = p->lines + p->pos, *end = memchr(line, '\n', p->len - p->pos);
	s->time_ns += 400 + below(s, 40000);
	unsigned seconds = (unsigned)(s->time_ns / 1000000000);
	char fraction[16];
	int digits = snprintf(fraction, sizeof(fraction), "%09u", (unsigned)(s->time_ns % 1000000000));
	while (digits > 1 && fraction[digits - 1] == '0')
		digits--;
	printf("{\"Time\":\"2026-01-01T%02u:%02u:%02u.%.*sZ\",", 10 + seconds / 3600, seconds / 60 % 60, seconds % 60, digits,
	       fraction);
	fwrite(line, 1, (size_t)(end - line) + 1, stdout);
	p->pos += (size_t)(end - line) + 1;
}

static void write_stream(struct stream *s)
{
	struct package at_once[PACKAGES_AT_ONCE] = { { .over = true } };
	unsigned running = 0;
	for (unsigned i = 0; i < PACKAGES_AT_ONCE; i++)
		at_once[i].over = true;
	do {
		struct package *p = &at_once[below(s, PACKAGES_AT_ONCE)];
		if (p->over && p->pos == p->len) {
			if (s->packages_started == s->package_count)
				continue;
			begin_package(s, p);
			running++;
		}
		for (unsigned burst = 1 + below(s, 16); burst; burst--) {
			while (p->pos == p->len) /* a round can be empty; a package's end isn't */
				next_lines(s, p);
			write_line(s, p);
			if (p->over && p->pos == p->len) {
				running--;
				break;
			}
		}
	} while (running || s->packages_started < s->package_count);
	for (unsigned i = 0; i < PACKAGES_AT_ONCE; i++)
		free(at_once[i].lines);
}

int main(int argc, char **argv)
{
	struct stream s = { .random = 1 };
	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: race_stream BYTES REPORTS [BUGS]\n");
		return 2;
	}
	s.bytes_max = strtoull(argv[1], NULL, 10);
	s.reports_max = (unsigned)strtoul(argv[2], NULL, 10);
	s.bugs = argc == 4 ? (unsigned)strtoul(argv[3], NULL, 10) : s.reports_max / 25;
	if (s.bugs > 4000 && argc < 4)
		s.bugs = 4000;
	s.bugs += s.bugs == 0;
	s.package_count = s.reports_max / REPORTS_PER_PACKAGE + 1;
	write_stream(&s);
	return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
