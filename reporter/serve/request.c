#include "serve/request.h"

#include "serve/html.h"

rf_str rf_param_decode(rf_str text, rf_arena *arena)
{
	char *bytes = rf_arena_alloc(arena, text.len + 1);
	size_t n = 0;
	if (!bytes)
		return RF_STR("");
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i] == '+' ? ' ' : text.ptr[i];
		int high = c == '%' && i + 2 < text.len ? rf_hex_digit(text.ptr[i + 1]) : -1;
		int low = high >= 0 ? rf_hex_digit(text.ptr[i + 2]) : -1;
		if (low >= 0) {
			c = (char)(high << 4 | low);
			i += 2;
		}
		bytes[n++] = c;
	}
	return (rf_str){ bytes, n };
}

void rf_params_parse(rf_str encoded, rf_arena *arena, struct rf_params *out)
{
	*out = (struct rf_params){ 0 };
	while (encoded.len && out->count < RF_PARAMS_MAX) {
		rf_str value = rf_str_cut(&encoded, '&'), name = rf_str_cut(&value, '=');
		if (name.len == 0)
			continue;
		out->list[out->count].name = rf_param_decode(name, arena);
		out->list[out->count++].value = rf_param_decode(value, arena);
	}
}

rf_str rf_params_get(const struct rf_params *params, const char *name)
{
	for (uint32_t i = 0; i < params->count; i++) {
		if (rf_str_eq_cstr(params->list[i].name, name))
			return params->list[i].value;
	}
	return (rf_str){ NULL, 0 };
}

rf_str rf_params_text(const struct rf_params *params, const char *name)
{
	rf_str value = rf_params_get(params, name);
	return value.len ? value : (rf_str){ NULL, 0 };
}

int64_t rf_params_number(const struct rf_params *params, const char *name, int64_t max)
{
	uint64_t number;
	if (!rf_str_u64(rf_params_get(params, name), &number) || number > (uint64_t)max)
		return 0;
	return (int64_t)number;
}

void rf_params_put_query(const struct rf_params *params, const char *name, rf_str value, struct rf_buf *out)
{
	const char *separator = "?";
	for (uint32_t i = 0; i < params->count; i++) {
		rf_str key = params->list[i].name;
		if (params->list[i].value.len == 0 || rf_str_eq_cstr(key, name) || rf_str_eq_cstr(key, "page"))
			continue;
		rf_html(out, "%s%q=%q", separator, key, params->list[i].value);
		separator = "&amp;";
	}
	if (value.len)
		rf_html(out, "%s%q=%q", separator, rf_str_from(name), value);
}
