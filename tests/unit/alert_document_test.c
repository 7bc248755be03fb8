/* What is sent: events, the body, and ids that stay. */
#include "arena_fixture.h"

#include "alert/document.h"

static struct rf_outbox_alert hostile(void)
{
	static struct rf_outbox_label labels[] = {
		{ { "a.b", 3 }, { "x\ny", 3 } }, { { "a.b", 3 }, { "twice", 5 } }, { { "", 0 }, { "none", 4 } }, { { "c", 1 }, { "\xff", 1 } },
	};
	return (struct rf_outbox_alert){ .reason = RF_STR("new"), .uid = RF_STR("u-1"), .time = RF_STR("2026-01-01T00:00:00.000Z"),
					 .title = RF_STR("<!here> & @all \x1b[2J\n\"q\""), .tag = RF_STR("t\"ag"),
					 .kind = RF_STR("data-race"), .fingerprint = RF_STR("f"), .labels = labels, .label_count = 4 };
}

static void test_documents(void **state)
{
	(void)state;
	struct rf_outbox_alert alerts[25];
	struct rf_buf out;
	rf_buf_init(&out);
	for (int i = 0; i < 25; i++)
		alerts[i] = hostile();
	rf_alert_put_event(&out, &alerts[0], &arena);
	rf_str text = rf_buf_str(&out), line = rf_str_cut(&text, '\n');
	assert_int_equal(text.len, 0);
	assert_true(line.ptr[0] == '{' && line.ptr[line.len - 1] == '}');
	assert_true(rf_str_find(line, '\x1b') < 0);
	assert_true(rf_str_contains(line, "\"labels\":{\"a_b\":\"x\\ny\",\"c\":\"\xef\xbf\xbd\"}"));
	assert_true(rf_str_contains(line, "\"id\":\"u-1\""));
	assert_true(rf_str_contains(line, "\"action\":\"finding-new\""));
	rf_buf_reset(&out);
	rf_alert_put_body(&out, RF_STR("key"), alerts, 25, &arena);
	text = rf_buf_str(&out);
	assert_true(rf_str_starts(text, "{\"version\":1,\"id\":\"key\",\"text\":\"redflag: 25 alerts\\n"));
	assert_true(rf_str_contains(text, "&lt;!here&gt; &amp; @\xe2\x80\x8b" "all \\\\x1b[2J\\\\n"));
	assert_true(rf_str_contains(text, "\\nand 5 more\",\"alerts\":[{"));
	rf_buf_release(&out);
}

/* The end of a silence has the same id wherever it is sent from; two silences have two. */
static void test_ids(void **state)
{
	(void)state;
	struct rf_outbox_alert a = { .reason = RF_STR("silence"), .silence_id = 3, .fingerprint = RF_STR("f"), .tag = RF_STR("t"),
				     .since = RF_STR("2026"), .created_at = RF_STR("1") }, b = a, c = a;
	struct rf_buf out[3];
	b.silence_id = 77;
	b.created_at = RF_STR("2");
	c.since = RF_STR("2027");
	const struct rf_outbox_alert *const all[] = { &a, &b, &c };
	rf_str ids[3];
	for (int i = 0; i < 3; i++) {
		rf_buf_init(&out[i]);
		rf_alert_put_event(&out[i], all[i], &arena);
		rf_str text = rf_buf_str(&out[i]);
		ptrdiff_t at = rf_str_find_str(text, RF_STR("\"action\":\"silence-over\",\"id\":\""));
		assert_true(at > 0);
		ids[i] = rf_str_take(rf_str_skip(text, (size_t)at + 31), 38);
	}
	assert_true(rf_str_eq(ids[0], ids[1]));
	assert_false(rf_str_eq(ids[0], ids[2]));
	for (int i = 0; i < 3; i++)
		rf_buf_release(&out[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_ids),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
