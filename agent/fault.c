#include "agent/fault.h"

#include "agent/guard.h"
#include "agent/next.h"
#include "agent/thread.h"
#include "agent/unwind.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

#define FAULT_IS_WRITE 2 /* of the error code that x86 pushes: Intel SDM volume 3, 4.7 */

static struct {
	struct sigaction theirs; /* what the program has installed */
	bool taken;
} fault;

/* As the kernel does it: with the default action the process ends at the same instruction, when it runs it again. */
static void hand_on(int number, siginfo_t *info, void *context)
{
	struct sigaction theirs = fault.theirs;
	bool handled = (theirs.sa_flags & SA_SIGINFO) || (theirs.sa_handler != SIG_DFL && theirs.sa_handler != SIG_IGN);
	bool sent = info->si_code <= 0; /* by a process: to ignore it is possible */
	if (!handled) {
		if (sent && theirs.sa_handler == SIG_IGN)
			return;
		struct sigaction standard = { .sa_handler = SIG_DFL };
		rf_next.sigaction(number, &standard, NULL);
		if (sent)
			raise(number);
		return;
	}
	if (theirs.sa_flags & (int)SA_RESETHAND)
		fault.theirs = (struct sigaction){ .sa_handler = SIG_DFL };
	if (theirs.sa_flags & SA_SIGINFO)
		theirs.sa_sigaction(number, info, context);
	else
		theirs.sa_handler(number);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	const ucontext_t *c = context;
	int error = errno;
	bool write = (c->uc_mcontext.gregs[REG_ERR] & FAULT_IS_WRITE) != 0;
	if (info->si_code > 0 && rf_guard_has(info->si_addr) && rf_guard_fault((uintptr_t)info->si_addr, write, context)) {
		errno = error;
		return;
	}
	if (info->si_code > 0)
		rf_trace_give_up();
	errno = error;
	hand_on(number, info, context);
}

/* What the kernel is told: our handler, under the program's conditions. */
static int install(const struct sigaction *theirs)
{
	struct sigaction ours = *theirs;
	ours.sa_sigaction = on_fault;
	ours.sa_flags = (ours.sa_flags | SA_SIGINFO) & ~(int)SA_RESETHAND;
	if (theirs->sa_handler == SIG_DFL || theirs->sa_handler == SIG_IGN)
		ours.sa_flags |= SA_ONSTACK | SA_NODEFER;
	return rf_next.sigaction(SIGSEGV, &ours, NULL);
}

static bool rf_fault_init(void)
{
	if (rf_next.sigaction(SIGSEGV, NULL, &fault.theirs) != 0)
		return false;
	fault.taken = install(&fault.theirs) == 0;
	return fault.taken;
}

static bool rf_fault_is_ours(void)
{
	struct sigaction now;
	return fault.taken && rf_next.sigaction(SIGSEGV, NULL, &now) == 0 && now.sa_sigaction == on_fault;
}

/* --- the hooks --------------------------------------------------------------------------------------------------- */

RF_EXPORT int sigaction(int number, const struct sigaction *new, struct sigaction *old)
{
	rf_next_init();
	if (number != SIGSEGV || !fault.taken)
		return rf_next.sigaction(number, new, old);
	struct sigaction before = fault.theirs;
	if (new) {
		fault.theirs = *new;
		if (install(&fault.theirs) != 0) {
			fault.theirs = before;
			return -1;
		}
	}
	if (old)
		*old = before;
	return 0;
}

/* BSD's meaning, which is glibc's: the handler stays, calls go on (signal(2)). */
static sighandler_t install_plain(sighandler_t handler)
{
	struct sigaction new = { .sa_handler = handler, .sa_flags = SA_RESTART }, old;
	sigemptyset(&new.sa_mask);
	sigaddset(&new.sa_mask, SIGSEGV);
	return sigaction(SIGSEGV, &new, &old) != 0 ? SIG_ERR : old.sa_handler;
}

RF_EXPORT sighandler_t signal(int number, sighandler_t handler)
{
	rf_next_init();
	return number == SIGSEGV && fault.taken ? install_plain(handler) : rf_next.signal(number, handler);
}

/* The set without SIGSEGV, and what the program shall think of it. */
static int change_mask(int (*next)(int, const sigset_t *, sigset_t *), int how, const sigset_t *set, sigset_t *old)
{
	sigset_t without;
	bool was = rf_me.segv_blocked;
	bool wanted = set && sigismember(set, SIGSEGV) == 1;
	if (wanted) {
		without = *set;
		sigdelset(&without, SIGSEGV);
	}
	int result = next(how, wanted ? &without : set, old);
	if (result != 0)
		return result;
	if (set && how == SIG_SETMASK)
		rf_me.segv_blocked = wanted;
	else if (wanted)
		rf_me.segv_blocked = how == SIG_BLOCK;
	if (old && was)
		sigaddset(old, SIGSEGV);
	return 0;
}

RF_EXPORT int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	rf_next_init();
	return fault.taken ? change_mask(rf_next.sigprocmask, how, set, old) : rf_next.sigprocmask(how, set, old);
}

RF_EXPORT int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	rf_next_init();
	return fault.taken ? change_mask(rf_next.pthread_sigmask, how, set, old) : rf_next.pthread_sigmask(how, set, old);
}
