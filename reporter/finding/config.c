#include "finding/config_scan.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "base/quantity.h"

#define FILE_NAME ".redflag.yml"
#define FILE_BYTES_MAX ((size_t)1 << 20)

/* --- what it says ----------------------------------------------------------------------------------------------- */

int rf_config_fail(const struct rf_config_scan *c, const yaml_node_t *node, const char *sentence, rf_str what)
{
	return rf_fail(c->err, RF_ERR_INPUT, "%s:%zu: \"%.*s\" %s", c->path, node->start_mark.line + 1,
		       RF_STR_ARG(rf_str_take(what, 80)), sentence);
}

int rf_config_text(const struct rf_config_scan *c, const yaml_node_t *node, const char *key, rf_str *out)
{
	if (node->type != YAML_SCALAR_NODE || node->data.scalar.length == 0)
		return rf_fail(c->err, RF_ERR_INPUT, "%s:%zu: \"%s\" needs a text behind it, such as \"%s: …\"",
			       c->path, node->start_mark.line + 1, key, key);
	*out = rf_arena_dup(c->arena, rf_config_scalar(node));
	return out->len ? 0 : rf_fail(c->err, RF_ERR_MEMORY, "no memory for the rules of %s", c->path);
}

static int read_member(const struct rf_config_scan *c, const yaml_node_t *key, const yaml_node_t *value,
		       struct rf_tag_rule *rule)
{
	rf_str name = key->type == YAML_SCALAR_NODE ? rf_config_scalar(key) : RF_STR("");
	bool function = rf_str_eq_cstr(name, "function");
	if (rf_str_eq_cstr(name, "tag"))
		return rule->tag.len ? rf_config_fail(c, key, "comes twice in this rule; keep one", name)
				     : rf_config_text(c, value, "tag", &rule->tag);
	if (!function && !rf_str_eq_cstr(name, "package"))
		return rf_config_fail(c, key, "is not known here; a rule has \"package\" or \"function\", and \"tag\"", name);
	if (rule->pattern.len)
		return rf_config_fail(c, key, "is a second pattern; a rule has one \"package\" or one \"function\"", name);
	rule->on_function = function;
	return rf_config_text(c, value, function ? "function" : "package", &rule->pattern);
}

static int read_rule(const struct rf_config_scan *c, const yaml_node_t *node, struct rf_tag_rule *rule)
{
	static const char shape[] = "a rule is \"- package: PATTERN\" (or \"function:\") with \"tag: TAG\" below it";
	if (node->type != YAML_MAPPING_NODE)
		return rf_fail(c->err, RF_ERR_INPUT, "%s:%zu: %s", c->path, node->start_mark.line + 1, shape);
	for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
		int rc = read_member(c, yaml_document_get_node(c->document, p->key),
				     yaml_document_get_node(c->document, p->value), rule);
		if (rc)
			return rc;
	}
	if (rule->pattern.len == 0 || rule->tag.len == 0)
		return rf_fail(c->err, RF_ERR_INPUT, "%s:%zu: the rule has no %s; %s", c->path,
			       node->start_mark.line + 1, rule->tag.len ? "pattern" : "tag", shape);
	return 0;
}

static int read_rules(const struct rf_config_scan *c, const yaml_node_t *node)
{
	if (node->type == YAML_SCALAR_NODE && node->data.scalar.length == 0)
		return 0;
	if (node->type != YAML_SEQUENCE_NODE)
		return rf_fail(c->err, RF_ERR_INPUT,
			       "%s:%zu: \"tags\" is a list of rules: put \"  - package: PATTERN\" on the next line and "
			       "\"    tag: TAG\" below it", c->path, node->start_mark.line + 1);
	size_t count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
	c->out->tag_rules = rf_arena_array(c->arena, count, sizeof(*c->out->tag_rules));
	if (!c->out->tag_rules)
		return rf_fail(c->err, RF_ERR_MEMORY, "no memory for the rules of %s", c->path);
	for (size_t i = 0; i < count; i++) {
		yaml_node_t *rule = yaml_document_get_node(c->document, node->data.sequence.items.start[i]);
		int rc = read_rule(c, rule, &c->out->tag_rules[i]);
		if (rc)
			return rc;
		c->out->tag_rule_count++;
	}
	return 0;
}

/* --- policies --------------------------------------------------------------------------------------------------- */

#define POLICY_EVENTS_MAX 1000 /* a larger number would never silence anything */
#define POLICY_SPAN_MAX_NS (366u * 86400u * (uint64_t)1000000000u)

int rf_config_span(const struct rf_config_scan *c, const yaml_node_t *node, const char *key, uint64_t *ns)
{
	rf_str text;
	uint64_t span;
	int rc = rf_config_text(c, node, key, &text);
	if (rc < 0)
		return rc;
	if (!rf_quantity_span(text, &span) || span > POLICY_SPAN_MAX_NS)
		return rf_config_fail(c, node, "is no time of at most a year; write 90s, 5m, 2h or 1d", text);
	*ns = span;
	return 0;
}

int rf_config_choice(const struct rf_config_scan *c, const yaml_node_t *node, const char *key, const char *const *choices,
		       const char *sentence, rf_str *out)
{
	int rc = rf_config_text(c, node, key, out);
	for (size_t i = 0; rc == 0 && choices[i]; i++) {
		if (rf_str_eq_cstr(*out, choices[i]))
			return 0;
	}
	return rc ? rc : rf_config_fail(c, node, sentence, *out);
}

int rf_config_kind(const struct rf_config_scan *c, const yaml_node_t *node, rf_str *out)
{
	const char *kinds[RF_KIND_COUNT] = { NULL }; /* all but the unknown one, which isn't anybody's choice */
	for (int kind = RF_KIND_UNKNOWN + 1; kind < RF_KIND_COUNT; kind++)
		kinds[kind - 1] = rf_kind_name((enum rf_kind)kind);
	return rf_config_choice(c, node, "kind", kinds, "is no kind; there are " RF_KIND_LIST("and"), out);
}

int rf_config_severity(const struct rf_config_scan *c, const yaml_node_t *node, rf_str *out)
{
	const char *severities[RF_SEVERITY_COUNT + 1] = { NULL };
	for (enum rf_severity severity = 0; severity < RF_SEVERITY_COUNT; severity++)
		severities[severity] = rf_severity_name(severity);
	return rf_config_choice(c, node, "severity", severities, "is no severity; there are low, medium, high and critical", out);
}

static int read_policy_member(const struct rf_config_scan *c, const yaml_node_t *key, const yaml_node_t *value,
			      struct rf_policy *p)
{
	static const char *const truths[] = { "true", "false", NULL };
	rf_str name = key->type == YAML_SCALAR_NODE ? rf_config_scalar(key) : RF_STR(""), text;
	int rc;
	if (rf_str_eq_cstr(name, "tag"))
		return rf_config_text(c, value, "tag", &p->tag);
	if (rf_str_eq_cstr(name, "kind"))
		return rf_config_kind(c, value, &p->kind);
	if (rf_str_eq_cstr(name, "severity"))
		return rf_config_severity(c, value, &p->severity);
	if (rf_str_eq_cstr(name, "within"))
		return rf_config_span(c, value, "within", &p->within_ns);
	if (rf_str_eq_cstr(name, "silence"))
		return rf_config_span(c, value, "silence", &p->silence_ns);
	if (rf_str_eq_cstr(name, "bypass")) {
		rc = rf_config_choice(c, value, "bypass", truths, "is neither true nor false", &text);
		p->bypass = rc == 0 && rf_str_eq_cstr(text, "true");
		return rc;
	}
	if (!rf_str_eq_cstr(name, "events"))
		return rf_config_fail(c, key, "is not known here; a policy has tag, kind, events, within, silence, bypass and severity", name);
	rc = rf_config_text(c, value, "events", &text);
	if (rc == 0 && (!rf_str_u64(text, &p->events) || p->events < 2 || p->events > POLICY_EVENTS_MAX))
		rc = rf_config_fail(c, value, "is no number from 2 to 1000", text);
	return rc;
}

static int read_policies(const struct rf_config_scan *c, const yaml_node_t *node)
{
	size_t count = node->type == YAML_SEQUENCE_NODE
			       ? (size_t)(node->data.sequence.items.top - node->data.sequence.items.start) : 0;
	if (count == 0)
		return node->type == YAML_SCALAR_NODE && node->data.scalar.length == 0 ? 0
			: rf_fail(c->err, RF_ERR_INPUT, "%s:%zu: \"policies\" is a list: put \"  - tag: PATTERN\" on the next line "
				  "and \"    silence: 1h\" below it", c->path, node->start_mark.line + 1);
	c->out->policies = rf_arena_array(c->arena, count, sizeof(*c->out->policies));
	for (size_t i = 0; c->out->policies && i < count; i++) {
		const yaml_node_t *rule = yaml_document_get_node(c->document, node->data.sequence.items.start[i]);
		struct rf_policy *p = &c->out->policies[c->out->policy_count++];
		/* What a rule doesn't say is as without it. */
		*p = (struct rf_policy){ .events = 3, .within_ns = 300000000000u, .silence_ns = 900000000000u };
		/* Without its directory: machines that share a database have it in different places. */
		rf_str file = rf_str_from(c->path);
		file = rf_str_skip(file, (size_t)(rf_str_find_last(file, '/') + 1));
		p->name = rf_arena_printf(c->arena, "%.*s:%zu", RF_STR_ARG(file), rule->start_mark.line + 1);
		if (rule->type != YAML_MAPPING_NODE)
			return rf_config_fail(c, rule, "is no policy; write \"- tag: PATTERN\" with \"silence: 1h\" below it", RF_STR("-"));
		for (yaml_node_pair_t *m = rule->data.mapping.pairs.start; m < rule->data.mapping.pairs.top; m++) {
			int rc = read_policy_member(c, yaml_document_get_node(c->document, m->key),
						    yaml_document_get_node(c->document, m->value), p);
			if (rc)
				return rc;
		}
	}
	return c->out->policies ? 0 : rf_fail(c->err, RF_ERR_MEMORY, "no memory for the policies of %s", c->path);
}

static int read_root(const struct rf_config_scan *c, const yaml_node_t *root)
{
	enum { TAGS, SUPPRESSIONS, POLICIES, ALERTS, DATABASE, MEMBER_COUNT };
	static const char *const members[] = { "tags", "suppressions", "policies", "alerts", "database" };
	bool seen[MEMBER_COUNT] = { false };
	if (!root || (root->type == YAML_SCALAR_NODE && root->data.scalar.length == 0))
		return 0; /* an empty file */
	if (root->type != YAML_MAPPING_NODE)
		return rf_fail(c->err, RF_ERR_INPUT, "%s:%zu: the file starts with a member such as \"tags:\"", c->path,
			       root->start_mark.line + 1);
	for (yaml_node_pair_t *p = root->data.mapping.pairs.start; p < root->data.mapping.pairs.top; p++) {
		yaml_node_t *key = yaml_document_get_node(c->document, p->key);
		rf_str name = key->type == YAML_SCALAR_NODE ? rf_config_scalar(key) : RF_STR("");
		int member = TAGS;
		while (member < MEMBER_COUNT && !rf_str_eq_cstr(name, members[member]))
			member++;
		if (member == MEMBER_COUNT)
			return rf_config_fail(c, key, "is not known; the file has \"tags\", \"suppressions\", \"policies\", \"alerts\" and "
						      "\"database\"", name);
		if (seen[member])
			return rf_config_fail(c, key, "comes twice; put everything under one", name);
		seen[member] = true;
		yaml_node_t *value = yaml_document_get_node(c->document, p->value);
		int rc = member == TAGS	      ? read_rules(c, value)
			 : member == POLICIES ? read_policies(c, value)
			 : member == ALERTS   ? rf_config_alerts(c, value)
			 : member == DATABASE ? rf_config_database(c, value)
					      : rf_config_text(c, value, "suppressions", &c->out->suppressions);
		if (rc)
			return rc;
	}
	return 0;
}

static int fail_in_yaml(const yaml_parser_t *parser, const char *path, struct rf_error *err)
{
	size_t line = parser->problem_mark.line > parser->context_mark.line ? parser->problem_mark.line
									     : parser->context_mark.line;
	if (parser->error == YAML_MEMORY_ERROR)
		return rf_fail(err, RF_ERR_MEMORY, "no memory for reading %s", path);
	if (parser->error == YAML_READER_ERROR)
		return rf_fail(err, RF_ERR_INPUT, "%s: byte %zu is not text in UTF-8; save the file as UTF-8", path,
			       parser->problem_offset + 1);
	return rf_fail(err, RF_ERR_INPUT, "%s:%zu: this is not YAML (%s); indent with blanks and put texts with "
		       "special characters in quotes", path, line + 1, parser->problem ? parser->problem : "syntax");
}

int rf_config_parse(rf_str text, const char *path, rf_arena *arena, struct rf_config *out, struct rf_error *err)
{
	yaml_parser_t parser;
	yaml_document_t document;
	int rc;
	*out = (struct rf_config){ .path = rf_arena_dup(arena, rf_str_from(path)) };
	if (!yaml_parser_initialize(&parser))
		return rf_fail(err, RF_ERR_MEMORY, "no memory for reading %s", path);
	yaml_parser_set_input_string(&parser, (const unsigned char *)(text.len ? text.ptr : ""), text.len);
	if (yaml_parser_load(&parser, &document)) {
		struct rf_config_scan c = { &document, path, arena, out, err };
		rc = read_root(&c, yaml_document_get_root_node(&document));
		yaml_document_delete(&document);
	} else {
		rc = fail_in_yaml(&parser, path, err);
	}
	yaml_parser_delete(&parser);
	if (rc == 0 && arena->failed)
		rc = rf_fail(err, RF_ERR_MEMORY, "no memory for the rules of %s", path);
	if (rc)
		*out = (struct rf_config){ 0 };
	return rc;
}

/* --- where it is ------------------------------------------------------------------------------------------------ */

static int load_file(const char *path, rf_arena *arena, struct rf_config *out, struct rf_error *err)
{
	rf_str text;
	int rc = rf_file_read(path, FILE_BYTES_MAX, arena, &text, err);
	return rc < 0 ? rc : rf_config_parse(text, path, arena, out, err);
}

static bool exists_in(rf_str directory, const char *name, rf_arena *arena, const char **path)
{
	*path = rf_arena_printf(arena, "%.*s/%s", RF_STR_ARG(directory), name).ptr;
	return access(*path, F_OK) == 0;
}

int rf_config_load(const char *directory, rf_arena *arena, struct rf_config *out, struct rf_error *err)
{
	const char *path;
	char absolute[PATH_MAX];
	*out = (struct rf_config){ 0 };
	if (!realpath(directory, absolute))
		return rf_fail(err, RF_ERR_IO, "cannot find the directory %s (%s)", directory, strerror(errno));
	for (rf_str at = rf_str_from(absolute);; at = rf_str_take(at, (size_t)rf_str_find_last(at, '/'))) {
		if (rf_str_eq_cstr(at, "/"))
			at.len = 0;
		if (exists_in(at, FILE_NAME, arena, &path))
			return load_file(path, arena, out, err);
		if (at.len == 0 || exists_in(at, "go.mod", arena, &path) || exists_in(at, "go.work", arena, &path) ||
		    exists_in(at, ".git", arena, &path))
			return 0;
	}
}
