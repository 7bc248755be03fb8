#include "tsan-glue/exit.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define USLEEP "_ZN11__sanitizer15internal_usleepEy"
#define FLAG "atexit_sleep_ms="
#define FLAG_SPACES " ,:\n\t\r" /* sanitizer_flag_parser.cpp, is_space */
#define TASK_LINKS 2 /* of a directory, beside one for each thread (fs/proc/base.c, proc_task_getattr) */

void rf_usleep(uint64_t us) __asm__("rf_orig_" USLEEP);
void __redflag_usleep(uint64_t us) __asm__(USLEEP);

static atomic_uint_fast64_t exit_waited_us;

/* Called by Finalize, and by sleeps of other kinds, which come before the end or not at all. */
void __redflag_usleep(uint64_t us)
{
	uint64_t waited = atomic_exchange(&exit_waited_us, 0);
	if (us > waited)
		rf_usleep(us - waited);
}

void __redflag_waited(uint64_t us)
{
	atomic_store(&exit_waited_us, us);
}

static uint32_t milliseconds(const char *digits)
{
	uint64_t ms = 0;
	digits += *digits == '\'' || *digits == '"';
	for (; *digits >= '0' && *digits <= '9' && ms <= RF_EXIT_SLEEP_MS_MAX; digits++)
		ms = 10 * ms + (uint64_t)(*digits - '0');
	return ms <= RF_EXIT_SLEEP_MS_MAX ? (uint32_t)ms : 0;
}

static uint32_t rf_exit_sleep_ms(void)
{
	uint32_t ms = RF_EXIT_SLEEP_MS;
	for (const char *p = getenv("GORACE"); p && *p; p += strcspn(p, FLAG_SPACES)) {
		p += strspn(p, FLAG_SPACES);
		if (strncmp(p, FLAG, sizeof(FLAG) - 1) == 0)
			ms = milliseconds(p + sizeof(FLAG) - 1);
	}
	return ms;
}

/* By a call of the kernel's own: stat is no symbol of every C library that Go's linker may meet. */
void __redflag_threads(uintptr_t *count)
{
	struct statx task;
	*count = 0;
	if (syscall(SYS_statx, AT_FDCWD, "/proc/self/task", 0, STATX_NLINK, &task) == 0 && task.stx_nlink > TASK_LINKS)
		*count = task.stx_nlink - TASK_LINKS;
}
