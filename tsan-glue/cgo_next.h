/* The C library's malloc and its kin, or whose turn it would be without us. rf_cgo_next_find before the first use. */
#ifndef RF_CGO_NEXT_H
#define RF_CGO_NEXT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

static struct {
	_Atomic bool known;
	_Atomic bool asked;
	void *(*malloc)(size_t bytes);
	void *(*calloc)(size_t count, size_t bytes);
	void *(*realloc)(void *p, size_t bytes);
	void (*free)(void *p);
	size_t (*usable)(void *p);
} rf_cgo_next;

static void rf_cgo_next_find(void);

#endif
