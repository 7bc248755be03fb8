#include "alert/document.h"

#include <inttypes.h>
#include <nettle/sha2.h>

#include "finding/sink.h"
#include "store/clean_text.h"
#include "store/json.h"

#define VERSION RF_VERSION

/* --- for people ------------------------------------------------------------------------------------------------- */

static void put_owners(struct rf_buf *out, const struct rf_outbox_alert *a)
{
	rf_str first = a->test_a.len ? a->test_a : a->test_b.len ? a->test_b : a->stream_test;
	if (first.len == 0)
		return;
	rf_buf_put_cstr(out, ", in ");
	rf_buf_put_str(out, first);
	if (a->test_a.len && a->test_b.len && !rf_str_eq(a->test_a, a->test_b))
		rf_buf_printf(out, " and %.*s", RF_STR_ARG(a->test_b));
}

static void put_silence(struct rf_buf *out, const struct rf_outbox_alert *a)
{
	rf_buf_printf(out, "Finding %lld (%.*s) was silenced from %.*s to %.*s; %lld report%s held back (policy %.*s).",
		      (long long)a->finding_id, RF_STR_ARG(a->title), RF_STR_ARG(a->since), RF_STR_ARG(a->until), (long long)a->held,
		      a->held == 1 ? " was" : "s were", RF_STR_ARG(a->silence_policy));
}

static void put_plain(struct rf_buf *out, const struct rf_outbox_alert *a)
{
	if (rf_str_eq_cstr(a->reason, "silence")) {
		put_silence(out, a);
	} else if (rf_str_eq_cstr(a->reason, "folded")) {
		rf_buf_printf(out, "%lld more alert%s came than could wait, from %.*s on; `redflag list` shows the findings.",
			      (long long)a->folded, a->folded == 1 ? "" : "s", RF_STR_ARG(a->created_at));
	} else {
		rf_buf_printf(out, "%s: %.*s (finding %lld, tag %.*s", rf_str_eq_cstr(a->reason, "regressed") ? "Came back"
			      : rf_str_eq_cstr(a->reason, "new") ? "New" : rf_str_eq_cstr(a->reason, "test") ? "Test" : "Again",
			      RF_STR_ARG(a->title), (long long)a->finding_id, RF_STR_ARG(a->tag));
		put_owners(out, a);
		rf_buf_put_char(out, ')');
	}
}

void rf_alert_put_line(struct rf_buf *out, const struct rf_outbox_alert *alert)
{
	struct rf_buf plain;
	rf_buf_init(&plain);
	put_plain(&plain, alert);
	rf_text_put_visible(out, rf_buf_str(&plain));
	out->failed |= plain.failed;
	rf_buf_release(&plain);
}

/* --- for programs: Elastic Common Schema ------------------------------------------------------------------------ */

static const struct {
	const char *reason, *action, *type;
} actions[] = {
	{ "new", "finding-new", "info" },
	{ "regressed", "finding-regressed", "info" },
	{ "seen", "finding-seen", "info" },
	{ "silence", "silence-over", "info" },
	{ "folded", "alerts-folded", "info" },
	{ "test", "alert-test", "info" },
};

/* As Elastic's own rules grade them. */
static const struct {
	int64_t number;
	const char *level;
} grades[] = {
	[RF_SEVERITY_LOW] = { 21, "info" },
	[RF_SEVERITY_MEDIUM] = { 47, "warning" },
	[RF_SEVERITY_HIGH] = { 73, "error" },
	[RF_SEVERITY_CRITICAL] = { 99, "critical" },
};
_Static_assert(sizeof(grades) / sizeof(grades[0]) == RF_SEVERITY_COUNT, "one grade a severity");

/* Of an event what the database knows it by; of the others a hash of what makes them what they are. So the same alert has the same id
 * however often and from whichever copy of the database it is sent. */
static rf_str id_of(const struct rf_outbox_alert *a, rf_arena *scratch)
{
	struct sha256_ctx hash;
	uint8_t digest[SHA256_DIGEST_SIZE];
	const rf_str parts[] = { a->reason, a->fingerprint, a->tag, a->since, a->created_at };
	size_t count = a->silence_id ? 4 : 5; /* since which time makes a silence */
	if (a->uid.len)
		return a->uid;
	sha256_init(&hash);
	for (size_t i = 0; i < count; i++) {
		sha256_update(&hash, parts[i].len, (const uint8_t *)(parts[i].ptr ? parts[i].ptr : ""));
		sha256_update(&hash, 1, (const uint8_t *)"\n");
	}
	sha256_digest(&hash, sizeof(digest), digest);
	return rf_arena_hex(scratch, digest, 20);
}

static void put_category(struct rf_json *j)
{
	rf_json_array(j, "category");
	rf_json_cstr(j, NULL, "vulnerability");
	rf_json_end(j);
}

static void put_event(struct rf_json *j, const struct rf_outbox_alert *a, enum rf_severity severity, rf_arena *scratch)
{
	size_t i = 0;
	while (i + 1 < sizeof(actions) / sizeof(actions[0]) && !rf_str_eq_cstr(a->reason, actions[i].reason))
		i++;
	rf_json_object(j, "event");
	rf_json_cstr(j, "kind", "alert");
	put_category(j);
	rf_json_array(j, "type");
	rf_json_cstr(j, NULL, actions[i].type);
	rf_json_end(j);
	rf_json_cstr(j, "action", actions[i].action);
	rf_json_str(j, "id", id_of(a, scratch));
	rf_json_int(j, "severity", grades[severity].number);
	rf_json_str(j, "created", a->created_at);
	rf_json_cstr(j, "module", "redflag");
	rf_json_cstr(j, "dataset", "redflag.alert");
	rf_json_cstr(j, "provider", "redflag");
	rf_json_str_if(j, "code", a->kind);
	rf_json_end(j);
}

static void put_rule(struct rf_json *j, const struct rf_outbox_alert *a)
{
	if (a->kind.len == 0)
		return;
	rf_json_object(j, "rule");
	rf_json_str(j, "id", a->kind);
	rf_json_str(j, "name", a->title);
	rf_json_cstr(j, "category", "concurrency");
	rf_json_cstr(j, "ruleset", "redflag");
	rf_json_str(j, "uuid", a->fingerprint);
	rf_json_cstr(j, "version", VERSION);
	rf_json_end(j);
}

static void put_process(struct rf_json *j, const struct rf_outbox_alert *a)
{
	if (a->pid == 0 && a->directory.len == 0)
		return;
	rf_json_object(j, "process");
	if (a->pid) {
		rf_json_int(j, "pid", a->pid);
		rf_json_str_if(j, "executable", a->executable);
		rf_json_str_if(j, "name", rf_str_skip(a->executable, (size_t)(rf_str_find_last(a->executable, '/') + 1)));
		rf_json_str_if(j, "command_line", a->arguments);
	}
	rf_json_str_if(j, "working_directory", a->directory);
	rf_json_end(j);
}

static void put_object_of(struct rf_json *j, const char *object, const char *key, rf_str value)
{
	if (value.len == 0)
		return;
	rf_json_object(j, object);
	rf_json_str(j, key, value);
	rf_json_end(j);
}

/* A dot in a key would make an object of it; a key that comes twice keeps the first value. */
static void put_labels(struct rf_json *j, const struct rf_outbox_alert *a, rf_arena *scratch)
{
	rf_str last = { NULL, 0 };
	if (a->label_count == 0)
		return;
	rf_json_object(j, "labels");
	for (uint32_t i = 0; i < a->label_count; i++) {
		rf_str key = a->labels[i].key;
		char *plain = rf_arena_alloc(scratch, key.len + 1);
		if (!plain || key.len == 0 || (last.ptr && rf_str_eq(key, last)))
			continue;
		for (size_t k = 0; k < key.len; k++)
			plain[k] = key.ptr[k] == '.' || key.ptr[k] == '*' ? '_' : key.ptr[k];
		rf_json_str(j, plain, a->labels[i].value);
		last = key;
	}
	rf_json_end(j);
}

static void put_tests(struct rf_json *j, const struct rf_outbox_alert *a)
{
	rf_json_array(j, "tests");
	if (a->test_a.len)
		rf_json_str(j, NULL, a->test_a);
	if (a->test_b.len && !rf_str_eq(a->test_a, a->test_b))
		rf_json_str(j, NULL, a->test_b);
	rf_json_end(j);
}

static void put_finding(struct rf_json *j, const struct rf_outbox_alert *a)
{
	rf_json_object(j, "finding");
	rf_json_int(j, "id", a->finding_id);
	rf_json_str(j, "fingerprint", a->fingerprint);
	rf_json_str(j, "kind", a->kind);
	rf_json_str(j, "title", a->title);
	rf_json_str(j, "tag", a->tag);
	rf_json_str_if(j, "status", a->status);
	rf_json_str_if(j, "package", a->package);
	rf_json_int(j, "events", a->events);
	rf_json_str_if(j, "first_seen", a->first_seen);
	put_tests(j, a);
	rf_json_array(j, "sides");
	for (uint32_t i = 0; i < a->side_count; i++) {
		rf_json_object(j, NULL);
		rf_json_str(j, "operation", a->sides[i].operation);
		rf_json_str(j, "function", a->sides[i].function);
		rf_json_end(j);
	}
	rf_json_end(j);
	rf_json_end(j);
}

static void put_own(struct rf_json *j, const struct rf_outbox_alert *a)
{
	rf_json_object(j, "redflag");
	rf_json_str(j, "reason", a->reason);
	if (a->fingerprint.len)
		put_finding(j, a);
	if (a->uid.len) {
		rf_json_str(j, "verdict", a->verdict);
		rf_json_str_if(j, "policy", a->policy);
		rf_json_str_if(j, "severity", a->severity);
		rf_json_str_if(j, "source", a->source);
		rf_json_str_if(j, "seed", a->seed);
		rf_json_str_if(j, "stream_package", a->stream_package);
		rf_json_str_if(j, "stream_test", a->stream_test);
		rf_json_str_if(j, "go_version", a->go_version);
	}
	if (a->silence_id) {
		rf_json_object(j, "silence");
		rf_json_str(j, "policy", a->silence_policy);
		rf_json_str(j, "since", a->since);
		rf_json_str(j, "until", a->until);
		rf_json_int(j, "held", a->held);
		rf_json_end(j);
	}
	if (a->folded)
		rf_json_int(j, "folded", a->folded);
	rf_json_end(j);
}

static void put_members(struct rf_json *j, const struct rf_outbox_alert *a, rf_arena *scratch)
{
	struct rf_buf line;
	enum rf_severity severity = rf_severity_from_name(a->severity);
	rf_str time = a->time.len ? a->time : a->until.len ? a->until : a->created_at;
	rf_buf_init(&line);
	rf_alert_put_line(&line, a);
	rf_json_str(j, "@timestamp", time);
	put_object_of(j, "ecs", "version", RF_STR(RF_ALERT_ECS_VERSION));
	rf_json_str(j, "message", rf_buf_str(&line));
	rf_buf_release(&line);
	put_event(j, a, severity, scratch);
	rf_json_object(j, "log");
	rf_json_cstr(j, "level", grades[severity].level);
	rf_json_cstr(j, "logger", "redflag");
	rf_json_end(j);
	put_rule(j, a);
	put_object_of(j, "host", "name", a->host);
	put_process(j, a);
	put_object_of(j, "service", "name", a->tag);
	put_object_of(j, "trace", "id", a->trace_id);
	put_labels(j, a, scratch);
	rf_json_array(j, "tags");
	rf_json_cstr(j, NULL, "redflag");
	rf_json_end(j);
	put_own(j, a);
}

static void put_object(struct rf_json *j, const struct rf_outbox_alert *a, rf_arena *scratch)
{
	rf_json_object(j, NULL);
	put_members(j, a, scratch);
	rf_json_end(j);
}

void rf_alert_put_event(struct rf_buf *out, const struct rf_outbox_alert *alert, rf_arena *scratch)
{
	struct rf_json j;
	rf_json_init(&j, out);
	j.compact = true;
	put_object(&j, alert, scratch);
	rf_json_finish(&j);
}

/* --- the body for programs -------------------------------------------------------------------------------------- */

/* For chats: their markup begins with <, and & is its escape; a blank without width keeps @names from being called. */
static void put_chat(struct rf_buf *out, rf_str line)
{
	for (size_t i = 0; i < line.len; i++) {
		switch (line.ptr[i]) {
		case '&': rf_buf_put_cstr(out, "&amp;"); break;
		case '<': rf_buf_put_cstr(out, "&lt;"); break;
		case '>': rf_buf_put_cstr(out, "&gt;"); break;
		case '@': rf_buf_put_cstr(out, "@\u200b"); break;
		default: rf_buf_put_char(out, line.ptr[i]);
		}
	}
}

static void put_text(struct rf_buf *out, const struct rf_outbox_alert *alerts, uint32_t count)
{
	uint32_t shown = count < RF_ALERT_TEXT_LINES_MAX ? count : RF_ALERT_TEXT_LINES_MAX;
	struct rf_buf line;
	rf_buf_init(&line);
	rf_buf_printf(out, "redflag: %u alert%s", count, count == 1 ? "" : "s");
	for (uint32_t i = 0; i < shown; i++) {
		rf_buf_reset(&line);
		rf_alert_put_line(&line, &alerts[i]);
		rf_buf_put_cstr(out, "\n• ");
		put_chat(out, rf_buf_str(&line));
	}
	if (shown < count)
		rf_buf_printf(out, "\nand %u more", count - shown);
	out->failed |= line.failed;
	rf_buf_release(&line);
}

void rf_alert_put_body(struct rf_buf *out, rf_str key, const struct rf_outbox_alert *alerts, uint32_t count, rf_arena *scratch)
{
	struct rf_json j;
	struct rf_buf text;
	rf_buf_init(&text);
	put_text(&text, alerts, count);
	rf_json_init(&j, out);
	j.compact = true;
	rf_json_object(&j, NULL);
	rf_json_int(&j, "version", RF_ALERT_BODY_VERSION);
	rf_json_str(&j, "id", key);
	rf_json_str(&j, "text", rf_buf_str(&text));
	rf_json_array(&j, "alerts");
	for (uint32_t i = 0; i < count; i++)
		put_object(&j, &alerts[i], scratch);
	rf_json_end(&j);
	rf_json_end(&j);
	rf_json_finish(&j);
	out->failed |= text.failed;
	rf_buf_release(&text);
}

void rf_alert_sample(struct rf_outbox_alert *alert, rf_str time, rf_str host)
{
	*alert = (struct rf_outbox_alert){ .reason = RF_STR("test"), .created_at = time, .time = time, .host = host,
					   .title = RF_STR("this is a test of redflag's alerts, and no finding"),
					   .tag = RF_STR("redflag:test"), .severity = RF_STR("low") };
}
