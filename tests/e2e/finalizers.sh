#!/usr/bin/env bash
# Findings of finalizers: twins of a bug and its correct neighbour, in e2e/finalizers/. Every bug is found in every run, by
# its own test; no neighbour is ever named. Then the same through redflag, from the spool and from the text.
. "$(dirname "$0")/../lib.sh"

cp -r "$root/tests/e2e/finalizers" "$work/finalizers"
cd "$work/finalizers" || exit
bugs=$(grep -oh '^func TestBug[A-Za-z_]*' ./*_test.go | sed 's/^func //' | sort)
goods=$(grep -oh '^func TestGood[A-Za-z_]*' ./*_test.go | sed 's/^func //' | sort)
check "there are twins" test "$(grep -c UseAfterFinalize <<<"$bugs")" -ge 8 -a "$(wc -l <<<"$goods")" -ge 8
want=$(for t in $bugs; do echo "$t use-after-finalize"; done)

# "TEST KIND", once each, from verbose output: the kinds that were printed while the test ran, if it failed.
kinds() {
	awk '/^=== RUN/ { test = $3 } /^WARNING: (REDFLAG: |DATA RACE)/ { seen[test " " $NF] = 1 }
		/^--- FAIL/ { failed[$3] = 1 }
		END { for (s in seen) { split(s, p, " "); print p[1], (p[1] in failed) ? p[2] : p[2] "-but-passed" } }' "$1" | sort
}

run() { # NAME GO-VERSION-OR-local RUNS
	local name=$1 settings i which=()
	[ "$2" = local ] || which=(--go "$2")
	settings=$("$redflag" env "${which[@]}") || return
	eval "$settings"
	go test -c -race -o finalizers.test . || return
	for i in $(seq "$3"); do
		GOMAXPROCS=$((i % 3 + 1)) ./finalizers.test -test.v >"out.$name.$i" 2>&1
		check "$name, run $i: every bug, no neighbour" equal "$want" "$(kinds "out.$name.$i")"
		check "$name, run $i: neighbours pass" equal "$goods" \
			"$(sed -n 's/^--- PASS: \(TestGood[A-Za-z_]*\).*/\1/p' "out.$name.$i" | sort)"
	done
}

# What `redflag env` sets ends with the subshell; the counts are handed out through a file.
count() {
	(
		passed=0 failed=0
		run "$@"
		[ "$passed" -gt 0 ] || check "$1: built" false
		echo "$passed $failed" >"$work/counts"
	)
	read -r p f <"$work/counts"
	passed=$((passed + p)) failed=$((failed + f))
}
count "this Go" local 3
GOGC=1 GODEBUG=clobberfree=1,gccheckmark=1 ./finalizers.test -test.v >out.gc 2>&1
check "with constant collections" equal "$want" "$(kinds out.gc)"
REDFLAG=finalizers=0 ./finalizers.test -test.v >out.off 2>&1
check "finalizers=0: nothing" equal "" "$(kinds out.off)"
REDFLAG=pool=0 ./finalizers.test -test.v >out.nopool 2>&1
check "pool=0: no difference" equal "$want" "$(kinds out.nopool)"
for go in go1.25.4 go1.27.0; do
	if GOTOOLCHAIN=$go go version >/dev/null 2>&1; then
		count "$go" "$go" 1
	else
		skip "$go" "this Go version can't be had here"
	fi
done

# Through redflag, by the spool.
query() { sqlite3 -separator ' ' "$1" "$2"; }
"$redflag" test --db "$work/db" -count=1 . >"$work/test.out" 2>&1
check "new findings: status 66" equal 66 $?
check "by test and kind" equal "$want" "$(query "$work/db" \
	"SELECT DISTINCT ifnull(nullif(test_a, ''), test_b), kind FROM v_findings ORDER BY 1")"
check "text and spool are one event" equal "spool" "$(query "$work/db" 'SELECT DISTINCT source FROM events')"
check "every event has its text" equal 0 "$(query "$work/db" 'SELECT count(*) FROM events WHERE text_uid IS NULL')"
check "the finalizer is named" equal \
	"use after finalize: finalizers.TestBugUseAfterFinalize_Global after finalizers.TestBugUseAfterFinalize_Global.func" \
	"$(query "$work/db" "SELECT title FROM v_findings WHERE 'TestBugUseAfterFinalize_Global' IN (test_a, test_b)")"
check "the allocation is known" test "$("$redflag" show --db "$work/db" 1 | grep -c 'finalizers.make0\|[aA]llocated')" -ge 1

# From the text alone: the same findings.
GOFLAGS=-overlay=$("$redflag" toolchain --print overlay) REDFLAG_SPOOL='' go test -race -count=1 -json . >"$work/json"
"$redflag" report --db "$work/textdb" <"$work/json" >"$work/report.out" 2>&1
fingerprints='SELECT DISTINCT kind, fingerprint, title FROM v_findings ORDER BY 2'
check "the text says the same" equal "$(query "$work/db" "$fingerprints")" "$(query "$work/textdb" "$fingerprints")"

# What people are told.
"$redflag" explain use-after-finalize >"$work/explain" 2>&1
check "explain use-after-finalize" grep -q '^What to do' "$work/explain"
check "explain use-after-finalize fits 80 columns" test "$(wc -L <"$work/explain")" -le 80
"$redflag" list --db "$work/db" --kind use-after-finalize >"$work/list"
check "list --kind use-after-finalize" grep -q TestBug "$work/list"
finish
