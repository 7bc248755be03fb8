#!/usr/bin/env bash
# Programs that do to us what a program may do: close every descriptor, keep data of their own where profiler labels are,
# race in coroutines and cleanups, fuzz, exec themselves. Same exit status and
# same files as without us, and whoever pays for a race is the one whose race it is.
. "$(dirname "$0")/../lib.sh"

overlay=$("$redflag" toolchain --print overlay) || exit
mkdir -p "$work"/m/{descriptors,labels,tests,fuzz,exec} && cd "$work/m" || exit
printf 'module example.com/hostile\n\ngo 1.25\n' >go.mod
GORACE=atexit_sleep_ms=0
export GORACE

# Descriptors: ours is closed, and its number belongs to a file of the program, when the spool has to grow.
cat >descriptors/main.go <<'END'
package main

import (
	"fmt"
	"os"
	"sync"
	"syscall"
)

var x int

//go:noinline
func deep(n int) {
	if n == 0 {
		x++
		return
	}
	deep(n - 1)
}

func main() {
	for fd := 3; fd < 1024; fd++ {
		syscall.Close(fd)
	}
	file, _ := os.Create(os.Args[1])
	for fd := 10; fd < 1024; fd++ {
		syscall.Dup2(int(file.Fd()), fd)
	}
	for i := 0; i < 200; i++ {
		var wg sync.WaitGroup
		wg.Add(2)
		for k := 0; k < 2; k++ {
			go func() { deep(i); wg.Done() }()
		}
		wg.Wait()
	}
	info, err := file.Stat()
	fmt.Println("size", info.Size(), err)
}
END
# Labels: what packages that use the field as storage of a goroutine put there.
cat >labels/main.go <<'END'
package main

import (
	"fmt"
	"sync"
	"unsafe"
)

//go:linkname setLabels runtime/pprof.runtime_setProfLabel
func setLabels(p unsafe.Pointer)

type session struct{ a, b, c uintptr }
type pair struct {
	key         string
	value, size uintptr // a string, as it were
}

var x int

func main() {
	var wg sync.WaitGroup
	m := map[string]string{"a": "b"}
	list := []pair{{"key", 4096, 5}}
	for _, p := range []unsafe.Pointer{
		unsafe.Pointer(&session{8, 5, 7}), unsafe.Pointer(&session{^uintptr(0), 1 << 62, 1 << 63}),
		unsafe.Pointer(&session{0xc000000000, 1 << 40, 1 << 41}), *(*unsafe.Pointer)(unsafe.Pointer(&m)),
		unsafe.Pointer(new(int32)), unsafe.Pointer(&list),
	} {
		wg.Add(2)
		for k := 0; k < 2; k++ {
			go func() {
				defer wg.Done()
				setLabels(p)
				x++
			}()
		}
		wg.Wait()
	}
	fmt.Println("end")
}
END
cat >tests/hostile_test.go <<'END'
package hostile

import (
	"iter"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

type object struct{ values [16]int }

var cleaned, pulled int
var ready, done = make(chan bool), make(chan bool)

// Keeps the goroutine for cleanups busy, so that it starts a second one, and is still there when that one races.
func TestFirstCleanup(t *testing.T) {
	t.Parallel()
	var second atomic.Bool
	runtime.AddCleanup(&object{}, func(int) { <-done }, 1)
	for !second.Load() {
		runtime.AddCleanup(&object{}, func(int) { second.Store(true) }, 1)
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	close(ready)
	<-done
}

func TestCleanup(t *testing.T) {
	t.Parallel()
	<-ready
	started, ended := make(chan bool, 1), make(chan bool)
	runtime.AddCleanup(&object{}, func(int) {
		go func() {
			started <- true
			time.Sleep(50 * time.Millisecond)
			cleaned++
			close(ended)
		}()
	}, 1)
	for run := false; !run; {
		runtime.GC()
		select {
		case <-started:
			run = true
		case <-time.After(10 * time.Millisecond):
		}
	}
	cleaned++
	<-ended
	close(done)
}

func TestCoroutine(t *testing.T) {
	next, stop := iter.Pull(func(yield func(int) bool) {
		pulled++
		yield(1)
	})
	next()
	stop()
	other := make(chan bool)
	go func() {
		pulled++
		close(other)
	}()
	pulled++
	<-other
}
END
cat >fuzz/fuzz_test.go <<'END'
package fuzz

import (
	"sync"
	"testing"
)

var runs, racy int

func FuzzRace(f *testing.F) {
	f.Add([]byte("seed"))
	f.Fuzz(func(t *testing.T, input []byte) {
		if runs++; runs < 500 {
			return
		}
		var wg sync.WaitGroup
		wg.Add(2)
		for i := 0; i < 2; i++ {
			go func() { racy++; wg.Done() }()
		}
		wg.Wait()
	})
}
END
cat >exec/main.go <<'END'
package main

import (
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
)

var x int

func main() {
	var wg sync.WaitGroup
	wg.Add(2)
	for i := 0; i < 2; i++ {
		go func() { x++; wg.Done() }()
	}
	wg.Wait()
	n, _ := strconv.Atoi(os.Args[1])
	if n == 0 {
		return
	}
	next := []string{os.Args[0], strconv.Itoa(n - 1)}
	if err := exec.Command(next[0], next[1]).Run(); err.(*exec.ExitError).ExitCode() != 66 {
		os.Exit(9)
	}
	syscall.Exec(os.Args[0], next, os.Environ())
}
END

go build -race -overlay="$overlay" -o "$work/descriptors" ./descriptors || exit
REDFLAG_SPOOL=$work/spool "$work/descriptors" "$work/user-file" >"$work/out" 2>"$work/err"
check "descriptors closed: exit status 66" equal 66 $?
check "descriptors closed: the program's file is as it was" equal "size 0 <nil>" "$(cat "$work/out")"
reports=$(grep -c 'WARNING: DATA RACE' "$work/err")
stored=$("$redflag" ingest --db "$work/descriptors.db" "$work"/spool/*.spool | grep -oE '^[0-9]+')
check "descriptors closed: every report is in the spool" [ "$reports" -ge 200 -a "$reports" = "$stored" ]
check "descriptors closed: not a word" equal "" "$(grep '^redflag' "$work/err")"

go build -race -ldflags=-checklinkname=0 -overlay="$overlay" -o "$work/labels" ./labels || exit
REDFLAG_SPOOL=$work/spool2 "$work/labels" >"$work/out" 2>"$work/err"
check "foreign labels: exit status 66" equal 66 $?
check "foreign labels: the program came to its end" equal end "$(cat "$work/out")"
"$redflag" ingest --db "$work/labels.db" "$work"/spool2/*.spool >/dev/null

GOMAXPROCS=8 "$redflag" test --db "$work/tests.db" -count=1 -v ./tests >"$work/out" 2>&1
verdict() { grep -oE -- "--- (PASS|FAIL): $1 " "$work/out" | cut -d' ' -f2; }
check "the test that started the cleanups' goroutine passes" equal PASS: "$(verdict TestFirstCleanup)"
check "the test of the racing cleanup fails" equal FAIL: "$(verdict TestCleanup)"
check "the test of the coroutine fails" equal FAIL: "$(verdict TestCoroutine)"

go test -race -overlay="$overlay" -fuzz=FuzzRace -fuzztime=60s -parallel=1 ./fuzz >"$work/out" 2>&1
check "fuzzing stops at a race" equal 1 $?
check "and the input fails for it" grep -q 'race detected during execution of test' "$work/out"

go build -race -overlay="$overlay" -o "$work/exec" ./exec || exit
REDFLAG_SPOOL=$work/spool3 "$work/exec" 3 >/dev/null 2>&1
check "children and exec: exit status 66" equal 66 $?
check "children and exec: a spool each" equal 15 "$(find "$work/spool3" -name '*.spool' | wc -l)"
finish
