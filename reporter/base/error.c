#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int rf_fail(struct rf_error *err, enum rf_err code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	err->code = code;
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return code;
}

int rf_fail_again(struct rf_error *err, const char *format, ...)
{
	char inner[RF_ERROR_BYTES_MAX];
	va_list args;
	memcpy(inner, err->text, sizeof(inner));
	va_start(args, format);
	int n = vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	if (n >= 0 && (size_t)n < sizeof(err->text))
		snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %.*s", (int)sizeof(inner) - 1, inner);
	return err->code;
}
