/* A thread that does one job at a time for another one: what the reading of a stream hands over to be stored. Internal to
 * store/.
 *
 *	init -> (start -> done or wait)* -> release
 *
 * One owner calls all of these; the job alone runs in the thread, and what it touches is the job's from start to wait (or to a
 * done that says true). Where no thread can be made, or none is wanted, start does the job before it returns. The thread
 * is made by the first start and takes no signals.
 */
#ifndef RF_SESSION_WORKER_H
#define RF_SESSION_WORKER_H

#include <pthread.h>
#include <stdbool.h>

struct rf_worker {
	pthread_t thread;
	pthread_mutex_t lock;   /* of what follows */
	pthread_cond_t changed;
	void (*job)(void *context); /* NULL: none, or it is done */
	void *context;
	bool wanted, running, ends;
};

/* `threaded` false: no thread is ever made. */
void rf_worker_init(struct rf_worker *w, bool threaded);
void rf_worker_release(struct rf_worker *w); /* waits */
/* Waits for the job before, if that isn't done. */
void rf_worker_start(struct rf_worker *w, void (*job)(void *context), void *context);
/* Is no job at work? */
bool rf_worker_done(struct rf_worker *w);
void rf_worker_wait(struct rf_worker *w);

#endif
