/* What is on in this process, as the constructor of agent.c has found it. Read everywhere, written only there. */
#ifndef RF_AGENT_SETTINGS_H
#define RF_AGENT_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

static struct {
	bool ready;     /* the constructor has run; before it the hooks only pass on */
	uint64_t guard; /* one of so many allocations is guarded; 0: none */
} rf_settings;

#endif
