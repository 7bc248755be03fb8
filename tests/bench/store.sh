#!/usr/bin/env bash
# How fast the store takes in events, beside what SQLite alone takes for the same rows in bare tables (tests/bench/floor.c).
#
#	tests/bench/store.sh [EVENTS]     default 1000000; findings, tags and runs as tests/bench/fill.c makes them
#
# By CPU time, which other work on the machine disturbs less; the last line is the ratio.
. "$(dirname "$0")/../lib.sh"

events=${1:-1000000}
build=${BUILD:-build}
make -s -C "$root" BUILD="$build" "$build/bench/fill" "$build/bench/floor" || exit
cd "$root" || exit

"$build/bench/fill" --events "$events" --end 2026-01-01 "$work/filled.db" | tee "$work/fill.txt" || exit
"$build/bench/floor" "$work/filled.db" "$work/bare.db" >"$work/floor.txt" || exit
read -r count wall cpu <"$work/floor.txt"
awk -v n="$count" -v wall="$wall" -v cpu="$cpu" \
	'BEGIN { printf "the same rows in bare tables: %.0f a second, %.0f a second of CPU\n", n / wall, n / cpu }'
awk -v n="$count" -v cpu="$cpu" '/events stored/ { for (i = 2; i <= NF; i++) if ($i == "s" && $(i + 1) == "of") mine = $(i - 1) }
	END { printf "ratio of CPU time, store to bare tables: %.2f\n", mine / cpu }' "$work/fill.txt"
