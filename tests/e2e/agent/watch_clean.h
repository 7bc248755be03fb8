/* The neighbours of watch.c: they look like races, and are none. Included there. */
static void locked(int me)
{
	pthread_mutex_lock(&mutex);
	deposit(account, me);
	put_wide(me);
	memcpy(text, "under the lock, all of it, to the very end of the sentence", (size_t)(50 + going()));
	pthread_mutex_unlock(&mutex);
	think(50);
}

static atomic_flag spin = ATOMIC_FLAG_INIT;

static void spinning(int me)
{
	while (atomic_flag_test_and_set_explicit(&spin, memory_order_acquire))
		sched_yield();
	deposit(account, me);
	put_wide(me);
	atomic_flag_clear_explicit(&spin, memory_order_release);
	think(50);
}

static atomic_long atomics[4];
static _Atomic int small_atomics[4];
static _Atomic double real_atomic;

static void atomic(int me)
{
	long seen = atomic_load(&atomics[0]);
	atomic_fetch_add(&atomics[0], me);
	atomic_compare_exchange_strong(&atomics[1], &seen, me);
	atomic_store(&atomics[2], me);
	atomic_store_explicit(&atomics[3], seen, memory_order_release);
	atomic_exchange(&small_atomics[0], me);
	atomic_fetch_or_explicit(&small_atomics[1], me, memory_order_relaxed);
	atomic_fetch_xor(&small_atomics[1], 3);
	atomic_store_explicit(&small_atomics[2], atomic_load_explicit(&small_atomics[2], memory_order_relaxed) + 1, memory_order_relaxed);
	real_atomic = real_atomic + 1;
}

/* A sequence lock, whose reader copies what the writer may be writing, and looks afterwards. */
static atomic_uint sequence;

static void sequence_lock(int me)
{
	struct wide w;
	unsigned before;
	if (me == 0) {
		atomic_fetch_add_explicit(&sequence, 1, memory_order_acq_rel);
		put_wide(me);
		atomic_fetch_add_explicit(&sequence, 1, memory_order_release);
		think(30);
		return;
	}
	do {
		while ((before = atomic_load_explicit(&sequence, memory_order_acquire)) & 1)
			;
		memcpy(&w, &shared_wide, sizeof(w));
		atomic_thread_fence(memory_order_acquire);
	} while (going() && atomic_load_explicit(&sequence, memory_order_relaxed) != before);
	use(&w);
}

/* A new object is made and published; readers look at the newest. None is freed, since nobody knows when. */
static _Atomic(struct wide *) newest;

static void publish(int me)
{
	static int made;
	if (me) {
		const struct wide *w = atomic_load_explicit(&newest, memory_order_acquire);
		if (w)
			use(w);
	} else if (made++ < 1000000) {
		struct wide *w = malloc(sizeof(*w));
		memset(w, made, sizeof(*w) - (size_t)!going());
		w->words[1]++;
		atomic_store_explicit(&newest, w, memory_order_release);
		think(300);
	}
}

static _Thread_local struct wide of_thread;

static NOINLINE void fill(struct wide *w, long n)
{
	for (int i = 0; i < 6; i++)
		w->words[i] += n;
}

static void own(int me)
{
	struct wide on_stack = { { me } };
	fill(&on_stack, 1);
	fill(&of_thread, me);
	use(&on_stack);
	use(&of_thread);
}

/* Slots side by side, each a thread's. */
static long slots[THREADS_MAX];
static unsigned char small_slots[THREADS_MAX];

static NOINLINE void count_slot(int me)
{
	slots[me]++;
	small_slots[me]++;
}

static void neighbours(int me)
{
	count_slot(me);
	think(10);
}

/* Objects that go from one thread to the other through a queue. */
static struct wide *queue[8];
static unsigned queued;

static void hand_over(int me)
{
	struct wide *w = NULL;
	pthread_mutex_lock(&mutex);
	if (me % 2 == 0 && queued < 8) {
		pthread_mutex_unlock(&mutex);
		w = malloc(sizeof(*w));
		memset(w, me, sizeof(*w) - (size_t)!going());
		fill(w, me);
		pthread_mutex_lock(&mutex);
		if (queued < 8) {
			queue[queued++] = w;
			w = NULL;
		}
		pthread_cond_signal(&changed);
	} else if (me % 2 && queued) {
		w = queue[--queued];
	}
	pthread_mutex_unlock(&mutex);
	if (w) {
		fill(w, 1);
		use(w);
		free(w);
	}
}

/* One writes, one reads, and two numbers say who may where. */
static struct wide ring[16];
static atomic_uint ring_head, ring_tail;

static void single_ring(int me)
{
	unsigned head = atomic_load_explicit(&ring_head, memory_order_acquire);
	unsigned tail = atomic_load_explicit(&ring_tail, memory_order_acquire);
	if (me == 0 && head - tail < 16) {
		fill(&ring[head % 16], head);
		atomic_store_explicit(&ring_head, head + 1, memory_order_release);
	} else if (me == 1 && head != tail) {
		fill(&ring[tail % 16], 1);
		use(&ring[tail % 16]);
		atomic_store_explicit(&ring_tail, tail + 1, memory_order_release);
	}
}

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

static void read_write_lock(int me)
{
	if (me == 0) {
		pthread_rwlock_wrlock(&rwlock);
		put_wide(me);
		deposit(account, 1);
		pthread_rwlock_unlock(&rwlock);
		think(200);
	} else {
		pthread_rwlock_rdlock(&rwlock);
		atomic_fetch_add(&checksum, read_wide());
		pthread_rwlock_unlock(&rwlock);
	}
}

static sem_t semaphore;

/* Even rounds are the one's, odd ones the other's. */
static void turns(int me)
{
	static atomic_int turn;
	if (atomic_load_explicit(&turn, memory_order_acquire) % 2 == me % 2) {
		deposit(account, 1);
		put_wide(me);
		atomic_fetch_add_explicit(&turn, 1, memory_order_release);
	}
}

static void by_semaphore(int me)
{
	sem_wait(&semaphore);
	deposit(account, me);
	put_wide(me);
	sem_post(&semaphore);
}

static void *visit(void *object)
{
	fill(object, 1);
	return NULL;
}

/* Threads that come and go with an object. */
static void short_lived(int me)
{
	struct wide *w = calloc(1, sizeof(*w));
	pthread_t t;
	for (int i = 0; i < 3; i++) {
		fill(w, me);
		if (pthread_create(&t, NULL, visit, w) == 0)
			pthread_join(t, NULL);
	}
	use(w);
	free(w);
}

/* The allocator gives what another thread has given back. */
static void recycled(int me)
{
	char *blocks[8];
	for (int i = 0; i < 8; i++) {
		blocks[i] = malloc(32u + 64u * (unsigned)i);
		memset(blocks[i], me, 32u + 64u * (unsigned)i - (unsigned)!going());
		blocks[i][0]++;
	}
	for (int i = 0; i < 8; i++)
		free(blocks[i]);
}

static void printed(int me)
{
	static FILE *to;
	pthread_mutex_lock(&mutex);
	if (!to)
		to = fopen("/dev/null", "w");
	pthread_mutex_unlock(&mutex);
	fprintf(to, "the thread %d says something that is longer than a word\n", me);
}
