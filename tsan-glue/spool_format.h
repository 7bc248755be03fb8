/* The spool file: what the observed process leaves for the reporter. This header is the whole format; the glue
 * (tsan-glue/spool.c) writes it and the reporter (reporter/read/spool_read.c) reads it.
 *
 * One file a process, <dir>/rf-<pid>-<start time in hex>.spool. All numbers are little-endian and fixed-width;
 * there are no pointers. The file is one struct rf_spool_file_header, then records, each at a multiple of 8 bytes.
 *
 * A record is a struct rf_spool_record followed by its payload. `length` counts the record header and the payload
 * (not the padding to 8) and is stored last, so a record that was being written when the process was killed has
 * length 0 and ends the file. `crc` is CRC-32C (Castagnoli, reflected, start and final xor 0xffffffff) over the
 * whole record with `crc` and `length` taken as 0. File space behind the last record is zero.
 *
 * A string or array in a payload is a struct rf_spool_ref: offset from the start of the record header, and length
 * in bytes. Strings are not NUL-terminated; any byte may occur. A reader checks every ref against `length`.
 *
 * Rules for readers: refuse a newer major version; skip unknown record types by length. A struct never changes
 * inside a major version: new data comes as new record types, each with a new minor version. On a bad crc skip the record if its length is
 * plausible (at least sizeof(struct rf_spool_record), at most RF_SPOOL_RECORD_BYTES_MAX, inside the file), give up
 * the rest if it isn't, and say how many bytes were dropped.
 */
#ifndef RF_SPOOL_FORMAT_H
#define RF_SPOOL_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define RF_SPOOL_MAGIC "RFSPOOL\n" /* 8 bytes, no NUL */
#define RF_SPOOL_VERSION_MAJOR 1
#define RF_SPOOL_VERSION_MINOR 3 /* 1: objects, samples and origins; 2: modules and profiles, kinds of the agent; 3: queues */
#define RF_SPOOL_FILE_BYTES_MAX ((uint64_t)256 << 20) /* a full spool drops records and counts them */
#define RF_SPOOL_RECORD_BYTES_MAX ((uint32_t)1 << 20)
#define RF_SPOOL_SUFFIX ".spool"

struct rf_spool_file_header {
	char magic[8];
	uint16_t version_major, version_minor;
	uint32_t header_bytes;      /* sizeof this struct; records start here */
	uint8_t spool_id[16];       /* random; identifies the process for good */
	uint64_t start_unix_ns;     /* when the process opened the file */
	uint32_t pid;
	uint32_t finished;          /* 1 after an orderly end (OnFinalize), 0 while running or after a kill */
	uint64_t reserved[2];
};

struct rf_spool_ref {
	uint32_t offset, length; /* bytes, from the start of the record header */
};

enum rf_spool_type {
	RF_SPOOL_PROCESS = 1,   /* struct rf_spool_process: once, first */
	RF_SPOOL_SYMBOL = 2,    /* struct rf_spool_symbol: before its first use */
	RF_SPOOL_REPORT = 3,    /* struct rf_spool_report */
	RF_SPOOL_COUNTERS = 4,  /* struct rf_spool_counters: at the end, and after a drop; the last one counts */
	RF_SPOOL_OBJECT = 5,    /* struct rf_spool_object: just before the report that it belongs to */
	RF_SPOOL_SAMPLE = 6,    /* struct rf_spool_sample: from time to time, and at the end */
	RF_SPOOL_ORIGINS = 7,   /* struct rf_spool_origins: with some of the samples; the last one counts */
	RF_SPOOL_DETAIL = 8,    /* struct rf_spool_detail: before the report that it is about */
	RF_SPOOL_MODULE = 9,    /* struct rf_spool_module: before the first record with an address in it */
	RF_SPOOL_PROFILE = 10,  /* struct rf_spool_profile: a part of a snapshot */
	RF_SPOOL_QUEUES = 11,   /* struct rf_spool_origins, of channels: with the same samples as RF_SPOOL_ORIGINS; since minor 3 */
	RF_SPOOL_TYPE_COUNT
};

struct rf_spool_record {
	uint32_t length;  /* bytes, header and payload; stored last */
	uint16_t type;    /* enum rf_spool_type */
	uint16_t reserved;
	uint32_t crc;
	uint32_t sequence; /* 1, 2, 3 … in one file; with spool_id it names the record for good */
	uint64_t time_unix_ns;
};

/* Who the process is. */
struct rf_spool_process {
	struct rf_spool_record record;
	uint32_t pid, parent_pid;
	uint32_t gomaxprocs;          /* at start; 0 unknown */
	uint32_t features;            /* RF_SPOOL_FEATURE_*: what the probe allowed */
	uint64_t text_start, text_end; /* run-time addresses of Go's code */
	struct rf_spool_ref arguments;  /* each followed by NUL */
	struct rf_spool_ref executable; /* /proc/self/exe */
	struct rf_spool_ref directory;  /* working directory at start */
	struct rf_spool_ref host;
	struct rf_spool_ref go_version; /* "go1.26.8" */
	struct rf_spool_ref build_id;   /* Go build ID, may be empty */
	struct rf_spool_ref main_package; /* from the build information: "example.com/shop.test", may be empty */
	struct rf_spool_ref trace_id;    /* TRACE_ID, else the trace-id field of TRACEPARENT, else empty */
	struct rf_spool_ref traceparent; /* TRACEPARENT as it stands, may be empty */
	struct rf_spool_ref tag;         /* REDFLAG_TAG, may be empty */
	struct rf_spool_ref options;     /* REDFLAG as it stands, may be empty */
};

#define RF_SPOOL_FEATURE_GOROUTINES 1u /* thread ids could be mapped to goroutines */
#define RF_SPOOL_FEATURE_OWNERS 2u     /* testing reported its tests */
#define RF_SPOOL_FEATURE_SWITCHES 4u   /* the switch ring was there */
#define RF_SPOOL_FEATURE_AGENT 8u      /* no race binary: the preloaded agent wrote it, of any program */

/* One code address, as Go's runtime symbolises it. A frame that was inlined has a symbol of its own. The agent doesn't
 * symbolise: it leaves function and file empty, and the reader looks pc up in the module that holds it. */
struct rf_spool_symbol {
	struct rf_spool_record record;
	uint32_t id;             /* 1, 2, 3 …; 0 stands for "no symbol" in references */
	uint32_t line;
	uint64_t pc;             /* address inside the call or access, not the return address; 0 unknown */
	uint64_t entry;          /* of the function that holds pc; 0 unknown */
	uint32_t argument_bytes; /* of that function; UINT32_MAX unknown */
	uint32_t offset;         /* what stock prints after the line as +0x…; 0 unknown */
	struct rf_spool_ref function, file;
};

/* One side of a report. */
struct rf_spool_access {
	uint64_t address;
	uint32_t size;      /* bytes, as ThreadSanitizer has it: 1 for a plain Go access of any size; 0 unknown */
	uint32_t thread;    /* ThreadSanitizer's number: what stock prints as "goroutine N" */
	uint32_t flags;     /* RF_SPOOL_ACCESS_* */
	uint32_t goroutine; /* 1-based index into goroutines; 0 unknown */
	struct rf_spool_ref stack; /* uint32_t symbol ids, innermost first; empty when it could not be restored */
};

#define RF_SPOOL_ACCESS_WRITE 1u
#define RF_SPOOL_ACCESS_ATOMIC 2u
#define RF_SPOOL_ACCESS_STACK_CUT 4u /* more frames than RF_SPOOL_STACK_FRAMES_MAX */
#define RF_SPOOL_ACCESS_FREE 8u      /* the memory was handed back here: freed, or put into a pool */

/* What the side did, when it was no access to memory: enum rf_spool_action. Of such a side the address is what it was
 * done to. */
#define RF_SPOOL_ACCESS_ACTION_SHIFT 8u
#define RF_SPOOL_ACCESS_ACTION_MASK 0xffu
#define RF_SPOOL_ACCESS_ACTION(flags) ((flags) >> RF_SPOOL_ACCESS_ACTION_SHIFT & RF_SPOOL_ACCESS_ACTION_MASK)

enum rf_spool_action {
	RF_SPOOL_ACTION_NONE = 0,
	RF_SPOOL_ACTION_CLOSE = 1,
	RF_SPOOL_ACTION_SEND = 2,
	RF_SPOOL_ACTION_RECEIVE = 3,
	RF_SPOOL_ACTION_WAIT = 4,     /* blocked, for whatever it is */
	RF_SPOOL_ACTION_START = 5,    /* of the other side's goroutine */
	RF_SPOOL_ACTION_FINALIZE = 6, /* a finalizer or a cleanup was set, or ran */
	RF_SPOOL_ACTION_STORE = 7,
	RF_SPOOL_ACTION_DELETE = 8,
	RF_SPOOL_ACTION_FREE = 9,     /* of a finding; in a record it is RF_SPOOL_ACCESS_FREE */
	RF_SPOOL_ACTION_ALLOCATE = 10, /* of C memory */
	RF_SPOOL_ACTION_GET = 11,      /* from a sync.Pool, before the Put; tells of the object, and is at fault in nothing */
	RF_SPOOL_ACTION_COUNT
};

#define RF_SPOOL_STACK_FRAMES_MAX 256

struct rf_spool_goroutine {
	uint32_t thread, parent_thread; /* ThreadSanitizer's numbers; parent UINT32_MAX unknown */
	uint64_t goid, parent_goid;     /* Go's numbers; 0 unknown */
	uint64_t created_unix_ns;       /* 0 unknown */
	uint32_t entry_symbol;          /* the function it was started with; 0 unknown */
	uint32_t flags;                 /* RF_SPOOL_GOROUTINE_* */
	struct rf_spool_ref created_stack; /* uint32_t symbol ids: where the `go` statement stands */
	struct rf_spool_ref labels;        /* profiler labels: key NUL value NUL … */
	struct rf_spool_ref test;          /* owning test, inherited; empty when no test owns it */
	struct rf_spool_ref state;         /* "running", "finished", or Go's wait reason such as "chan receive" */
};

#define RF_SPOOL_GOROUTINE_FINISHED 1u
#define RF_SPOOL_GOROUTINE_MAIN 2u
#define RF_SPOOL_GOROUTINE_TEST_OVER 4u  /* its owning test had ended when the report was made */
#define RF_SPOOL_GOROUTINE_LABELS_CUT 8u
#define RF_SPOOL_GOROUTINE_STACK_CUT 16u
#define RF_SPOOL_GOROUTINE_THREAD 32u /* a thread of the system: `thread` is its tid, `state` its name */

enum rf_spool_memory {
	RF_SPOOL_MEMORY_UNKNOWN,
	RF_SPOOL_MEMORY_HEAP,
	RF_SPOOL_MEMORY_GLOBAL,
	RF_SPOOL_MEMORY_COUNT
};

/* One switch of a P from one goroutine to another. */
struct rf_spool_switch {
	uint64_t time_unix_ns;
	uint64_t from_goid, to_goid; /* 0: none (the P was idle) */
	uint32_t p, m;
	struct rf_spool_ref reason;  /* why `from` stopped: Go's wait reason, "preempted", "exited", … */
};

/* One report: of ThreadSanitizer, or of Go's runtime (kinds whose sides have actions). */
struct rf_spool_report {
	struct rf_spool_record record;
	uint32_t kind;           /* enum rf_spool_kind */
	uint32_t flags;          /* RF_SPOOL_REPORT_* */
	uint32_t memory;         /* enum rf_spool_memory: what the address belongs to */
	uint32_t reserved;
	uint64_t memory_start, memory_bytes; /* heap block or global */
	struct rf_spool_ref memory_name;     /* global's name, may be empty */
	struct rf_spool_ref allocation_stack; /* uint32_t symbol ids; empty when unknown */
	struct rf_spool_ref accesses;    /* struct rf_spool_access[], in stock's printing order */
	struct rf_spool_ref goroutines;  /* struct rf_spool_goroutine[] */
	struct rf_spool_ref switches;    /* struct rf_spool_switch[], oldest first */
	uint64_t allocation_goid;        /* 0 unknown */
};

enum rf_spool_kind {
	RF_SPOOL_KIND_UNKNOWN = 0,
	RF_SPOOL_KIND_RACE = 1,
	RF_SPOOL_KIND_USE_AFTER_FREE = 2,
	RF_SPOOL_KIND_USE_AFTER_PUT = 3,  /* the other side is the Put; a third, here and in those below, the Get before it */
	RF_SPOOL_KIND_DOUBLE_PUT = 4,     /* both sides are */
	RF_SPOOL_KIND_PUT_WHILE_USED = 5, /* the first side is the Put, which nothing orders behind the other */
	RF_SPOOL_KIND_USE_AFTER_FINALIZE = 6, /* the other side is the finalizer */
	RF_SPOOL_KIND_USE_AFTER_GC = 7,       /* the other side is the collection, which is nobody's: thread 0 */
	RF_SPOOL_KIND_CLOSE_WHILE_SENDING = 8, /* the first side is the close, the others are sends that it woke */
	RF_SPOOL_KIND_SEND_AFTER_CLOSE = 9,    /* the other side is the close */
	RF_SPOOL_KIND_DOUBLE_CLOSE = 10,        /* both sides are */
	RF_SPOOL_KIND_DOUBLE_FREE = 11, /* of C memory; both sides are a free */
	RF_SPOOL_KIND_INVALID_FREE = 12, /* of what malloc never gave; the only side is the free */
	RF_SPOOL_KIND_RESURRECTION = 13, /* the first side is the finalizer, the other who set it */
	RF_SPOOL_KIND_CLEANUP_KEEPS_ALIVE = 14, /* the first side is the finalizer or cleanup, the other who set it */
	RF_SPOOL_KIND_GOROUTINE_LEAK = 15, /* the first side waits, the other started it */
	RF_SPOOL_KIND_RETAINED_AFTER_DELETE = 16, /* the first side is the delete, the other the store */
	RF_SPOOL_KIND_LOST_IN_CHANNEL = 17, /* the first side is the close, then the last send and receive, if known */
	RF_SPOOL_KIND_USE_AFTER_PUT_ALIAS = 18, /* the other side is the Put, of what the memory belongs to */
	RF_SPOOL_KIND_NATIVE_LEAK = 19, /* C memory that nothing points to at the end; the only side is its allocation */
	RF_SPOOL_KIND_FINALIZER_BACKLOG = 20, /* the first side runs a finalizer or cleanup, the other set it */
	RF_SPOOL_KIND_VIEW_INCONSISTENCY = 21, /* the second read, the write in between, the first read */
	/* Of the agent. */
	RF_SPOOL_KIND_HEAP_USE_AFTER_FREE = 22, /* the first side is the access, the other the free */
	RF_SPOOL_KIND_HEAP_OVERFLOW = 23,       /* the access is its only side; also in front of the block */
	RF_SPOOL_KIND_NATIVE_RACE = 24,         /* the first side is the thread that the watchpoint caught */
	RF_SPOOL_KIND_COUNT
};

#define RF_SPOOL_REPORT_SUPPRESSED 1u /* a suppression matched inside the process; stock printed nothing */
#define RF_SPOOL_REPORT_CUT 2u        /* something had to be left out to stay within the record's bound */

/* What is known of the memory that the next report is about: a block of the heap, or a global, whose type is known. */
struct rf_spool_object {
	struct rf_spool_record record;
	uint64_t address;           /* inside both accesses */
	uint32_t kind;              /* reflect.Kind of what is at the address */
	uint32_t flags;             /* RF_SPOOL_OBJECT_* */
	struct rf_spool_ref type;   /* of what is at the address: "[]string" */
	struct rf_spool_ref path;   /* "shop.Cart.items", of a global ".items"; empty when the object has no parts */
};

#define RF_SPOOL_OBJECT_CONTEXT 1u /* it was given to context.WithValue */

/* A sentence about the next report. */
struct rf_spool_detail {
	struct rf_spool_record record;
	struct rf_spool_ref text;
};

/* A file that is mapped to be executed. pc - bias is the address as the ELF file has it. */
struct rf_spool_module {
	struct rf_spool_record record;
	uint64_t start, end;          /* of the executable part, as it was mapped */
	uint64_t bias;
	struct rf_spool_ref path;     /* as the dynamic loader or /proc/self/maps has it; "[vdso]" */
	struct rf_spool_ref build_id; /* bytes of the GNU build ID; may be empty */
};

enum rf_spool_profile_kind {
	RF_SPOOL_PROFILE_HEAP = 1, /* of malloc; values: live objects, live bytes, all objects, all bytes */
	RF_SPOOL_PROFILE_CPU = 2,  /* values: samples, nanoseconds that they stand for */
	RF_SPOOL_PROFILE_IO = 3,   /* of read, write and their like; values: calls, nanoseconds, bytes, switches of the
	                              thread meanwhile, of one in period calls */
	RF_SPOOL_PROFILE_CONTENTION = 4, /* values: waits for mutexes, nanoseconds of them; a sample every `period` nanoseconds of waiting */
	RF_SPOOL_PROFILE_OFFCPU = 5, /* values: times that a thread left the processor, nanoseconds that it stayed away, times that it had
	                                to; one in period times */
	RF_SPOOL_PROFILE_FAULTS = 6, /* value: page faults; one in period */
	RF_SPOOL_PROFILE_SYSTEM = 7, /* values: samples, nanoseconds in the kernel that they stand for */
	RF_SPOOL_PROFILE_SYSCALLS = 8, /* value: system calls; one in period */
	RF_SPOOL_PROFILE_COUNTERS = 9, /* of hooked calls; values: calls, nanoseconds on the processor, page faults, switches; one in period */
	RF_SPOOL_PROFILE_PROCESSOR = 10, /* of the same; values: migrations, cycles, instructions, cache misses */
	RF_SPOOL_PROFILE_KIND_COUNT
};

#define RF_SPOOL_PROFILE_VALUES 4u

/* What the samples with one stack add up to: as sampled, not as estimated. */
struct rf_spool_profile_sample {
	uint64_t values[RF_SPOOL_PROFILE_VALUES]; /* by enum rf_spool_profile_kind */
	struct rf_spool_ref stack;                /* uint64_t addresses inside the calls, innermost first */
};

/* A snapshot is whole when a part without samples ends it, when a part of another one follows, or when the process ended in good
 * order. */
struct rf_spool_profile {
	struct rf_spool_record record;
	uint64_t elapsed_ns;   /* since the start of the process; all values count from there */
	uint64_t period;       /* mean distance of samples: bytes, nanoseconds, calls */
	uint64_t dropped;      /* samples that had no room, since the start */
	uint32_t kind;         /* enum rf_spool_profile_kind */
	uint32_t snapshot;     /* 1, 2, 3 … in the process; parts of one have one number and follow each other */
	struct rf_spool_ref samples; /* struct rf_spool_profile_sample[] */
};

/* What was dropped, and how much was done. All since the start of the process. */
struct rf_spool_counters {
	struct rf_spool_record record;
	uint64_t goroutines_created;
	uint64_t goroutines_unregistered; /* table full, or thread id not readable */
	uint64_t reports;
	uint64_t reports_dropped;   /* spool full or not writable */
	uint64_t symbols_dropped;
	uint64_t labels_cut;
	uint64_t tests_dropped;     /* more tests than the table holds */
	uint64_t switches;
};

/* What there was of everything that only grows in a process that leaks. Written at once, so that a killed process has
 * left its own. */
struct rf_spool_sample {
	struct rf_spool_record record;
	uint64_t elapsed_ns;      /* since the start of Go's runtime */
	uint64_t goroutines;      /* without those of Go's runtime */
	uint64_t threads;         /* of Go's runtime */
	uint64_t timers;          /* that wait for their time */
	uint64_t blocked_send, blocked_receive, blocked_select; /* goroutines, at channels */
	uint64_t blocked_lock;    /* at mutexes, wait groups, conditions */
	uint64_t heap_live;       /* bytes that the last collection marked */
	uint64_t heap_in_use;     /* bytes of spans with objects in them */
	uint64_t stacks;          /* bytes of goroutines' stacks */
	uint64_t go_mapped;       /* bytes that Go's runtime has mapped, as GOMEMLIMIT counts them */
	uint64_t resident;        /* bytes of the process; 0 unknown */
	uint64_t itabs;           /* pairs of interface and type that were met */
	uint64_t reflected;       /* names, types and methods that package reflect made; at least one a type */
	uint64_t modules;         /* the program and its plugins */
	uint64_t memory_limit;    /* GOMEMLIMIT; 0 none */
	uint64_t cgroup_limit;    /* the lowest memory limit of the cgroup and those around it, at start; 0 none or unknown */
	uint64_t queued;          /* elements in the buffers of channels (growth.md says of which); since minor 3 */
};

/* Where goroutines that live were started, or channels were made. */
struct rf_spool_origin {
	uint64_t live;                        /* goroutines; elements that wait in the buffers */
	uint32_t line;                        /* of the go statement, or of make */
	uint32_t reserved;
	struct rf_spool_ref function, file;   /* that hold it */
	struct rf_spool_ref waiting;          /* Go's wait reason, "syscall", or empty: it runs, or could */
};

struct rf_spool_origins {
	struct rf_spool_record record;
	uint64_t elapsed_ns;          /* as in the sample in front of it */
	struct rf_spool_ref origins;  /* struct rf_spool_origin[], the largest `live` first, at most RF_SPOOL_ORIGINS_MAX */
};

#define RF_SPOOL_ORIGINS_MAX 16u

#define RF_SPOOL_SAMPLE_BYTES_MIN offsetof(struct rf_spool_sample, queued) /* before minor 3 */

_Static_assert(sizeof(struct rf_spool_sample) == 24 + 19 * 8, "format");
_Static_assert(offsetof(struct rf_spool_sample, heap_live) == 24 + 8 * 8, "format");
_Static_assert(sizeof(struct rf_spool_origin) == 40, "format");
_Static_assert(offsetof(struct rf_spool_origin, function) == 16, "format");
_Static_assert(sizeof(struct rf_spool_origins) == 40, "format");
_Static_assert(sizeof(struct rf_spool_file_header) == 64, "format");
_Static_assert(offsetof(struct rf_spool_file_header, spool_id) == 16, "format");
_Static_assert(offsetof(struct rf_spool_file_header, finished) == 44, "format");
_Static_assert(sizeof(struct rf_spool_record) == 24, "format");
_Static_assert(offsetof(struct rf_spool_record, crc) == 8, "format");
_Static_assert(offsetof(struct rf_spool_record, time_unix_ns) == 16, "format");
_Static_assert(sizeof(struct rf_spool_process) == 24 + 16 + 16 + 11 * 8, "format");
_Static_assert(offsetof(struct rf_spool_process, arguments) == 56, "format");
_Static_assert(sizeof(struct rf_spool_symbol) == 72, "format");
_Static_assert(offsetof(struct rf_spool_symbol, function) == 56, "format");
_Static_assert(sizeof(struct rf_spool_access) == 32, "format");
_Static_assert(offsetof(struct rf_spool_access, stack) == 24, "format");
_Static_assert(sizeof(struct rf_spool_goroutine) == 72, "format");
_Static_assert(offsetof(struct rf_spool_goroutine, created_stack) == 40, "format");
_Static_assert(sizeof(struct rf_spool_switch) == 40, "format");
_Static_assert(offsetof(struct rf_spool_switch, reason) == 32, "format");
_Static_assert(sizeof(struct rf_spool_report) == 104, "format");
_Static_assert(offsetof(struct rf_spool_report, memory_start) == 40, "format");
_Static_assert(offsetof(struct rf_spool_report, accesses) == 72, "format");
_Static_assert(sizeof(struct rf_spool_object) == 56, "format");
_Static_assert(offsetof(struct rf_spool_object, type) == 40, "format");
_Static_assert(sizeof(struct rf_spool_detail) == 32, "format");
_Static_assert(sizeof(struct rf_spool_module) == 64, "format");
_Static_assert(sizeof(struct rf_spool_profile_sample) == 40, "format");
_Static_assert(sizeof(struct rf_spool_profile) == 64, "format");
_Static_assert(sizeof(struct rf_spool_counters) == 24 + 8 * 8, "format");

#endif
