#!/usr/bin/env bash
# Use of what the collector freed: twins of a bug and its correct neighbour, in e2e/gc/. Every bug is found in every run,
# by its own test; no neighbour is ever named. Then the same through redflag, from the spool and from the text.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../twins.sh"

twins gc UseAfterGC=use-after-gc
run_twins "this Go" local 5
REDFLAG=gc=0 ./twins.test -test.v >out.off 2>&1
check "gc=0: nothing" equal "" "$(kinds out.off)"
for setting in clobberfree=1 gccheckmark=1 gcstoptheworld=1; do
	GODEBUG=$setting ./twins.test -test.v >"out.$setting" 2>&1
	check "$setting: every bug, no neighbour" equal "$want" "$(kinds "out.$setting")"
done
GOGC=1 ./twins.test -test.v -test.run=Good -test.count=3 >out.gogc 2>&1
check "with constant collections: neighbours pass" equal "0 " "$? $(kinds out.gogc)"
check "the collection is told" grep -qE '^Previous free at 0x[0-9a-f]+ by the garbage collector \(collection [0-9]+, [0-9.]+ s before, by runtime.GC\)$' "out.this Go.1"
run_other_gos

through_redflag
check "titles" equal "use after gc: gc.TestBugUseAfterGC_Field after the collection" \
	"$(query "$work/db" "SELECT title FROM v_findings WHERE title LIKE '%TestBugUseAfterGC_Field%'")"
id=$(query "$work/db" "SELECT id FROM v_findings WHERE title LIKE '%TestBugUseAfterGC_Field%'")
"$redflag" show --db "$work/db" "$id" >"$work/show" 2>&1
check "show: which collection" grep -qE 'by the garbage collector: collection [0-9]+, [0-9.]+ s before, by runtime.GC' "$work/show"
check "show: where it was allocated" grep -q 'allocated in gc.hide' "$work/show"
explained
finish
