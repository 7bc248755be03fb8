#include "tsan-glue/options.h"

#include <stdlib.h>
#include <string.h>

static bool word_is(const char *word, size_t len, const char *text)
{
	return len == strlen(text) && memcmp(word, text, len) == 0;
}

/* Digits up to the greatest value, else what it was. */
static void number_set(uint32_t *value, uint32_t max, const char *digits, size_t len)
{
	uint64_t n = 0;
	for (size_t i = 0; i < len; i++) {
		if (digits[i] < '0' || digits[i] > '9' || n > max)
			return;
		n = 10 * n + (uint64_t)(digits[i] - '0');
	}
	if (len && n <= max)
		*value = (uint32_t)n;
}

static void option_set(struct rf_options *o, const char *word, size_t len)
{
#define RF_OPTION_SET(field, name, yes, no, help)                                                                      \
	if (word_is(word, len, name "=" yes))                                                                          \
		o->field = true;                                                                                       \
	else if (word_is(word, len, name "=" no))                                                                      \
		o->field = false;
	RF_OPTION_LIST(RF_OPTION_SET)
#undef RF_OPTION_SET
#define RF_OPTION_NUMBER_SET(field, name, max, help)                                                                   \
	if (len > strlen(name "=") && memcmp(word, name "=", strlen(name "=")) == 0)                                   \
		number_set(&o->field, max, word + strlen(name "="), len - strlen(name "="));
	RF_OPTION_NUMBER_LIST(RF_OPTION_NUMBER_SET)
#undef RF_OPTION_NUMBER_SET
}

static void rf_options_read(struct rf_options *options)
{
#define RF_OPTION_TRUE(field, name, yes, no, help) options->field = true;
	RF_OPTION_LIST(RF_OPTION_TRUE)
#undef RF_OPTION_TRUE
#define RF_OPTION_NUMBER_OFF(field, name, max, help) options->field = 0;
	RF_OPTION_NUMBER_LIST(RF_OPTION_NUMBER_OFF)
#undef RF_OPTION_NUMBER_OFF
	const char *p = getenv("REDFLAG");
	while (p && *p) {
		size_t len = strcspn(p, RF_OPTION_SEPARATORS);
		option_set(options, p, len);
		p += len;
		p += strspn(p, RF_OPTION_SEPARATORS);
	}
}
