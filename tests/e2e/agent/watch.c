/* Programs for the watchpoints: `watch CASE SECONDS`. Names that begin with "racy" have a race, the others look like one and have
 * none. Without arguments: the names. */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 4
#define NOINLINE __attribute__((noinline))

struct wide {
	long words[6];
};

static atomic_int over;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static atomic_long checksum; /* so that no read is in vain */

static int going(void)
{
	return !atomic_load_explicit(&over, memory_order_relaxed);
}

static NOINLINE void use(const struct wide *w)
{
	atomic_fetch_add_explicit(&checksum, w->words[0] + w->words[5], memory_order_relaxed);
}

static NOINLINE void think(int rounds)
{
	for (volatile int i = 0; i < rounds; i++)
		;
}

/* --- races --------------------------------------------------------------------------------------------------------- */

static long counter;

static NOINLINE void count(void)
{
	counter++;
}

static void racy_counter(int me)
{
	(void)me;
	count();
	think(50);
}

static struct {
	unsigned a : 3, b : 5;
} bits;

static NOINLINE void set_bits(int me)
{
	if (me)
		bits.a++;
	else
		bits.b++;
}

static NOINLINE void flip(unsigned char *byte, unsigned char mask)
{
	*byte ^= mask;
}

static unsigned char flags;

static void racy_flags(int me)
{
	set_bits(me);
	flip(&flags, (unsigned char)(1 << me));
	think(50);
}

static struct wide shared_wide;

static NOINLINE void put_wide(long n)
{
	const struct wide w = { { n, n, n, n, n, n } };
	shared_wide = w;
}

static void racy_struct(int me)
{
	put_wide(me);
	think(50);
}

static NOINLINE long read_wide(void)
{
	return shared_wide.words[0] + shared_wide.words[1] + shared_wide.words[2] + shared_wide.words[3] + shared_wide.words[4] +
	       shared_wide.words[5];
}

static void racy_reader(int me)
{
	if (me)
		put_wide(me);
	else
		atomic_fetch_add(&checksum, read_wide());
	think(20);
}

static char *text;

static void racy_copy(int me)
{
	static const char words[2][96] = { "what the one has to say, which is rather long", "what the other one has" };
	memcpy(text, words[me & 1], (size_t)(64 + (going() ? 16 : 0)));
	think(50);
}

static void racy_clear(int me)
{
	if (me)
		memset(text, me, (size_t)(100 + going()));
	else
		memcpy(text + 8, text + 200, (size_t)(60 + going()));
	think(50);
}

struct account {
	long id, balance, moves;
};

static struct account *account;

static NOINLINE void deposit(struct account *a, long amount)
{
	a->balance += amount;
	a->moves++;
}

static void racy_half_locked(int me)
{
	if (me)
		pthread_mutex_lock(&mutex);
	deposit(account, me);
	if (me)
		pthread_mutex_unlock(&mutex);
	think(80);
}

static int *references;

static NOINLINE void take_reference(void)
{
	++*references;
}

static NOINLINE void drop_reference(void)
{
	--*references;
}

static void racy_references(int me)
{
	(void)me;
	take_reference();
	think(40);
	drop_reference();
}

static unsigned histogram[16];

static NOINLINE void note(unsigned value)
{
	histogram[value % 4] += value;
}

static void racy_table(int me)
{
	static _Thread_local unsigned x;
	note(x++ + (unsigned)me);
	think(30);
}

static pthread_mutex_t mutexes[2] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER };

static void racy_two_mutexes(int me)
{
	pthread_mutex_lock(&mutexes[me & 1]);
	deposit(account, 1);
	pthread_mutex_unlock(&mutexes[me & 1]);
	think(40);
}

#include "watch_clean.h"

static const struct {
	const char *name;
	void (*round)(int me);
	int threads;
} cases[] = {
	{ "racy-counter", racy_counter, 2 },
	{ "racy-flags", racy_flags, 2 },
	{ "racy-struct", racy_struct, 2 },
	{ "racy-reader", racy_reader, 2 },
	{ "racy-copy", racy_copy, 2 },
	{ "racy-clear", racy_clear, 2 },
	{ "racy-half-locked", racy_half_locked, 3 },
	{ "racy-references", racy_references, 4 },
	{ "racy-table", racy_table, 3 },
	{ "racy-two-mutexes", racy_two_mutexes, 2 },
	{ "mutex", locked, 3 },
	{ "spin-lock", spinning, 2 },
	{ "atomics", atomic, 3 },
	{ "sequence-lock", sequence_lock, 3 },
	{ "publish", publish, 3 },
	{ "own", own, 3 },
	{ "neighbours", neighbours, 4 },
	{ "hand-over", hand_over, 4 },
	{ "single-ring", single_ring, 2 },
	{ "read-write-lock", read_write_lock, 3 },
	{ "turns", turns, 2 },
	{ "semaphore", by_semaphore, 3 },
	{ "short-lived", short_lived, 2 },
	{ "recycled", recycled, 3 },
	{ "printed", printed, 2 },
};

static void (*chosen)(int me);

static void *run(void *number)
{
	while (going())
		chosen((int)(intptr_t)number);
	return NULL;
}

int main(int count_of, char **words)
{
	pthread_t threads[THREADS_MAX];
	int count = 0;
	text = calloc(1, 512);
	account = calloc(1, sizeof(*account));
	references = calloc(1, sizeof(*references));
	sem_init(&semaphore, 0, 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (count_of < 3) {
			puts(cases[i].name);
		} else if (strcmp(words[1], cases[i].name) == 0) {
			chosen = cases[i].round;
			count = cases[i].threads;
		}
	}
	for (int i = 0; i < count; i++)
		pthread_create(&threads[i], NULL, run, (void *)(intptr_t)i);
	if (count)
		usleep((useconds_t)(1e6 * strtod(words[2], NULL)));
	atomic_store(&over, 1);
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	return count_of >= 3 && !count;
}
