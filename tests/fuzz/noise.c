/* Suppression lists and baselines: whole, or a sentence that names the file; what is read can be written and read again. */
#include "fuzz.h"

#include "policy/baseline.h"
#include "policy/suppressions.h"

static void check_list(rf_str text, rf_arena *arena)
{
	struct rf_suppressions list, again;
	struct rf_error err = { 0 };
	struct rf_buf out;
	int rc = rf_suppressions_parse(text, "dir/list", arena, &list, &err);
	if (rc) {
		must_say(rc, &err);
		MUST(strstr(err.text, "dir/list") && list.count == 0);
		return;
	}
	for (uint32_t i = 0; i < list.count; i++) {
		MUST(list.entries[i].type.len > 0 && list.entries[i].pattern.len > 0);
		rf_suppression_template(list.entries[i].pattern, RF_STR("example.com/shop.(*Cart).Add.func1"));
		rf_suppression_template(RF_STR("^a*b$"), list.entries[i].pattern);
	}
	/* What the process gets is a list of as many entries. */
	rf_buf_init(&out);
	uint32_t count = rf_suppressions_put_process(&list, 0, &out);
	MUST(rf_suppressions_parse(rf_buf_str(&out), "again", arena, &again, &err) == 0 && again.count == count);
	rf_buf_release(&out);
}

static void check_baseline(rf_str text, rf_arena *arena)
{
	struct rf_baseline b, again;
	struct rf_error err = { 0 };
	struct rf_buf out;
	int rc = rf_baseline_parse(text, "dir/baseline", arena, &b, &err);
	if (rc) {
		must_say(rc, &err);
		MUST(strstr(err.text, "dir/baseline") && b.count == 0);
		return;
	}
	rf_buf_init(&out);
	rf_baseline_put(&b, &out);
	MUST(rf_baseline_parse(rf_buf_str(&out), "again", arena, &again, &err) == 0 && again.count == b.count);
	for (uint32_t i = 0; i < b.count; i++)
		MUST(b.entries[i].tag.len > 256 || rf_baseline_find(&again, b.entries[i].fingerprint, b.entries[i].tag));
	rf_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rf_arena arena;
	rf_arena_init(&arena, 0);
	check_list((rf_str){ (const char *)data, size }, &arena);
	check_baseline((rf_str){ (const char *)data, size }, &arena);
	rf_arena_release(&arena);
	return 0;
}
