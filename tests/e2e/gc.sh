#!/usr/bin/env bash
# Use of what the collector freed: twins of a bug and its correct neighbour, in e2e/gc/. Every bug is found in every run,
# by its own test; no neighbour is ever named. Then the same through redflag, from the spool and from the text.
. "$(dirname "$0")/../lib.sh"

cp -r "$root/tests/e2e/gc" "$work/gc"
cd "$work/gc" || exit
bugs=$(grep -oh '^func TestBug[A-Za-z_]*' ./*_test.go | sed 's/^func //' | sort)
goods=$(grep -oh '^func TestGood[A-Za-z_]*' ./*_test.go | sed 's/^func //' | sort)
check "there are twins" test "$(wc -l <<<"$bugs")" -ge 8 -a "$(wc -l <<<"$goods")" -ge 8

# The tests, once each, that failed with a report of use-after-gc; with another kind, or passing, it is said.
named() {
	awk '/^=== RUN/ { test = $3 } /^WARNING: (REDFLAG: |DATA RACE)/ { kind[test] = $NF }
		/^--- FAIL/ { failed[$3] = 1 }
		END { for (t in kind) print t (kind[t] == "use-after-gc" ? "" : " " kind[t]) (t in failed ? "" : " passed") }' "$1" | sort
}

run() { # NAME GO-VERSION-OR-local RUNS
	local name=$1 settings i which=()
	[ "$2" = local ] || which=(--go "$2")
	settings=$("$redflag" env "${which[@]}") || return
	eval "$settings"
	go test -c -race -o gc.test . || return
	for i in $(seq "$3"); do
		GOMAXPROCS=$((i % 3 + 1)) ./gc.test -test.v >"out.$name.$i" 2>&1
		check "$name, run $i: every bug, no neighbour" equal "$bugs" "$(named "out.$name.$i")"
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
count "this Go" local 5
REDFLAG=gc=0 ./gc.test -test.v >out.off 2>&1
check "gc=0: nothing" equal "" "$(named out.off)"
for setting in clobberfree=1 gccheckmark=1 gcstoptheworld=1; do
	GODEBUG=$setting ./gc.test -test.v >"out.$setting" 2>&1
	check "$setting: every bug, no neighbour" equal "$bugs" "$(named "out.$setting")"
done
GOGC=1 ./gc.test -test.v -test.run=Good -test.count=3 >out.gogc 2>&1
check "with constant collections: neighbours pass" equal "0 " "$? $(named out.gogc)"
check "the collection is told" grep -qE '^Previous free at 0x[0-9a-f]+ by the garbage collector \(collection [0-9]+, [0-9.]+ s before, by runtime.GC\)$' "out.this Go.1"
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
check "by test" equal "$bugs" "$(query "$work/db" \
	"SELECT DISTINCT ifnull(nullif(test_a, ''), test_b) FROM v_findings WHERE kind = 'use-after-gc' ORDER BY 1")"
check "text and spool are one event" equal "spool" "$(query "$work/db" 'SELECT DISTINCT source FROM events')"
check "every event has its text" equal 0 "$(query "$work/db" 'SELECT count(*) FROM events WHERE text_uid IS NULL')"
check "no report's text is printed" equal "" "$(grep -E 'REDFLAG|^=====' "$work/test.out")"
check "titles" equal "use after gc: gc.TestBug_Field after the collection" \
	"$(query "$work/db" "SELECT title FROM v_findings WHERE title LIKE '%TestBug_Field%'")"
id=$(query "$work/db" "SELECT id FROM v_findings WHERE title LIKE '%TestBug_Field%'")
"$redflag" show --db "$work/db" "$id" >"$work/show" 2>&1
check "show: which collection" grep -qE 'by the garbage collector: collection [0-9]+, [0-9.]+ s before, by runtime.GC' "$work/show"
check "show: where it was allocated" grep -q 'allocated in gc.hide' "$work/show"

# From the text alone: the same findings.
GOFLAGS=-overlay=$("$redflag" toolchain --print overlay) REDFLAG_SPOOL='' go test -race -count=1 -json . >"$work/json"
"$redflag" report --db "$work/textdb" <"$work/json" >"$work/report.out" 2>&1
fingerprints='SELECT DISTINCT kind, fingerprint, title FROM v_findings ORDER BY 2'
check "the text says the same" equal "$(query "$work/db" "$fingerprints")" "$(query "$work/textdb" "$fingerprints")"

"$redflag" explain use-after-gc >"$work/explain" 2>&1
check "explain" grep -q '^What to do' "$work/explain"
check "explain fits 80 columns" test "$(wc -L <"$work/explain")" -le 80
check "list --kind" sh -c '"$1" list --db "$2" --kind use-after-gc | grep -q "TestBug"' - "$redflag" "$work/db"
finish
