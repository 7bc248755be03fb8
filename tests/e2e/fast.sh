#!/usr/bin/env bash
# The short cuts into the detector (runtime/redflag_fast_race.s) do what the full calls do: random accesses, calls and returns
# from random states go both ways, and shadow, trace and ThreadState are compared; and so is what checks of unsafe.Pointer are
# spared, and what is told of memory that is allocated and freed. Atomics while synchronisation is ignored, and mutexes, are compared too. FAST_STEPS (default 1000000) is how many,
# FAST_VERSIONS for which Gos.
. "$(dirname "$0")/../lib.sh"

steps=${FAST_STEPS:-1000000}
cp -r "$root/tests/e2e/fast" "$work/fast"
cd "$work/fast" || exit
# Reports are off: a race is seen in the shadow. Pointers to nothing are no reason to throw.
export GORACE="report_bugs=0 atexit_sleep_ms=0" GODEBUG=invalidptr=0

build() ( # the program, for the Go and GOAMD64 of the environment
	goroot=$(eval "$("$redflag" env)" && go env GOROOT)
	printf '{"Replace": {"%s/src/runtime/redflag_fast_check_race.go": "%s/testdata/redflag_fast_check_race.go"}}\n' \
		"$goroot" "$PWD" >"$work/overlay.json"
	eval "$(GOFLAGS=-overlay=$work/overlay.json "$redflag" env)"
	rm -f "$work/program"
	go build -race -o "$work/program" .
)

# Nothing differs, these are the short cuts that are taken, and every kind of step was met.
same() { # SHORT-CUTS SEED
	"$work/program" "$steps" "$2" >"$work/out" 2>&1 || {
		cat "$work/out"
		return 1
	}
	cat "$work/out"
	grep -q "^fast $1 " "$work/out" && ! grep -q ' 0' "$work/out"
}

read -ra versions <<<"${FAST_VERSIONS:-$(go env GOVERSION) go1.25.4 go1.27.0}"
for version in "${versions[@]}"; do
	have_go "$version" || continue
	export GOTOOLCHAIN=$version
	check "$version: the program is built" build
	for seed in 1 2 "$RANDOM$RANDOM"; do
		check "$version: the same, seed $seed" same 127 "$seed"
	done
	REDFLAG=fast=0 "$work/program" 1000 1 >"$work/off" 2>&1
	check "$version: REDFLAG=fast=0 turns them off" grep -q '^fast 0 ' "$work/off"
done
unset GOTOOLCHAIN

# The detector for GOAMD64=v3 leaves other cells behind: only what the shadow has already is decided there.
if grep -q avx2 /proc/cpuinfo; then
	export GOAMD64=v3
	check "GOAMD64=v3: the program is built" build
	check "GOAMD64=v3: the same" same 121 1
else
	skip "GOAMD64=v3" "this processor has no AVX2"
fi
finish
