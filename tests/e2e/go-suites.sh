#!/usr/bin/env bash
# Go's own tests give the same result under the instrumented toolchain as under stock, on this machine.
. "$(dirname "$0")/../lib.sh"

instrumented=-overlay=$("$redflag" toolchain --print overlay) || exit
cd "$(go env GOROOT)/src" || exit

# Package results without times; the names of the failed tests.
results() {
	grep -E '^(ok|FAIL|---|\?) ' <<<"$1" | awk '{ print $1, $2, ($1 == "---" ? $3 : "") }' | sort
}

# All of it with RF_FULL=1 (ten minutes and more); the short form otherwise.
short=-short
[ -z "${RF_FULL:-}" ] || short=-v
suite() { # NAME REDFLAG PACKAGE...
	local name=$1 options=$2 stock ours
	shift 2
	# Some of Go's own tests depend on time; where the results differ both get a second try.
	for _ in 1 2; do
		stock=$(GOFLAGS='' REDFLAG_SPOOL='' go test -race -count=1 $short "$@" 2>&1)
		ours=$(GOFLAGS=$instrumented REDFLAG_SPOOL='' REDFLAG=$options go test -race -count=1 $short "$@" 2>&1)
		[ "$(results "$stock")" != "$(results "$ours")" ] || break
	done
	check "$name" equal "$(results "$stock")" "$(results "$ours")"
}
suite "sync, sync/atomic, runtime/pprof, encoding/json, net/http" '' sync sync/atomic runtime/pprof encoding/json net/http
# One of testing's own tests states that a race fails every parallel subtest that happens to run
# (TestRaceDuringParallelFailsAllSubtests): what exact attribution is there to end.
suite "testing, attribution=stock" attribution=stock testing

# The race suite runs a child, prints one line a case, and takes a minute and a half.
stock=$(GOFLAGS='' REDFLAG_SPOOL='' go test -race -count=1 -v runtime/race 2>&1 | grep -E '^(PASSED|FAILED|Passed|[0-9]+ )' | sort)
ours=$(GOFLAGS=$instrumented REDFLAG_SPOOL='' go test -race -count=1 -v runtime/race 2>&1 | grep -E '^(PASSED|FAILED|Passed|[0-9]+ )' | sort)
check "runtime/race" equal "$stock" "$ours"
check "runtime/race ran" grep -q . <<<"$stock"

# Without -race the overlay changes nothing.
ours=$(GOFLAGS=$instrumented go test -count=1 sync testing runtime/pprof 2>&1)
check "without -race" equal "" "$(grep -E '^(FAIL|---)' <<<"$ours")"
finish
