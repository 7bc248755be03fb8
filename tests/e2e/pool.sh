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
# Who got the object stands below the two sides; it is in no fingerprint.
got() { # TEST
	./twins.test -test.run "^$1\$" 2>&1 | sed -n '/^Previous get at/{n;N;N;s/.*  example/example/p;}'
}
run_other_gos
check "who got it" equal 'example.com/pool.TestBugUseAfterPut_Write()' "$(got TestBugUseAfterPut_Write)"
check "in another goroutine" equal 'example.com/pool.borrow()' "$(got TestBugUseAfterPut_GotElsewhere)"
check "of an array, too" equal 'example.com/pool.render()' "$(got TestBugUseAfterPutAlias_Bytes)"
check "nobody" equal '' "$(got TestBugUseAfterPut_NeverGot; got TestBugUseAfterPut_NeverGotHere)"

through_redflag
check "titles" equal "use after put: pool.TestBugUseAfterPut_Write after pool.TestBugUseAfterPut_Write" \
	"$(query "$work/db" "SELECT title FROM v_findings WHERE test_a = 'TestBugUseAfterPut_Write'")"
"$redflag" export --db "$work/db" --run all --format json >"$work/export"
check "an operation and an access of its own" test "$(grep -c '"operation": "put"' "$work/export")" -ge 26 \
	-a "$(grep -c '"access": "put"' "$work/export")" -ge 26
check "who got it, nearly always" test "$(grep -c '"access": "get"' "$work/export")" -ge 24
id=$(query "$work/db" "SELECT id FROM v_findings WHERE test_a = 'TestBugUseAfterPut_GotElsewhere'")
"$redflag" show --db "$work/db" "$id" >"$work/show" 2>&1
check "show has all three" equal "Write Put Get" "$(sed -n 's/^\([A-Z][a-z]*\) at 0x.*/\1/p' "$work/show" | xargs)"
awk '/Previous get at/ { skip = 1 } /Output":"\\n"/ { skip = 0 } !skip' "$work/json" >"$work/json.without"
"$redflag" report --db "$work/without" <"$work/json.without" >/dev/null 2>&1
fingerprints='SELECT DISTINCT fingerprint FROM v_findings ORDER BY 1'
check "without it the findings are the same" equal "$(query "$work/textdb" "$fingerprints")" "$(query "$work/without" "$fingerprints")"
check "and it was there" equal "0 1" "$(grep -c 'Previous get' "$work/json.without") $(($(grep -c 'Previous get' "$work/json") > 24))"
explained
finish
