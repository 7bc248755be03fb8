#include "agent/thread.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static uint32_t rf_tid(void)
{
	if (!rf_me.tid)
		rf_me.tid = (uint32_t)syscall(SYS_gettid);
	return rf_me.tid;
}

static uint64_t seed(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	uint64_t s = ((uint64_t)rf_tid() << 32 ^ (uint64_t)t.tv_nsec ^ (uint64_t)t.tv_sec << 20) * 0x9e3779b97f4a7c15u;
	return s ? s : 1;
}

static uint64_t rf_random(void)
{
	uint64_t x = rf_me.random ? rf_me.random : seed();
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	rf_me.random = x;
	return x * 0x2545f4914f6cdd1du;
}
