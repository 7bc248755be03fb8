#include "agent/roots.h"

#include "agent/guard.h"
#include "agent/settings.h"
#include "tsan-glue/maps.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define ADDRESSES_MAX ((uintptr_t)64 << 30)  /* more than that is not looked through */
#define RESERVED_MIN ((uintptr_t)1 << 30)    /* so much that may not be read was never meant to be */
#define WORD_STEP 4u                         /* struct epoll_event is packed, and not the only one */
#define TASK_LINKS 3u                        /* of /proc/self/task with one thread: fs/proc/base.c, proc_task_getattr */
#define TEXT_BYTES 65536u                    /* what the kernel says of one descriptor, or of all timers */
#define ENTRIES_BYTES 4096u

static struct {
	const struct rf_roots *wanted;
	uintptr_t seen; /* bytes of addresses */
	uint32_t step;
	bool shared;    /* of the mapping that is looked at */
} roots;

static bool time_is_up(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec > roots.wanted->until_ns;
}

/* --- memory ----------------------------------------------------------------------------------------------------------- */

static bool see_pages(uintptr_t at, uintptr_t end)
{
	for (; at < end; at += RF_ROOTS_CHUNK) {
		size_t bytes = end - at < RF_ROOTS_CHUNK + RF_ROOTS_TAIL ? end - at : RF_ROOTS_CHUNK + RF_ROOTS_TAIL;
		struct iovec to = { roots.wanted->buffer, bytes }, from = { (void *)at, bytes };
		if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != (ssize_t)bytes)
			return roots.shared; /* behind the end of a file */
		if (!roots.wanted->see(roots.wanted->buffer, bytes, at, roots.step) || time_is_up())
			return false;
	}
	return true;
}

static bool refuse(uintptr_t start, uintptr_t end)
{
	(void)start, (void)end;
	return false;
}

/* The next piece of [*at, end) that is to be looked at; its end. */
static uintptr_t next_piece(const struct rf_mapping *m, uintptr_t *at)
{
	const struct rf_maps_range own = { roots.wanted->own_start, roots.wanted->own_end },
				   guarded = { rf_guard_pages.start, rf_guard_pages.start + rf_guard_pages.bytes },
				   over = { m->range.start, roots.wanted->stack };
	bool stack = strcmp(m->path, "[stack]") == 0, closed = m->permissions[0] != 'r';
	uintptr_t end = m->range.end;
	for (bool moved = true; moved && *at < end;) {
		moved = rf_maps_step(own, at, &end);
		moved |= stack && over.end < m->range.end && rf_maps_step(over, at, &end);
		moved |= closed && rf_maps_step(guarded, at, &end);
	}
	return end;
}

/* Code of files has no such addresses in it; code that was made meanwhile may have them, at any byte. */
static bool is_wanted(const struct rf_mapping *m)
{
	bool file = *m->path == '/', code = m->permissions[2] == 'x' && m->permissions[1] != 'w';
	if (strncmp(m->path, "[v", 2) == 0) /* [vdso] and its like */
		return false;
	if (m->permissions[0] != 'r')
		return m->permissions[3] == 'p' && m->range.end - m->range.start < RESERVED_MIN;
	return m->permissions[3] == 'p' ? !(file && code) : rf_maps_is_shared_memory(m);
}

/* Pages of shared memory that were swapped out look as if nobody had touched them. */
static bool may_be_swapped(const struct rf_mapping *m)
{
	struct sysinfo s;
	return m->permissions[3] == 's' && (sysinfo(&s) != 0 || s.totalswap != s.freeswap);
}

static bool see_mapping(const struct rf_mapping *m)
{
	struct rf_maps_range r = m->range;
	if (strstr(m->path, "[io_uring]") || strstr(m->path, "[aio]"))
		return false;
	if (!is_wanted(m))
		return true;
	if (may_be_swapped(m))
		return false;
	roots.step = m->permissions[2] == 'x' ? 1 : WORD_STEP;
	roots.shared = m->permissions[3] == 's';
	while (r.start < m->range.end) {
		r.end = next_piece(m, &r.start);
		if (r.end <= r.start)
			continue;
		roots.seen += r.end - r.start;
		if (roots.seen > ADDRESSES_MAX || time_is_up() || !rf_maps_touched(r, m->permissions[0] == 'r' ? see_pages : refuse))
			return false;
		r.start = r.end;
	}
	return true;
}

/* --- what the kernel keeps ------------------------------------------------------------------------------------------- */

static bool see_word(uint64_t word)
{
	return roots.wanted->see((const char *)&word, sizeof(word), 0, sizeof(word));
}

/* Numbers in base 16 behind each `key` of a file of /proc. A kernel without that file has none. */
static bool see_numbers(const char *path, const char *key)
{
	char *text = roots.wanted->buffer;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t held = 0;
	ssize_t n = 1;
	while (fd >= 0 && n > 0 && held < TEXT_BYTES - 1) {
		n = read(fd, text + held, TEXT_BYTES - 1 - held);
		held += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0)
		close(fd);
	text[held] = '\0';
	for (char *at = text; (at = strstr(at, key));) {
		at += strlen(key);
		if (!see_word(strtoull(at, NULL, 16)))
			return false;
	}
	return n == 0 || fd < 0;
}

static bool has_bytes(int fd)
{
	int waiting = 0;
	return fd > STDERR_FILENO && ioctl(fd, FIONREAD, &waiting) == 0 && waiting > 0;
}

static bool is_local_socket(int fd)
{
	int domain = 0;
	socklen_t len = sizeof(domain);
	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX;
}

static bool see_descriptor(const char *name)
{
	char path[64], target[64];
	int fd = (int)strtol(name, NULL, 10);
	if (*name == '.')
		return true;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	if (strcmp(target, "anon_inode:[eventpoll]") == 0) {
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
		return see_numbers(path, " data:");
	}
	if (strncmp(target, "pipe:", 5) == 0 || (strncmp(target, "socket:", 7) == 0 && is_local_socket(fd)))
		return !has_bytes(fd);
	return !strstr(target, "[io_uring]");
}

/* Of getdents64(2). */
static bool see_descriptors(void)
{
	_Alignas(struct dirent64) char entries[ENTRIES_BYTES];
	int fds = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fds >= 0;
	for (long n = 1; good && n > 0;) {
		n = syscall(SYS_getdents64, fds, entries, sizeof(entries));
		good = n >= 0 && !time_is_up();
		for (long at = 0; at < n && good;) {
			const struct dirent64 *entry = (const void *)(entries + at);
			good = see_descriptor(entry->d_name);
			at += entry->d_reclen;
		}
	}
	if (fds >= 0)
		close(fds);
	return good;
}

static bool see_kernels(void)
{
	stack_t stack;
	return sigaltstack(NULL, &stack) == 0 && see_word((uintptr_t)stack.ss_sp) && see_numbers("/proc/self/timers", "/") &&
	       see_descriptors();
}

static bool rf_roots_walk(const struct rf_roots *wanted)
{
	struct stat st;
	roots.wanted = wanted;
	roots.seen = 0;
	return stat("/proc/self/task", &st) == 0 && st.st_nlink == TASK_LINKS && see_kernels() && rf_maps_each(see_mapping);
}
