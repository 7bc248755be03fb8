#!/usr/bin/env bash
# How fast the store takes in events of few findings and of many, beside what SQLite alone takes for the same rows in bare tables
# (tests/bench/floor.c). The rate depends on how often a finding comes again: what a report is, its names and its stacks are
# written once.
#
#	FINDINGS="100 1000 5000" tests/bench/store.sh [EVENTS]     default 1000000; tags and runs as tests/bench/fill.c makes them
#
# A row: events a second by the clock and of CPU, the bare tables' a second of CPU, and the ratio of CPU time, store to bare.
. "$(dirname "$0")/../lib.sh"

events=${1:-1000000}
build=${BUILD:-build}
make -s -C "$root" BUILD="$build" "$build/bench/fill" "$build/bench/floor" || exit
cd "$root" || exit

printf '%9s %10s %13s %9s %12s %6s %9s\n' findings 'a second' 'a second CPU' 'peak MiB' 'bytes/event' bare ratio
for findings in ${FINDINGS:-100 1000 5000}; do
	rm -f "$work"/*.db*
	"$build/bench/fill" --findings "$findings" --events "$events" --end 2026-01-01 "$work/filled.db" >"$work/fill.txt" || exit
	"$build/bench/floor" "$work/filled.db" "$work/bare.db" >"$work/floor.txt" || exit
	awk -v findings="$findings" '
		FNR == NR { bare = $1 / $3; next }
		/events stored/ { for (i = 2; i < NF; i++) if ($i " " $(i + 1) == "a second,") { wall = $(i - 1); cpu = $(i + 2) } }
		/^peak memory/ { peak = $3; bytes = $8 }
		END { printf "%9d %10d %13d %9s %12s %6d %9.2f\n", findings, wall, cpu, peak, bytes, bare, bare / cpu }' \
		"$work/floor.txt" "$work/fill.txt"
done
