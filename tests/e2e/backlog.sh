#!/usr/bin/env bash
# Finalizers and cleanups that others wait behind: twins of a bug and its correct neighbour, in e2e/backlog/, each in a process
# of its own. Every bug is found in every run, by its own test; no neighbour is ever named. Then the same through redflag, from
# the spool and from the text, and in a program.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../twins.sh"

twins backlog FinalizerBacklog=finalizer-backlog
export REDFLAG=backlog=1 GORACE=atexit_sleep_ms=0

# Most of the time they sleep, so they do it together.
each() { # FILE
	local t
	for t in $bugs $goods; do ./twins.test -test.v -test.run "^$t\$" >"$1.$t" 2>&1 & done
	wait
	for t in $bugs $goods; do cat "$1.$t"; done >"$1"
}

run_once() { # LABEL RUN
	each "out.$1.$2"
	check "$1, run $2: every bug, no neighbour" equal "$want" "$(kinds "out.$1.$2")"
	neighbours_pass "$1, run $2" "out.$1.$2"
}

run_twins "this Go" local 2
detail() { sed -n 's/^Detail: //p' "out.this Go.1.TestBugFinalizerBacklog_$1" | sed 's/for [0-9]* s/for N s/'; }
check "what it waits for, and how many for it" equal "chan receive; 3 wait behind it, the oldest for N s at least" "$(detail Receive)"
check "a cleanup of many" equal "chan receive; 99 wait behind it, the oldest for N s at least" "$(detail CleanupsOfOne)"
check "one that runs" equal "3 wait behind it, the oldest for N s at least" "$(detail Busy)"
check "and its function" grep -q '^  example.com/backlog.behind.func1()' 'out.this Go.1.TestBugFinalizerBacklog_Busy'
check "who set a cleanup" grep -q '^  example.com/backlog.add()' 'out.this Go.1.TestBugFinalizerBacklog_Cleanup'
GOGC=1 GODEBUG=clobberfree=1 each out.gc
check "with constant collections" equal "$want" "$(kinds out.gc)"
REDFLAG=backlog=3600 each out.hour
check "an hour is a long time" equal "" "$(kinds out.hour)"
REDFLAG='' each out.off
check "nothing unless told to" equal "" "$(kinds out.off)"
run_other_gos

through_redflag -run 'Backlog_(Receive|Cleanup$|Busy|Syscall)'
check "titles" equal "finalizer backlog: backlog.TestBugFinalizerBacklog_Receive.func, set by backlog.set" \
	"$(query "$work/db" "SELECT title FROM v_findings WHERE title LIKE '%Receive%'")"
id=$(query "$work/db" "SELECT id FROM v_findings WHERE title LIKE '%Receive%'")
"$redflag" show --db "$work/db" "$id" >"$work/show" 2>&1
check "show has both sides" equal "Finalize Wait" "$(sed -n 's/^\([A-Z][a-z]*\) at 0x.*/\1/p' "$work/show" | sort | xargs)"
check "show tells how many" grep -q '^  detail  *chan receive; 3 wait behind it' "$work/show"

# A program: told while it runs, and at its end.
mkdir program && cat >program/main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

type thing struct{ p *int }

func main() {
	began, end := make(chan bool), make(chan bool)
	set := func(f func(*thing)) { runtime.SetFinalizer(&thing{new(int)}, f) }
	set(func(*thing) { began <- true; <-end })
	runtime.GC()
	<-began
	set(func(*thing) {})
	runtime.GC()
	time.Sleep(1500 * time.Millisecond)
	if len(os.Args) > 1 {
		os.Exit(0)
	}
	for range 20 {
		time.Sleep(50 * time.Millisecond)
	}
	fmt.Fprintln(os.Stderr, "goes on")
}
GO
GOFLAGS=-overlay=$("$redflag" toolchain --print overlay) go build -race -o "$work/prog" ./program
"$work/prog" >"$work/prog.out" 2>&1
check "a program's exit status" equal 66 $?
check "told while it runs" equal "WARNING: REDFLAG: finalizer-backlog goes on" \
	"$(grep -E '^WARNING|^goes on' "$work/prog.out" | tr '\n' ' ' | sed 's/ $//')"
check "one waits" grep -q '^Detail: chan receive; 1 waits behind it, for . s at least$' "$work/prog.out"
"$work/prog" exit >"$work/prog.out" 2>&1
check "os.Exit: status" equal 66 $?
check "os.Exit: told" grep -q 'REDFLAG: finalizer-backlog' "$work/prog.out"

check "doctor knows the option" sh -c '! REDFLAG=backlog=10 "$1" doctor | grep -q "is no option"' - "$redflag"
check "doctor: no number" sh -c 'REDFLAG=backlog=1s "$1" doctor | grep -q "\"backlog=1s\", which is no option"' - "$redflag"
check "doctor: too long" sh -c 'REDFLAG=backlog=86401 "$1" doctor | grep -q "which is no option"' - "$redflag"
explained
finish
