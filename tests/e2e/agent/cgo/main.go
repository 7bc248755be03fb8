// Memory of C that Go keeps, and a use of it after it was freed.
package main

/*
#include <stdlib.h>
#include <string.h>

static void *grab(size_t bytes) {
	void *block = malloc(bytes);
	memset(block, 1, bytes);
	return block;
}

static int first(int *numbers) {
	return numbers[0];
}
*/
import "C"

import "unsafe"

//go:noinline
func keep(rounds int) {
	for range rounds {
		C.grab(10000)
	}
}

//go:noinline
func lateRead() {
	numbers := (*C.int)(C.grab(40))
	C.free(unsafe.Pointer(numbers))
	C.first(numbers)
}

//go:noinline
func lateWrite() {
	block := (*byte)(C.grab(40))
	C.free(unsafe.Pointer(block))
	*block = 1
}

func main() {
	lateRead()
	lateWrite()
	keep(4000)
}
