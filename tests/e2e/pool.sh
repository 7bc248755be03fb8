#!/usr/bin/env bash
# Findings of sync.Pool: twins of a bug and its correct neighbour, in e2e/pool/. Every bug is found in every run, by its own
# test; no neighbour is ever named. Then the same through redflag, from the spool and from the text.
. "$(dirname "$0")/../lib.sh"

cp -r "$root/tests/e2e/pool" "$work/pool"
cd "$work/pool" || exit
bugs=$(grep -oh '^func TestBug[A-Za-z_]*' ./*_test.go | sed 's/^func //' | sort)
goods=$(grep -oh '^func TestGood[A-Za-z_]*' ./*_test.go | sed 's/^func //' | sort)
check "there are twins of each kind" test "$(grep -c UseAfterPut <<<"$bugs")" -ge 8 -a "$(grep -c DoublePut <<<"$bugs")" -ge 8 \
	-a "$(grep -c PutWhileUsed <<<"$bugs")" -ge 8

# The kind that a test's name wants.
kind_of() {
	case $1 in
	TestBugUseAfterPut_*) echo use-after-put ;;
	TestBugDoublePut_*) echo double-put ;;
	TestBugPutWhileUsed_*) echo put-while-used ;;
	esac
}
want=$(for t in $bugs; do echo "$t $(kind_of "$t")"; done)

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
	go test -c -race -o pool.test . || return
	for i in $(seq "$3"); do
		GOMAXPROCS=$((i % 3 + 1)) ./pool.test -test.v >"out.$name.$i" 2>&1
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
count "this Go" local 5
GOGC=1 GODEBUG=clobberfree=1 ./pool.test -test.v >out.gc 2>&1
check "with constant collections" equal "$want" "$(kinds out.gc)"
REDFLAG=pool=0 ./pool.test -test.v >out.off 2>&1
check "pool=0: nothing" equal "" "$(kinds out.off)"
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
check "no report's text is printed" equal "" "$(grep -E 'REDFLAG|^=====' "$work/test.out")"
check "titles" equal "use after put: pool.TestBugUseAfterPut_Write after pool.TestBugUseAfterPut_Write" \
	"$(query "$work/db" "SELECT title FROM v_findings WHERE test_a = 'TestBugUseAfterPut_Write'")"
"$redflag" export --db "$work/db" --run all --format json >"$work/export"
check "an operation and an access of its own" test "$(grep -c '"operation": "put"' "$work/export")" -ge 26 \
	-a "$(grep -c '"access": "put"' "$work/export")" -ge 26

# From the text alone: the same findings.
GOFLAGS=-overlay=$("$redflag" toolchain --print overlay) REDFLAG_SPOOL='' go test -race -count=1 -json . >"$work/json"
"$redflag" report --db "$work/textdb" <"$work/json" >"$work/report.out" 2>&1
fingerprints='SELECT DISTINCT kind, fingerprint, title FROM v_findings ORDER BY 2'
check "the text says the same" equal "$(query "$work/db" "$fingerprints")" "$(query "$work/textdb" "$fingerprints")"
check "stock's reader of text isn't needed for that" equal 0 "$(query "$work/textdb" "SELECT count(*) FROM events WHERE source <> 'text'")"

# What people are told.
for kind in use-after-put double-put put-while-used; do
	"$redflag" explain $kind >"$work/explain" 2>&1
	check "explain $kind" grep -q '^What to do' "$work/explain"
	check "explain $kind fits 80 columns" test "$(wc -L <"$work/explain")" -le 80
	check "list --kind $kind" sh -c '"$1" list --db "$2" --kind "$3" | grep -q "TestBug"' - "$redflag" "$work/db" $kind
done
finish
