#!/usr/bin/env bash
# What each hook costs, alone and together: one and the same instrumented test binary as it is by default, and with the hook off,
# ROUNDS times (default 15), each round in another order. Prints, for each of them, with/without in CPU seconds (user and system; above
# 1: it costs that) as geometric mean over the rows, twice: of the fastest round of each, and of the median of the rounds, each of
# which is compared within itself, so that what the machine does meanwhile falls on both; and the row where the median is most.
# "nothing" compares the default with itself: what it differs from 1 by is noise.
#
#	ROUNDS=15 tests/bench/hooks.sh [WORD...]     only rows of set.sh (speed_rows) of which a word is part
. "$(dirname "$0")/../lib.sh"
. "$root/tests/bench/set.sh"

rounds=${ROUNDS:-15}
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

variants() { # a name and its options, a line each, in any order
	printf 'default\nnothing\n%s' "$hooks" | sed '/^$/d' | shuf
}

while read -r package benchmark times; do
	[ -n "$package" ] && wanted "$package" "$benchmark" "$@" || continue
	[ -e "$work/$(name_of "$package").ours" ] || build_benchmark "$package" ours "-overlay=$overlay" || exit
	for ((i = 0; i < rounds; i++)); do
		while read -r name options; do
			echo "${benchmark%\$} $name $i $(run "$package" "$benchmark" "$times" "$options")"
		done < <(variants)
	done >>"$work/runs"
done <<<"$speed_rows"

# Of each row and hook: "HOOK ROW RATIO-OF-THE-FASTEST MEDIAN-RATIO".
awk '
	$2 == "default" { base[$1 " " $3] = $4; if (!($1 in least) || $4 < least[$1]) least[$1] = $4; next }
	{ k = $2 " " $1; all[k] = all[k] " " $3 ":" $4; if (!(k in best) || $4 < best[k]) best[k] = $4 }
	END {
		for (k in all) {
			split(k, name, " ")
			n = split(all[k], runs, " ")
			for (i = 1; i <= n; i++) {
				split(runs[i], run, ":")
				x = base[name[2] " " run[1]] / run[2]
				for (j = i; j > 1 && v[j - 1] > x; j--) v[j] = v[j - 1]
				v[j] = x
			}
			print k, least[name[2]] / best[k], (v[int((n + 1) / 2)] + v[int(n / 2) + 1]) / 2
		}
	}' "$work/runs" >"$work/ratios"

awk -v order="nothing $(awk '{ printf "%s ", $1 }' <<<"$hooks")" '
	{ count[$1]++; fastest[$1] += log($3); middle[$1] += log($4); if ($4 > most[$1]) { most[$1] = $4; where[$1] = $2 } }
	END {
		n = split(order, names, " ")
		printf "%-14s %12s %7s   %s\n", "hook", "with/without", "median", "at most"
		for (i = 1; i <= n; i++) {
			h = names[i]
			printf "%-14s %12.3f %7.3f   %.2f in %s\n", h, exp(fastest[h] / count[h]), exp(middle[h] / count[h]), most[h], where[h]
		}
	}' "$work/ratios"
