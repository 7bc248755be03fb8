#include "session/worker.h"

#include <signal.h>
#include <stddef.h>

void rf_worker_init(struct rf_worker *w, bool threaded)
{
	*w = (struct rf_worker){ .wanted = threaded };
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
}

static void *work(void *context)
{
	struct rf_worker *w = context;
	pthread_mutex_lock(&w->lock);
	while (!w->ends || w->job) {
		if (!w->job) {
			pthread_cond_wait(&w->changed, &w->lock);
			continue;
		}
		pthread_mutex_unlock(&w->lock);
		w->job(w->context);
		pthread_mutex_lock(&w->lock);
		w->job = NULL;
		pthread_cond_broadcast(&w->changed);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* The signals of this process are for whoever reads the stream. */
static bool make_thread(struct rf_worker *w)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	w->running = pthread_create(&w->thread, NULL, work, w) == 0;
	w->wanted = w->running;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return w->running;
}

void rf_worker_start(struct rf_worker *w, void (*job)(void *context), void *context)
{
	if (!w->wanted || (!w->running && !make_thread(w))) {
		job(context);
		return;
	}
	rf_worker_wait(w);
	pthread_mutex_lock(&w->lock);
	w->job = job;
	w->context = context;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

bool rf_worker_done(struct rf_worker *w)
{
	if (!w->running)
		return true;
	pthread_mutex_lock(&w->lock);
	bool done = !w->job;
	pthread_mutex_unlock(&w->lock);
	return done;
}

void rf_worker_wait(struct rf_worker *w)
{
	if (!w->running)
		return;
	pthread_mutex_lock(&w->lock);
	while (w->job)
		pthread_cond_wait(&w->changed, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

void rf_worker_release(struct rf_worker *w)
{
	if (w->running) {
		pthread_mutex_lock(&w->lock);
		w->ends = true;
		pthread_cond_broadcast(&w->changed);
		pthread_mutex_unlock(&w->lock);
		pthread_join(w->thread, NULL);
	}
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
}
