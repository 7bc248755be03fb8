#!/usr/bin/env bash
# make bench: CPU time of stock -race against the instrumented toolchain, side by side in one run. Both test binaries of
# a package are built first, then run in turn, ROUNDS times (default 5); the table has the medians in ns/op, their spread
# (max/min of the rounds), and the ratio instrumented/stock (below 1: faster than stock); the last line their geometric mean.
#
#	ROUNDS=5 BENCHTIME=1s tests/bench.sh [NAME...]     only these rows
. "$(dirname "$0")/lib.sh"
. "$root/tests/bench/set.sh"

rounds=${ROUNDS:-5} benchtime=${BENCHTIME:-1s}
overlay=$("$redflag" toolchain --print overlay) || exit
export REDFLAG_SPOOL=$work/spool

run() { # PACKAGE KIND BENCHMARK: ns/op
	(cd "$(directory_of "$1")" && "$work/${1//\//_}.$2" -test.run '^$' -test.bench "^$3" -test.benchtime "$benchtime" 2>/dev/null) |
		awk '/ns\/op/ { for (i = 2; i <= NF; i++) if ($i == "ns/op") print $(i - 1) }' | head -n 1
}

printf '%-16s %-36s %12s %7s %12s %7s %6s\n' package benchmark stock spread redflag spread ratio
while read -r package benchmark; do
	[ -n "$package" ] || continue
	if [ $# -gt 0 ] && ! grep -qF -- "$package" <<<"$*"; then
		continue
	fi
	[ -e "$work/${package//\//_}.stock" ] || {
		build_benchmark "$package" stock || exit
		build_benchmark "$package" ours "-overlay=$overlay" || exit
	}
	rm -f "$work/a" "$work/b"
	for ((i = 0; i < rounds; i++)); do
		run "$package" stock "$benchmark" >>"$work/a"
		run "$package" ours "$benchmark" >>"$work/b"
	done
	read -r a spread_a <<<"$(median <"$work/a")"
	read -r b spread_b <<<"$(median <"$work/b")"
	printf '%-16s %-36s %12s %7s %12s %7s %6.3f\n' "$package" "${benchmark%\$}" "$a" "$spread_a" "$b" "$spread_b" \
		"$(awk "BEGIN { print $b / $a }")" | tee -a "$work/table"
done <<<"$benchmark_set"
awk '{ s += log($NF); n++ } END { if (n) printf "geometric mean of %d ratios (instrumented/stock): %.3f\n", n, exp(s / n) }' "$work/table"
