/* Reading .redflag.yml: what its parts share. Internal to finding/config*.c. */
#ifndef RF_FINDING_CONFIG_SCAN_H
#define RF_FINDING_CONFIG_SCAN_H

#include <yaml.h>

#include "finding/tag.h"

struct rf_config_scan {
	yaml_document_t *document;
	const char *path;
	rf_arena *arena;
	struct rf_config *out;
	struct rf_error *err;
};

static inline rf_str rf_config_scalar(const yaml_node_t *node)
{
	return (rf_str){ (const char *)node->data.scalar.value, node->data.scalar.length };
}

/* RF_ERR_INPUT: FILE:LINE: "WHAT" SENTENCE. */
int rf_config_fail(const struct rf_config_scan *c, const yaml_node_t *node, const char *sentence, rf_str what);
/* The text of a node that must be one word or line; empty is refused. */
int rf_config_text(const struct rf_config_scan *c, const yaml_node_t *node, const char *key, rf_str *out);
/* As rf_quantity_span, such as 90s or 2h; a year at most. */
int rf_config_span(const struct rf_config_scan *c, const yaml_node_t *node, const char *key, uint64_t *ns);
/* One of `choices` (NULL-terminated). */
int rf_config_choice(const struct rf_config_scan *c, const yaml_node_t *node, const char *key, const char *const *choices,
		     const char *sentence, rf_str *out);
int rf_config_kind(const struct rf_config_scan *c, const yaml_node_t *node, rf_str *out);
int rf_config_severity(const struct rf_config_scan *c, const yaml_node_t *node, rf_str *out);
/* "database:" with keep and max_size. */
int rf_config_database(const struct rf_config_scan *c, const yaml_node_t *node);
/* The list "alerts:"; see finding/sink.h. */
int rf_config_alerts(const struct rf_config_scan *c, const yaml_node_t *node);

#endif
