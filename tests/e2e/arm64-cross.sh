#!/usr/bin/env bash
# The overlay for linux/arm64, which can't be run here: the printed detector and the glue must compile, and together they must
# define what the detector's own references need.
. "$(dirname "$0")/../lib.sh"

compiler=aarch64-linux-gnu-gcc
if ! command -v $compiler >/dev/null 2>&1; then
	skip "linux/arm64" "there is no $compiler (apt install gcc-aarch64-linux-gnu libc6-dev-arm64-cross)"
	finish
fi

export XDG_CACHE_HOME=$work/cache
check "overlay for arm64" "$redflag" toolchain --arch arm64 --print overlay
overlay=$("$redflag" toolchain --arch arm64 --print overlay 2>/dev/null)
entry=$(dirname "$overlay")
check "its detector is taken out" grep -q '/runtime/race/race_linux_arm64.syso": ""' "$overlay"
check "no amd64 file in it" equal "" "$(grep -o 'amd64[^"]*' "$overlay")"
check "the probe is said to be missing" grep -q '^probe: not proved' "$entry/info"

race=$entry/src/runtime/race
check "detector assembles" $compiler -c -o "$work/detector.o" "$race/redflag_arm64.S"
check "glue compiles" $compiler -O2 -g -Wall -c -o "$work/glue.o" "$race/redflag_arm64_glue.c"
check "they link" $compiler -r -nostdlib -o "$work/both.o" "$work/detector.o" "$work/glue.o"

# What is left undefined is libc's; nothing of the detector or of ours.
undefined=$(aarch64-linux-gnu-nm -u "$work/both.o" | awk '{ print $NF }' | grep -E '^(_ZN|__tsan|__sanitizer|rf_)')
check "nothing of ours is missing" equal "" "$undefined"
for symbol in __tsan_init __tsan_read __tsan_write __tsan_func_enter; do
	check "$symbol is there" grep -q " T $symbol\$" <(aarch64-linux-gnu-nm "$work/both.o")
done

# The go command compiles and links a program with it, as far as a cross compiler allows.
cat >"$work/main.go" <<'GO'
package main

func main() { println("ok") }
GO
if aarch64-linux-gnu-gcc -xc - -o /dev/null <<<'#include <stdlib.h>
int main(void) { return abs(0); }' 2>/dev/null; then
	build() {
		cd "$work" && GOARCH=arm64 CGO_ENABLED=1 CC=$compiler GOFLAGS="-overlay=$overlay" go build -race -o "$work/program" main.go
	}
	check "a program is built for arm64" build
	check "it is for arm64" grep -q 'ARM aarch64\|AArch64' <(readelf -h "$work/program")
	check "our functions are in it" grep -q 'runtime.rf' <(go tool nm "$work/program")
else
	skip "a program for arm64" "no C library for arm64 (apt install libc6-dev-arm64-cross)"
fi
finish
