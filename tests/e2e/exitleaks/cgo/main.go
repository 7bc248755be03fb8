// A goroutine in C may come back and wake the one that waits; what it was told to lose is lost all the same.
package main

/*
#include <unistd.h>
static volatile int inside;
static void rest(void) { inside = 1; for (;;) pause(); }
static int is_inside(void) { return inside; }
*/
import "C"

import "os"

func wait() {
	c := make(chan int)
	go func() {
		C.rest()
		close(c)
	}()
	go func() { <-c }()
	for C.is_inside() == 0 {
	}
}

func lose() {
	c := make(chan int)
	go func() { <-c }()
}

func main() {
	wait()
	if len(os.Args) > 1 {
		lose()
	}
}
