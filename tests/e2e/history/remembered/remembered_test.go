// Package remembered: 60 000 calls later; stock has lost the stack by then, a longer history has it.
package remembered

import (
	"testing"

	"example.com/history/aside"
)

var total int

func add(calls int) {
	total++
	aside.Work(calls)
	aside.Arrive()
}

func TestTotal(t *testing.T) {
	go add(60000)
	aside.Wait()
	total++
}
