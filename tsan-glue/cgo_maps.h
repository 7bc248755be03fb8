/* The process's memory as far as C can have pointers in it: what /proc/self/maps lists as writable, without Go's heap, the heap
 * for C, what the detector maps (its history is full of addresses) and what is skipped by name. Pages that nobody
 * touched are passed over. While the world is stopped; nothing is allocated but by opendir.
 */
#ifndef RF_CGO_MAPS_H
#define RF_CGO_MAPS_H

#include <stdbool.h>
#include <stdint.h>

static void rf_cgo_maps_begin(void);
/* A range that isn't looked at, of the thread with that number. */
static void rf_cgo_maps_skip(uintptr_t start, uintptr_t end, uintptr_t thread);
/* Calls see for each page or part of one. False: what there is isn't known for certain, or there is a thread of C,
 * whose registers nobody sees. */
static bool rf_cgo_maps_walk(void (*see)(uintptr_t start, uintptr_t end));

#endif
