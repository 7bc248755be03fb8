#!/usr/bin/env bash
# Races whose earlier access is long ago (tests/e2e/history): stock drops them without a word in every run, here they are
# found in every run, with their goroutines and tests; their correct neighbours stay silent.
. "$(dirname "$0")/../lib.sh"

cp -r "$root/tests/e2e/history" "$work/history"
cd "$work/history" || exit
runs=5
racy='longtask cache leftover remembered'

overlay=$("$redflag" toolchain --print overlay) || exit
for kind in stock ours; do
	mkdir -p "$work/$kind"
	flag=$([ $kind = ours ] && echo "-overlay=$overlay")
	check "$kind: tests are built" go test -race ${flag:+"$flag"} -c -o "$work/$kind/" ./...
done

# reports KIND PACKAGE: how many of the runs report exactly one race.
reports() {
	local n=0
	for ((i = 0; i < runs; i++)); do
		GORACE="$gorace atexit_sleep_ms=0" "$work/$1/$2.test" -test.v >"$work/$1.$2.txt" 2>&1
		[ "$(grep -c 'WARNING: DATA RACE' "$work/$1.$2.txt")" != 1 ] || n=$((n + 1))
	done
	echo $n
}

gorace=
for package in $racy; do
	check "$package: stock misses it in every run" equal 0 "$(reports stock "$package")"
	check "$package: found in every run" equal $runs "$(reports ours "$package")"
	check "${package}fixed: silent" equal 0 "$(reports ours "${package}fixed")"
	check "${package}fixed: passes" grep -qx PASS "$work/ours.${package}fixed.txt"
done
for package in longtask cache leftover; do
	check "$package: says that a stack is missing" equal 1 "$(grep -c '\[failed to restore the stack\]' "$work/ours.$package.txt")"
	check "$package: says where the other goroutine was started" equal 2 \
		"$(grep -c '^Goroutine [0-9]* ([a-z]*) created at:' "$work/ours.$package.txt")"
done
check "remembered: both stacks" sh -c '! grep -q "failed to restore" "$1"' - "$work/ours.remembered.txt"
check "longtask: the innocent test passes" grep -q -- '--- PASS: TestInnocent' "$work/ours.longtask.txt"
check "leftover: so does the one that runs later" grep -q -- '--- PASS: TestAfter' "$work/ours.leftover.txt"
runs=1
check "stormfixed: silent" equal 0 "$(reports ours stormfixed)"
check "stormfixed: passes" grep -qx PASS "$work/ours.stormfixed.txt"

# --- options: the user's own GORACE wins, and stock's behaviour can be had
gorace=history_size=0
check "GORACE wins: found" equal 1 "$(reports ours remembered)"
check "GORACE wins: without a long history" grep -q 'failed to restore' "$work/ours.remembered.txt"
gorace=history_size=64
check "GORACE wins: a longer history" equal 1 "$(reports ours longtask)"
check "GORACE wins: both stacks" sh -c '! grep -q "failed to restore" "$1"' - "$work/ours.longtask.txt"
gorace=
export REDFLAG=history=stock
for package in $racy; do
	check "history=stock: $package" equal 0 "$(reports ours "$package")"
done
unset REDFLAG

# --- findings, on every Go version that is supported
seen() { # DATABASE PACKAGE: in the form of expect.txt
	sqlite3 -separator ' ' "$1" "SELECT min(test_a, test_b) || ',' || max(test_a, test_b), tag,
			title LIKE '%an unknown stack (goroutine of %'
		FROM v_findings WHERE package = 'example.com/history/$2'"
}
for go in go1.25.4 go1.26.0 go1.27.0; do
	have_go "$go" || continue
	GOTOOLCHAIN=$go "$redflag" test --db "$work/$go.db" -count=1 ./... >"$work/$go.txt" 2>&1
	check "$go: exit status 66" equal 66 $?
	while read -r package tests tag missing; do
		case $package in '' | '#'*) continue ;; esac
		check "$go: $package" equal "$tests $tag $missing" "$(seen "$work/$go.db" "$package")"
	done <expect.txt
	check "$go: nothing else" equal 4 "$(sqlite3 "$work/$go.db" 'SELECT count(*) FROM v_findings')"
done
finish
