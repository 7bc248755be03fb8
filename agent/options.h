/* REDFLAG_AGENT: options of the agent, `name=number` separated by blanks or commas. Unknown names and values beyond the bound
 * are left at their defaults: `redflag agent run`, which writes the variable, has complained about them.
 */
#ifndef RF_AGENT_OPTIONS_H
#define RF_AGENT_OPTIONS_H

#include "agent/options_list.h"

#include <stdint.h>

struct rf_agent_options {
#define RF_AGENT_OPTION_FIELD(field, name, placeholder, preset, max, help) uint64_t field;
	RF_AGENT_OPTION_LIST(RF_AGENT_OPTION_FIELD)
#undef RF_AGENT_OPTION_FIELD
};

static void rf_agent_options_read(struct rf_agent_options *options, const char *text);

#endif
