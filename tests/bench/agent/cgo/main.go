// A Go program whose work is in C: strings are copied over, changed there and taken back.
package main

/*
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static char *shout(const char *s) {
	char *t = strdup(s);
	for (char *p = t; *p; p++)
		*p = (char)toupper(*p);
	return t;
}
*/
import "C"

import (
	"fmt"
	"os"
	"strconv"
	"unsafe"
)

func main() {
	rounds, _ := strconv.Atoi(os.Args[1])
	total := 0
	for i := 0; i < rounds; i++ {
		in := C.CString("order " + strconv.Itoa(i) + " of the day, with some text behind it")
		out := C.shout(in)
		total += len(C.GoString(out))
		C.free(unsafe.Pointer(in))
		C.free(unsafe.Pointer(out))
	}
	fmt.Println(total)
}
