#include "alert/send.h"

static bool is_name_char(char c)
{
	return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* The name behind a dollar sign, cut off *rest; "" when there is none. */
static rf_str cut_name(rf_str *rest)
{
	size_t n = 0;
	if (rf_str_starts(*rest, "{")) {
		ptrdiff_t close = rf_str_find(*rest, '}');
		rf_str name = close < 0 ? RF_STR("") : rf_str_take(rf_str_skip(*rest, 1), (size_t)close - 1);
		*rest = rf_str_skip(*rest, close < 0 ? 0 : (size_t)close + 1);
		return name;
	}
	while (n < rest->len && is_name_char(rest->ptr[n]))
		n++;
	rf_str name = rf_str_take(*rest, n);
	*rest = rf_str_skip(*rest, n);
	return name;
}

int rf_alert_expand(rf_str text, const char *(*look_up)(const char *name), rf_arena *arena, const char **out,
		    struct rf_error *err)
{
	struct rf_buf b;
	int rc = 0;
	rf_buf_init(&b);
	while (text.len && rc == 0) {
		ptrdiff_t dollar = rf_str_find(text, '$');
		rf_buf_put_str(&b, rf_str_take(text, dollar < 0 ? text.len : (size_t)dollar));
		text = rf_str_skip(text, dollar < 0 ? text.len : (size_t)dollar + 1);
		if (dollar < 0)
			break;
		if (rf_str_starts(text, "$")) {
			rf_buf_put_char(&b, '$');
			text = rf_str_skip(text, 1);
			continue;
		}
		const char *name = rf_arena_cstr(arena, cut_name(&text)), *value = name[0] ? look_up(name) : NULL;
		if (!name[0])
			rc = rf_fail(err, RF_ERR_INPUT, "A $ has no name behind it; write $NAME, or $$ for a dollar sign.");
		else if (!value || !value[0])
			rc = rf_fail(err, RF_ERR_INPUT, "The environment variable %s is not set.", name);
		else
			rf_buf_put_cstr(&b, value);
	}
	*out = rf_arena_cstr(arena, rf_buf_str(&b));
	if (rc == 0 && (b.failed || arena->failed))
		rc = rf_fail(err, RF_ERR_MEMORY, "Out of memory while preparing an alert.");
	rf_buf_release(&b);
	return rc;
}
