#include "export/xml.h"

#include <assert.h>
#include <inttypes.h>

#include "export/markup.h"

void rf_xml_init(struct rf_xml *x, struct rf_buf *out)
{
	*x = (struct rf_xml){ .out = out };
	rf_buf_put_cstr(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
}

static void put_line(struct rf_xml *x)
{
	rf_buf_put_char(x->out, '\n');
	for (uint32_t i = 0; i < x->depth; i++)
		rf_buf_put_char(x->out, '\t');
}

static void end_tag(struct rf_xml *x)
{
	if (x->tag_open)
		rf_buf_put_char(x->out, '>');
	x->tag_open = false;
}

void rf_xml_open(struct rf_xml *x, const char *name)
{
	end_tag(x);
	put_line(x);
	rf_buf_printf(x->out, "<%s", name);
	x->tag_open = true;
	x->has_text = false;
	x->depth++;
}

void rf_xml_attribute(struct rf_xml *x, const char *name, rf_str value)
{
	assert(x->tag_open);
	rf_buf_printf(x->out, " %s=\"", name);
	rf_markup_put_attribute(x->out, value);
	rf_buf_put_char(x->out, '"');
}

void rf_xml_attribute_int(struct rf_xml *x, const char *name, int64_t value)
{
	assert(x->tag_open);
	rf_buf_printf(x->out, " %s=\"%" PRId64 "\"", name, value);
}

void rf_xml_text(struct rf_xml *x, rf_str text)
{
	end_tag(x);
	x->has_text = true;
	rf_markup_put(x->out, text);
}

void rf_xml_close(struct rf_xml *x, const char *name)
{
	assert(x->depth > 0);
	x->depth--;
	if (x->tag_open) {
		rf_buf_put_cstr(x->out, "/>");
	} else {
		if (!x->has_text)
			put_line(x);
		rf_buf_printf(x->out, "</%s>", name);
	}
	x->tag_open = x->has_text = false;
	if (x->depth == 0)
		rf_buf_put_char(x->out, '\n');
}
