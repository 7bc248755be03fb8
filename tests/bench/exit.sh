#!/usr/bin/env bash
# The wall time of `go test -race ./...` in a module of many small packages, stock beside instrumented, and instrumented with the
# stock's sleep at the end of each test binary (REDFLAG=exit=stock). All is built before; each is run ROUNDS times, in turn.
#
#	ROUNDS=3 tests/bench/exit.sh [PACKAGES]     default 50
. "$(dirname "$0")/../lib.sh"
. "$root/tests/bench/set.sh"

packages=${1:-50} rounds=${ROUNDS:-3}
build_measure || exit
overlay=$("$redflag" toolchain --print overlay) || exit
mkdir "$work/module" && cd "$work/module" || exit
printf 'module example.com/small\n\ngo 1.25\n' >go.mod
for i in $(seq "$packages"); do
	mkdir "p$i" && cat >"p$i/p_test.go" <<GO
package p$i

import (
	"sync"
	"testing"
)

func TestSum(t *testing.T) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	sum := 0
	for i := range 10 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			mu.Lock()
			defer mu.Unlock()
			sum += i
		}()
	}
	wg.Wait()
	if sum != 45 {
		t.Error(sum)
	}
}
GO
done

run() { # KIND: wall seconds
	local flags=() took
	[ "$1" = stock ] || flags=("-overlay=$overlay")
	took=$(REDFLAG=$([ "$1" != early ] || echo exit=early)$([ "$1" != late ] || echo exit=stock) \
		"$work/measure" /dev/null "$work/out" go test -race -count=1 "${flags[@]}" ./...)
	[ "${took##* }" = 0 ] || cat "$work/out" >&2
	echo "${took%% *}"
}

for kind in stock early late; do run $kind >/dev/null; done
for ((i = 0; i < rounds; i++)); do
	for kind in stock early late; do run $kind >>"$work/$kind"; done
done
read -r stock _ <<<"$(median <"$work/stock")"
printf '%-34s %8s %7s %7s\n' "$packages packages" 'wall s' spread ratio
for row in stock,stock early,instrumented 'late,instrumented with exit=stock'; do
	read -r wall spread <<<"$(median <"$work/${row%%,*}")"
	printf '%-34s %8.1f %7s %7.2f\n' "${row#*,}" "$wall" "$spread" "$(awk "BEGIN { print $wall / $stock }")"
done
