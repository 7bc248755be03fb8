#include "tsan-glue/options.h"

#include <stdlib.h>
#include <string.h>

static bool word_is(const char *word, size_t len, const char *text)
{
	return len == strlen(text) && memcmp(word, text, len) == 0;
}

static void option_set(struct rf_options *o, const char *word, size_t len)
{
	if (word_is(word, len, "attribution=stock"))
		o->attribution_exact = false;
	else if (word_is(word, len, "goroutines=0"))
		o->goroutines = false;
	else if (word_is(word, len, "switches=0"))
		o->switches = false;
	else if (word_is(word, len, "allocs=0"))
		o->allocs = false;
}

static void rf_options_read(struct rf_options *options)
{
	*options = (struct rf_options){ true, true, true, true };
	const char *p = getenv("REDFLAG");
	while (p && *p) {
		size_t len = strcspn(p, " ,\t\n");
		option_set(options, p, len);
		p += len;
		p += strspn(p, " ,\t\n");
	}
}
