#!/usr/bin/env bash
# What each hook costs, alone and together: one and the same instrumented test binary as it is by default, and with the hook off, in
# turn, ROUNDS times (default 5). Prints, for each of them, with/without in CPU seconds (user and system; the fastest round of
# each row, and the geometric mean over the rows; above 1: it costs that), and the row where it costs most.
#
#	ROUNDS=5 tests/bench/hooks.sh [WORD...]     only rows of set.sh (speed_rows) of which a word is part
. "$(dirname "$0")/../lib.sh"
. "$root/tests/bench/set.sh"

rounds=${ROUNDS:-5}
# A name, and what REDFLAG has without it; "-" stands for no spool, which allocs and growth are no use without.
hooks='
switches      switches=0
registration  goroutines=0
attribution   attribution=stock
allocations   allocs=0
growth        growth=0
spool         -
together      -,switches=0,goroutines=0
'
overlay=$("$redflag" toolchain --print overlay) || exit
build_measure || exit
export GORACE=atexit_sleep_ms=0

run() { # PACKAGE BENCHMARK TIMES OPTIONS: CPU seconds
	local spool=$work/spool
	[ "${4#-}" = "$4" ] || spool=
	(cd "$(directory_of "$1")" && REDFLAG_SPOOL=$spool REDFLAG=${4#-} "$work/measure" /dev/null /dev/null \
		"$work/$(name_of "$1").ours" -test.run '^$' -test.bench "^$2" -test.benchtime "$3" 2>/dev/null) | awk '{ print $2 }'
	rm -rf "$work/spool"
}

while read -r package benchmark times; do
	[ -n "$package" ] && wanted "$package" "$benchmark" "$@" || continue
	[ -e "$work/$(name_of "$package").ours" ] || build_benchmark "$package" ours "-overlay=$overlay" || exit
	for ((i = 0; i < rounds; i++)); do
		echo "${benchmark%\$} default $(run "$package" "$benchmark" "$times" '')"
		while read -r name options; do
			[ -z "$name" ] || echo "${benchmark%\$} $name $(run "$package" "$benchmark" "$times" "$options")"
		done <<<"$hooks"
	done >>"$work/runs"
done <<<"$speed_rows"

awk -v order="$(awk '{ printf "%s ", $1 }' <<<"$hooks")" '
	{ if (!($1 in rows)) rows[$1]; k = $1 " " $2; if (!(k in best) || $3 < best[k]) best[k] = $3 }
	END {
		n = split(order, names, " ")
		printf "%-14s %12s   %s\n", "hook", "with/without", "at most"
		for (i = 1; i <= n; i++) {
			sum = count = most = 0
			for (r in rows) {
				ratio = best[r " default"] / best[r " " names[i]]
				sum += log(ratio); count++
				if (ratio > most) { most = ratio; where = r }
			}
			printf "%-14s %12.3f   %.2f in %s\n", names[i], exp(sum / count), most, where
		}
	}' "$work/runs"
