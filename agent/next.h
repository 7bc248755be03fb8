/* The functions behind the hooks: what the program would have called without the agent (dlsym, RTLD_NEXT).
 *
 * Looked up at the first call of any of them, which may be earlier than every constructor. What dlsym itself allocates
 * meanwhile comes from a few pages that are never given back.
 */
#ifndef RF_AGENT_NEXT_H
#define RF_AGENT_NEXT_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#define RF_EXPORT __attribute__((visibility("default"))) /* of a hook: all else is hidden */
#define RF_SHORT RF_EXPORT __attribute__((aligned(32), section(".text.hot"))) /* a few instructions and a jump */

#define RF_NEXT_LIST(X)                                                                                                \
	X(void *, malloc, (size_t bytes))                                                                              \
	X(void *, calloc, (size_t count, size_t bytes))                                                                \
	X(void *, realloc, (void *block, size_t bytes))                                                                \
	X(void, free, (void *block))                                                                                   \
	X(void *, memalign, (size_t align, size_t bytes))                                                              \
	X(void *, aligned_alloc, (size_t align, size_t bytes))                                                         \
	X(int, posix_memalign, (void **block, size_t align, size_t bytes))                                             \
	X(size_t, malloc_usable_size, (void *block))                                                                   \
	X(int, sigaction, (int number, const struct sigaction *new, struct sigaction *old))                            \
	X(sighandler_t, signal, (int number, sighandler_t handler))                                                    \
	X(int, sigprocmask, (int how, const sigset_t *set, sigset_t *old))                                             \
	X(int, pthread_sigmask, (int how, const sigset_t *set, sigset_t *old))                                         \
	X(int, pthread_create, (pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)) \
	X(int, pthread_mutex_lock, (pthread_mutex_t *mutex))                                                           \
	X(int, pthread_mutex_trylock, (pthread_mutex_t *mutex))                                                        \
	X(void *, mmap, (void *at, size_t bytes, int protection, int flags, int fd, off_t offset))                     \
	X(int, munmap, (void *start, size_t bytes))                                                                    \
	X(void *, mremap, (void *start, size_t old_bytes, size_t bytes, int flags, ...))                               \
	X(int, dlclose, (void *library))                                                                               \
	X(void, exit, (int status))                                                                                    \
	X(void, _exit, (int status))                                                                                   \
	X(int, __libc_start_main, (int (*program)(int, char **, char **), int count, char **arguments, void (*init)(void), \
				   void (*fini)(void), void (*loader_fini)(void), void *stack_end))                    \
	X(ssize_t, read, (int fd, void *to, size_t bytes))                                                             \
	X(ssize_t, pread, (int fd, void *to, size_t bytes, off_t at))                                                  \
	X(ssize_t, pread64, (int fd, void *to, size_t bytes, off64_t at))                                              \
	X(ssize_t, readv, (int fd, const struct iovec *to, int count))                                                 \
	X(ssize_t, recv, (int fd, void *to, size_t bytes, int flags))                                                  \
	X(ssize_t, recvfrom, (int fd, void *to, size_t bytes, int flags, struct sockaddr *from, socklen_t *len))       \
	X(ssize_t, write, (int fd, const void *from, size_t bytes))                                                    \
	X(ssize_t, pwrite, (int fd, const void *from, size_t bytes, off_t at))                                         \
	X(ssize_t, pwrite64, (int fd, const void *from, size_t bytes, off64_t at))                                     \
	X(ssize_t, writev, (int fd, const struct iovec *from, int count))                                              \
	X(ssize_t, send, (int fd, const void *from, size_t bytes, int flags))                                          \
	X(ssize_t, sendto, (int fd, const void *from, size_t bytes, int flags, const struct sockaddr *to, socklen_t len))

struct rf_next {
#define RF_NEXT_FIELD(result, name, arguments) result(*name) arguments;
	RF_NEXT_LIST(RF_NEXT_FIELD)
#undef RF_NEXT_FIELD
};

static struct rf_next rf_next; /* malloc, calloc, realloc and free can always be called; the others after rf_next_init */

/* Cheap once it was done. */
static inline void rf_next_init(void);
/* Of a block of those pages, which is at the start of one: how many bytes there are from it to their end; 0: it is none. */
static inline size_t rf_next_early_bytes(const void *block);
/* malloc is the C library's own: what it gives is freed by functions that we stand in front of. */
static bool rf_next_is_libc(void);

#endif
