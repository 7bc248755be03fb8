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
	int room = (int)sizeof(err->text) - n - 3; /* for the cause, behind ": " and before NUL */
	if (n >= 0 && room > 0)
		snprintf(err->text + n, (size_t)room + 3, ": %.*s", room, inner);
	return err->code;
}
