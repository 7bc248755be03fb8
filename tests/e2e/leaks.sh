#!/usr/bin/env bash
# Goroutines that are blocked for good: twins of a bug and its correct neighbour, in e2e/leaks/. Every bug is found in every
# run, by its own test; no neighbour is ever named. Then the same through redflag, from the spool and from the text. Go 1.25
# can't tell them: nothing there, and doctor says so.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../twins.sh"

twins leaks Leak=goroutine-leak

run_once() { # LABEL RUN
	./twins.test -test.v >"out.$1.$2" 2>&1
	check "$1, run $2: every bug, no neighbour" equal "$([ "$1" = go1.25.4 ] || echo "$want")" "$(kinds "out.$1.$2")"
	neighbours_pass "$1, run $2" "out.$1.$2"
	if [ "$1" != go1.25.4 ]; then owners "$1, run $2"; fi
}

# Printed as stock prints races; what can't fail its own test any more fails the package.
owners() { # WHERE
	go test -race -v -count=1 ./owners >owners.out 2>&1
	check "$1: the package fails" grep -q '^FAIL.*/owners' owners.out
	check "$1: of parallel subtests the one" equal "TestCut TestGroup TestGroup/two TestMany" \
		"$(sed -n 's/^ *--- FAIL: \([A-Za-z/]*\).*/\1/p' owners.out | sort | xargs)"
	check "$1: a test that had ended" grep -q 'in a goroutine that TestEarlier left running' owners.out
	check "$1: 5000 in one report" grep -q 'Detail: chan send; .*; 4999 more like it' owners.out
	check "$1: nothing else" equal 3 "$(grep -c 'REDFLAG: goroutine-leak' owners.out)"
}

run_twins "this Go" local 4
check "how many are like it" grep -q '^Detail: chan send; nothing that can run refers to the channel; 3 more like it$' 'out.this Go.1'
GOGC=1 GODEBUG=clobberfree=1 ./twins.test -test.v >out.gc 2>&1
check "with constant collections" equal "$want" "$(kinds out.gc)"
GODEBUG=gccheckmark=1 ./twins.test -test.v >out.checked 2>&1
check "with checked collections: nothing, and nothing happens" equal " PASS" "$(kinds out.checked) $(tail -n 1 out.checked)"
GOGC=off ./twins.test -test.v >out.never 2>&1
check "GOGC=off: no collection, so nothing" equal "" "$(kinds out.never)"
REDFLAG=leaks=0 ./twins.test -test.v >out.off 2>&1
check "leaks=0: nothing" equal "" "$(kinds out.off)"
run_other_gos

through_redflag
check "titles" equal "goroutine leak: leaks.start.func, started by leaks.start" \
	"$(query "$work/db" "SELECT title FROM v_findings WHERE title LIKE '%leaks.start%'")"
"$redflag" export --db "$work/db" --run all --format json >"$work/export"
check "actions in the export" test "$(grep -c '"access": "wait"' "$work/export")" -ge 13 -a \
	"$(grep -c '"access": "start"' "$work/export")" -ge 13
explained
check "explain: each item of a list begins a line" equal 7 "$(grep -c '^- ' "$work/explain")"
have_go go1.25.4 && check "doctor: not with Go 1.25" sh -c '"$1" doctor --go go1.25.4 | grep -q "note *leaks"' - "$redflag"
check "doctor: with this Go" sh -c '"$1" doctor | grep -q "ok *leaks"' - "$redflag"
finish
