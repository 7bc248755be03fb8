#!/usr/bin/env bash
# How fast instrumented code is, and how much memory it takes: the same work without -race, under stock -race, and instrumented, in
# turn, ROUNDS times (default 5). A row has the medians of CPU seconds (user and system, of the whole process) and of peak memory
# in MiB; x is stock/instrumented in CPU (above 1: faster than stock), "spread" the slowest round by the fastest of the instrumented
# runs, "mem" instrumented/stock in memory. The last lines have geometric means. CPU time depends on what else the machine does, too,
# though less than wall time.
#
#	ROUNDS=5 tests/bench/speed.sh [WORD...]     only rows of which a word is part, of the package or of the benchmark
#	ALSO="fast=0 switches=0,gc=0" tests/bench/speed.sh     and columns with REDFLAG set to each of these: its x
#	FLOOR=1 tests/bench/speed.sh     and a column where the entries that short cuts are for return at once: its x
#	COMPILER=1 tests/bench/speed.sh     and a column for the rebuilt compiler, which is made when it isn't there: its x
#	RAW=FILE tests/bench/speed.sh    appends each run: benchmark, column, CPU seconds, peak KiB
. "$(dirname "$0")/../lib.sh"
. "$root/tests/bench/set.sh"

rounds=${ROUNDS:-5} raw=${RAW:-/dev/null}
read -ra also <<<"${ALSO-}"
columns=(plain stock ours "${also[@]}" ${FLOOR:+floor} ${COMPILER:+compiler})
export GORACE=atexit_sleep_ms=0

floor_overlay() { # prints the overlay, with entries that return at once
	local source=$root/runtime-patch/go/runtime/redflag_fast_race.s
	sed -E '/^TEXT[[:space:]]+runtime·race/a\	RET' "$source" >"$work/floor.s"
	sed -E "s|(redflag_fast_race.s\": \")[^\"]*|\1$work/floor.s|" "$overlay" >"$work/floor.json"
	echo "$work/floor.json"
}

build() { # PACKAGE: a test binary for each way of building
	local name
	name=$(name_of "$1")
	build_benchmark "$1" plain -race=0 && build_benchmark "$1" stock && build_benchmark "$1" ours "-overlay=$overlay" || return
	[ -z "${FLOOR-}" ] || build_benchmark "$1" floor "-overlay=$(floor_overlay)" || return
	[ -z "${COMPILER-}" ] || build_benchmark "$1" compiler "-overlay=$overlay" "-toolexec=$toolexec" || return
	ln "$work/$name.ours" "$work/$name.also"
}

run() { # PACKAGE COLUMN BENCHMARK TIMES: CPU seconds and peak KiB
	local binary=$2 option=
	case $2 in *=*) binary=also option=$2 ;; esac
	(cd "$(directory_of "$1")" && REDFLAG=$option "$work/measure" /dev/null /dev/null "$work/$(name_of "$1").$binary" \
		-test.run '^$' -test.bench "^$3" -test.benchtime "$4" 2>/dev/null) |
		awk -v found="$3" '$4 == 0 || found ~ /Found/ { print $2, $3 }' # a race fails it
	rm -rf "$work/spool"
}

# A row of the table, from the files that the runs left; "BENCHMARK COLUMN CPU CPU-SPREAD KIB KIB-SPREAD" a line.
medians() { # BENCHMARK
	local column
	for column in "${columns[@]}"; do
		echo "$1 $column $(cut -d' ' -f1 "$work/runs.$column" | median) $(cut -d' ' -f2 "$work/runs.$column" | median)"
	done
}

print_row() { # PACKAGE BENCHMARK
	medians "$2" | awk -v p="$1" '
		{ cpu[$2] = $3; spread[$2] = $4; mib[$2] = $5 / 1024; if (NR > 3) x = x sprintf(" %14.2f", cpu["stock"] / $3) }
		END {
			sub(/@.*/, "", p); sub(/.*\/.*\//, "", p)
			printf "%-15s %-32s %7.2f %7.2f %7.2f %6.2f %6.2f %7.1f %7.1f %7.1f %6.2f%s\n", p, $1, cpu["plain"], cpu["stock"], cpu["ours"],
				cpu["stock"] / cpu["ours"], spread["ours"], mib["plain"], mib["stock"], mib["ours"], mib["ours"] / mib["stock"], x
		}' | tee -a "$work/table"
}

build_measure || exit
overlay=$("$redflag" toolchain --print overlay) || exit
[ -z "${COMPILER-}" ] || toolexec=$("$redflag" toolchain --compiler on --print toolexec) || exit
export REDFLAG_SPOOL=$work/spool
printf '%-15s %-32s %7s %7s %7s %6s %6s %7s %7s %7s %6s' package 'benchmark: CPU s, peak MiB' 'no race' stock ours x spread 'no race' \
	stock ours mem
for column in "${columns[@]:3}"; do printf ' %14s' "${column: -14}"; done
echo
while read -r package benchmark times; do
	[ -n "$package" ] && wanted "$package" "$benchmark" "$@" || continue
	[ -e "$work/$(name_of "$package").also" ] || build "$package" || exit
	rm -f "$work"/runs.*
	for ((i = 0; i < rounds; i++)); do
		for column in "${columns[@]}"; do
			run "$package" "$column" "$benchmark" "$times" | tee -a "$work/runs.$column" | sed "s|^|$benchmark $column |" >>"$raw"
		done
	done
	print_row "$package" "${benchmark%\$}"
done <<<"$speed_rows"
awk '{ n++; race += log($4 / $3); x += log($6); mem += log($11); slower += $6 < 1; larger += $11 > 1
		for (i = 12; i <= NF; i++) also[i] += log($i) }
	END {
		if (!n) exit 1
		printf "geometric means of %d: stock takes %.1f times the CPU of no race; instrumented has %.2f times the speed of stock, %d rows\n" \
			"slower than stock; %.2f times the peak memory of stock, %d rows more than stock\n",
			n, exp(race / n), exp(x / n), slower, exp(mem / n), larger
		for (i = 12; i in also; i++) printf "column %d of those behind: x %.2f\n", i - 11, exp(also[i] / n)
	}' "$work/table"
