// A race in a program that uses cgo, and so is linked by gcc.
package cgo

// static int add(int a, int b) { return a + b; }
import "C"

func Add(a, b int) int { return int(C.add(C.int(a), C.int(b))) }
