/* Addresses that free or realloc are given and that malloc can't have returned. Only those of which that is certain.
 * The C library would abort at most of them; here the call does nothing, and the finding says what it was.
 */
#ifndef RF_CGO_WRONG_H
#define RF_CGO_WRONG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rf_cgo_place {
	RF_CGO_PLACE_ANY,   /* may well be from malloc */
	RF_CGO_PLACE_GO,    /* Go's heap, stacks of goroutines included */
	RF_CGO_PLACE_BLOCK, /* of our heap for C, but not where a block begins */
	RF_CGO_PLACE_PROGRAM, /* the program itself: its variables, constants, code */
	RF_CGO_PLACE_STACK, /* the calling thread's stack, between here and its callers */
	RF_CGO_PLACE_COUNT
};

/* One such call. */
struct rf_cgo_wrong {
	uintptr_t address;
	enum rf_cgo_place place;
	bool moved; /* by realloc */
	uint32_t by; /* stack of C (cgo_stacks.h) */
};

static void rf_cgo_wrong_init(void);
/* On the thread that calls free. */
static enum rf_cgo_place rf_cgo_place_of(uintptr_t address);
/* What realloc gives for it: a new block with what can be read behind the address. */
static void rf_cgo_wrong_copy(void *to, uintptr_t address, size_t bytes);
/* Makes the finding. pcs: return addresses in Go, innermost first. Takes ThreadSanitizer's lock of reports. */
static void rf_cgo_wrong_tell(const struct rf_cgo_wrong *wrong, uint64_t goid, const uintptr_t *pcs, size_t pc_count);

#endif
