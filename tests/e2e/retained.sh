#!/usr/bin/env bash
# Values that were deleted from a sync.Map and are still held: twins of a bug and its correct neighbour, in e2e/retained/.
# Every bug is found in every run, no neighbour is ever named. Then the same through redflag, and in a program.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../twins.sh"

twins retained Retained=retained-after-delete

# What is held is told when all tests are over, by the stack of who deleted it.
run_once() { # LABEL RUN
	GORACE=atexit_sleep_ms=0 REDFLAG=retained=1 ./twins.test -test.v >"out.$1.$2" 2>&1
	check "$1, run $2: every bug, no neighbour" equal "$want" "$(kinds_by_stack retained-after-delete "out.$1.$2")"
	neighbours_pass "$1, run $2" "out.$1.$2"
}

run_twins "this Go" local 5
export GORACE=atexit_sleep_ms=0
./twins.test >out.off 2>&1
check "nothing unless told to" equal "" "$(grep REDFLAG out.off)"
REDFLAG=retained=1 GOGC=10 GODEBUG=gccheckmark=1,clobberfree=1 ./twins.test >out.gc 2>&1
check "with constant collections" equal "$want" "$(kinds_by_stack retained-after-delete out.gc)"
REDFLAG=retained=1 ./twins.test -test.run Good -test.count 10 >out.good 2>&1
check "neighbours pass, 10 times" equal PASS "$(cat out.good)"
held() { sed -n "s/^Detail: it is still held by \(.*$1.*\)/\1/p" "out.this Go.1"; }
check "the way to a field" equal "example.com/retained.wide -> retained.wideHolder.owner -> retained.session, 112 bytes" "$(held wide)"
check "what it is, and its size" grep -q 'anything -> .* -> retained.large, 1792 bytes' <(held large)
run_other_gos

REDFLAG=retained=1 through_redflag

# A program: main returns, or os.Exit with any status.
mkdir program && cat >program/main.go <<'GO'
package main

import (
	"os"
	"sync"
)

type session struct{ name [8]string }

var (
	sessions sync.Map
	byName   = map[string]*session{}
)

func main() {
	s := &session{}
	sessions.Store(1, s)
	byName["a"] = s
	sessions.Delete(1)
	switch len(os.Args) {
	case 2:
		os.Exit(0)
	case 3:
		os.Exit(3)
	}
}
GO
GOFLAGS=-overlay=$("$redflag" toolchain --print overlay) go build -race -o "$work/prog" ./program
for arguments in "" "a" "a b"; do
	# shellcheck disable=SC2086
	GORACE=atexit_sleep_ms=0 REDFLAG=retained=1 "$work/prog" $arguments >"$work/prog.out" 2>&1
	check "main ends with '$arguments'" equal 1 "$(grep -c '^Detail: it is still held by main.byName ' "$work/prog.out")"
done

explained
finish
