/* What every unit test includes: cmocka with what it needs before it, and a few checks on slices. */
#ifndef RF_TESTS_UNIT_H
#define RF_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/* The slice holds exactly this text. */
#define assert_str(slice, text) rf_assert_str((slice), (text), __FILE__, __LINE__)

static inline void rf_assert_str(rf_str slice, const char *text, const char *file, int line)
{
	if (rf_str_eq_cstr(slice, text))
		return;
	print_error("\"%.*s\" is not \"%s\"\n", RF_STR_ARG(slice), text);
	_fail(file, line);
}

/* The sentence of an error mentions `part`. */
#define assert_says(err, part) rf_assert_says(&(err), (part), __FILE__, __LINE__)

static inline void rf_assert_says(const struct rf_error *err, const char *part, const char *file, int line)
{
	if (strstr(err->text, part))
		return;
	print_error("\"%s\" does not mention \"%s\"\n", err->text, part);
	_fail(file, line);
}

#endif
