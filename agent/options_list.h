/* The options of the agent, one row each: its own parser (REDFLAG_AGENT=name=number,…), the options of `redflag agent run` and their
 * help are made from it. X(field of struct rf_agent_options, name, placeholder, default, greatest value, help) */
#ifndef RF_AGENT_OPTIONS_LIST_H
#define RF_AGENT_OPTIONS_LIST_H

#define RF_AGENT_VARIABLE "REDFLAG_AGENT"

#define RF_AGENT_GUARD_RATE_MAX 1000000000u
#define RF_AGENT_ALLOC_SAMPLE_MAX 1000000000000u

#define RF_AGENT_OPTION_LIST(X)                                                                                        \
	X(guard_rate, "guard-rate", "N", 5000, RF_AGENT_GUARD_RATE_MAX,                                                \
	  "put one of N allocations between guard pages, 0: none; default: 5000")                                      \
	X(guard_slots, "guard-slots", "N", 16, 4096,                                                                   \
	  "so many of them at a time, of a page of memory each; default: 16")                                       \
	X(alloc_sample, "alloc-sample", "BYTES", 524288, RF_AGENT_ALLOC_SAMPLE_MAX,                                    \
	  "sample malloc every so many bytes for the memory profile, 0: none; default: 524288") \
	X(leaks, "leaks", "N", 2, 1000000000,                                                                          \
	  "at the end tell of stacks whose sampled memory nothing refers to, from N blocks on, 0: never; default: 2") \
	X(leak_cost, "leak-cost", "PERMILLE", 3, 1000000,                                                              \
	  "spend at most so many thousandths of the processor time until then on that; default: 3")                    \
	X(lock_sample, "lock-sample", "NS", 0, 1000000000,                                                             \
	  "sample waits for mutexes every so many nanoseconds, such as 1000000, 0: none; default: 0")                  \
	X(watch, "watch", "RATE", 0, 10000,                                                                            \
	  "look for races by watchpoints, at most so many times a second, 0: never; default: 0") \
	X(cpu, "cpu", "HZ", 0, 10000,                                                                                  \
	  "sample where time goes, so many times a second of processor time, 0: never; default: 0") \
	X(io, "io", "N", 0, 1000000000,                                                                                \
	  "measure one of N calls of read, write and their like, 0: none; default: 0")                                 \
	X(counters, "counters", "N", 0, 1000000000,                                                                    \
	  "count what one of N calls costs (cycles, time on the processor, page faults and more): read, write and their like, mmap, munmap, " \
	  "pthread_create, and with --lock-sample waits for mutexes; 0: none; default: 0")                             \
	X(offcpu, "offcpu", "N", 0, 1000000,                                                                           \
	  "note one of N times that a thread leaves the processor, and how long it stays away, 0: none; default: 0")   \
	X(faults, "faults", "N", 0, 1000000, "note one of N page faults, 0: none; default: 0")                         \
	X(system, "system", "HZ", 0, 10000,                                                                            \
	  "sample where time in the kernel goes, so many times a second of processor time, 0: never; default: 0")     \
	X(syscalls, "syscalls", "N", 0, 1000000, "note one of N system calls, 0: none; default: 0")

#endif
