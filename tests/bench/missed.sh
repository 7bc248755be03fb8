#!/usr/bin/env bash
# How often a race is missed because both sides came at once: runs two programs, built by stock -race and instrumented, in turn,
# and prints how many of their races nothing was said about. The accesses of the one are the first to the shadow of their page; in
# the other, two goroutines that start together increment the same word, 200 times.
#
#	tests/bench/missed.sh [RUNS]     default 500
. "$(dirname "$0")/../lib.sh"

runs=${1:-500}
overlay=$("$redflag" toolchain --print overlay) || exit
build() { # NAME: of main.go on standard input
	mkdir "$work/$1" && cd "$work/$1" || exit
	printf 'module example.com/missed\n\ngo 1.25\n' >go.mod
	cat >main.go
	go build -race -o "$work/$1.stock" . && go build -race -overlay="$overlay" -o "$work/$1.instrumented" . || exit
}
build page <<'GO'
package main

var counter int

func main() {
	done := make(chan bool)
	go func() { counter++; done <- true }()
	counter++
	<-done
}
GO
racing_functions 200 | build pairs

declare -A races=([page]=1 [pairs]=200) missed=()
for ((i = 0; i < runs; i++)); do
	for which in page.stock page.instrumented pairs.stock pairs.instrumented; do
		told=$(GORACE=atexit_sleep_ms=0 "$work/$which" 2>&1 | grep -c 'WARNING: DATA RACE')
		want=${races[${which%.*}]}
		[ "$told" -ge "$want" ] || missed[$which]=$((${missed[$which]:-0} + want - told))
	done
done
for which in page.stock page.instrumented pairs.stock pairs.instrumented; do
	printf '%-20s %d of %d races missed\n' "$which" "${missed[$which]:-0}" $((runs * ${races[${which%.*}]}))
done
