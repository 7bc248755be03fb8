/* Can events of perf_event_open be had here, and breakpoints? Asked by the agent, silently, and by `redflag agent run`, which says why
 * not. */
#ifndef RF_AGENT_PERF_PROBE_H
#define RF_AGENT_PERF_PROBE_H

#include <errno.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define RF_PERF_KERNEL_MAJOR 5u
#define RF_PERF_KERNEL_MINOR 18u /* before it a SIGTRAP that was blocked ended the process */

enum rf_perf_refusal {
	RF_PERF_ALLOWED,
	RF_PERF_KERNEL_IS_OLD,
	RF_PERF_IS_REFUSED,    /* by rights or a filter of system calls: perf_event_paranoid, seccomp */
	RF_PERF_NO_BREAKPOINTS /* of hardware: some virtual machines, or a debugger has them */
};

static inline enum rf_perf_refusal rf_perf_probe(int breakpoints)
{
	static uint64_t place;
	struct utsname name;
	unsigned major = 0, minor = 0;
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT, .size = sizeof(attr), .sample_period = 1, .bp_type = HW_BREAKPOINT_W,
		.bp_addr = (uintptr_t)&place, .bp_len = sizeof(place), .exclude_kernel = 1, .exclude_hv = 1, .sigtrap = 1,
		.remove_on_exec = 1, .disabled = 1,
	};
	if (uname(&name) != 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2 || major < RF_PERF_KERNEL_MAJOR ||
	    (major == RF_PERF_KERNEL_MAJOR && minor < RF_PERF_KERNEL_MINOR))
		return RF_PERF_KERNEL_IS_OLD;
	if (!breakpoints) {
		attr.type = PERF_TYPE_SOFTWARE;
		attr.config = PERF_COUNT_SW_TASK_CLOCK;
		attr.sample_period = 1000000000;
		attr.bp_type = 0;
		attr.bp_len = 0;
	}
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd >= 0 ? RF_PERF_ALLOWED : errno == EPERM || errno == EACCES || errno == ENOSYS ? RF_PERF_IS_REFUSED :
											       RF_PERF_NO_BREAKPOINTS;
}

#endif
