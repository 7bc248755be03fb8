/* Runs a command to its end and prints what it took: "WALL_S CPU_S PEAK_KIB STATUS" on standard output, where CPU is user
 * and system time of it and of what it waited for, and PEAK the largest resident size among them.
 *
 *	measure INPUT OUTPUT COMMAND [ARGUMENT...]     standard input and output of the command; its standard error is ours
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static int run(char **argv)
{
	int in = open(argv[1], O_RDONLY), out = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (in < 0 || out < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0) {
		perror("measure");
		return 127;
	}
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 127;
}

int main(int argc, char **argv)
{
	struct timespec before, after;
	struct rusage use;
	int status;
	if (argc < 4) {
		fprintf(stderr, "usage: measure INPUT OUTPUT COMMAND [ARGUMENT...]\n");
		return 2;
	}
	clock_gettime(CLOCK_MONOTONIC, &before);
	pid_t child = fork();
	if (child == 0)
		_exit(run(argv));
	if (child < 0 || wait4(child, &status, 0, &use) < 0) {
		perror("measure");
		return 1;
	}
	clock_gettime(CLOCK_MONOTONIC, &after);
	double wall = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
	printf("%.3f %.6f %ld %d\n", wall, seconds(use.ru_utime) + seconds(use.ru_stime), use.ru_maxrss,
	       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
