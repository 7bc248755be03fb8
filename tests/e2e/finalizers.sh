#!/usr/bin/env bash
# Findings of finalizers: twins of a bug and its correct neighbour, in e2e/finalizers/. Every bug is found in every run, by
# its own test; no neighbour is ever named. Then the same through redflag, from the spool and from the text.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../twins.sh"

twins finalizers UseAfterFinalize=use-after-finalize Resurrection=resurrection \
	CleanupKeepsAlive=cleanup-keeps-alive
run_twins "this Go" local 3
check "whoever sets what keeps its object, by every stack" equal "" \
	"$(awk '/^WARNING/ { ours = /cleanup-keeps-alive/ } ours && /failed to restore/' out.this\ Go.*)"
GOGC=1 GODEBUG=clobberfree=1,gccheckmark=1 ./twins.test -test.v >out.gc 2>&1
check "with constant collections" equal "$want" "$(kinds out.gc)"
REDFLAG="finalizers=0 cleanups=0" ./twins.test -test.v >out.off 2>&1
check "finalizers=0 cleanups=0: nothing" equal "" "$(kinds out.off)"
REDFLAG=pool=0 ./twins.test -test.v >out.nopool 2>&1
check "pool=0: no difference" equal "$want" "$(kinds out.nopool)"
run_other_gos

# A program, not a test: told at its end, whichever way that comes.
mkdir -p "$work/finalizers/cmd" && cat >"$work/finalizers/cmd/main.go" <<'GO'
package main

import (
	"os"
	"runtime"
)

type conn struct{ fd [4]int }

var kept []*conn

func main() {
	ran := make(chan bool)
	func() {
		runtime.SetFinalizer(&conn{}, func(c *conn) { kept = append(kept, c) })
		runtime.SetFinalizer(&conn{}, func(*conn) { close(ran) })
	}()
	runtime.GC()
	<-ran
	for range 10 {
		runtime.GC()
	}
	if len(os.Args) > 1 {
		os.Exit(0)
	}
}
GO
GOFLAGS=-overlay=$("$redflag" toolchain --print overlay) go build -race -o "$work/program" ./cmd
for way in return exit; do
	# shellcheck disable=SC2046 # no argument is what makes it return
	GORACE=atexit_sleep_ms=0 "$work/program" $([ "$way" = return ] || echo "$way") >"$work/program.out" 2>&1
	check "a program's status, by $way" equal 66 $?
	check "a program's finding, by $way" equal 1 "$(grep -c 'REDFLAG: resurrection' "$work/program.out")"
done

through_redflag
check "the finalizer is named" equal \
	"use after finalize: finalizers.TestBugUseAfterFinalize_Global after finalizers.TestBugUseAfterFinalize_Global.func" \
	"$(query "$work/db" "SELECT title FROM v_findings WHERE 'TestBugUseAfterFinalize_Global' IN (test_a, test_b)")"
check "and who set it" equal \
	"resurrection: finalizers.TestBugResurrection_Global.func, set by finalizers.make0" \
	"$(query "$work/db" "SELECT title FROM v_findings WHERE 'TestBugResurrection_Global' IN (test_a, test_b)")"
check "the allocation is known" test "$("$redflag" show --db "$work/db" 1 | grep -c 'finalizers.make0\|[aA]llocated')" -ge 1
explained
finish
