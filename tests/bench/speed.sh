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
#	RAW=FILE tests/bench/speed.sh    appends each run: benchmark, column, CPU seconds, peak KiB
. "$(dirname "$0")/../lib.sh"
. "$root/tests/bench/set.sh"

rounds=${ROUNDS:-5} raw=${RAW:-/dev/null}
read -ra also <<<"${ALSO-}"
columns=(plain stock ours "${also[@]}" ${FLOOR:+floor})
# package (of the standard library, tests/bench/set, or a module's), benchmark, rounds of its loop: half a second and more under stock
rows='
encoding/json    BenchmarkCodeMarshal$               8x
encoding/json    BenchmarkCodeUnmarshal$             4x
compress/flate   BenchmarkEncode/Digits/Default/1e4  150x
compress/flate   BenchmarkDecode/Digits/Default/1e5$ 60x
regexp           BenchmarkLiteral$                   80000x
regexp           BenchmarkMatch/Medium/1K$           400x
sort             BenchmarkSortString1K$              2000x
go/parser        BenchmarkParse$                     60x
container/heap   BenchmarkDup$                       200x
set              BenchmarkTemplate$                  700x
set              BenchmarkBig$                       250x
set              BenchmarkText$                      40x
set              BenchmarkCollections$               300x
set              BenchmarkMutex$                     4000x
set              BenchmarkMutexShared$               700x
set              BenchmarkRWMutex$                   2500x
set              BenchmarkPool$                      1500x
set              BenchmarkSyncMap$                   1500x
set              BenchmarkAtomics$                   3000x
set              BenchmarkPingPong$                  1000x
set              BenchmarkFanIn$                     2500x
set              BenchmarkSelect$                    2000x
set              BenchmarkHTTP$                      3000x
set              BenchmarkStorm$                     4x
encoding/gob     BenchmarkDecodeStringsSlice$        800x
encoding/gob     BenchmarkEndToEndByteBuffer$        50000x
image/png        BenchmarkDecodeRGB$                 20x
image/png        BenchmarkEncodeRGBA$                1x
crypto/sha256    BenchmarkHash8K/New$                2000x
github.com/google/btree@v1.1.3   BenchmarkInsertG$           500000x
github.com/google/btree@v1.1.3   BenchmarkAscendG$           800x
github.com/rs/zerolog@v1.34.0    BenchmarkLogFieldType/Str$  300000x
github.com/rs/zerolog@v1.34.0    BenchmarkLogFields$         100000x
set              BenchmarkGoroutines/1$              80x
set              BenchmarkGoroutines/100$            80x
set              BenchmarkGoroutines/10000$          12x
set              BenchmarkHeap/1KiB$                 120x
set              BenchmarkHeap/1024KiB$              80x
set              BenchmarkHeap/1048576KiB$           1x
set              BenchmarkFound$                     60x
'
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
	[ -z "${FLOOR-}" ] || build_benchmark "$1" floor "-overlay=$(floor_overlay)"
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

wanted() { # PACKAGE BENCHMARK WORD...
	local words="$1 $2" word
	shift 2
	[ $# -gt 0 ] || return 0
	for word in "$@"; do
		[[ $words != *"$word"* ]] || return 0
	done
	return 1
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
done <<<"$rows"
awk '{ n++; race += log($4 / $3); x += log($6); mem += log($11); slower += $6 < 1; larger += $11 > 1
		for (i = 12; i <= NF; i++) also[i] += log($i) }
	END {
		if (!n) exit 1
		printf "geometric means of %d: stock takes %.1f times the CPU of no race; instrumented has %.2f times the speed of stock, %d rows\n" \
			"slower than stock; %.2f times the peak memory of stock, %d rows more than stock\n",
			n, exp(race / n), exp(x / n), slower, exp(mem / n), larger
		for (i = 12; i in also; i++) printf "column %d of those behind: x %.2f\n", i - 11, exp(also[i] / n)
	}' "$work/table"
