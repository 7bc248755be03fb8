/* The events of --offcpu, --faults, --system and --syscalls, as the kernel is asked for them, and whether it gives them. Asked by the
 * agent, silently, and by `redflag agent run`, which says why not.
 */
#ifndef RF_AGENT_EVENTS_ATTR_H
#define RF_AGENT_EVENTS_ATTR_H

#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum rf_events_kind { RF_EVENTS_OFFCPU, RF_EVENTS_FAULTS, RF_EVENTS_SYSTEM, RF_EVENTS_SYSCALLS, RF_EVENTS_KIND_COUNT };

#define RF_EVENTS_STACK_BYTES 4096u
/* PERF_REG_X86_AX to IP and R8 to R15 of asm/perf_regs.h: all that code addresses memory by. */
#define RF_EVENTS_REGISTERS 0xff01ffu

enum rf_events_rights {
	RF_EVENTS_ALL,
	RF_EVENTS_USER_CODE, /* what happens in the kernel isn't told to this user */
	RF_EVENTS_REFUSED,
	RF_EVENTS_NO_TRACEPOINTS /* tracefs isn't there, or not for this user */
};

/* The number of raw_syscalls:sys_enter; 0: it can't be had. */
static inline uint64_t rf_events_syscalls(void)
{
	char text[32] = "";
	int fd = open("/sys/kernel/tracing/events/raw_syscalls/sys_enter/id", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;
	if (fd >= 0)
		close(fd);
	return got > 0 ? strtoull(text, NULL, 10) : 0;
}

/* period: of --system nanoseconds, of the others a count. */
static inline struct perf_event_attr rf_events_attr(enum rf_events_kind kind, uint64_t period)
{
	static const uint64_t configs[RF_EVENTS_KIND_COUNT] = {
		[RF_EVENTS_OFFCPU] = PERF_COUNT_SW_CONTEXT_SWITCHES, [RF_EVENTS_FAULTS] = PERF_COUNT_SW_PAGE_FAULTS,
		[RF_EVENTS_SYSTEM] = PERF_COUNT_SW_TASK_CLOCK };
	bool software = kind != RF_EVENTS_SYSCALLS;
	return (struct perf_event_attr){
		.type = software ? PERF_TYPE_SOFTWARE : PERF_TYPE_TRACEPOINT, .size = sizeof(struct perf_event_attr),
		.config = software ? configs[kind] : rf_events_syscalls(), .sample_period = period,
		.sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_READ | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER,
		.sample_regs_user = RF_EVENTS_REGISTERS, .sample_stack_user = RF_EVENTS_STACK_BYTES, .sample_id_all = 1,
		.use_clockid = 1, .clockid = CLOCK_MONOTONIC, .exclude_hv = 1, .remove_on_exec = 1,
		.context_switch = kind == RF_EVENTS_OFFCPU, .exclude_user = kind == RF_EVENTS_SYSTEM,
	};
}

static inline enum rf_events_rights rf_events_probe(enum rf_events_kind kind)
{
	struct perf_event_attr attr = rf_events_attr(kind, 1000000000);
	if (kind == RF_EVENTS_SYSCALLS && !attr.config)
		return RF_EVENTS_NO_TRACEPOINTS;
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	enum rf_events_rights rights = RF_EVENTS_ALL;
	if (fd < 0 && kind == RF_EVENTS_FAULTS) {
		attr.exclude_kernel = 1;
		fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
		rights = RF_EVENTS_USER_CODE;
	}
	if (fd < 0)
		return RF_EVENTS_REFUSED;
	close(fd);
	return rights;
}

#endif
