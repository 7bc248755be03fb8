/* "database:" of .redflag.yml: how long events are kept, and how large the database may be. */
#include "base/quantity.h"
#include "finding/config_scan.h"

int rf_config_database(const struct rf_config_scan *c, const yaml_node_t *node)
{
	rf_str text;
	if (node->type == YAML_SCALAR_NODE && node->data.scalar.length == 0)
		return 0;
	if (node->type != YAML_MAPPING_NODE)
		return rf_fail(c->err, RF_ERR_INPUT, "%s:%zu: \"database\" has members: put \"  keep: 90d\" or \"  max_size: 500MB\" on the "
			       "next line", c->path, node->start_mark.line + 1);
	for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = yaml_document_get_node(c->document, p->key);
		const yaml_node_t *value = yaml_document_get_node(c->document, p->value);
		rf_str name = key->type == YAML_SCALAR_NODE ? rf_config_scalar(key) : RF_STR("");
		bool keep = rf_str_eq_cstr(name, "keep");
		if (!keep && !rf_str_eq_cstr(name, "max_size"))
			return rf_config_fail(c, key, "is not known here; \"database\" has \"keep\" and \"max_size\"", name);
		int rc = rf_config_text(c, value, keep ? "keep" : "max_size", &text);
		if (rc == 0 && keep && !rf_quantity_span(text, &c->out->keep_ns))
			rc = rf_config_fail(c, value, "is no time; write " RF_QUANTITY_SPAN_SHAPE, text);
		if (rc == 0 && !keep && !rf_quantity_bytes(text, &c->out->size_max_bytes))
			rc = rf_config_fail(c, value, "is no size; write " RF_QUANTITY_BYTES_SHAPE, text);
		if (rc)
			return rc;
	}
	return 0;
}
