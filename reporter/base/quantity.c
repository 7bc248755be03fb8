#include "base/quantity.h"

#include <strings.h>

#define SPAN_MAX_S (100u * 366u * 86400u)

bool rf_quantity_span(rf_str text, uint64_t *ns)
{
	static const struct { char unit; uint64_t seconds; } units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 } };
	uint64_t n;
	for (size_t i = 0; text.len > 1 && i < sizeof(units) / sizeof(units[0]); i++) {
		if (text.ptr[text.len - 1] != units[i].unit || !rf_str_u64(rf_str_take(text, text.len - 1), &n) || n == 0 ||
		    n > SPAN_MAX_S / units[i].seconds)
			continue;
		*ns = n * units[i].seconds * 1000000000u;
		return true;
	}
	return false;
}

bool rf_quantity_bytes(rf_str text, uint64_t *bytes)
{
	static const struct { const char *unit; uint64_t bytes; } units[] = {
		{ "B", 1 }, { "kB", 1000 }, { "MB", 1000000 }, { "GB", 1000000000 }, { "TB", 1000000000000 },
		{ "KiB", 1u << 10 }, { "MiB", 1u << 20 }, { "GiB", 1u << 30 }, { "TiB", (uint64_t)1 << 40 } };
	size_t digits = 0;
	uint64_t n;
	while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
		digits++;
	rf_str unit = rf_str_trim(rf_str_skip(text, digits));
	if (!rf_str_u64(rf_str_take(text, digits), &n) || n == 0)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		rf_str name = rf_str_from(units[i].unit);
		if (name.len != unit.len || strncasecmp(name.ptr, unit.ptr, unit.len) != 0 || n > UINT64_MAX / units[i].bytes)
			continue;
		*bytes = n * units[i].bytes;
		return true;
	}
	return false;
}

void rf_quantity_put_bytes(struct rf_buf *out, uint64_t bytes, const char *space)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB" };
	double value = (double)bytes / 1000;
	size_t unit = 0;
	if (bytes < 1000) {
		rf_buf_printf(out, "%u%sB", (unsigned)bytes, space);
		return;
	}
	while (value >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1000;
		unit++;
	}
	rf_buf_printf(out, "%.*f%s%s", value < 9.95 ? 1 : 0, value, space, units[unit]);
}
