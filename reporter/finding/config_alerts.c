/* "alerts:" of .redflag.yml. Values that may hold secrets (url, headers, secret) are never repeated in a sentence. */
#include "finding/config_scan.h"

struct member {
	const char *name;
	unsigned types; /* bits of the types of sink that have it */
	int (*read)(const struct rf_config_scan *c, const yaml_node_t *value, struct rf_sink *sink);
};

#define OF(type) (1u << (type))
#define OF_ALL (OF(RF_SINK_COUNT) - 1)
#define OF_REMOTE (OF(RF_SINK_COMMAND) | OF(RF_SINK_WEBHOOK))

static int read_type(const struct rf_config_scan *c, const yaml_node_t *value, struct rf_sink *sink)
{
	const char *types[RF_SINK_COUNT + 1] = { NULL };
	rf_str name;
	for (enum rf_sink_type type = 0; type < RF_SINK_COUNT; type++)
		types[type] = rf_sink_type_name(type);
	int rc = rf_config_choice(c, value, "type", types, "is no type of sink; there are stderr, jsonl, command and webhook", &name);
	while (rc == 0 && !rf_str_eq_cstr(name, types[sink->type]))
		sink->type++;
	return rc;
}

static int read_name(const struct rf_config_scan *c, const yaml_node_t *value, struct rf_sink *sink)
{
	return rf_config_text(c, value, "name", &sink->name);
}

static int read_path(const struct rf_config_scan *c, const yaml_node_t *value, struct rf_sink *sink)
{
	return rf_config_text(c, value, "path", &sink->path);
}

static int read_url(const struct rf_config_scan *c, const yaml_node_t *value, struct rf_sink *sink)
{
	int rc = rf_config_text(c, value, "url", &sink->url);
	if (rc == 0 && !rf_str_starts(sink->url, "$") && !rf_str_starts(sink->url, "http://") && !rf_str_starts(sink->url, "https://"))
		rc = rf_config_fail(c, value, "wants an address that begins with http:// or https://, or $NAME of an environment "
				    "variable that holds one", RF_STR("url"));
	return rc;
}

static int read_secret(const struct rf_config_scan *c, const yaml_node_t *value, struct rf_sink *sink)
{
	return rf_config_text(c, value, "secret", &sink->secret);
}

static int read_tag(const struct rf_config_scan *c, const yaml_node_t *value, struct rf_sink *sink)
{
	return rf_config_text(c, value, "tag", &sink->tag);
}

static int read_kind(const struct rf_config_scan *c, const yaml_node_t *value, struct rf_sink *sink)
{
	return rf_config_kind(c, value, &sink->kind);
}

static int read_severity(const struct rf_config_scan *c, const yaml_node_t *value, struct rf_sink *sink)
{
	rf_str name;
	int rc = rf_config_severity(c, value, &name);
	if (rc == 0)
		sink->severity = rf_severity_from_name(name);
	return rc;
}

static int read_only(const struct rf_config_scan *c, const yaml_node_t *value, struct rf_sink *sink)
{
	static const char *const choices[] = { "new", "all", NULL };
	rf_str name;
	int rc = rf_config_choice(c, value, "only", choices, "is neither new nor all", &name);
	sink->all = rc == 0 && rf_str_eq_cstr(name, "all");
	return rc;
}

static int read_timeout(const struct rf_config_scan *c, const yaml_node_t *value, struct rf_sink *sink)
{
	int rc = rf_config_span(c, value, "timeout", &sink->timeout_ns);
	if (rc == 0 && sink->timeout_ns > (uint64_t)RF_SINK_TIMEOUT_MAX_S * 1000000000u)
		rc = rf_config_fail(c, value, "is longer than 60s, which a test run must not wait", rf_config_scalar(value));
	return rc;
}

static int read_argv(const struct rf_config_scan *c, const yaml_node_t *value, struct rf_sink *sink)
{
	bool list = value->type == YAML_SEQUENCE_NODE;
	size_t count = list ? (size_t)(value->data.sequence.items.top - value->data.sequence.items.start) : 0;
	if (count == 0 || count > RF_SINK_WORDS_MAX)
		return rf_config_fail(c, value, "is a list of 1 to 64 words, such as [ci/alert.py, --channel, races]; there is no shell",
				      RF_STR("argv"));
	sink->argv = rf_arena_array(c->arena, count, sizeof(*sink->argv));
	for (size_t i = 0; sink->argv && i < count; i++) {
		const yaml_node_t *word = yaml_document_get_node(c->document, value->data.sequence.items.start[i]);
		int rc = rf_config_text(c, word, "argv", &sink->argv[sink->argv_count++]);
		if (rc)
			return rc;
	}
	return sink->argv ? 0 : rf_fail(c->err, RF_ERR_MEMORY, "no memory for the alerts of %s", c->path);
}

/* Letters, digits and -, as RFC 9110 has it for names that people use. */
static bool is_header_name(rf_str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char ch = name.ptr[i];
		if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '-' || ch == '_'))
			return false;
	}
	return name.len > 0;
}

static int read_headers(const struct rf_config_scan *c, const yaml_node_t *value, struct rf_sink *sink)
{
	bool map = value->type == YAML_MAPPING_NODE;
	size_t count = map ? (size_t)(value->data.mapping.pairs.top - value->data.mapping.pairs.start) : 0;
	if (count == 0 || count > RF_SINK_HEADERS_MAX)
		return rf_config_fail(c, value, "has 1 to 32 lines below it, such as \"Authorization: Bearer $TOKEN\"",
				      RF_STR("headers"));
	sink->headers = rf_arena_array(c->arena, count, sizeof(*sink->headers));
	for (size_t i = 0; sink->headers && i < count; i++) {
		const yaml_node_pair_t *pair = &value->data.mapping.pairs.start[i];
		const yaml_node_t *key = yaml_document_get_node(c->document, pair->key);
		struct rf_sink_header *h = &sink->headers[sink->header_count++];
		int rc = rf_config_text(c, key, "headers", &h->name);
		if (rc == 0 && !is_header_name(h->name))
			rc = rf_config_fail(c, key, "is no name of a header; letters, digits and - make one", h->name);
		if (rc == 0)
			rc = rf_config_text(c, yaml_document_get_node(c->document, pair->value), rf_arena_cstr(c->arena, h->name),
					    &h->value);
		if (rc)
			return rc;
	}
	return sink->headers ? 0 : rf_fail(c->err, RF_ERR_MEMORY, "no memory for the alerts of %s", c->path);
}

static const struct member members[] = {
	{ "type", OF_ALL, read_type },
	{ "name", OF_ALL, read_name },
	{ "path", OF(RF_SINK_JSONL), read_path },
	{ "argv", OF(RF_SINK_COMMAND), read_argv },
	{ "url", OF(RF_SINK_WEBHOOK), read_url },
	{ "headers", OF(RF_SINK_WEBHOOK), read_headers },
	{ "secret", OF(RF_SINK_WEBHOOK), read_secret },
	{ "timeout", OF_REMOTE, read_timeout },
	{ "only", OF_ALL, read_only },
	{ "severity", OF_ALL, read_severity },
	{ "tag", OF_ALL, read_tag },
	{ "kind", OF_ALL, read_kind },
};
#define MEMBER_COUNT (sizeof(members) / sizeof(members[0]))

static int read_members(const struct rf_config_scan *c, const yaml_node_t *node, struct rf_sink *sink,
			const yaml_node_t **keys)
{
	for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = yaml_document_get_node(c->document, p->key);
		rf_str name = key->type == YAML_SCALAR_NODE ? rf_config_scalar(key) : RF_STR("");
		size_t m = 0;
		while (m < MEMBER_COUNT && !rf_str_eq_cstr(name, members[m].name))
			m++;
		if (m == MEMBER_COUNT)
			return rf_config_fail(c, key, "is not known here; a sink has type, name, path, argv, url, headers, secret, timeout, "
					      "only, severity, tag and kind", name);
		if (keys[m])
			return rf_config_fail(c, key, "comes twice for this sink; keep one", name);
		keys[m] = key;
		int rc = members[m].read(c, yaml_document_get_node(c->document, p->value), sink);
		if (rc)
			return rc;
	}
	return 0;
}

/* What a sink must have, and what it has no use for. */
static int check_members(const struct rf_config_scan *c, const yaml_node_t *node, const struct rf_sink *sink,
			 const yaml_node_t *const *keys)
{
	static const struct { enum rf_sink_type type; const char *sentence; } wanted[] = {
		{ RF_SINK_JSONL, "wants the file to append to: \"path: FILE\"" },
		{ RF_SINK_COMMAND, "wants the program and its words: \"argv: [PROGRAM, WORD]\"" },
		{ RF_SINK_WEBHOOK, "wants an address: \"url: https://…\"" },
	};
	rf_str type = rf_str_from(rf_sink_type_name(sink->type));
	if (!keys[0])
		return rf_config_fail(c, node, "comes first in a sink; there are stderr, jsonl, command and webhook", RF_STR("type"));
	for (size_t m = 0; m < MEMBER_COUNT; m++) {
		if (keys[m] && !(members[m].types & OF(sink->type)))
			return rf_config_fail(c, keys[m], "means nothing for a sink of this type; remove it", rf_config_scalar(keys[m]));
	}
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (wanted[i].type == sink->type && sink->path.len + sink->url.len + sink->argv_count == 0)
			return rf_config_fail(c, node, wanted[i].sentence, type);
	}
	return 0;
}

/* "webhook hooks.example.com": of an address only the host, as the rest is often a secret. */
static rf_str default_name(const struct rf_config_scan *c, const struct rf_sink *sink)
{
	rf_str target = sink->type == RF_SINK_JSONL ? sink->path : sink->type == RF_SINK_COMMAND ? sink->argv[0] : sink->url;
	rf_str type = rf_str_from(rf_sink_type_name(sink->type));
	if (sink->type == RF_SINK_WEBHOOK && !rf_str_starts(target, "$")) {
		target = rf_str_skip(target, (size_t)rf_str_find_str(target, RF_STR("://")) + 3);
		for (size_t i = 0; i < target.len; i++) {
			if (target.ptr[i] == '/' || target.ptr[i] == '?' || target.ptr[i] == '#')
				target.len = i;
		}
		target = rf_str_skip(target, (size_t)(rf_str_find_last(target, '@') + 1));
	}
	return target.len ? rf_arena_printf(c->arena, "%.*s %.*s", RF_STR_ARG(type), RF_STR_ARG(target)) : type;
}

static int read_sink(const struct rf_config_scan *c, const yaml_node_t *node, struct rf_sink *sink)
{
	const yaml_node_t *keys[MEMBER_COUNT] = { NULL };
	*sink = (struct rf_sink){ .timeout_ns = RF_SINK_TIMEOUT_DEFAULT_NS, .line = (uint32_t)node->start_mark.line + 1 };
	if (node->type != YAML_MAPPING_NODE)
		return rf_config_fail(c, node, "is no sink; write \"- type: jsonl\" with \"path: FILE\" below it", RF_STR("-"));
	int rc = read_members(c, node, sink, keys);
	if (rc == 0)
		rc = check_members(c, node, sink, keys);
	if (rc == 0 && sink->name.len == 0)
		sink->name = default_name(c, sink);
	for (uint32_t i = 0; rc == 0 && i + 1 < c->out->sink_count; i++) {
		if (rf_str_eq(c->out->sinks[i].name, sink->name))
			rc = rf_config_fail(c, node, "is the name of an earlier sink too; give one of them another with \"name:\"",
					    sink->name);
	}
	return rc;
}

int rf_config_alerts(const struct rf_config_scan *c, const yaml_node_t *node)
{
	c->out->has_alerts = true;
	if (node->type == YAML_SCALAR_NODE && node->data.scalar.length == 0)
		return 0;
	bool list = node->type == YAML_SEQUENCE_NODE;
	size_t count = list ? (size_t)(node->data.sequence.items.top - node->data.sequence.items.start) : 0;
	if (!list || count > RF_SINKS_MAX)
		return rf_fail(c->err, RF_ERR_INPUT, "%s:%zu: \"alerts\" is a list of at most %d sinks: put \"  - type: jsonl\" on the next "
			       "line and \"    path: FILE\" below it", c->path, node->start_mark.line + 1, RF_SINKS_MAX);
	c->out->sinks = rf_arena_array(c->arena, count + 1, sizeof(*c->out->sinks));
	if (!c->out->sinks)
		return rf_fail(c->err, RF_ERR_MEMORY, "no memory for the alerts of %s", c->path);
	for (size_t i = 0; i < count; i++) {
		int rc = read_sink(c, yaml_document_get_node(c->document, node->data.sequence.items.start[i]),
				   &c->out->sinks[c->out->sink_count++]);
		if (rc)
			return rc;
	}
	return 0;
}
