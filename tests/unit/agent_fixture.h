/* The agent's sources, as the tests of its parts have them: all but the hooks and what starts it. */
#ifndef AGENT_FIXTURE_H
#define AGENT_FIXTURE_H

#pragma GCC diagnostic ignored "-Wunused-function" /* no test uses all of it */
#pragma GCC diagnostic ignored "-Wunused-variable"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agent/settings.h"

#include "agent/thread.h"
#include "agent/lock.h"
#include "agent/next.h"
#include "agent/guard.h"
#include "agent/record.h"
#include "agent/profile.h"
#include "agent/heap.h"
#include "agent/countdown.h"
#include "agent/calls.h"
#include "agent/io.h"
#include "agent/waits.h"
#include "agent/samples.h"
#include "agent/roots.h"
#include "agent/leaks.h"
#include "agent/unwind.h"
#include "agent/rows.h"
#include "agent/modules.h"
#include "agent/options.h"

#include "tsan-glue/spool.c"
#include "tsan-glue/process.c"
#include "tsan-glue/maps.c"

#include "agent/thread.c"
#include "agent/next.c"
#include "agent/rows.c"
#include "agent/unwind.c"
#include "agent/modules.c"
#include "agent/record.c"
#include "agent/guard.c"
#include "agent/samples.c"
#include "agent/profile.c"
#include "agent/heap.c"
#include "agent/calls.c"
#include "agent/io.c"
#include "agent/waits.c"
#include "agent/heap_control.c"
#include "agent/heap_mappings.c"
#include "agent/countdown.c"
#include "agent/roots.c"
#include "agent/leaks.c"
#include "agent/options.c"

/* What starts the agent, as far as its parts need it. */
static void agent_begin(void)
{
	unsetenv("REDFLAG_SPOOL");
	rf_next_init();
	rf_record_init();
	rf_settings.pid = getpid();
}

#endif
