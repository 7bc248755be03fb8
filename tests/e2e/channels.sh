#!/usr/bin/env bash
# Findings of channels: twins of a bug and its correct neighbour, in e2e/channels/. Every bug is found in every run, by its
# own test; no neighbour is ever named. Then the same through redflag, from the spool and from the text.
. "$(dirname "$0")/../lib.sh"

cp -r "$root/tests/e2e/channels" "$work/channels"
cd "$work/channels" || exit
bugs=$(grep -oh '^func TestBug[A-Za-z_]*' ./*_test.go | sed 's/^func //' | sort)
goods=$(grep -oh '^func TestGood[A-Za-z_]*' ./*_test.go | sed 's/^func //' | sort)
fatal=$(grep -v CloseWhileSending <<<"$bugs")
for kind in CloseWhileSending SendAfterClose DoubleClose; do
	check "eight twins of $kind" test "$(grep -c "TestBug${kind}_" <<<"$bugs")" -ge 8
done
check "and neighbours" test "$(wc -l <<<"$goods")" -ge 24

# The kind that a test's name wants.
kind_of() {
	case $1 in
	TestBugCloseWhileSending_*) echo close-while-sending ;;
	TestBugSendAfterClose_*) echo send-after-close ;;
	TestBugDoubleClose_*) echo double-close ;;
	esac
}
want_of() { for t in $1; do echo "$t $(kind_of "$t")"; done; }

# "TEST KIND", once each, from verbose output: the kinds that were printed while the test ran, if it failed. A sender that
# nothing orders before the close is a data race as well, which stock finds: left out here.
kinds() {
	awk '/^=== RUN/ { test = $3 } /^WARNING: REDFLAG: / { seen[test " " $NF] = 1 }
		/^--- FAIL/ { failed[$3] = 1 }
		END { for (s in seen) { split(s, p, " "); print p[1], (p[1] in failed) ? p[2] : p[2] "-but-passed" } }' "$@" | sort
}

run() { # NAME GO-VERSION-OR-local RUNS
	local name=$1 settings i t which=()
	[ "$2" = local ] || which=(--go "$2")
	settings=$("$redflag" env "${which[@]}") || return
	eval "$settings"
	go test -c -race -o channels.test . || return
	for i in $(seq "$3"); do
		export GOMAXPROCS=$((i % 3 + 1))
		./channels.test -test.v -test.run 'TestBugClose|TestGood' >"out.$name.$i" 2>&1
		check "$name, run $i: every close" equal "$(want_of "$(grep CloseWhileSending <<<"$bugs")")" "$(kinds "out.$name.$i")"
		check "$name, run $i: neighbours pass" equal "$goods" \
			"$(sed -n 's/^--- PASS: \(TestGood[A-Za-z_]*\).*/\1/p' "out.$name.$i" | sort)"
		[ "$i" -eq 1 ] || continue
		for t in $fatal; do
			GORACE=atexit_sleep_ms=0 ./channels.test -test.v -test.run "^$t\$" >"die.$name.$t" 2>&1
			check "$name, run $i: $t ends in a panic" equal 2 $?
			check "$name, run $i: $t" equal "$(kind_of "$t")" "$(sed -n 's/^WARNING: REDFLAG: //p' "die.$name.$t")"
			check "$name, run $i: $t: both stacks" equal 0 "$(grep -c 'failed to restore' "die.$name.$t")"
		done
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
check "who closed is named" grep -q 'channels.shut()' 'die.this Go.TestBugSendAfterClose_OtherGoroutine'
check "more senders than are shown are counted" grep -q '^Detail: 2 more wait to send$' 'out.this Go.1'
GOGC=1 GODEBUG=clobberfree=1 ./channels.test -test.v -test.run TestBugClose >out.gc 2>&1
check "with constant collections" equal "$(want_of "$(grep CloseWhileSending <<<"$bugs")")" "$(kinds out.gc)"
REDFLAG=channels=0 ./channels.test -test.v -test.run 'TestBugClose|TestGood' >out.off 2>&1
check "channels=0: nothing" equal "" "$(kinds out.off)"
for go in go1.25.4 go1.27.0; do
	if GOTOOLCHAIN=$go go version >/dev/null 2>&1; then
		count "$go" "$go" 1
	else
		skip "$go" "this Go version can't be had here"
	fi
done

# Through redflag, by the spool.
query() { sqlite3 -separator ' ' "$1" "$2"; }
some='TestBugClose|TestGood|TestBugDoubleClose_Same'
"$redflag" test --db "$work/db" -count=1 -run "$some" . >"$work/test.out" 2>&1
check "new findings: status 66" equal 66 $?
check "by test and kind" equal "$(want_of "$(grep -E "$some" <<<"$bugs")")" "$(query "$work/db" \
	"SELECT DISTINCT ifnull(nullif(test_a, ''), test_b), kind FROM v_findings WHERE kind <> 'data-race' ORDER BY 1")"
check "text and spool are one event" equal "spool" "$(query "$work/db" 'SELECT DISTINCT source FROM events')"
check "every event has its text" equal 0 "$(query "$work/db" 'SELECT count(*) FROM events WHERE text_uid IS NULL')"
check "titles" equal "double close in channels.shut
close while sending: channels.TestBugCloseWhileSending_One while channels.TestBugCloseWhileSending_One.func" \
	"$(query "$work/db" "SELECT title FROM v_findings WHERE kind = 'double-close' OR title LIKE 'close%_One %' ORDER BY 1 DESC")"
"$redflag" export --db "$work/db" --run all --format json >"$work/export"
check "actions in the export" test "$(grep -c '"access": "send"' "$work/export")" -ge 8 -a \
	"$(grep -c '"access": "close"' "$work/export")" -ge 10
id=$(query "$work/db" "SELECT id FROM v_findings WHERE kind = 'double-close'")
"$redflag" show --db "$work/db" "$id" >"$work/show" 2>&1
check "show has both sides" equal 2 "$(grep -c '^ *Close at' "$work/show")"

# From the text alone: the same findings.
GOFLAGS=-overlay=$("$redflag" toolchain --print overlay) REDFLAG_SPOOL='' go test -race -count=1 -run "$some" -json . >"$work/json"
"$redflag" report --db "$work/textdb" <"$work/json" >"$work/report.out" 2>&1
fingerprints="SELECT DISTINCT kind, fingerprint, title FROM v_findings WHERE kind <> 'data-race' ORDER BY 2"
check "the text says the same" equal "$(query "$work/db" "$fingerprints")" "$(query "$work/textdb" "$fingerprints")"

# A program, not a test: the findings decide its exit status, and GORACE's suppressions are honoured.
mkdir -p "$work/channels/cmd" && cat >"$work/channels/cmd/main.go" <<'GO'
package main

import "time"

func send(c chan int) {
	defer func() { recover() }()
	c <- 1
}

func main() {
	c, gone := make(chan int), make(chan bool)
	go func() { send(c); close(gone) }()
	time.Sleep(100 * time.Millisecond)
	close(c)
	<-gone
}
GO
GOFLAGS=-overlay=$("$redflag" toolchain --print overlay) go build -race -o "$work/program" ./cmd
echo 'race:main.main' >"$work/suppressions"
GORACE="atexit_sleep_ms=0" "$work/program" >"$work/program.out" 2>&1
check "a program's exit status" equal 66 $?
GORACE="atexit_sleep_ms=0 suppressions=$work/suppressions" "$work/program" >"$work/program.out" 2>&1
check "suppressed: status 0" equal 0 $?
check "suppressed: no text" equal "" "$(cat "$work/program.out")"
cat >"$work/suppressions" <<'S'
race:nothing.at.all
S
GORACE="atexit_sleep_ms=0 suppressions=$work/suppressions" "$work/program" >"$work/program.out" 2>&1
check "another's suppression" grep -q 'REDFLAG: close-while-sending' "$work/program.out"

# What people are told.
for kind in close-while-sending send-after-close double-close; do
	"$redflag" explain $kind >"$work/explain" 2>&1
	check "explain $kind" grep -q '^What to do' "$work/explain"
	check "explain $kind fits 80 columns" test "$(wc -L <"$work/explain")" -le 80
done
finish
