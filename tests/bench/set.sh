# shellcheck shell=bash
# shellcheck disable=SC2154 # root and work are of lib.sh
# The benchmarks that are compared, for the scripts here. After lib.sh:
#
#	$benchmark_set             PACKAGE BENCHMARK, a line each; the package "bench" is tests/bench/hooks
#	directory_of PACKAGE       where its tests run; "set" is tests/bench/set, MODULE@VERSION a module's
#	name_of PACKAGE            as part of a file name
#	build_benchmark PACKAGE KIND [FLAG]   a race build of its tests at $work/NAME.KIND; -race=0: without
#	build_measure              $work/measure (stream/measure.c)
#	median                     "MEDIAN SPREAD" of the numbers on standard input, one a line; the spread is greatest by least

# shellcheck disable=SC2034 # of those who read this
benchmark_set='
bench            BenchmarkStorm$
bench            BenchmarkPingPong$
bench            BenchmarkLabels$
bench            BenchmarkAlloc$
bench            BenchmarkMap$
bench            BenchmarkClear$
encoding/json    BenchmarkCodeMarshal$
encoding/json    BenchmarkCodeUnmarshal$
compress/flate   BenchmarkEncode/Digits/Default/1e4$
regexp           BenchmarkLiteral$
sort             BenchmarkSortString1K$
container/heap   BenchmarkDup$
'

directory_of() {
	case $1 in
	bench) echo "$root/tests/bench/hooks" ;;
	set) echo "$root/tests/bench/set" ;;
	*@*) go mod download -json "$1" | sed -nE 's/^\s*"Dir": "(.*)",$/\1/p' ;;
	*) echo "$(go env GOROOT)/src/$1" ;;
	esac
}

name_of() {
	echo "${1//\//_}"
}

build_benchmark() { # SHA-256 has assembly, which says nothing to the detector
	local tags=()
	[ "$1" != crypto/sha256 ] || tags=(-tags=purego)
	(cd "$(directory_of "$1")" && go test -race ${3:+"$3"} "${tags[@]}" -c -o "$work/$(name_of "$1").$2" .)
}

build_measure() {
	gcc -O2 -o "$work/measure" "$root/tests/bench/stream/measure.c"
}

median() {
	sort -g | awk '{ v[NR] = $1 } END { printf "%s %.2f\n", v[int((NR + 1) / 2)], v[NR] / v[1] }'
}
