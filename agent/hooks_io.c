/* read, write and their like: a buffer that is guarded and freed, or too short, would make the kernel say EFAULT, where
 * without the agent the call had done its work. So it is looked at before. Cancellation points stay what they are: nothing is
 * held over the call. One of so many calls is measured (io.h, counters.h).
 */
#include "agent/counters.h"
#include "agent/events.h"
#include "agent/guard.h"
#include "agent/io.h"
#include "agent/next.h"
#include "agent/settings.h"

#include <limits.h>

static inline bool guarded(const void *buffer, size_t bytes)
{
	return __builtin_expect(rf_guard_meets(buffer, bytes), 0);
}

static inline bool any_guarded(const struct iovec *parts, int count)
{
	for (int i = 0; parts && i < count && i < IOV_MAX; i++) {
		if (guarded(parts[i].iov_base, parts[i].iov_len))
			return true;
	}
	return false;
}

static void touch_all(const struct iovec *parts, int count, bool write)
{
	for (int i = 0; parts && i < count && i < IOV_MAX; i++)
		rf_guard_touch(parts[i].iov_base, parts[i].iov_len, write);
}

struct measures {
	bool timed;
	struct rf_io_call io;
	struct rf_counters_call counters;
};

static __attribute__((noinline)) void enter_measured(struct measures *m)
{
	if (m->timed)
		rf_io_enter(&m->io);
	if (m->counters.due)
		rf_counters_enter(&m->counters);
}

static __attribute__((noinline)) void leave_measured(const struct measures *m, ssize_t done)
{
	if (m->counters.due)
		rf_counters_leave(&m->counters);
	if (m->timed)
		rf_io_leave(&m->io, done);
}

/* No call is measured, and no ring read, by the way: settled by the constructor. */
static bool calls_pass;

static void rf_calls_settle(void)
{
	calls_pass = !rf_settings.calls;
}

/* The short way looks where the buffers are, and jumps. */
#define RF_HOOK(result, name, parameters, is_guarded, touch, arguments)                                                     \
	static __attribute__((noinline)) result name##_slowly parameters                                               \
	{                                                                                                              \
		rf_next_init();                                                                                        \
		if (is_guarded)                                                                                             \
			touch;                                                                                         \
		rf_events_look();                                                                                      \
		bool timed = rf_io_is_due(), counted = rf_counters_is_due();                                           \
		if (!timed && !counted)                                                                                \
			return rf_next.name arguments;                                                                 \
		struct measures m = { .timed = timed, .counters = { .due = counted } };                                \
		enter_measured(&m);                                                                                    \
		result done = rf_next.name arguments;                                                                  \
		leave_measured(&m, done);                                                                              \
		return done;                                                                                           \
	}                                                                                                              \
	RF_SHORT result name parameters                                                                                \
	{                                                                                                              \
		return __builtin_expect(calls_pass, 1) && !(is_guarded) ? rf_next.name arguments : name##_slowly arguments; \
	}
#define RF_HOOK_BYTES(name, parameters, buffer, write, arguments)                                                      \
	RF_HOOK(ssize_t, name, parameters, guarded(buffer, bytes), rf_guard_touch(buffer, bytes, write), arguments)
#define RF_HOOK_PARTS(name, parameters, write, arguments)                                                              \
	RF_HOOK(ssize_t, name, parameters, any_guarded(parts, count), touch_all(parts, count, write), arguments)

RF_HOOK_BYTES(read, (int fd, void *to, size_t bytes), to, true, (fd, to, bytes))
RF_HOOK_BYTES(pread, (int fd, void *to, size_t bytes, off_t at), to, true, (fd, to, bytes, at))
RF_HOOK_BYTES(pread64, (int fd, void *to, size_t bytes, off64_t at), to, true, (fd, to, bytes, at))
RF_HOOK_PARTS(readv, (int fd, const struct iovec *parts, int count), true, (fd, parts, count))
RF_HOOK_BYTES(recv, (int fd, void *to, size_t bytes, int flags), to, true, (fd, to, bytes, flags))
RF_HOOK_BYTES(recvfrom, (int fd, void *to, size_t bytes, int flags, struct sockaddr *from, socklen_t *len), to, true,
	      (fd, to, bytes, flags, from, len))
RF_HOOK_BYTES(write, (int fd, const void *from, size_t bytes), from, false, (fd, from, bytes))
RF_HOOK_BYTES(pwrite, (int fd, const void *from, size_t bytes, off_t at), from, false, (fd, from, bytes, at))
RF_HOOK_BYTES(pwrite64, (int fd, const void *from, size_t bytes, off64_t at), from, false, (fd, from, bytes, at))
RF_HOOK_PARTS(writev, (int fd, const struct iovec *parts, int count), false, (fd, parts, count))
RF_HOOK_BYTES(send, (int fd, const void *from, size_t bytes, int flags), from, false, (fd, from, bytes, flags))
RF_HOOK_BYTES(sendto, (int fd, const void *from, size_t bytes, int flags, const struct sockaddr *to, socklen_t len), from, false,
	      (fd, from, bytes, flags, to, len))
