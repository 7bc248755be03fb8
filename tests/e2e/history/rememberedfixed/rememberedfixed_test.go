// Package rememberedfixed: as remembered, and the test waits for the goroutine.
package rememberedfixed

import (
	"testing"

	"example.com/history/aside"
)

var total int

func add(calls int, done chan<- bool) {
	total++
	aside.Work(calls)
	close(done)
}

func TestTotal(t *testing.T) {
	done := make(chan bool)
	go add(60000, done)
	<-done
	total++
}
