// Package native has a small C library in it, for the twins.
package native

/*
#include <stdlib.h>
#include <string.h>

struct node { struct node *next; char data[40]; };

static struct node *chain_new(int n) {
	struct node *first = NULL;
	for (int i = 0; i < n; i++) {
		struct node *p = calloc(1, sizeof(*p));
		p->next = first;
		first = p;
	}
	return first;
}

static void chain_free(struct node *p) {
	while (p) {
		struct node *next = p->next;
		free(p);
		p = next;
	}
}

static struct node *ring_new(void) {
	struct node *p = chain_new(2);
	p->next->next = p;
	return p;
}

static void *volatile slots[8], *volatile table_slot; // or the compiler drops what nobody reads
static __thread void *volatile thread_slot;
static void hold(int i, void *p) { slots[i] = p; }
static void hold_in_thread(void *p) { thread_slot = p; }
static int hold_aligned(void *p) {
	void *table;
	if (posix_memalign(&table, 64, 1 << 12) != 0)
		return 0;
	((void **)table)[17] = p;
	table_slot = table;
	return 1;
}
static int hold_big(void *p) {
	void **table = calloc(1 << 20, 1);
	table[100000] = p;
	table_slot = table;
	return table != NULL;
}

static char *greeting(const char *name) {
	char *p = malloc(strlen(name) + 7);
	strcpy(p, "hello ");
	return strcat(p, name);
}
static void *grow(void *p, size_t n) { return realloc(p, n); }

#define APART __attribute__((noinline, noclone))
static APART void *first_place(void) { void *p = malloc(30); __asm__ volatile("" ::: "memory"); return p; }
static APART void *second_place(void) { void *p = strdup("of the second place"); __asm__ volatile("" ::: "memory"); return p; }
static void two_places(int lost) {
	void *p = first_place(), *q = second_place();
	if (!lost) {
		free(p);
		free(q);
	}
}
*/
import "C"

import "unsafe"

func malloc(n int) unsafe.Pointer                 { return C.malloc(C.size_t(n)) }
func free(p unsafe.Pointer)                       { C.free(p) }
func text(s string) unsafe.Pointer                { return unsafe.Pointer(C.CString(s)) }
func bytes(b []byte) unsafe.Pointer               { return C.CBytes(b) }
func newChain(n int) unsafe.Pointer               { return unsafe.Pointer(C.chain_new(C.int(n))) }
func freeChain(p unsafe.Pointer)                  { C.chain_free((*C.struct_node)(p)) }
func newRing() unsafe.Pointer                     { return unsafe.Pointer(C.ring_new()) }
func greeting(p unsafe.Pointer) unsafe.Pointer    { return unsafe.Pointer(C.greeting((*C.char)(p))) }
func grow(p unsafe.Pointer, n int) unsafe.Pointer { return C.grow(p, C.size_t(n)) }
func hold(i int, p unsafe.Pointer)                { C.hold(C.int(i), p) }
func holdInThread(p unsafe.Pointer)               { C.hold_in_thread(p) }
func holdAligned(p unsafe.Pointer) bool           { return C.hold_aligned(p) != 0 }
func twoPlaces(lost int)                          { C.two_places(C.int(lost)) }
func holdBig(p unsafe.Pointer) bool               { return C.hold_big(p) != 0 }
