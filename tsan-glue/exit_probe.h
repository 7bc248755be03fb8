/* Part of the probe: the detector's end sleeps by the function that exit.c stands in for, before it asks OnFinalize. A child
 * process is made that ends, since nobody comes back from there. */
#ifndef RF_EXIT_PROBE_H
#define RF_EXIT_PROBE_H

#include <sys/wait.h>

#define EXIT_OURS 77 /* a status that nobody else exits with */

void __tsan_fini(void);

static bool is_ending;

static void exit_finalize(void)
{
	if (is_ending)
		_exit(atomic_load(&exit_waited_us) == 0 ? EXIT_OURS : 0);
}

static bool exit_works(void)
{
	int status;
	pid_t child = fork();
	if (child == 0) {
		is_ending = true;
		__redflag_waited(UINT64_MAX);
		__tsan_fini();
		_exit(0);
	}
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_OURS;
}

#endif
