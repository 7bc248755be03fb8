/* Between views.c, views_locks.c and views_tell.c. */
#ifndef RF_VIEWS_PRIVATE_H
#define RF_VIEWS_PRIVATE_H

#include "tsan-glue/fast_state.h"
#include "tsan-glue/views.h"

#include <stdatomic.h>

#define VIEW_WAYS 16u /* places that an address may have in a table */
#define VIEW_WORD 8u

struct view_access {
	uintptr_t address, bytes, pc, caller; /* caller: 0 if the goroutine's stack says it */
	bool write;
};

/* One that is kept: of which field, and where. */
struct view_side {
	uintptr_t address;
	uint32_t field, frame_count;
	uintptr_t frames[RF_VIEW_FRAMES_MAX]; /* return addresses, innermost first */
	const uint64_t *trace;                /* trace_pos */
	uint32_t depth;                       /* of the stack of calls */
};

struct view_field {
	uintptr_t address;
	uint64_t value;     /* its first word, when it was written last */
	uint32_t changed;   /* section in which it got another value */
	uint16_t together;  /* fields that each section wrote with it */
	uint16_t partners;  /* of those, which can't be written without it either: what this is all about */
	uint8_t bytes;      /* of a word that was written as part of something larger; else 1 */
	uint8_t sections;   /* that wrote it; stays at VIEW_SECTIONS_MAX */
};

#define VIEW_SECTIONS_MIN 3u /* that make fields partners */
#define VIEW_SECTIONS_MAX 255u

struct view_lock {
	_Atomic int32_t users;    /* goroutines in a section; -1: given to another lock just now */
	_Atomic uint16_t loose;   /* fields that were written in a section for readers */
	_Atomic bool unwatched;
	_Atomic uint32_t told[RF_VIEW_TOLD_MAX];
	uint32_t generation;      /* another lock, another number */
	uint32_t section;         /* the last that wrote something */
	uint32_t field_count;
	struct view_field fields[RF_VIEW_FIELDS_MAX];
	struct { /* the last section that changed partners */
		uint32_t section;
		uint64_t goid;
		uintptr_t slot;
		struct view_side side;
	} writer;
};

/* A section that goes on. */
struct view_held {
	uintptr_t address;
	struct view_lock *lock;
	uint32_t depth;
	bool shared, follows; /* …: the past section of this lock is the one before, and nothing was heard in between */
	bool wrote;           /* side is where partners were written first */
	uint32_t fast_state;
	uintptr_t waits;
	uint16_t read, written; /* partners, fields */
	uint32_t side_count;
	struct view_side sides[RF_VIEW_SIDES_MAX];
	struct view_side side;
};

/* One that is over. */
struct view_past {
	uintptr_t address; /* 0: none */
	struct view_lock *lock;
	uint32_t generation, section, fast_state;
	bool quiet; /* nothing was told nor heard since then */
	uintptr_t waits;
	uint16_t read;
	uint32_t side_count;
	struct view_side sides[RF_VIEW_SIDES_MAX];
	uint64_t values[RF_VIEW_FIELDS_MAX];
	uint16_t clock[256];
};

#define VIEW_DETAIL_BYTES 256u

enum view_pending_state { VIEW_PENDING_NONE, VIEW_PENDING_BUSY, VIEW_PENDING_SET };

/* A finding that waits for the end of the call. */
struct view_pending {
	_Atomic uint32_t state;
	uintptr_t lock;
	struct view_lock *record;
	uint32_t generation;
	uint16_t read;         /* in the first section: read again, it is dropped */
	_Atomic uint32_t fast_state; /* when the last section of this lock was over; 0: it isn't */
	const uint64_t *trace; /* up to here the call went on */
	uint32_t depth;        /* … and the stack of calls was so deep */
	uint32_t call;         /* the call is over when it was less deep than that */
	uint64_t goid, writer_goid;
	uintptr_t slot, writer_slot;
	struct view_side first, second, writer;
	uintptr_t detail_bytes;
	char detail[VIEW_DETAIL_BYTES];
};

struct view_row {
	uint64_t goid;
	uintptr_t slot;
	const uintptr_t *stack; /* what lies there is nobody else's */
	uint32_t held_count, past_next;
	struct view_held held[RF_VIEW_HELD_MAX];
	struct view_past past[RF_VIEW_PAST_MAX];
	struct view_pending pending;
};

#define VIEW_STATE_MASK 0x3fffff00u /* of fast_state: sid and epoch */

/* --- views_locks.c ------------------------------------------------------------------------------------------------- */

static void *view_reserve(size_t bytes);
static bool view_locks_init(void);
/* NULL: there is no room. One more user. */
static struct view_lock *view_lock_enter(uintptr_t address);
static void view_lock_leave(struct view_lock *lock);
/* Nobody may know anything of it, then this is NULL. */
static struct view_lock *view_lock_find(uintptr_t address);
/* The memory is somebody else's from now on. */
static void view_locks_forget(uintptr_t start, uintptr_t end);
/* Bits of the fields in a range of memory. */
static uint16_t view_fields_in(const struct view_lock *lock, uintptr_t address, uintptr_t bytes);
/* The same; those that are new are added while there is room. Only with the lock for writing. */
static uint16_t view_fields_written(struct view_lock *lock, uintptr_t lock_address, uintptr_t address, uintptr_t bytes);
/* The value of a field now. */
static uint64_t view_value(const struct view_lock *lock, uint32_t field);
/* A section for writing is about to end. */
static void view_section_learn(struct view_lock *lock, const struct view_held *held, const struct view_row *row);

/* --- views_trace.c ------------------------------------------------------------------------------------------------- */

/* From one place of a goroutine's trace to a later one: how deep the stack of calls was at the least, and is at the end, when it
 * was *depth at first. False: that can't be told. */
static bool view_trace_walk(const uint64_t *from, const uint64_t *to, uint32_t *depth, uint32_t *least);

/* --- views_tell.c -------------------------------------------------------------------------------------------------- */

/* The section is about to end, and follows the other one: whether that is a finding. */
static void view_judge(struct view_row *row, const struct view_held *held, const struct view_past *past);
/* What becomes of the one that waits, now that another section is about to end. */
static void view_pending_step(struct view_row *row, const struct view_held *held, const struct rf_fast_state *thread);
/* The goroutine is over; all that can be told now is wanted: now is where the goroutine's row says thread, as long as it lives. */
static void view_pending_end(struct view_pending *p);
static void view_pending_flush(struct view_pending *p, const struct rf_fast_state *thread, const _Atomic uintptr_t *now);

#endif
