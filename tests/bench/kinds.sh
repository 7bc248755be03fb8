#!/usr/bin/env bash
# What the kinds of findings that are on by default cost together: the same instrumented test binary with them on and off
# (REDFLAG=pool=0,…), in turn: the benchmarks of set.sh, each of as many rounds of its loop as BENCHTIME has, and the tests of
# some packages. A row is the median of ROUNDS rounds: CPU seconds (user and system) and peak memory in MiB, and both as ratios
# on/off.
#
#	ROUNDS=5 BENCHTIME=1s tests/bench/kinds.sh [PACKAGE...]     only these packages
#	ON=views=1 OFF= tests/bench/kinds.sh                        what is compared, as values of REDFLAG
. "$(dirname "$0")/../lib.sh"
. "$root/tests/bench/set.sh"

rounds=${ROUNDS:-5} benchtime=${BENCHTIME:-1s}
off=${OFF-pool=0,aliases=0,finalizers=0,cleanups=0,gc=0,channels=0,leaks=0} on=${ON-}
tests='
encoding/json    -
net/http         -
go/parser        -
text/template    -
'
overlay=$("$redflag" toolchain --print overlay) || exit
build_measure || exit
export REDFLAG_SPOOL=$work/spool GORACE=atexit_sleep_ms=0

run() { # PACKAGE ARGUMENT...: CPU seconds and peak KiB
	local binary=$work/${1//\//_}.ours
	cd "$(directory_of "$1")" || exit
	shift
	"$work/measure" /dev/null /dev/null "$binary" -test.short "$@" 2>/dev/null | awk '{ print $2, $3 }'
	rm -rf "$work/spool"
}

# How often the loop runs in BENCHTIME.
times_of() { # PACKAGE BENCHMARK
	(cd "$(directory_of "$1")" && "$work/${1//\//_}.ours" -test.run '^$' -test.bench "^$2" -test.benchtime "$benchtime" 2>/dev/null) |
		awk '/ns\/op/ { print $2; exit }'
}

printf '%-16s %-32s %8s %8s %6s %8s %8s %6s\n' package what 'off CPU' 'on CPU' ratio 'off MiB' 'on MiB' ratio
while read -r package benchmark; do
	[ -n "$package" ] || continue
	if [ $# -gt 0 ] && ! grep -qwF -- "$package" <<<"$*"; then
		continue
	fi
	[ -e "$work/${package//\//_}.ours" ] || build_benchmark "$package" ours "-overlay=$overlay" || exit
	arguments=(-test.run .)
	if [ "$benchmark" = - ]; then
		what=tests
	else
		what=${benchmark%\$}
		arguments=(-test.run '^$' -test.bench "^$benchmark" -test.benchtime "$(times_of "$package" "$benchmark")x")
	fi
	rm -f "$work/off" "$work/on"
	for ((i = 0; i < rounds; i++)); do
		(REDFLAG=$off run "$package" "${arguments[@]}") >>"$work/off"
		(REDFLAG=$on run "$package" "${arguments[@]}") >>"$work/on"
	done
	for column in 1 2; do
		for which in off on; do
			awk -v c=$column '{ print $c }' "$work/$which" | median
		done
	done | paste -sd' ' | awk -v p="$package" -v w="$what" '{ printf "%-16s %-32s %8.2f %8.2f %6.2f %8.1f %8.1f %6.2f\n",
		p, w, $1, $3, $3 / $1, $5 / 1024, $7 / 1024, $7 / $5 }' | tee -a "$work/table"
done <<<"$benchmark_set$tests"
awk '{ c += log($5); m += log($8); n++ } END { if (n) printf "geometric mean of %d ratios (on/off): CPU %.3f, peak memory %.3f\n",
	n, exp(c / n), exp(m / n) }' "$work/table"
