#!/usr/bin/env bash
# Builds the fuzz targets of tests/fuzz with clang's libFuzzer and runs each for RF_FUZZ_SECONDS (default 10), from seeds
# made of tests/corpus. What was found before stands in tests/fuzz/found/<target>/ and runs first.
# usage: tests/fuzz.sh [TARGET...]            CLANG, BUILD (default build), RF_FUZZ_SECONDS
# The last line counts targets. Status 1: something was found; the input is kept, and named. Without a clang that has
# libFuzzer the targets are skipped, which is said and counted.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${RF_FUZZ_SECONDS:-10}
out=${BUILD:-build}/fuzz
targets=("$@")
[ $# -gt 0 ] || targets=(test2json racetext spool names config noise symtab)

clang=
for candidate in "${CLANG:-clang}" clang-14; do
	if echo 'int LLVMFuzzerTestOneInput(const char *p, unsigned long n) { return !p && n; }' |
		"$candidate" -x c -fsanitize=fuzzer,address - -o /dev/null 2>/dev/null; then
		clang=$candidate
		break
	fi
done
if [ -z "$clang" ]; then
	echo "skip  no clang with libFuzzer here (apt-get install clang; set CLANG to choose one)"
	echo "0 passed, 0 failed, ${#targets[@]} skipped"
	exit 0
fi

flags=(-std=c11 -D_GNU_SOURCE -O1 -g -fno-omit-frame-pointer "-fsanitize=address,undefined" -fno-sanitize-recover=all
	-Wall -Wextra -Ireporter -I.)
mkdir -p "$out/objects"
objects=()
for source in $(grep -oE 'reporter/(base|model|read|finding|policy|symtab)/[a-z0-9_]+\.c' reporter/sources.mk); do
	object=$out/objects/$(basename "$(dirname "$source")")-$(basename "$source" .c).o
	objects+=("$object")
	"$clang" "${flags[@]}" -fsanitize=fuzzer-no-link -c "$source" -o "$object"
done

make_seeds() { # TARGET DIRECTORY
	local n=0 line
	case $1 in
	test2json)
		while read -r line; do
			n=$((n + 1))
			printf '%s\n' "$line" >"$2/event$n"
		done < <(cat tests/corpus/test2json-*.txt | grep '^{' | awk 'NR % 9 == 1' | head -n 60)
		;;
	racetext) cp tests/corpus/*.txt "$2" ;;
	names)
		while read -r line; do
			n=$((n + 1))
			printf '%s' "$line" >"$2/name$n"
		done < <(sed -nE 's/^  ([^ ].*)\(\)\r?$/\1/p' tests/corpus/*.txt | LC_ALL=C sort -u)
		;;
	spool)
		"$clang" "${flags[@]}" tests/fuzz/make_seeds.c -o "$out/make_seeds"
		"$out/make_seeds" >"$2/sample"
		"$out/make_seeds" agent >"$2/agent"
		;;
	symtab)
		"$clang" "${flags[@]}" tests/fuzz/make_program.c -o "$out/make_program"
		"$out/make_program" >"$2/sample"
		;;
	config)
		printf 'tags:\n  - package: a.b/c*\n    tag: order:pay\n  - function: "*.(*T).F"\n    tag: x\n' >"$2/rules"
		printf '# nothing\ntags: []\n' >"$2/empty"
		printf 'policies:\n  - tag: a*\n    events: 5\n    within: 10m\n    silence: 1h\n    severity: high\n' >"$2/policies"
		printf 'alerts:\n  - type: webhook\n    url: http://h/$A\n    headers:\n      A: b $C\n    timeout: 5s\n' >"$2/alerts"
		printf 'alerts:\n  - type: command\n    argv: [a, b]\n    only: all\n  - type: jsonl\n    path: x\n    tag: a*\n' >"$2/sinks"
		;;
	noise)
		printf '# owner=a expires=2027-01-31 reason="b c" tag=x* kind=data-race\nrace:^a.(*T).F$\nrace_top:b # reason=x\n' >"$2/list"
		printf '# redflag baseline 1\n%064d\tshop\ta race\n' 7 >"$2/baseline"
		;;
	esac
}

passed=0 failed=0
for target in "${targets[@]}"; do
	"$clang" "${flags[@]}" -fsanitize=fuzzer "tests/fuzz/$target.c" "${objects[@]}" -o "$out/$target" -lnettle -lyaml -ldw -lelf -lm
	rm -rf "$out/seeds-$target"
	mkdir -p "$out/seeds-$target" "$out/grown-$target" "$out/found-$target"
	make_seeds "$target" "$out/seeds-$target"
	inputs=("$out/grown-$target" "$out/seeds-$target")
	[ ! -d "tests/fuzz/found/$target" ] || inputs+=("tests/fuzz/found/$target")
	log=$out/$target.log
	if "$out/$target" -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=2048 \
		-artifact_prefix="$out/found-$target/" -print_final_stats=1 "${inputs[@]}" >"$log" 2>&1; then
		runs=$(sed -nE 's/^stat::number_of_executed_units: *//p' "$log")
		printf 'ok    fuzz %-10s held for %s inputs\n' "$target" "$runs"
		passed=$((passed + 1))
	else
		printf 'FAIL  fuzz %-10s the input is in %s\n' "$target" "$out/found-$target"
		failed=$((failed + 1))
		tail -n 40 "$log" | sed 's/^/    /'
	fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
