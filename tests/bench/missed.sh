#!/usr/bin/env bash
# How often a race is missed because both sides came at once: runs a program whose two accesses are the first to the shadow of
# their page, built by stock -race and instrumented, in turn, and prints how many runs said nothing.
#
#	tests/bench/missed.sh [RUNS]     default 500
. "$(dirname "$0")/../lib.sh"

runs=${1:-500}
mkdir "$work/first" && cd "$work/first" || exit
printf 'module example.com/first\n\ngo 1.25\n' >go.mod
cat >main.go <<'GO'
package main

var counter int

func main() {
	done := make(chan bool)
	go func() { counter++; done <- true }()
	counter++
	<-done
}
GO
overlay=$("$redflag" toolchain --print overlay) || exit
go build -race -o stock . && go build -race -overlay="$overlay" -o instrumented . || exit

declare -A missed=([stock]=0 [instrumented]=0)
for ((i = 0; i < runs; i++)); do
	for which in stock instrumented; do
		GORACE=atexit_sleep_ms=0 "./$which" 2>/dev/null && missed[$which]=$((missed[$which] + 1))
	done
done
for which in stock instrumented; do
	printf '%-14s %d of %d runs missed the race\n' "$which" "${missed[$which]}" "$runs"
done
