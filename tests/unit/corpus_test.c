/* Golden results for real input: every file tests/corpus/<case>.txt is one test. A case is
 *
 *	about: what it is and where it comes from
 *	input: text | json
 *	reports: 2, 1 incomplete
 *	finding: data-race FINGERPRINT, coarse COARSE
 *	title: data race in shop.(*Cart).Add
 *	side: OPERATION NAME < NAME < NAME          (what counts; "missing")
 *	(finding, title and side again for the next report)
 *	--- input as it came ---
 *	…
 *
 * `RF_CORPUS_UPDATE=1 corpus` or `corpus --update` rewrites everything but the first two lines; review the diff.
 * RF_CORPUS names another directory than tests/corpus.
 */
#include "unit.h"

#include "finding/finding.h"
#include "read/racetext.h"
#include "read/test2json.h"

#include <dirent.h>

#define SEPARATOR "--- input as it came ---\n"
#define CASES_MAX 512 /* more are a failure and not silently left out */
#define HASH_SHOWN 16 /* digits: enough to tell findings apart, short enough to review */

static const char *directory = "tests/corpus";
static bool update;

static rf_str read_file(const char *path, rf_arena *arena)
{
	FILE *f = fopen(path, "rb");
	if (!f || fseek(f, 0, SEEK_END) != 0)
		fail_msg("cannot read %s", path);
	long size = ftell(f);
	rewind(f);
	char *bytes = rf_arena_alloc(arena, (size_t)size + 1);
	assert_int_equal(fread(bytes, 1, (size_t)size, f), size);
	fclose(f);
	return (rf_str){ bytes, (size_t)size };
}

static void put_side(struct rf_buf *out, const struct rf_side *side)
{
	const char *before = "";
	if (side->missing) {
		rf_buf_put_cstr(out, "side: missing\n");
		return;
	}
	rf_buf_printf(out, "side: %s ", rf_operation_name(side->operation));
	for (uint32_t i = 0; i < side->name_count; i++) {
		if (side->roles[i] != RF_FRAME_LEAF && side->roles[i] != RF_FRAME_COUNTED)
			continue;
		rf_buf_printf(out, "%s%.*s", before, RF_STR_ARG(side->names[i]));
		before = " < ";
	}
	if (side->creator.len)
		rf_buf_printf(out, " (goroutine of %.*s)", RF_STR_ARG(side->creator));
	rf_buf_put_cstr(out, "\n");
}

static void put_finding(struct rf_buf *out, const struct rf_report *report, rf_arena *arena)
{
	struct rf_finding f;
	rf_finding_make(report, arena, &f);
	rf_buf_printf(out, "finding: %s %.*s, coarse %.*s%s\n", rf_kind_name(f.kind), HASH_SHOWN, f.fingerprint, HASH_SHOWN,
		      f.coarse, f.wildcard ? ", wildcard" : "");
	rf_buf_printf(out, "title: %.*s\n", RF_STR_ARG(f.title));
	for (uint32_t i = 0; i < f.side_count; i++)
		put_side(out, &f.sides[i]);
}

/* The line that a reader of race text gets from a line of the input. False when there is none. */
static bool text_line(rf_str line, bool json, rf_arena *arena, rf_str *out)
{
	struct rf_test_event event;
	struct rf_error err;
	*out = line;
	if (!json)
		return true;
	if (rf_test2json_parse(line, arena, &event, &err))
		return true; /* not JSON: passed on as it is */
	*out = event.output;
	return event.action == RF_ACTION_OUTPUT || event.action == RF_ACTION_BUILD_OUTPUT;
}

/* What the case gives now. One reader for the whole input, as for one package whose tests are not parallel. */
static void put_results(struct rf_buf *out, rf_str input, bool json, rf_arena *arena)
{
	struct rf_racetext reader;
	struct rf_report report;
	struct rf_buf findings;
	unsigned reports = 0;
	rf_str line;
	rf_buf_init(&findings);
	rf_racetext_init(&reader);
	for (rf_str rest = input; rest.len;) {
		if (text_line(rf_str_cut(&rest, '\n'), json, arena, &line) && rf_racetext_line(&reader, line, arena, &report)) {
			put_finding(&findings, &report, arena);
			reports++;
		}
	}
	if (rf_racetext_end(&reader, arena, &report)) {
		put_finding(&findings, &report, arena);
		reports++;
	}
	rf_buf_printf(out, "reports: %u, %llu incomplete\n", reports, (unsigned long long)reader.incomplete);
	rf_buf_put_str(out, rf_buf_str(&findings));
	rf_buf_release(&findings);
	rf_racetext_release(&reader);
}

static void write_file(const char *path, rf_str text)
{
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(text.ptr, 1, text.len, f) != text.len || fclose(f) != 0)
		fail_msg("cannot write %s", path);
}

static void test_case(void **state)
{
	char path[1024];
	rf_arena arena;
	struct rf_buf want;
	rf_arena_init(&arena, 0);
	rf_buf_init(&want);
	snprintf(path, sizeof(path), "%s/%s", directory, (const char *)*state);
	rf_str file = read_file(path, &arena);
	ptrdiff_t at = rf_str_find_str(file, RF_STR(SEPARATOR));
	if (at < 0)
		fail_msg("%s has no line \"%s\"", path, SEPARATOR);
	rf_str rest = rf_str_take(file, (size_t)at), input = rf_str_skip(file, (size_t)at + sizeof(SEPARATOR) - 1);
	rf_str about = rf_str_cut(&rest, '\n'), kind = rf_str_cut(&rest, '\n');
	assert_true(rf_str_starts(about, "about: "));
	assert_true(rf_str_eq_cstr(kind, "input: text") || rf_str_eq_cstr(kind, "input: json"));
	rf_buf_printf(&want, "%.*s\n%.*s\n", RF_STR_ARG(about), RF_STR_ARG(kind));
	put_results(&want, input, rf_str_ends(kind, "json"), &arena);
	rf_buf_put_cstr(&want, SEPARATOR);
	if (update) {
		rf_buf_put_str(&want, input);
		write_file(path, rf_buf_str(&want));
	} else if (!rf_str_eq(rf_buf_str(&want), rf_str_take(file, (size_t)at + sizeof(SEPARATOR) - 1))) {
		print_error("%s gives now:\n%.*s", path, RF_STR_ARG(rf_buf_str(&want)));
		fail();
	}
	rf_buf_release(&want);
	rf_arena_release(&arena);
}

static int is_case(const struct dirent *entry)
{
	return rf_str_ends(rf_str_from(entry->d_name), ".txt");
}

int main(int argc, char **argv)
{
	static struct CMUnitTest tests[CASES_MAX];
	struct dirent **entries;
	update = getenv("RF_CORPUS_UPDATE") || (argc > 1 && strcmp(argv[1], "--update") == 0);
	if (getenv("RF_CORPUS"))
		directory = getenv("RF_CORPUS");
	int count = scandir(directory, &entries, is_case, alphasort);
	if (count <= 0 || count > CASES_MAX) {
		fprintf(stderr, "corpus: %s has no cases, or more than %d; start this at the top of the sources\n", directory,
			CASES_MAX);
		return 1;
	}
	for (int i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){ entries[i]->d_name, test_case, NULL, NULL, entries[i]->d_name };
	int failed = _cmocka_run_group_tests("corpus", tests, (size_t)count, NULL, NULL);
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	return failed;
}
