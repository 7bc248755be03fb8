/* main of a program of cases: without an argument it names them, with one it runs that one and ends with 0. */
#ifndef AGENT_CASES_H
#define AGENT_CASES_H

#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct agent_case {
	const char *name;
	void (*run)(void);
};

/* Runs a function in a thread of its own, until it has ended. */
static void *in_thread(void *(*body)(void *), void *argument)
{
	pthread_t t;
	void *result = NULL;
	if (pthread_create(&t, NULL, body, argument) == 0)
		pthread_join(t, &result);
	return result;
}

static int run_cases(const struct agent_case *cases, size_t count, int argc, char **argv)
{
	for (size_t i = 0; i < count; i++) {
		if (argc == 1)
			puts(cases[i].name);
		else if (strcmp(argv[1], cases[i].name) == 0)
			return cases[i].run(), 0;
	}
	return argc != 1;
}

#endif
