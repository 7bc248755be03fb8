# shellcheck shell=bash
# shellcheck disable=SC2154 # root and work are of lib.sh
# The benchmarks that are compared, for the scripts here. After lib.sh:
#
#	$benchmark_set             PACKAGE BENCHMARK, a line each; the package "bench" is tests/bench/hooks
#	directory_of PACKAGE       where its tests run; "set" is tests/bench/set, MODULE@VERSION a module's
#	name_of PACKAGE            as part of a file name
#	build_benchmark PACKAGE KIND [FLAG...]   a race build of its tests at $work/NAME.KIND; -race=0: without
#	build_measure              $work/measure (stream/measure.c)
#	speed_rows                 PACKAGE BENCHMARK TIMES, a line each: what speed.sh and hooks.sh measure
#	wanted PACKAGE BENCHMARK WORD...      whether a word is part of it, or there is none
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
	(cd "$(directory_of "$1")" && go test -race "${@:3}" "${tags[@]}" -c -o "$work/$(name_of "$1").$2" .)
}

build_measure() {
	gcc -O2 -o "$work/measure" "$root/tests/bench/stream/measure.c"
}

median() {
	sort -g | awk '{ v[NR] = $1 } END { printf "%s %.2f\n", v[int((NR + 1) / 2)], v[NR] / v[1] }'
}

# package (of the standard library, tests/bench/set, or a module's), benchmark, rounds of its loop: half a second and more under stock
# shellcheck disable=SC2034
speed_rows='
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

wanted() { # PACKAGE BENCHMARK WORD...
	local words="$1 $2" word
	shift 2
	[ $# -gt 0 ] || return 0
	for word in "$@"; do
		[[ $words != *"$word"* ]] || return 0
	done
	return 1
}
