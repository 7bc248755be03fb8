#!/usr/bin/env bash
# Runs cmocka programs, one line each; then "N passed, N failed" over all their tests. Status 1 when one failed.
# usage: tests/run-units.sh PROGRAM...
set -euo pipefail
passed=0 failed=0
log=$(mktemp) errors=$(mktemp)
trap 'rm -f "$log" "$errors"' EXIT
export CMOCKA_MESSAGE_OUTPUT=TAP

for program in "$@"; do
	status=0
	"$program" >"$log" 2>"$errors" || status=$? # apart, since they would cut each other's lines
	ok=$(grep -acE '^ok [0-9]+' "$log" || true)
	skipped=$(grep -acE '^ok [0-9]+.*# SKIP' "$log" || true)
	bad=$(grep -acE '^not ok [0-9]+' "$log" || true)
	# A crash, or a program that ran no test, is a failure too.
	if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$ok" -eq 0 ]; }; then
		bad=1
	fi
	passed=$((passed + ok))
	failed=$((failed + bad))
	note=''
	[ "$skipped" -eq 0 ] || note=", $skipped of them skipped"
	printf '%-24s %d passed%s, %d failed\n' "$(basename "$program")" "$ok" "$note" "$bad"
	if [ "$bad" -ne 0 ]; then
		sed 's/^/    /' "$log" "$errors"
		echo "    (exit status $status)"
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
