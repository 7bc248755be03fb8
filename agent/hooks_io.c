/* read, write and their like: a buffer that is guarded and freed, or too short, would make the kernel say EFAULT, where
 * without the agent the call had done its work. So it is looked at before. Cancellation points stay what they are: nothing is
 * held over the call. One of so many calls is measured (io.h, counters.h).
 */
#include "agent/counters.h"
#include "agent/events.h"
#include "agent/guard.h"
#include "agent/io.h"
#include "agent/next.h"

#include <limits.h>

static inline void touch(const void *buffer, size_t bytes, bool write)
{
	if (rf_guard_pages.bytes)
		rf_guard_touch(buffer, bytes, write);
}

static void touch_all(const struct iovec *parts, int count, bool write)
{
	for (int i = 0; parts && i < count && i < IOV_MAX; i++)
		touch(parts[i].iov_base, parts[i].iov_len, write);
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

#define RF_HOOK(result, name, parameters, look, arguments)                                                             \
	RF_EXPORT result name parameters                                                                                  \
	{                                                                                                              \
		rf_next_init();                                                                                        \
		look;                                                                                                  \
		rf_events_look();                                                                                      \
		bool timed = rf_io_is_due(), counted = rf_counters_is_due();                                           \
		if (!timed && !counted)                                                                                \
			return rf_next.name arguments;                                                                 \
		struct measures m = { .timed = timed, .counters = { .due = counted } };                                \
		enter_measured(&m);                                                                                    \
		result done = rf_next.name arguments;                                                                  \
		leave_measured(&m, done);                                                                              \
		return done;                                                                                           \
	}

RF_HOOK(ssize_t, read, (int fd, void *to, size_t bytes), touch(to, bytes, true), (fd, to, bytes))
RF_HOOK(ssize_t, pread, (int fd, void *to, size_t bytes, off_t at), touch(to, bytes, true), (fd, to, bytes, at))
RF_HOOK(ssize_t, pread64, (int fd, void *to, size_t bytes, off64_t at), touch(to, bytes, true), (fd, to, bytes, at))
RF_HOOK(ssize_t, readv, (int fd, const struct iovec *to, int count), touch_all(to, count, true), (fd, to, count))
RF_HOOK(ssize_t, recv, (int fd, void *to, size_t bytes, int flags), touch(to, bytes, true), (fd, to, bytes, flags))
RF_HOOK(ssize_t, recvfrom, (int fd, void *to, size_t bytes, int flags, struct sockaddr *from, socklen_t *len),
	touch(to, bytes, true), (fd, to, bytes, flags, from, len))
RF_HOOK(ssize_t, write, (int fd, const void *from, size_t bytes), touch(from, bytes, false), (fd, from, bytes))
RF_HOOK(ssize_t, pwrite, (int fd, const void *from, size_t bytes, off_t at), touch(from, bytes, false), (fd, from, bytes, at))
RF_HOOK(ssize_t, pwrite64, (int fd, const void *from, size_t bytes, off64_t at), touch(from, bytes, false),
	(fd, from, bytes, at))
RF_HOOK(ssize_t, writev, (int fd, const struct iovec *from, int count), touch_all(from, count, false), (fd, from, count))
RF_HOOK(ssize_t, send, (int fd, const void *from, size_t bytes, int flags), touch(from, bytes, false),
	(fd, from, bytes, flags))
RF_HOOK(ssize_t, sendto, (int fd, const void *from, size_t bytes, int flags, const struct sockaddr *to, socklen_t len),
	touch(from, bytes, false), (fd, from, bytes, flags, to, len))
