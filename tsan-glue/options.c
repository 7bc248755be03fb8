#include "tsan-glue/options.h"

#include <stdlib.h>
#include <string.h>

static bool word_is(const char *word, size_t len, const char *text)
{
	return len == strlen(text) && memcmp(word, text, len) == 0;
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
}

static void rf_options_read(struct rf_options *options)
{
#define RF_OPTION_TRUE(field, name, yes, no, help) options->field = true;
	RF_OPTION_LIST(RF_OPTION_TRUE)
#undef RF_OPTION_TRUE
	const char *p = getenv("REDFLAG");
	while (p && *p) {
		size_t len = strcspn(p, RF_OPTION_SEPARATORS);
		option_set(options, p, len);
		p += len;
		p += strspn(p, RF_OPTION_SEPARATORS);
	}
}
