/* Writing XML: elements, attributes, text; indented by a tab a level. Everything is escaped (see markup.h).
 *
 *	rf_xml_open(x, "suite"); rf_xml_attribute(x, "name", …); rf_xml_open(x, "case"); rf_xml_close(x, "case"); …
 *
 * Attributes come right after their element's opening. An element has either text or elements.
 */
#ifndef RF_EXPORT_XML_H
#define RF_EXPORT_XML_H

#include "base/str.h"

struct rf_xml {
	struct rf_buf *out;
	uint32_t depth;
	bool tag_open; /* attributes may come */
	bool has_text; /* of the innermost element */
};

void rf_xml_init(struct rf_xml *x, struct rf_buf *out); /* with the declaration */
void rf_xml_open(struct rf_xml *x, const char *name);
void rf_xml_attribute(struct rf_xml *x, const char *name, rf_str value);
void rf_xml_attribute_int(struct rf_xml *x, const char *name, int64_t value);
void rf_xml_text(struct rf_xml *x, rf_str text);
void rf_xml_close(struct rf_xml *x, const char *name);

#endif
