// Package cgomem has a small C library in it, for the twins.
package cgomem

/*
#include <stdlib.h>
#include <string.h>
#include <pthread.h>

struct point { long x, y; };

static struct point *point_new(long x, long y) {
	struct point *p = malloc(sizeof(*p));
	p->x = x;
	p->y = y;
	return p;
}

static void point_free(struct point *p) { free(p); }

static long text_length_and_free(char *s) {
	long n = (long)strlen(s);
	free(s);
	return n;
}

static void *grow(void *p, size_t n) { return realloc(p, n); }

static void free_both(void *a, void *b) { free(a); free(b); }

static char variable[64];
static void *its_variable(void) { return variable; }

static void free_own_stack(int n) {
	char local[64];
	void *volatile p = local; // or the compiler warns
	local[0] = (char)n;
	free(p);
}

static long only_read(const char *s) { return (long)strlen(s); }

static void *aligned(size_t n) { return aligned_alloc(64, n); }

static char *duplicate(const char *s) { return strdup(s); }

static void *cleaner(void *p) { free(p); return NULL; }

static void free_elsewhere(void *p) {
	pthread_t t;
	if (pthread_create(&t, NULL, cleaner, p) == 0)
		pthread_join(t, NULL);
}
*/
import "C"

import "unsafe"

type point = C.struct_point

func newPoint(x, y int) *point { return C.point_new(C.long(x), C.long(y)) }
func freePoint(p *point)       { C.point_free(p) }
func malloc(n int) unsafe.Pointer {
	return C.malloc(C.size_t(n))
}
func calloc(n int) unsafe.Pointer {
	return C.calloc(1, C.size_t(n))
}
func free(p unsafe.Pointer)                       { C.free(p) }
func text(s string) unsafe.Pointer                { return unsafe.Pointer(C.CString(s)) }
func bytes(b []byte) unsafe.Pointer               { return C.CBytes(b) }
func goText(p unsafe.Pointer) string              { return C.GoString((*C.char)(p)) }
func goBytes(p unsafe.Pointer, n int) []byte      { return C.GoBytes(p, C.int(n)) }
func textLengthAndFree(p unsafe.Pointer) int      { return int(C.text_length_and_free((*C.char)(p))) }
func grow(p unsafe.Pointer, n int) unsafe.Pointer { return C.grow(p, C.size_t(n)) }
func freeBoth(a, b unsafe.Pointer)                { C.free_both(a, b) }
func freeElsewhere(p unsafe.Pointer)              { C.free_elsewhere(p) }
func variable() unsafe.Pointer                    { return C.its_variable() }
func freeOwnStack()                               { C.free_own_stack(1) }
func onlyRead(p unsafe.Pointer) int               { return int(C.only_read((*C.char)(p))) }
func aligned(n int) unsafe.Pointer                { return C.aligned(C.size_t(n)) }
func duplicate(p unsafe.Pointer) unsafe.Pointer   { return unsafe.Pointer(C.duplicate((*C.char)(p))) }
