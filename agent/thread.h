/* What the agent keeps of each thread, and who is inside the agent.
 *
 * In static TLS (a preloaded library always gets room there), so that nothing is allocated at a thread's first access.
 * All zero is the start: the first allocation of a thread goes the long way and draws its distances.
 */
#ifndef RF_AGENT_THREAD_H
#define RF_AGENT_THREAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define RF_ORIGIN_FRAMES 8u

/* Who started a thread: hooks_thread.c. */
struct rf_thread_origin {
	uint32_t tid;   /* 0: not known */
	uint32_t count;
	uintptr_t pcs[RF_ORIGIN_FRAMES];
};

struct rf_thread {
	uint64_t left;         /* until an allocation is looked at (countdown.h) */
	uint64_t left_from;    /* what that was when these two were true */
	uint64_t sample_left;  /* until the one that is sampled */
	uint64_t guard_left;   /* until the one that is guarded */
	uint64_t guard_after;  /* time stamp: not before it is a further allocation guarded */
	uint64_t guard_cost;   /* what it took, of the same clock */
	int64_t io_left;       /* calls until the one that is measured (io.h); 0: not drawn yet */
	int64_t counters_left; /* so for counters.h */
	uint64_t wait_left;    /* nanoseconds of waiting for mutexes until the wait that is sampled */
	struct rf_thread_events *events; /* the rings of this thread (events.h); NULL: none */
	uint64_t random;       /* state of rf_random; never 0 once it was used */
	uint32_t tid;          /* 0: not asked for yet */
	uint32_t generation;   /* of the settings that the distances above were drawn by */
	bool forking;          /* it entered to fork */
	uint32_t inside;       /* the agent itself is at work: what it calls, and what interrupts it, passes by */
	int cancel_state;      /* the program's, while inside */
	uint32_t blocked;      /* signals of ours that the program thinks it has blocked in this thread (signals.c), a bit each */
	struct rf_thread_origin origin;
};

static __thread struct rf_thread rf_me __attribute__((tls_model("initial-exec")));

static uint32_t rf_tid(void);
/* xorshift64*: https://doi.org/10.18637/jss.v072.i06 */
static uint64_t rf_random(void);

/* False: this thread is inside already. errno is the caller's to keep. Inside, a thread isn't cancelled: what it has
 * locked would stay so. */
static inline bool rf_enter(void)
{
	if (rf_me.inside)
		return false;
	rf_me.inside = 1;
	atomic_signal_fence(memory_order_seq_cst);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &rf_me.cancel_state);
	return true;
}

static inline void rf_leave(void)
{
	pthread_setcancelstate(rf_me.cancel_state, NULL);
	atomic_signal_fence(memory_order_seq_cst);
	rf_me.inside = 0;
}

#endif
