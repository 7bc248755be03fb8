#include "agent/signals.h"

#include "agent/next.h"
#include "agent/thread.h"

#include <errno.h>
#include <string.h>
#include <ucontext.h>

#define FRONTS 2u
#define KERNEL_SIGSET_BYTES (_NSIG / 8) /* what a signal's frame holds, which is less than a sigset_t */

struct front {
	int number;
	rf_signal_meet *meet;
	struct sigaction theirs; /* what the program has installed */
	const sigset_t *rest;
	bool taken;
};

static struct front fronts[FRONTS] = { { .number = SIGSEGV }, { .number = SIGTRAP } };

static struct front *front_of(int number)
{
	for (uint32_t i = 0; i < FRONTS; i++) {
		if (fronts[i].number == number && fronts[i].taken)
			return &fronts[i];
	}
	return NULL;
}

static bool is_handled(const struct sigaction *a)
{
	return (a->sa_flags & SA_SIGINFO) || (a->sa_handler != SIG_DFL && a->sa_handler != SIG_IGN);
}

/* As the kernel does it: with the default action of a fault the process ends at the same instruction, when it runs it again; a trap
 * is behind its instruction already. */
static void do_default(const struct front *f, const siginfo_t *info)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	bool sent = info->si_code <= 0; /* by a process: to ignore it is possible */
	if (sent && f->theirs.sa_handler == SIG_IGN)
		return;
	rf_next.sigaction(f->number, &standard, NULL);
	if (sent || f->number == SIGTRAP)
		raise(f->number);
}

/* The mask that the program's own handler has: that of the place which was interrupted, and what the handler asked for. */
static void set_their_mask(const struct front *f, const void *context)
{
	const ucontext_t *c = context;
	sigset_t mask = f->theirs.sa_mask, place;
	sigemptyset(&place);
	memcpy(&place, &c->uc_sigmask, KERNEL_SIGSET_BYTES);
	sigorset(&mask, &mask, &place);
	if (!(f->theirs.sa_flags & SA_NODEFER))
		sigaddset(&mask, f->number);
	rf_next.pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

static void hand_on(struct front *f, siginfo_t *info, void *context)
{
	struct sigaction theirs = f->theirs;
	if (!is_handled(&theirs)) {
		do_default(f, info);
		return;
	}
	if (f->rest)
		set_their_mask(f, context);
	if (theirs.sa_flags & (int)SA_RESETHAND)
		f->theirs = (struct sigaction){ .sa_handler = SIG_DFL };
	if (theirs.sa_flags & SA_SIGINFO)
		theirs.sa_sigaction(f->number, info, context);
	else
		theirs.sa_handler(f->number);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	struct front *f = front_of(number);
	int error = errno;
	bool ours = f && f->meet(info, context);
	errno = error;
	if (f && !ours)
		hand_on(f, info, context);
}

/* What the kernel is told: our handler, under the program's conditions. */
static int install(const struct front *f, const struct sigaction *theirs)
{
	struct sigaction ours = *theirs;
	ours.sa_sigaction = on_signal;
	ours.sa_flags = (ours.sa_flags | SA_SIGINFO) & ~(int)SA_RESETHAND;
	if (!is_handled(theirs))
		ours.sa_flags |= SA_ONSTACK | SA_NODEFER | SA_RESTART;
	if (f->rest) {
		ours.sa_mask = *f->rest;
		ours.sa_flags = (ours.sa_flags | SA_ONSTACK) & ~SA_NODEFER;
	}
	return rf_next.sigaction(f->number, &ours, NULL);
}

static bool rf_signals_take(int number, rf_signal_meet *meet, const sigset_t *rest)
{
	struct front *f = number == SIGSEGV ? &fronts[0] : &fronts[1];
	f->meet = meet;
	f->rest = rest;
	f->taken = true;
	if (rf_next.sigaction(number, NULL, &f->theirs) != 0 || install(f, &f->theirs) != 0)
		f->taken = false;
	return f->taken;
}

static bool rf_signals_has(int number)
{
	struct sigaction now;
	return front_of(number) && rf_next.sigaction(number, NULL, &now) == 0 && now.sa_sigaction == on_signal;
}

/* --- the hooks --------------------------------------------------------------------------------------------------- */

RF_EXPORT int sigaction(int number, const struct sigaction *new, struct sigaction *old)
{
	struct front *f = front_of(number);
	rf_next_init();
	if (!f)
		return rf_next.sigaction(number, new, old);
	struct sigaction before = f->theirs;
	if (new) {
		f->theirs = *new;
		if (install(f, &f->theirs) != 0) {
			f->theirs = before;
			return -1;
		}
	}
	if (old)
		*old = before;
	return 0;
}

/* BSD's meaning, which is glibc's: the handler stays, calls go on (signal(2)). */
static sighandler_t install_plain(int number, sighandler_t handler)
{
	struct sigaction new = { .sa_handler = handler, .sa_flags = SA_RESTART }, old;
	sigemptyset(&new.sa_mask);
	sigaddset(&new.sa_mask, number);
	return sigaction(number, &new, &old) != 0 ? SIG_ERR : old.sa_handler;
}

RF_EXPORT sighandler_t signal(int number, sighandler_t handler)
{
	rf_next_init();
	return front_of(number) ? install_plain(number, handler) : rf_next.signal(number, handler);
}

/* The signals of ours that are in the set, a bit each; they are taken out of it. */
static uint32_t take_out(sigset_t *set)
{
	uint32_t bits = 0;
	for (uint32_t i = 0; i < FRONTS; i++) {
		if (fronts[i].taken && sigismember(set, fronts[i].number) == 1) {
			sigdelset(set, fronts[i].number);
			bits |= 1u << i;
		}
	}
	return bits;
}

/* The set without the signals of ours, and what the program shall think of them. */
static int change_mask(int (*next)(int, const sigset_t *, sigset_t *), int how, const sigset_t *set, sigset_t *old)
{
	sigset_t without;
	uint32_t was = rf_me.blocked, wanted = 0;
	if (set) {
		without = *set;
		wanted = take_out(&without);
	}
	int result = next(how, wanted ? &without : set, old);
	if (result != 0)
		return result;
	if (set && how == SIG_SETMASK)
		rf_me.blocked = wanted;
	else if (wanted)
		rf_me.blocked = how == SIG_BLOCK ? was | wanted : was & ~wanted;
	for (uint32_t i = 0; old && i < FRONTS; i++) {
		if (was >> i & 1)
			sigaddset(old, fronts[i].number);
	}
	return 0;
}

RF_EXPORT int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	rf_next_init();
	return fronts[0].taken || fronts[1].taken ? change_mask(rf_next.sigprocmask, how, set, old) : rf_next.sigprocmask(how, set, old);
}

RF_EXPORT int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	rf_next_init();
	return fronts[0].taken || fronts[1].taken ? change_mask(rf_next.pthread_sigmask, how, set, old) :
						    rf_next.pthread_sigmask(how, set, old);
}
