#include "agent/perf.h"

#include "agent/perf_probe.h"
#include "agent/settings.h"
#include "agent/signals.h"
#include "agent/thread.h"
#include "tsan-glue/cgroup.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define OURS 0x5246u         /* the upper bits of sig_data: "RF" */
#define TRAP_OF_PERF 6       /* si_code: TRAP_PERF of asm-generic/siginfo.h */
#define TRAP_LATE 1u         /* si_perf_flags: TRAP_PERF_FLAG_ASYNC */
#define DESCRIPTOR_MAX 1000  /* where there is room for so many */
#define DESCRIPTOR_BELOW 24  /* the limit */

/* The part of siginfo_t that older headers don't name: asm-generic/siginfo.h, _sigfault. */
struct perf_siginfo {
	int number, error, code, pad;
	void *address;
	uint64_t data;
	uint32_t type, flags;
};
_Static_assert(sizeof(struct perf_siginfo) <= sizeof(siginfo_t), "it is a part");

static struct {
	bool taken;    /* SIGTRAP is ours */
	sigset_t rest; /* a handler of the program that ran meanwhile could be what another thread waits for */
	rf_perf_happens *happens[RF_PERF_WHAT_COUNT];
	_Atomic uint64_t missed[RF_PERF_WHAT_COUNT];
} perf;

static uint64_t data_of(struct rf_perf_trap trap)
{
	return (uint64_t)OURS << 48 | (uint64_t)trap.what << 32 | trap.number;
}

static struct rf_perf_trap trap_of(const siginfo_t *info, bool *late)
{
	struct perf_siginfo perf;
	struct rf_perf_trap none = { RF_PERF_NOTHING, 0 };
	memcpy(&perf, info, sizeof(perf));
	*late = perf.flags & TRAP_LATE;
	if (info->si_code != TRAP_OF_PERF || perf.data >> 48 != OURS)
		return none;
	return (struct rf_perf_trap){ (enum rf_perf_what)(perf.data >> 32 & 0xffff), (uint32_t)perf.data };
}

static int open_event(struct perf_event_attr *attr, uint32_t tid, struct rf_perf_trap trap)
{
	attr->size = sizeof(*attr);
	attr->exclude_kernel = attr->exclude_hv = 1;
	attr->sigtrap = attr->remove_on_exec = 1;
	attr->sig_data = data_of(trap);
	return (int)syscall(SYS_perf_event_open, attr, (pid_t)tid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static int open_clock(enum rf_perf_what what, uint64_t period_ns)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_TASK_CLOCK, .sample_period = period_ns, .inherit = 1,
		.inherit_thread = 1,
	};
	return open_event(&attr, 0, (struct rf_perf_trap){ what, 0 });
}

/* A debugger would be shown every SIGTRAP. */
static bool is_traced(void)
{
	char text[4096];
	rf_cgroup_read("/proc/self/status", text, sizeof(text));
	const char *line = strstr(text, "\nTracerPid:");
	return !line || strtol(line + sizeof("\nTracerPid:") - 1, NULL, 10) != 0;
}

static bool meet_trap(const siginfo_t *info, void *context)
{
	bool late;
	struct rf_perf_trap trap = trap_of(info, &late);
	if (trap.what == RF_PERF_NOTHING || trap.what >= RF_PERF_WHAT_COUNT)
		return false;
	rf_perf_happens *happens = perf.happens[trap.what];
	if (!happens || rf_settings.pid != getpid())
		return true;
	if (late || !rf_settings.ready || !rf_enter()) {
		atomic_fetch_add_explicit(&perf.missed[trap.what], 1, memory_order_relaxed);
		return true;
	}
	happens(context, trap.number);
	rf_leave();
	return true;
}

static bool rf_perf_listen(enum rf_perf_what what, rf_perf_happens *happens)
{
	if (!perf.taken) {
		sigfillset(&perf.rest);
		sigdelset(&perf.rest, SIGSEGV);
		perf.taken = rf_perf_probe(what != RF_PERF_CPU_CLOCK) == RF_PERF_ALLOWED && !is_traced() &&
			     rf_signals_take(SIGTRAP, meet_trap, &perf.rest);
	}
	perf.happens[what] = happens;
	return perf.taken;
}

static uint64_t rf_perf_missed(enum rf_perf_what what)
{
	return atomic_load_explicit(&perf.missed[what], memory_order_relaxed);
}

static int rf_perf_open_clock(enum rf_perf_what what, uint64_t period_ns)
{
	struct rlimit limit = { 0, 0 };
	int fd = open_clock(what, period_ns);
	getrlimit(RLIMIT_NOFILE, &limit);
	int wanted = limit.rlim_cur > DESCRIPTOR_MAX + DESCRIPTOR_BELOW ? DESCRIPTOR_MAX : (int)limit.rlim_cur - DESCRIPTOR_BELOW;
	int high = fd < 0 || wanted < 3 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, wanted);
	if (high >= 0)
		close(fd);
	return high >= 0 ? high : fd;
}

/* Only if it is one still: the program may have closed it and have a file of its own there. */
static void rf_perf_drop_clock(int fd)
{
	uint64_t id;
	if (fd >= 0 && ioctl(fd, PERF_EVENT_IOC_ID, &id) == 0)
		close(fd);
}

/* A thread that has ended may have given its number to one of another process, which SIGTRAP would end. */
static bool is_of_us(uint32_t tid)
{
	return tid == 0 || syscall(SYS_tgkill, rf_settings.pid, tid, 0) == 0;
}

static void *rf_perf_open_breakpoint(uint32_t tid, enum rf_perf_on on, uintptr_t address, uint32_t bytes, struct rf_perf_trap trap)
{
	static const uint32_t types[] = { [RF_PERF_ON_EXECUTION] = HW_BREAKPOINT_X, [RF_PERF_ON_WRITE] = HW_BREAKPOINT_W,
					  [RF_PERF_ON_ACCESS] = HW_BREAKPOINT_RW };
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT, .sample_period = 1, .bp_type = types[on], .bp_addr = address, .bp_len = bytes,
	};
	int fd = is_of_us(tid) ? open_event(&attr, tid, trap) : -1;
	void *page = fd < 0 ? MAP_FAILED : mmap(NULL, RF_PAGE, PROT_READ, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	return page == MAP_FAILED ? NULL : page;
}

static void rf_perf_close_breakpoint(void *breakpoint)
{
	munmap(breakpoint, RF_PAGE);
}
