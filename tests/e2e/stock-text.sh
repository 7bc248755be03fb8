#!/usr/bin/env bash
# The detector's text is what stock prints, but for addresses: the same programs under both toolchains.
. "$(dirname "$0")/../lib.sh"

overlay=$("$redflag" toolchain --print overlay) || exit
cd "$work" || exit
printf 'module example.com/text\n\ngo 1.25\n' >go.mod
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

type tree[T any] struct{ value T }

func (t *tree[T]) set(v T) { t.value = v }

var (
	global int
	flag   int32
	table  = map[string]int{}
	words  []string
	shape  fmt.Stringer
	ready  = make(chan struct{}, 1)
)

func second(f func()) { // runs f in a goroutine, some time after what the caller did
	done := make(chan struct{})
	go func() {
		time.Sleep(5 * time.Millisecond)
		f()
		close(done)
	}()
	time.Sleep(50 * time.Millisecond)
	<-done
}

type pair struct{ a, b strings.Builder }

func (p *pair) String() string { return p.a.String() }

func main() {
	t := new(tree[string])
	go func() { global++ }()
	go func() { table["k"] = 1 }()
	go func() { words = append(words, "w") }()
	go func() { shape = &pair{} }()
	go func() { t.set("x") }()
	go func() { atomic.StoreInt32(&flag, 1) }()
	second(func() { global++ })
	second(func() { _ = table["k"] })
	second(func() { _ = len(words) })
	second(func() { _ = shape == nil })
	second(func() { t.set("y") })
	second(func() { flag++ })
	os.Exit(0)
}
GO
go build -race -o stock . && go build -race -overlay="$overlay" -o ours . || exit
export GORACE=atexit_sleep_ms=0
# All reports of several runs, each on one line and once: without addresses and goroutine numbers, which the race
# build's random scheduler deals out.
reports() {
	for _ in $(seq 8); do "$1" 2>&1; done |
		sed -E 's/0x[0-9a-f]{8,}/ADDRESS/g; s/(goroutine|Goroutine) [0-9]+/\1 N/' |
		awk -v RS='==================\n' '/WARNING: DATA RACE/ { gsub(/\n/, "|"); print }' | sort -u
}
want=$(reports ./stock)
got=$(REDFLAG_SPOOL=$work/spool reports ./ours)
check "there are reports" [ "$(wc -l <<<"$want")" -ge 6 ]
check "the same text" diff <(echo "$want") <(echo "$got")
status() { "$1" >/dev/null 2>&1; echo $?; }
check "the same exit status" equal "$(status ./stock)" "$(status ./ours)"
finish
