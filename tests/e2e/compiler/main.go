// Functions whose instrumentation the rebuilt compiler may partly leave out, or must not; tests/e2e/compiler.sh counts what is left. In
// front of each: reads and writes that are to be told to the detector. Then each is raced with.
package main

import "sync"

type pair struct {
	a, b int
	next *pair
}

// 2 0: a, b; a again is covered
//
//go:noinline
func again(p *pair) int {
	n := p.a
	if n > 0 {
		n += p.b
	}
	return n + p.a
}

// 0 1: the write covers the read
//
//go:noinline
func written(p *pair) int {
	p.a = 1
	return p.a
}

// 1 1: a read doesn't cover a write
//
//go:noinline
func read(p *pair) {
	p.a++
}

// 2 0: in between, another goroutine may have been waited for
//
//go:noinline
func locked(p *pair, mu *sync.Mutex) int {
	n := p.a
	mu.Lock()
	n += p.a
	mu.Unlock()
	return n
}

// 2 0: covered on one way only
//
//go:noinline
func sometimes(p *pair, c bool) (n int) {
	if c {
		n = p.a
	}
	return n + p.a
}

// 2 0: covered on both ways
//
//go:noinline
func always(p *pair, c bool) (n int) {
	if c {
		n = p.a
	} else {
		n = 2 * p.a
	}
	return n + p.a
}

// 2 0: each round has another address
//
//go:noinline
func list(p *pair) (n int) {
	for ; p != nil; p = p.next {
		n += p.a
	}
	return n
}

// 3 1: another pointer is at the same place; next again is covered by the write
//
//go:noinline
func moved(p, q *pair) int {
	n := p.next.a
	p.next = q
	return n + p.next.a
}

// 1 0: one read a round
//
//go:noinline
func twice(s []int) (n int) {
	for i := range s {
		n += s[i]
		if n > 10 {
			n -= 2 * s[i]
		}
	}
	return n
}

// race has f called while another goroutine writes.
func race(f func(p *pair)) {
	p := &pair{next: &pair{}}
	done := make(chan bool)
	go func() {
		p.a = 2
		done <- true
	}()
	f(p)
	<-done
}

func main() {
	race(func(p *pair) { again(p) })
	race(func(p *pair) { written(p) })
	race(func(p *pair) { read(p) })
	race(func(p *pair) { locked(p, new(sync.Mutex)) })
	race(func(p *pair) { sometimes(p, false) })
	race(func(p *pair) { always(p, true) })
	race(func(p *pair) { list(p) })
	race(func(p *pair) { moved(&pair{next: p}, p) })
	twice([]int{1, 20, 3})
}
