#include "store/json.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "store/clean_text.h"

void rf_json_init(struct rf_json *j, struct rf_buf *out)
{
	*j = (struct rf_json){ .out = out };
}

static void put_line(struct rf_json *j)
{
	if (j->compact)
		return;
	rf_buf_put_char(j->out, '\n');
	for (uint32_t i = 0; i < j->depth; i++)
		rf_buf_put_cstr(j->out, "  ");
}

/* What stands before a value: comma, line, name. */
static void begin(struct rf_json *j, const char *key)
{
	if (j->depth == 0)
		return;
	bool *used = &j->used[j->depth - 1];
	assert((key != NULL) == (j->closers[j->depth - 1] == '}'));
	if (*used)
		rf_buf_put_char(j->out, ',');
	*used = true;
	put_line(j);
	if (key) {
		rf_text_put_json(j->out, rf_str_from(key));
		rf_buf_put_cstr(j->out, j->compact ? ":" : ": ");
	}
}

static void open(struct rf_json *j, const char *key, char opener, char closer)
{
	begin(j, key);
	assert(j->depth < RF_JSON_DEPTH_MAX);
	rf_buf_put_char(j->out, opener);
	j->closers[j->depth] = closer;
	j->used[j->depth] = false;
	j->depth++;
}

void rf_json_object(struct rf_json *j, const char *key)
{
	open(j, key, '{', '}');
}

void rf_json_array(struct rf_json *j, const char *key)
{
	open(j, key, '[', ']');
}

void rf_json_end(struct rf_json *j)
{
	assert(j->depth > 0);
	j->depth--;
	if (j->used[j->depth])
		put_line(j);
	rf_buf_put_char(j->out, j->closers[j->depth]);
}

void rf_json_str(struct rf_json *j, const char *key, rf_str value)
{
	begin(j, key);
	if (value.ptr)
		rf_text_put_json(j->out, value);
	else
		rf_buf_put_cstr(j->out, "null");
}

void rf_json_cstr(struct rf_json *j, const char *key, const char *value)
{
	rf_json_str(j, key, rf_str_from(value));
}

void rf_json_str_if(struct rf_json *j, const char *key, rf_str value)
{
	if (value.len)
		rf_json_str(j, key, value);
}

void rf_json_int(struct rf_json *j, const char *key, int64_t value)
{
	begin(j, key);
	rf_buf_printf(j->out, "%" PRId64, value);
}

void rf_json_bool(struct rf_json *j, const char *key, bool value)
{
	begin(j, key);
	rf_buf_put_cstr(j->out, value ? "true" : "false");
}

void rf_json_hex(struct rf_json *j, const char *key, uint64_t value)
{
	begin(j, key);
	rf_buf_printf(j->out, "\"0x%" PRIx64 "\"", value);
}

void rf_json_finish(struct rf_json *j)
{
	assert(j->depth == 0);
	rf_buf_put_char(j->out, '\n');
}
