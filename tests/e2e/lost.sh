#!/usr/bin/env bash
# Elements that are left in the buffers of channels: twins of a bug and its correct neighbour, in e2e/lost/. Every bug is
# found in every run, no neighbour is ever named. Then the same through redflag, and in a program.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../twins.sh"

twins lost Lost=lost-in-channel

# What is lost is told when a channel is closed after a collection, or when all tests are over: by the stack of who closed it.
run_once() { # LABEL RUN
	GORACE=atexit_sleep_ms=0 REDFLAG=lost=1 ./twins.test -test.v >"out.$1.$2" 2>&1
	check "$1, run $2: every bug, no neighbour" equal "$want" "$(kinds_by_stack lost-in-channel "out.$1.$2")"
	check "$1, run $2: every stack" equal "" "$(grep -B1 'failed to restore' "out.$1.$2")"
}

run_twins "this Go" local 5
export GORACE=atexit_sleep_ms=0
./twins.test >out.off 2>&1
check "nothing unless told to" equal PASS "$(cat out.off)"
REDFLAG=lost=1 GOGC=10 GODEBUG=gccheckmark=1,clobberfree=1 ./twins.test >out.gc 2>&1
check "with constant collections" equal "$want" "$(kinds_by_stack lost-in-channel out.gc)"
REDFLAG=lost=1 ./twins.test -test.run Good -test.skip GoodReachable -test.count 10 >out.good 2>&1
check "neighbours pass, 10 times" equal PASS "$(cat out.good)"
detail() { sed -n "s/^Detail: \(never received.*$1\)\$/\1/p" "out.this Go.1" | sed 's/goroutine [0-9]*/goroutine N/'; }
check "what and how many, and who made the channel" equal \
	"never received: 9 of type [4096]uint8, in a buffer of 16 that goroutine N made in example.com/lost.TestBugLost_Large" \
	"$(detail TestBugLost_Large)"
check "who sent last" grep -q 'Previous send at .* by goroutine' "out.this Go.1"
check "who received last" grep -q 'Previous receive at .* by goroutine' "out.this Go.1"
check "a sender that waited" grep -q '^  example.com/lost.TestBugLost_WaitedSender.func1()' "out.this Go.1"
run_other_gos

REDFLAG=lost=1 through_redflag

# A program: told while it runs, when a collection was followed by a close, and at its end.
mkdir program && cat >program/main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"runtime"
)

func forget() {
	c := make(chan int, 4)
	c <- 1
	close(c)
}

func main() {
	forget()
	if len(os.Args) > 1 {
		runtime.GC()
		close(make(chan bool))
		fmt.Fprintln(os.Stderr, "goes on")
	}
}
GO
GOFLAGS=-overlay=$("$redflag" toolchain --print overlay) go build -race -o "$work/prog" ./program
REDFLAG=lost=1 "$work/prog" >"$work/prog.out" 2>&1
check "at the end: status" equal 66 $?
check "at the end" grep -q '^Detail: never received: 1 of type int, in a buffer of 4 ' "$work/prog.out"
REDFLAG=lost=1 "$work/prog" now >"$work/prog.out" 2>&1
check "while it runs" equal "WARNING: REDFLAG: lost-in-channel goes on" \
	"$(grep -E '^WARNING|^goes on' "$work/prog.out" | tr '\n' ' ' | sed 's/ $//')"
explained
finish
