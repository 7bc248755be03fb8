/* The raw report: one occurrence of a problem as a process told it, before anything is decided about it.
 *
 * Both readers make it: read/racetext.c from the text that stock prints, read/spool_read.c from a spool, which knows
 * more. What a source doesn't tell is 0, an empty slice or false. All memory belongs to the arena that the reader was
 * given. Later stages only read it.
 */
#ifndef RF_MODEL_REPORT_H
#define RF_MODEL_REPORT_H

#include "base/str.h"

enum rf_kind {
	RF_KIND_UNKNOWN,
	RF_KIND_DATA_RACE,
	RF_KIND_USE_AFTER_FREE,
	RF_KIND_USE_AFTER_PUT,  /* of sync.Pool, as the two below */
	RF_KIND_DOUBLE_PUT,
	RF_KIND_PUT_WHILE_USED,
	RF_KIND_USE_AFTER_FINALIZE,
	RF_KIND_USE_AFTER_GC,   /* the older side is a collection: no stack, and goroutine 0 says in its state which one */
	RF_KIND_CLOSE_WHILE_SENDING, /* of channels, as the two below */
	RF_KIND_SEND_AFTER_CLOSE,
	RF_KIND_DOUBLE_CLOSE,
	RF_KIND_DOUBLE_FREE,    /* of C memory, as the two below */
	RF_KIND_INVALID_FREE,   /* the free is its only side */
	RF_KIND_RESURRECTION, /* the sides are the finalizer and who set it, as below */
	RF_KIND_CLEANUP_KEEPS_ALIVE,
	RF_KIND_GOROUTINE_LEAK, /* the first side waits for good, the other started it */
	RF_KIND_RETAINED_AFTER_DELETE,
	RF_KIND_LOST_IN_CHANNEL,
	RF_KIND_USE_AFTER_PUT_ALIAS, /* of sync.Pool: of an array that is the object's own */
	RF_KIND_NATIVE_LEAK,    /* the allocation is its only side */
	RF_KIND_FINALIZER_BACKLOG, /* the first side runs a finalizer, the other set it */
	RF_KIND_HEAP_USE_AFTER_FREE, /* of the agent, as the two below */
	RF_KIND_HEAP_OVERFLOW,  /* the access is its only side */
	RF_KIND_NATIVE_RACE,
	RF_KIND_VIEW_INCONSISTENCY, /* the second read, the write in between; then the first read */
	RF_KIND_COUNT
};
/* All names as a list in a sentence, for help texts, which have to be constants: RF_KIND_LIST("or"). */
#define RF_KIND_LIST(conjunction)                                                                                      \
	"data-race, use-after-free, use-after-put, use-after-put-alias, double-put, put-while-used, use-after-finalize, "  \
	"use-after-gc, close-while-sending, send-after-close, double-close, double-free, invalid-free, resurrection, "     \
	"cleanup-keeps-alive, goroutine-leak, retained-after-delete, lost-in-channel, native-leak, " \
	"finalizer-backlog, heap-use-after-free, heap-overflow, native-race " \
	conjunction " view-inconsistency"
/* "data-race", "use-after-free" …; what the database, the command line and the fingerprint call it. */
const char *rf_kind_name(enum rf_kind kind);
/* "data race", "use after put" …, for people. */
const char *rf_kind_words(enum rf_kind kind);
/* Of a sync.Pool: what hands memory back there is a Put. */
bool rf_kind_is_pool(enum rf_kind kind);
/* It has no second side: none is missing. */
bool rf_kind_is_alone(enum rf_kind kind);
/* RF_KIND_UNKNOWN when there is none of that name. */
enum rf_kind rf_kind_from_name(rf_str name);

/* What a side did, when it was no access to memory. */
enum rf_act {
	RF_ACT_NONE,
	RF_ACT_CLOSE,
	RF_ACT_SEND,
	RF_ACT_RECEIVE,
	RF_ACT_WAIT,     /* blocked */
	RF_ACT_START,    /* of the other side's goroutine */
	RF_ACT_FINALIZE, /* a finalizer or a cleanup was set, or ran */
	RF_ACT_STORE,
	RF_ACT_DELETE,
	RF_ACT_ALLOCATE, /* of C memory */
	RF_ACT_GET,      /* from a sync.Pool, before the Put: tells of the object (rf_access_is_hint) */
	RF_ACT_COUNT
};
/* "close", "send" …; "" for none. */
const char *rf_act_name(enum rf_act act);
/* "Close", "Send" …, as a heading. */
const char *rf_act_title(enum rf_act act);
/* "closed", "sent" … */
const char *rf_act_past(enum rf_act act);
enum rf_act rf_act_from_name(rf_str name);
/* Cuts "Close at " and the like off the line (lower: "close at "); RF_ACT_NONE when it doesn't begin so. */
enum rf_act rf_act_cut(rf_str *line, bool lower);

enum rf_memory {
	RF_MEMORY_UNKNOWN,
	RF_MEMORY_HEAP,
	RF_MEMORY_GLOBAL,
	RF_MEMORY_COUNT
};
/* "heap", "global", "unknown"; as with kinds. */
const char *rf_memory_name(enum rf_memory memory);
enum rf_memory rf_memory_from_name(rf_str name);

/* What a data race is about, as far as it is proved (finding/class.h). A race can be of several: sets are bits 1 << class. */
enum rf_class {
	RF_CLASS_MAP,         /* Go's map itself */
	RF_CLASS_SLICE,       /* a header of several words: pointer, length, capacity */
	RF_CLASS_STRING,
	RF_CLASS_INTERFACE,
	RF_CLASS_COUNTER,     /* a number that both sides count up or down */
	RF_CLASS_ATOMIC,      /* sync/atomic on one side, a plain access on the other */
	RF_CLASS_ATOMIC_COPY, /* the same, and the plain one copies a whole struct or array */
	RF_CLASS_CONTEXT,     /* a part of what was given to context.WithValue */
	RF_CLASS_COUNT
};
/* All names, as RF_KIND_LIST. */
#define RF_CLASS_LIST(conjunction) "map, slice, string, interface, counter, atomic, atomic-copy " conjunction " context"
/* "map", "slice" …; what the database and the command line call it. */
const char *rf_class_name(enum rf_class class);
/* "map", "slice header" …, for people. */
const char *rf_class_words(enum rf_class class);
/* RF_CLASS_COUNT when there is none of that name. */
enum rf_class rf_class_from_name(rf_str name);
/* A set as a list of names with commas between them, in the order above, and back; names that are none are left out. */
#define RF_CLASSES_BYTES 80 /* of all names */
rf_str rf_classes_put(unsigned set, char text[RF_CLASSES_BYTES]);
unsigned rf_classes_from_text(rf_str text);

struct rf_frame {
	rf_str function; /* full Go name, such as "example.com/shop.(*Cart).Add.func1"; "" unknown */
	rf_str file;     /* as the binary has it; "" unknown */
	uint32_t line;   /* 0 unknown */
	uint64_t pc;     /* 0 unknown (text); of the agent's, as the file has it, and of the innermost frame there alone */
	uint64_t offset; /* what stock prints as +0x…; of C without a source, the place in `file` */
};

struct rf_stack {
	struct rf_frame *frames; /* innermost first */
	uint32_t count;          /* 0: the stack is missing ("failed to restore the stack") */
	bool cut;                /* there were more frames */
};

struct rf_label {
	rf_str key, value;
};

struct rf_goroutine {
	uint32_t thread;      /* ThreadSanitizer's number: what stock prints as "goroutine N" */
	uint64_t goid, parent_goid; /* Go's own number; 0 unknown */
	uint64_t created_unix_ns;
	rf_str state;         /* "running", "finished", "chan receive" …; "" unknown */
	rf_str entry;         /* the function it was started with; "" unknown */
	rf_str test;          /* owning test, such as "TestCart/empty"; "" none or unknown */
	bool test_known;      /* false: the source doesn't know owners (text), so "" means nothing */
	bool test_over;       /* the owning test had ended when the report was made */
	bool is_main;
	bool is_thread;       /* of the system, in a program of the agent: `thread` is its number, `state` its name */
	bool finished;
	struct rf_label *labels;
	uint32_t label_count;
	struct rf_stack created; /* where the `go` statement stands; count 0 for the main goroutine */
};

/* Not a goroutine: stands for the garbage collector in a report of kind use-after-gc. Its state says which collection. */
bool rf_goroutine_is_collector(const struct rf_goroutine *g);

struct rf_access {
	bool write, atomic, freed;  /* freed: the memory was handed back here */
	bool put;                   /* freed, and that to a sync.Pool: follows from the report's kind */
	enum rf_act act;            /* instead of all of these */
	bool previous;              /* "Previous write at …": the older side */
	uint64_t address;
	uint32_t size;              /* bytes; 0 unknown */
	struct rf_goroutine *goroutine; /* never NULL */
	struct rf_stack stack;
};

/* It only says where the memory comes from: tags, suppressions and owners don't look at it. */
bool rf_access_is_hint(const struct rf_access *a);

struct rf_switch {
	uint64_t time_unix_ns;
	uint64_t from_goid, to_goid; /* 0 none */
	uint32_t p, m;
	rf_str reason;
};

#define RF_REPORT_ACCESSES_MAX 4     /* ThreadSanitizer gives two; more are dropped and counted by the reader */
#define RF_REPORT_GOROUTINES_MAX 16

struct rf_report {
	enum rf_kind kind;
	struct rf_access accesses[RF_REPORT_ACCESSES_MAX];
	uint32_t access_count;
	struct rf_goroutine *goroutines[RF_REPORT_GOROUTINES_MAX];
	uint32_t goroutine_count;
	enum rf_memory memory;       /* what the address belongs to */
	uint64_t memory_start, memory_bytes;
	rf_str memory_name;          /* a global's name and field; of the heap type and field, such as "shop.Cart.items" */
	rf_str memory_type;          /* Go type of what is at the address, such as "[]string" */
	uint32_t memory_kind;        /* reflect.Kind of that; 0 unknown */
	bool memory_in_context;      /* the object was given to context.WithValue */
	unsigned classes;            /* what was proved when the report was stored; 0 before */
	struct rf_stack allocated;   /* where the heap block was allocated; count 0 unknown */
	uint64_t allocated_goid;
	rf_str detail;               /* a sentence without a full stop; "" none */
	struct rf_switch *switches;  /* before the report, oldest first */
	uint32_t switch_count;
	bool suppressed;             /* by a suppression inside the process */
	bool from_spool;
	uint64_t time_unix_ns;       /* when it was made, or when its last line was read; 0 unknown */
	uint32_t record_sequence;    /* in its spool; 0 for text */
	rf_str program;              /* base name of the program that the agent was in; "" else. Stands for a package where C has none */
	rf_str text;                 /* the lines as printed, for text */
};

/* Where a report comes from: the process that made it. */
struct rf_process {
	bool instrumented;   /* false for text */
	uint8_t spool_id[16];
	uint32_t pid;
	uint64_t start_unix_ns;
	bool finished;       /* the process ended in good order */
	rf_str arguments;    /* separated by one blank, for people */
	rf_str executable, directory, host;
	rf_str go_version, build_id;
	rf_str main_package; /* import path without ".test"; "" unknown */
	bool is_test;
	rf_str program;      /* base name of the executable that the agent was in; "" else */
	rf_str trace_id, traceparent, tag, options;
	uint32_t gomaxprocs, features;
};

/* Counters that a process wrote about itself (see struct rf_spool_counters). */
struct rf_process_counters {
	uint64_t goroutines_created, goroutines_unregistered, reports, reports_dropped, symbols_dropped, labels_cut,
		tests_dropped, switches;
};

/* A key that is equal for the text and the spool record of one and the same report (order, operation, address,
 * goroutine numbers, functions, files, lines of both sides), for joining the two; not for grouping. 64-bit FNV-1a. */
uint64_t rf_report_match_key(const struct rf_report *report);
/* The same with the shares of its accesses' stacks, for whoever knows them already. */
uint64_t rf_report_match_key_with(const struct rf_report *report, const uint64_t *stack_keys);
uint64_t rf_stack_match_key(const struct rf_stack *stack);

#endif
