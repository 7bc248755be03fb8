#!/usr/bin/env bash
# Values that were deleted from a map of the language and are still held (REDFLAG="retained=1 mapdeletes=1"): twins of a bug and its
# correct neighbour, in e2e/mapdeletes/. Every bug is found in every run, no neighbour is ever named.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../twins.sh"

twins mapdeletes Deleted=retained-after-delete

run_once() { # LABEL RUN
	GORACE=atexit_sleep_ms=0 REDFLAG='retained=1 mapdeletes=1' ./twins.test -test.v >"out.$1.$2" 2>&1
	check "$1, run $2: every bug, no neighbour" equal "$want" "$(kinds_by_stack retained-after-delete "out.$1.$2")"
	neighbours_pass "$1, run $2" "out.$1.$2"
}

run_twins "this Go" local 5
export GORACE=atexit_sleep_ms=0
REDFLAG=retained=1 ./twins.test >out.syncmap 2>&1
check "nothing unless told to" equal "" "$(grep REDFLAG out.syncmap)"
REDFLAG=mapdeletes=1 ./twins.test >out.alone 2>&1
check "nor by itself" equal "" "$(grep REDFLAG out.alone)"
REDFLAG='retained=1 mapdeletes=1' GOGC=1 GODEBUG=gccheckmark=1,clobberfree=1 ./twins.test -test.v >out.gc 2>&1
check "with constant collections" equal "$want" "$(kinds_by_stack retained-after-delete out.gc)"
for _ in 1 2 3 4 5; do REDFLAG='retained=1 mapdeletes=1' ./twins.test -test.run Good; done >out.good 2>&1
check "neighbours alone pass, 5 times" equal "5 PASS" "$(uniq -c out.good | sed 's/^ *//')"
run_other_gos

REDFLAG='retained=1 mapdeletes=1' through_redflag
explained
finish
