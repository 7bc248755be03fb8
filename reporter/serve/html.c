#include "serve/html.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/quantity.h"
#include "export/markup.h"

static void put_grouped(struct rf_buf *out, int64_t number)
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%lld", (long long)number), first = digits[0] == '-';
	for (int i = 0; i < n; i++) {
		if (i > first && (n - i) % 3 == 0)
			rf_buf_put_cstr(out, "&#8239;"); /* narrow, and no place to break the line */
		rf_buf_put_char(out, digits[i]);
	}
}

static void put_encoded(struct rf_buf *out, rf_str text)
{
	for (rf_str rest = text; rest.len;) {
		rf_str part = rf_str_cut(&rest, '/');
		bool slash = part.ptr + part.len < text.ptr + text.len;
		rf_markup_put_uri(out, part);
		if (slash)
			rf_buf_put_cstr(out, "%2F");
	}
}

static void put_letter(struct rf_buf *out, char letter, va_list *args)
{
	switch (letter) {
	case 't':
		rf_markup_put_attribute(out, va_arg(*args, rf_str));
		break;
	case 'q':
		put_encoded(out, va_arg(*args, rf_str));
		break;
	case 'd':
		rf_buf_printf(out, "%lld", (long long)va_arg(*args, int64_t));
		break;
	case 'n':
		put_grouped(out, va_arg(*args, int64_t));
		break;
	case 's':
		rf_buf_put_cstr(out, va_arg(*args, const char *));
		break;
	default:
		assert(letter == '%');
		rf_buf_put_char(out, '%');
	}
}

void rf_html(struct rf_buf *out, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	while (*format) {
		size_t n = strcspn(format, "%");
		rf_buf_put(out, format, n);
		format += n;
		if (*format) {
			put_letter(out, format[1], &args);
			format += 2;
		}
	}
	va_end(args);
}

void rf_html_time(struct rf_buf *out, rf_str time)
{
	if (time.len < 16) {
		rf_html(out, "%t", time.len ? time : RF_STR("never"));
		return;
	}
	rf_html(out, "<time datetime=\"%t\" title=\"%t\">%t %t</time>", time, time, rf_str_take(time, 10),
		rf_str_take(rf_str_skip(time, 11), 5));
}

static const char *status_class(rf_str status)
{
	static const struct { const char *name, *class; } classes[] = {
		{ "new", "is-new" }, { "alert", "is-new" }, { "fail", "is-new" }, { "regressed", "is-new" }, { "expired", "is-new" },
		{ "recurring", "is-known" }, { "baseline", "is-known" }, { "known", "is-known" }, { "bypassed", "is-known" },
		{ "unused", "is-known" },
		{ "resolved", "is-good" }, { "pass", "is-good" }, { "used", "is-good" },
	};
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (rf_str_eq_cstr(status, classes[i].name))
			return classes[i].class;
	}
	return "is-off";
}

void rf_html_status(struct rf_buf *out, rf_str status)
{
	rf_html(out, "<span class=\"badge %s\">%t</span>", status_class(status), status);
}

void rf_html_bytes(struct rf_buf *out, int64_t bytes)
{
	rf_quantity_put_bytes(out, (uint64_t)bytes, "&#8239;");
}

void rf_html_term(struct rf_buf *out, const char *name, rf_str value)
{
	if (value.len)
		rf_html(out, "<dt>%s</dt><dd>%t</dd>\n", name, value);
}

void rf_html_term_number(struct rf_buf *out, const char *name, int64_t number)
{
	rf_html(out, "<dt>%s</dt><dd>%n</dd>\n", name, number);
}

void rf_html_term_bytes(struct rf_buf *out, const char *name, int64_t bytes)
{
	rf_html(out, "<dt>%s</dt><dd>", name);
	rf_html_bytes(out, bytes);
	rf_html(out, "</dd>\n");
}

void rf_html_term_time(struct rf_buf *out, const char *name, rf_str time)
{
	rf_html(out, "<dt>%s</dt><dd>", name);
	rf_html_time(out, time);
	rf_html(out, "</dd>\n");
}
