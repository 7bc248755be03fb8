/* Rows of the unwind tables, remembered: where the caller's frame is, seen from an address in code. libgcc's unwinder works each row out
 * anew from its library's table, at a third of a microsecond a frame, which was most of what a sample costs.
 *
 * A row is worked out once, by the table that libgcc finds, and kept in 16 KiB. Only rows are known that say what nearly all compiled
 * code says: the caller's frame is so far from rsp or rbp, with the address to return to in front of it, and rbp is kept or lies at
 * some distance. All else is unknown, and is libgcc's to walk.
 *
 * No lock: any thread, and a handler of a signal, may ask. What was kept for a library that is gone is forgotten (rf_rows_forget).
 */
#ifndef RF_AGENT_ROWS_H
#define RF_AGENT_ROWS_H

#include <stdint.h>

enum rf_row_kind {
	RF_ROW_UNKNOWN, /* it is too complicated for this module */
	RF_ROW_NONE,    /* there is no table: Go's code */
	RF_ROW_END,     /* the thread begins there */
	RF_ROW_BY_RSP,
	RF_ROW_BY_RBP,
};

struct rf_row {
	enum rf_row_kind kind;
	uint32_t frame_offset; /* what is to be added to the register; the address to return to is 8 bytes in front of that */
	uint32_t rbp_offset;   /* so many bytes in front of that lies the caller's rbp; 0: it is in rbp */
};

/* libgcc's unwind-dw2-fde.h; function: where the one that holds pc starts. */
struct dwarf_eh_bases {
	void *text, *data, *function;
};
extern const void *_Unwind_Find_FDE(void *pc, struct dwarf_eh_bases *bases);

/* object: of dlfo_link_map and its like, a hash, so that another library in the same place is another one. */
static struct rf_row rf_row_at(uintptr_t pc, uint64_t object);
/* Around each dlclose. */
static void rf_rows_forget(void);

#endif
