#include "agent/options.h"

#include <stdbool.h>
#include <string.h>

#define SEPARATORS " ,\t\n"

/* "name=123" of that length: the number, if it is one up to max. */
static bool number_of(const char *word, size_t len, const char *name, uint64_t max, uint64_t *value)
{
	size_t skip = strlen(name) + 1;
	uint64_t n = 0;
	if (len <= skip || memcmp(word, name, skip - 1) != 0 || word[skip - 1] != '=')
		return false;
	for (size_t i = skip; i < len; i++) {
		if (word[i] < '0' || word[i] > '9')
			return false;
		n = 10 * n + (uint64_t)(word[i] - '0');
		if (n > max)
			return false;
	}
	*value = n;
	return true;
}

static void rf_agent_options_read(struct rf_agent_options *o, const char *text)
{
#define RF_AGENT_OPTION_PRESET(field, name, placeholder, preset, max, help) o->field = preset;
	RF_AGENT_OPTION_LIST(RF_AGENT_OPTION_PRESET)
#undef RF_AGENT_OPTION_PRESET
	while (text && *text) {
		size_t len = strcspn(text, SEPARATORS);
#define RF_AGENT_OPTION_SET(field, name, placeholder, preset, max, help) number_of(text, len, name, max, &o->field);
		RF_AGENT_OPTION_LIST(RF_AGENT_OPTION_SET)
#undef RF_AGENT_OPTION_SET
		text += len;
		text += strspn(text, SEPARATORS);
	}
}
