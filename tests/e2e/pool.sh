#!/usr/bin/env bash
# Findings of sync.Pool: twins of a bug and its correct neighbour, in e2e/pool/. Every bug is found in every run, by its own
# test; no neighbour is ever named. Then the same through redflag, from the spool and from the text.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../twins.sh"

twins pool UseAfterPut=use-after-put UseAfterPutAlias=use-after-put-alias DoublePut=double-put PutWhileUsed=put-while-used
run_twins "this Go" local 5
GOGC=1 GODEBUG=clobberfree=1 ./twins.test -test.v >out.gc 2>&1
check "with constant collections" equal "$want" "$(kinds out.gc)"
REDFLAG=pool=0 ./twins.test -test.v >out.off 2>&1
check "pool=0: nothing" equal "" "$(kinds out.off)"
run_other_gos

through_redflag
check "titles" equal "use after put: pool.TestBugUseAfterPut_Write after pool.TestBugUseAfterPut_Write" \
	"$(query "$work/db" "SELECT title FROM v_findings WHERE test_a = 'TestBugUseAfterPut_Write'")"
"$redflag" export --db "$work/db" --run all --format json >"$work/export"
check "an operation and an access of its own" test "$(grep -c '"operation": "put"' "$work/export")" -ge 26 \
	-a "$(grep -c '"access": "put"' "$work/export")" -ge 26
explained
finish
