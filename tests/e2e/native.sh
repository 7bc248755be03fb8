#!/usr/bin/env bash
# C memory that nothing points to at the end (REDFLAG=cgo=1): twins of a bug and its correct neighbour, in e2e/native/. The
# finding comes when all tests are over: each bug runs alone, the neighbours together. Then all through redflag, by
# the spool and by the text, and programs of which nothing can be told.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../twins.sh"

export REDFLAG=cgo=1 GORACE=atexit_sleep_ms=0
twins native NativeLeak=native-leak

run_once() {
	local t
	for t in $bugs; do
		./twins.test -test.v -test.run "^$t\$" >"out.$1.$2.$t" 2>&1
		echo "status $?" >>"out.$1.$2.$t"
	done
	check "$1, run $2: every bug" equal "$(sed 's/$/-but-passed/' <<<"$want")" \
		"$(for t in $bugs; do kinds "out.$1.$2.$t"; done)"
	check "$1, run $2: and each decides the status" equal "" "$(grep -L '^status 66$' "out.$1.$2".*)"
	./twins.test -test.v -test.run Good >"good.$1.$2" 2>&1
	check "$1, run $2: no neighbour: status 0" equal 0 $?
	check "$1, run $2: nor a word" equal "" "$(grep -A9 REDFLAG "good.$1.$2")"
	neighbours_pass "$1, run $2" "good.$1.$2"
}
run_twins "this Go" local 3
GOGC=1 GODEBUG=clobberfree=1 ./twins.test -test.v -test.run Good >out.gc 2>&1
check "neighbours with constant collections" equal "" "$(grep -A9 REDFLAG out.gc)"
./twins.test -test.v -test.run Many >out.many 2>&1
check "how many and how much" grep -q '^Detail: 100 blocks, 14950 bytes, that nothing points to$' out.many
./twins.test -test.v -test.run BugNativeLeak_String >out.string 2>&1
check "strings by their name" grep -q '^Detail: 1 C string, 12 bytes, that nothing points to$' out.string
check "a chain by its head" equal 1 "$(./twins.test -test.run BugNativeLeak_Chain 2>&1 | grep -c '^WARNING')"
(eval "$("$redflag" env)" && go test -race -c -ldflags=-s=false -o named.test .)
./named.test -test.run BugNativeLeak_TwoPlaces >out.two 2>&1
check "two places in C: two reports, frames of C first" equal "Allocate C.first_place Allocate C.strdup C.second_place " \
	"$(sed -n 's/^\(Allocate\) .*/\1/p; s/^  \(C\.[^ ]*\)()$/\1/p' out.two | sed 's/__strdup/strdup/' | tr '\n' ' ')"
env -u REDFLAG ./twins.test -test.run Bug >out.off 2>&1
check "without the option at the run: nothing" equal PASS "$(cat out.off)"
run_other_gos

through_redflag
check "titles" equal "native leak in native.text" \
	"$(query "$work/db" "SELECT title FROM v_findings WHERE test_a = 'TestBugNativeLeak_String'")"
explained

# A call of C that isn't back, a thread of C: nobody knows what they have in their registers.
mkdir calls threads exits
printf 'module example.com/programs\n\ngo 1.25\n' >go.mod
cat >calls/main.go <<'GO'
package main

/*
#include <stdlib.h>
#include <unistd.h>
static volatile int inside;
static void rest(void) { inside = 1; for (;;) pause(); }
static int is_inside(void) { return inside; }
*/
import "C"

func main() {
	C.malloc(100)
	go C.rest()
	for C.is_inside() == 0 {
	}
}
GO
cat >threads/main.go <<'GO'
package main

/*
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
static void *rest(void *p) { for (;;) pause(); return p; }
static void start(void) { pthread_t t; pthread_create(&t, NULL, rest, NULL); }
*/
import "C"

func main() {
	C.malloc(100)
	C.start()
}
GO
cat >exits/main.go <<'GO'
package main

// #include <stdlib.h>
import "C"
import "os"

//go:noinline
func lose(n int) {
	for range n {
		C.malloc(100)
	}
}

func main() {
	lose(10) // of the last one there may be something left on the stack
	os.Exit(len(os.Args) - 1)
}
GO
(
	eval "$("$redflag" env)"
	for p in calls threads exits; do
		go build -race -o "$p.bin" "./$p" && "./$p.bin" >"$p.out" 2>&1
		echo "status $?" >>"$p.out"
	done
	./exits.bin 1 >exits.1.out 2>&1
)
check "a call that isn't back: nothing" equal "status 0" "$(cat calls.out)"
check "a thread of C: nothing" equal "status 0" "$(cat threads.out)"
check "a program: status 66" grep -q '^status 66$' exits.out
check "a program that fails: told, too" grep -q '^WARNING: REDFLAG: native-leak$' exits.1.out
finish
