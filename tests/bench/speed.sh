#!/usr/bin/env bash
# How fast instrumented code is: CPU seconds (user and system) of the same work without -race, under stock -race, and instrumented
# without and with short cuts (REDFLAG=fast=0 and 1; docs/hooks.md). The four take turns, ROUNDS times (default 5); a row has the
# medians, and how many times the speed of stock the last two have (above 1: faster than stock), the spread of the last one
# (slowest round by fastest); the last line has geometric means.
#
#	ROUNDS=5 tests/bench/speed.sh [PACKAGE...]     only these packages
. "$(dirname "$0")/../lib.sh"
. "$root/tests/bench/set.sh"

rounds=${ROUNDS:-5}
# package, benchmark, rounds of its loop: about a second under stock
rows='
encoding/json    BenchmarkCodeMarshal$               8x
encoding/json    BenchmarkCodeUnmarshal$             4x
compress/flate   BenchmarkEncode/Digits/Default/1e4  150x
regexp           BenchmarkLiteral$                   40000x
sort             BenchmarkSortString1K$              2000x
go/parser        BenchmarkParse$                     30x
container/heap   BenchmarkDup$                       200x
'
build_measure || exit
overlay=$("$redflag" toolchain --print overlay) || exit
export REDFLAG_SPOOL=$work/spool GORACE=atexit_sleep_ms=0
mkdir "$REDFLAG_SPOOL"

build() { # PACKAGE: one test binary a column
	local name=$work/${1//\//_}
	(cd "$(directory_of "$1")" && go test -c -o "$name.plain" .) && build_benchmark "$1" stock &&
		build_benchmark "$1" fast "-overlay=$overlay" && ln "$name.fast" "$name.slow"
}

run() { # PACKAGE COLUMN BENCHMARK TIMES: CPU seconds
	local fast=1
	[ "$2" != slow ] || fast=0
	(cd "$(directory_of "$1")" && REDFLAG=fast=$fast "$work/measure" /dev/null /dev/null "$work/${1//\//_}.$2" \
		-test.run '^$' -test.bench "^$3" -test.benchtime "$4" 2>/dev/null) | awk '{ print $2 }'
}

printf '%-15s %-35s %8s %7s %7s %7s %8s %8s %7s\n' package 'benchmark, CPU s' 'no race' stock fast=0 fast=1 'fast=0 x' 'fast=1 x' spread
while read -r package benchmark times; do
	[ -n "$package" ] || continue
	if [ $# -gt 0 ] && ! grep -qwF -- "$package" <<<"$*"; then
		continue
	fi
	[ -e "$work/${package//\//_}.slow" ] || build "$package" || exit
	rm -f "$work"/cpu.*
	for ((i = 0; i < rounds; i++)); do
		for column in plain stock slow fast; do
			run "$package" "$column" "$benchmark" "$times" >>"$work/cpu.$column"
		done
	done
	for column in plain stock slow fast; do
		median <"$work/cpu.$column"
	done | paste -sd' ' | awk -v p="$package" -v b="${benchmark%\$}" '{ printf "%-15s %-35s %8.2f %7.2f %7.2f %7.2f %8.2f %8.2f %7.2f\n",
		p, b, $1, $3, $5, $7, $3 / $5, $3 / $7, $8 }' | tee -a "$work/table"
done <<<"$rows"
awk '{ n++; race += log($4 / $3); slow += log($7); fast += log($8) }
	END { if (n) printf "geometric means of %d: stock takes %.1f times the CPU of no race; speed of stock x %.2f with fast=0, x %.2f with fast=1\n",
		n, exp(race / n), exp(slow / n), exp(fast / n) }' "$work/table"
