/* ThreadSanitizer's report as OnReport receives it, declared by hand.
 *
 * Source of the layout: compiler-rt/lib/tsan/rtl/tsan_report.h, sanitizer_common/sanitizer_symbolizer.h and
 * sanitizer_vector.h, LLVM 16 to 19, LP64, SANITIZER_GO=1. It is proved against the object in use by probe.c before
 * anything of it is read in an observed process. In Go mode `locations`, `mutexes` and `sleep` stay empty (the memory
 * map has no blocks: tsan_go.cpp, SymbolizeData), so what an address belongs to is asked of Go's runtime (RF_COMMAND_MEMORY).
 */
#ifndef RF_REPORT_LAYOUT_H
#define RF_REPORT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The probe's output heads the glue; without it nothing of the detector is read. */
#ifdef RF_LAYOUT_THREAD_ID
#define RF_LAYOUT_PROVED 1
#else
#define RF_LAYOUT_PROVED 0
#endif
#ifndef RF_LAYOUT_FAST
#define RF_LAYOUT_FAST 0 /* no short cuts */
#endif

struct ts_vector { /* sanitizer's Vector<T>: begin_, end_, last_ (of the capacity) */
	void **begin, **end, **last;
};

struct ts_address_info {
	uintptr_t address;
	char *module;
	uintptr_t module_offset;
	int module_arch;
	uint8_t uuid[32];
	uintptr_t uuid_size;
	char *function;
	uintptr_t function_offset;
	char *file;
	int line, column;
};

struct ts_frame {
	struct ts_frame *next;
	struct ts_address_info info;
};

struct ts_stack {
	struct ts_frame *frames;
	bool suppressable;
};

struct ts_access {
	int thread;
	uintptr_t address;
	int size;
	bool write, atomic;
	uintptr_t external_tag;
	struct ts_vector mutexes;
	struct ts_stack *stack;
};

struct ts_thread {
	int id;
	uint64_t os_id;
	bool running;
	int thread_type;
	char *name;
	int parent;
	struct ts_stack *stack;
};

enum ts_report_type { /* tsan_report.h, enum ReportType */
	TS_REPORT_RACE = 0,
	TS_REPORT_VPTR_RACE = 1,
	TS_REPORT_USE_AFTER_FREE = 2
};

struct ts_report {
	int type;
	uintptr_t tag;
	struct ts_vector stacks, accesses, locations, mutexes, threads, unique_threads;
	struct ts_stack *sleep;
	int count, signal;
};

_Static_assert(sizeof(struct ts_report) == 176 && offsetof(struct ts_report, accesses) == 40, "layout");
_Static_assert(offsetof(struct ts_report, locations) == 64 && offsetof(struct ts_report, threads) == 112, "layout");
_Static_assert(sizeof(struct ts_access) == 64 && offsetof(struct ts_access, write) == 20, "layout");
_Static_assert(offsetof(struct ts_access, stack) == 56, "layout");
_Static_assert(sizeof(struct ts_frame) == 112 && offsetof(struct ts_frame, info.function) == 80, "layout");
_Static_assert(offsetof(struct ts_frame, info.file) == 96 && offsetof(struct ts_frame, info.line) == 104, "layout");
_Static_assert(sizeof(struct ts_thread) == 48 && offsetof(struct ts_thread, stack) == 40, "layout");

#endif
