/* What Go's runtime hands to the glue, and the other way round. The Go half is runtime/redflag_race.go (in
 * runtime-patch/go/); both sides change together, with RF_ABI_VERSION.
 *
 * Every __redflag_* function is called through runtime.racecall: on the g0 stack of the calling M (a pthread's stack,
 * since race builds link cgo; gsignal's 32 KiB in a signal handler), preemption impossible, ThreadSanitizer not on the
 * stack. They may lock (lock.h), may not call ThreadSanitizer, and return nothing: answers go through pointers.
 */
#ifndef RF_RUNTIME_ABI_H
#define RF_RUNTIME_ABI_H

#include <stddef.h>
#include <stdint.h>

#define RF_ABI_VERSION 22

struct rf_go_string {
	const char *ptr;
	uintptr_t len;
};

struct rf_go_label {
	struct rf_go_string key, value;
};

/* Answers of __redflag_init, kept by the runtime. */
enum rf_retained { RF_RETAINED_SYNC_MAP = 1, RF_RETAINED_ALL };

struct rf_settings {
	uintptr_t exact;    /* races are charged to the owning test */
	uintptr_t allocs;   /* allocation sites are wanted */
	uintptr_t parallel; /* what testing does between tests orders nothing */
	uintptr_t mapkeys;  /* bytes of string keys are checked */
	uintptr_t clears;   /* clear(slice) is checked */
	uintptr_t pool;     /* objects in a sync.Pool count as freed */
	uintptr_t finalizers; /* so do objects whose finalizer has run */
	uintptr_t gc;       /* what the collector frees is marked and kept for a cycle */
	uintptr_t shadow;   /* where the shadow of address 0 would be */
	uintptr_t growth;   /* what only grows is sampled */
	uintptr_t channels; /* findings of channels are wanted */
	uintptr_t cgo;      /* C memory is watched: where it begins; 0 it isn't */
	uintptr_t cgo_bytes;
	uintptr_t resurrection; /* so are objects that their finalizer keeps */
	uintptr_t cleanups; /* and finalizers and cleanups that keep their own object alive */
	uintptr_t leaks;    /* goroutines that are blocked for good are */
	uintptr_t retained; /* whose deletes are watched: enum rf_retained */
	uintptr_t lost;     /* so are channels that are closed with elements in their buffers */
	uintptr_t aliases;  /* arrays behind objects in a sync.Pool count as freed */
	uintptr_t fast;     /* which short cuts into the detector are taken: RF_LAYOUT_FAST */
	uintptr_t backlog;  /* seconds that a finalizer may have others wait for; 0 any time */
	uintptr_t exitwait; /* ms that the runtime waits at the end for what still runs; 0 the detector's sleep stays */
	uintptr_t exitleaks; /* goroutines that are blocked for good are looked for at the end of a program */
	uintptr_t views;    /* sections of locks are told, and accesses come to the glue first */
};

#define RF_RING_ENTRIES 64u

struct rf_ring_entry {
	int64_t ticks;
	uint64_t from, to;
	uint32_t m, reason;
};

struct rf_ring { /* one a P */
	uint32_t pos, unused;
	uintptr_t last;
	uint64_t last_goid;
	struct rf_ring_entry entries[RF_RING_ENTRIES];
};

enum rf_reason { /* behind Go's own wait reasons */
	RF_REASON_UNKNOWN = 1000,
	RF_REASON_PREEMPTED,
	RF_REASON_SYSCALL,
	RF_REASON_EXITED,
	RF_REASON_MOVED
};

#define RF_ALLOC_FRAMES 3u

#define RF_ALLOC_ADDRESS_SHIFT 24u

/* Half a cache line: every object writes one. */
struct rf_alloc_row {
	uint64_t key;                  /* the address, above bits that are the runtime's own: it is asked by RF_COMMAND_TYPE */
	uint32_t type, size;           /* the runtime's own, too */
	uint32_t goid;                 /* its low half */
	uint32_t pcs[RF_ALLOC_FRAMES]; /* return addresses behind the start of Go's code, innermost first; 0 none */
};
_Static_assert(sizeof(struct rf_alloc_row) == 32, "as rfAllocSite has it");

struct rf_alloc_site { /* what the glue makes of it, and of C memory */
	uintptr_t address;
	uint64_t goid;
	uintptr_t pcs[RF_ALLOC_FRAMES];
};

/* A collection: row cycle % cycle_count. Written while the world is stopped. */
struct rf_cycle {
	uint32_t cycle, forced; /* forced: runtime.GC was called */
	int64_t unix_ns;        /* when sweeping began */
};

struct rf_start {
	uintptr_t abi_version;
	void (*callback)(uintptr_t command, void *context); /* runtime.racecallbackthunk */
	uintptr_t text, etext;
	const struct rf_go_string *reasons;
	uintptr_t reason_count;
	const struct rf_ring *rings;
	uintptr_t ring_count;
	const struct rf_alloc_row *allocs;
	uintptr_t alloc_count; /* a power of two */
	const uint64_t *goids; /* no goroutine has a greater number than this */
	const struct rf_cycle *cycles;
	uintptr_t cycle_count;
	int64_t ticks;
	struct rf_go_string modinfo; /* build information, between two marks of 16 bytes */
	struct rf_go_string version;
	struct rf_settings *settings;
};

struct rf_goroutine_start {
	uintptr_t thread; /* ThreadState */
	uint64_t goid, parent_goid;
	uintptr_t g, entry, creator;
	uint32_t parent_slot, owner;
	uint32_t *slot; /* answer: the number the runtime gives back; 0 not registered */
};

enum rf_command { /* for rf_start.callback */
	RF_COMMAND_FUNCTION = 1000,
	RF_COMMAND_GOROUTINE = 1001,
	RF_COMMAND_MEMORY = 1002,
	RF_COMMAND_TYPE = 1003,
	RF_COMMAND_GOT = 1004
};

struct rf_function_query {
	uintptr_t pc;
	uintptr_t entry;     /* 0: no function there */
	uintptr_t arguments; /* bytes; UINTPTR_MAX unknown */
	const char *name;
};

struct rf_goroutine_query {
	uintptr_t g;
	uint64_t goid;
	uintptr_t reason; /* enum rf_reason or a wait reason */
	struct rf_go_label *labels;
	uintptr_t label_count, label_capacity;
};

enum rf_memory_kind {
	RF_MEMORY_KIND_UNKNOWN,
	RF_MEMORY_KIND_HEAP,
	RF_MEMORY_KIND_GLOBAL
};

struct rf_memory_query {
	uintptr_t address;
	uintptr_t kind;        /* enum rf_memory_kind */
	uintptr_t start, size; /* of the heap block */
	uintptr_t object;      /* where the object in it begins */
};

struct rf_text { /* room of whoever asks; what doesn't fit is cut */
	char *ptr;
	uintptr_t bytes, bytes_max;
};

struct rf_type_query { /* what is at an address */
	uintptr_t address;
	uintptr_t object;     /* where its object begins */
	uintptr_t kind;       /* reflect.Kind; 0 unknown */
	uintptr_t in_context; /* the object was given to context.WithValue */
	struct rf_text path;  /* the object's type and the field */
	struct rf_text type;
};

#define RF_BRIEF_FRAMES 12u

struct rf_got_query { /* who got an object of a sync.Pool last */
	uintptr_t address; /* in the object */
	uintptr_t object;  /* answer; 0: that isn't known */
	uint64_t goid;
	uintptr_t slot;
	uintptr_t pcs[RF_BRIEF_FRAMES]; /* return addresses, innermost first; a 0 ends them */
};

/* What there is of everything that only grows in a process that leaks; read while it changes. */
struct rf_sample {
	int64_t elapsed_ns; /* since the runtime's start */
	uint64_t goroutines, threads, timers;
	uint64_t blocked_send, blocked_receive, blocked_select, blocked_lock; /* goroutines */
	uint64_t heap_live, heap_in_use, stacks, go_mapped;                   /* bytes */
	uint64_t itabs, reflected, modules;
	int64_t memory_limit; /* GOMEMLIMIT; INT64_MAX none */
	uint64_t queued;      /* elements in the buffers of channels */
};

/* Where goroutines that live were started, and what they wait for; or where channels were made whose buffers hold `live` elements.
 * Addresses, not pointers: see redflag_growth_race.go. */
struct rf_origin {
	uintptr_t pc;
	uintptr_t waiting; /* enum rf_reason or a wait reason */
	uintptr_t live;
	uintptr_t function, function_bytes, file, file_bytes, line;
};

#define RF_FINDING_SIDES_MAX 4u

struct rf_finding_side {
	uintptr_t action; /* enum rf_spool_action */
	uint64_t goid;    /* 0 unknown */
	uintptr_t slot;   /* of its row, 0 unknown; a row that is another goroutine's by now is passed over */
	const uintptr_t *pcs; /* return addresses, innermost first; a 0 ends them */
	uintptr_t pc_count;
	uintptr_t address; /* 0: that of the finding */
	uintptr_t write;   /* not 0: without an action it is a write */
};

/* What Go's runtime found by itself; finding.h. */
struct rf_finding {
	uintptr_t kind;   /* enum rf_spool_kind */
	uintptr_t address, bytes;
	uintptr_t quiet;  /* not 0: nothing fails for it */
	uintptr_t side_count;
	struct rf_finding_side sides[RF_FINDING_SIDES_MAX];
	struct rf_go_string detail; /* a sentence without a full stop; may be empty */
};

void __redflag_init(const struct rf_start *start);
void __redflag_goroutine_start(const struct rf_goroutine_start *start);
void __redflag_goroutine_end(uintptr_t slot, const struct rf_go_label *labels, uintptr_t label_count);
void __redflag_exit(void);
/* name NULL: only sets the goroutine's owner to *id. Otherwise *id is the test's number, made when it is 0. */
void __redflag_test_start(uintptr_t slot, const char *name, uintptr_t name_bytes, uint32_t *id);
void __redflag_test_take(uintptr_t id, uint32_t *charges);
void __redflag_test_end(uintptr_t id, uint32_t *done);
/* Answer: *name_bytes -1 when there is none; *over: the test had ended before the race. */
void __redflag_test_leftover(char *name, uintptr_t name_bytes_max, intptr_t *name_bytes, uintptr_t *over);

/* Called by sysmon too, which has no goroutine: nothing here may ask the runtime (rf_start.callback returns to one).
 * Behind the origins of goroutines are those of channels. None of either: they were not looked at this time. */
void __redflag_sample(const struct rf_sample *sample, const struct rf_origin *origins, uintptr_t origin_count, uintptr_t queue_count);
/* Calls ThreadSanitizer's lock of reports. */
void __redflag_finding(const struct rf_finding *finding);

/* Answer: *bytes of the name of the package variable that holds the address; 0: unknown. No lock. */
void __redflag_global_name(uintptr_t address, char *name, uintptr_t bytes_max, uintptr_t *bytes);

/* These two do call ThreadSanitizer, and take no lock of the glue. pc: inside sync.(*Pool).Put. */
void __redflag_pool_put(uintptr_t thread, uintptr_t pc, uintptr_t address, uintptr_t bytes);
void __redflag_pool_get(uintptr_t address, uintptr_t bytes);

struct rf_alias {
	uintptr_t pc;             /* inside sync.(*Pool).Put, another one than that of __redflag_pool_put */
	uintptr_t array, bytes;   /* that is the object's own */
	uintptr_t object, extent; /* as __redflag_pool_put has marked it */
};

/* So do these. */
void __redflag_pool_alias(uintptr_t thread, const struct rf_alias *alias);
void __redflag_pool_unalias(uintptr_t array, uintptr_t bytes);

struct rf_finalized {
	uintptr_t function; /* pc in the finalizer */
	uintptr_t marker;   /* pc in runtime.runFinalizers */
	uintptr_t address, bytes;
};

/* So do these. A finalizer has returned. */
void __redflag_finalized(uintptr_t thread, const struct rf_finalized *object);
/* The object at `address` has a finalizer or a cleanup again: its block loses its marks, if it has any, which is the
 * answer. */
void __redflag_finalizer_again(uintptr_t address, uintptr_t block, uintptr_t bytes, uint32_t *again);

/* Sections of sync.Mutex and sync.RWMutex (views.h): the lock is about to be taken, was taken, is about to be given back, was given
 * back; the goroutine is over. The last tells what there is to tell of goroutines that go on. */
struct rf_view_section {
	uintptr_t thread, lock;
	uint64_t goid;
	uintptr_t slot;
	uintptr_t waits;  /* how often the goroutine has waited for anything but a lock */
	uintptr_t shared; /* not 0: with others that read */
	const uintptr_t *stack; /* of the goroutine: its bounds, which change */
};
void __redflag_view_wanted(uintptr_t thread, uintptr_t lock);
void __redflag_view_taken(const struct rf_view_section *section);
void __redflag_view_given(const struct rf_view_section *section);
void __redflag_view_gone(uintptr_t thread, uintptr_t lock);
void __redflag_view_over(uintptr_t thread);
void __redflag_view_flush(void);
/* Memory of the heap is handed out. No lock. */
void __redflag_view_malloc(uintptr_t address, uintptr_t bytes);

/* In the place of __tsan_read and so on, which they call. */
void __redflag_view_read(uintptr_t thread, uintptr_t address, uintptr_t pc);
void __redflag_view_write(uintptr_t thread, uintptr_t address, uintptr_t pc);
void __redflag_view_read_pc(uintptr_t thread, uintptr_t address, uintptr_t caller, uintptr_t pc);
void __redflag_view_write_pc(uintptr_t thread, uintptr_t address, uintptr_t caller, uintptr_t pc);
void __redflag_view_read_range(uintptr_t thread, uintptr_t address, uintptr_t bytes, uintptr_t pc);
void __redflag_view_write_range(uintptr_t thread, uintptr_t address, uintptr_t bytes, uintptr_t pc);

/* A call of C begins and is back. stack: its bounds. fp: of the function that cgocall calls. *call: NULL, or a struct
 * rf_cgo_call_head, with the return addresses that it counts behind it. The second calls ThreadSanitizer. pc: inside cgocall. */
struct rf_cgo_call_head {
	uint32_t events; /* not 0: there is something to tell */
	uint32_t frames; /* the detector doesn't know of: 0 to 2, innermost first */
	uintptr_t function; /* of C, which cgo made: the runtime fills it in */
};
void __redflag_cgo_enter(uintptr_t goid, const uintptr_t *stack, uintptr_t fp, void **call);
void __redflag_cgo_leave(void *call, uintptr_t thread, uintptr_t pc);

/* C memory that nothing points to, at the end. While the world is stopped: BEGIN; start: a word for the answer, 0 when that
 * can't be told now. SKIP for each thread of Go: its stack and its number. SEE for each piece of Go's memory. FINISH:
 * the word gets the number of places, or RF_CGO_LEAKS_UNKNOWN; then, with the world going on, __redflag_cgo_leak for each of them. */
#define RF_CGO_LEAKS_UNKNOWN UINTPTR_MAX
enum rf_cgo_leaks_step {
	RF_CGO_LEAKS_BEGIN,
	RF_CGO_LEAKS_SKIP,
	RF_CGO_LEAKS_SEE,
	RF_CGO_LEAKS_FINISH
};
void __redflag_cgo_leaks(uintptr_t step, uintptr_t start, uintptr_t end, uintptr_t thread);
void __redflag_cgo_leak(uintptr_t i);

#endif
