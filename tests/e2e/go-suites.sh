#!/usr/bin/env bash
# Go's own tests give the same result under the instrumented toolchain as under stock, on this machine.
. "$(dirname "$0")/../lib.sh"

cd "$(go env GOROOT)/src" || exit
eval "$("$redflag" env)"
instrumented=$GOFLAGS

# Package results without times; the names of the failed tests.
results() {
	grep -E '^(ok|FAIL|---|\?) ' <<<"$1" | awk '{ print $1, $2, ($1 == "---" ? $3 : "") }' | sort
}

for packages in "sync sync/atomic runtime/pprof testing encoding/json net/http"; do
	# shellcheck disable=SC2086
	stock=$(GOFLAGS='' REDFLAG_SPOOL='' go test -race -count=1 $packages 2>&1)
	# shellcheck disable=SC2086
	ours=$(GOFLAGS=$instrumented REDFLAG_SPOOL='' go test -race -count=1 $packages 2>&1)
	check "$packages" equal "$(results "$stock")" "$(results "$ours")"
done

# The race suite runs a child, prints one line a case, and takes a minute and a half.
stock=$(GOFLAGS='' REDFLAG_SPOOL='' go test -race -count=1 -v runtime/race 2>&1 | grep -E '^(PASSED|FAILED|Passed|[0-9]+ )' | sort)
ours=$(GOFLAGS=$instrumented REDFLAG_SPOOL='' go test -race -count=1 -v runtime/race 2>&1 | grep -E '^(PASSED|FAILED|Passed|[0-9]+ )' | sort)
check "runtime/race" equal "$stock" "$ours"
check "runtime/race ran" grep -q . <<<"$stock"

# Without -race the overlay changes nothing.
ours=$(GOFLAGS=$instrumented go test -count=1 sync testing runtime/pprof 2>&1)
check "without -race" equal "" "$(grep -E '^(FAIL|---)' <<<"$ours")"
finish
