#include "agent/fault.h"

#include "agent/guard.h"
#include "agent/signals.h"
#include "agent/unwind.h"

#include <signal.h>
#include <ucontext.h>

#define FAULT_IS_WRITE 2 /* of the error code that x86 pushes: Intel SDM volume 3, 4.7 */

static bool meet_fault(const siginfo_t *info, void *context)
{
	const ucontext_t *c = context;
	bool write = (c->uc_mcontext.gregs[REG_ERR] & FAULT_IS_WRITE) != 0;
	if (info->si_code <= 0)
		return false;
	if (rf_guard_has(info->si_addr) && rf_guard_fault((uintptr_t)info->si_addr, write, context))
		return true;
	rf_trace_give_up(context);
	return false;
}

static bool rf_fault_init(void)
{
	return rf_signals_take(SIGSEGV, meet_fault, NULL);
}
