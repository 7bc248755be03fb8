#!/usr/bin/env bash
# The end of a process waits while something can still run, and no longer: e2e/exit/ has tests that leave a race for the time
# after all tests, each in another way, and tests that leave what can't run any more.
. "$(dirname "$0")/../lib.sh"

cp -r "$root/tests/e2e/exit" "$work/exit"
cd "$work/exit" || exit
late=$(grep -o '^func TestLate[A-Za-z]*' exit_test.go | sed 's/^func //')
never=$(grep -o '^func TestNever[A-Za-z]*' exit_test.go | sed 's/^func //')
check "eight ways, at least" test "$(wc -l <<<"$late")" -ge 8
check "and eight neighbours" test "$(wc -l <<<"$never")" -ge 8

build() ( # GO; what `redflag env` sets ends with the subshell
	settings=$(settings_of "$1") && eval "$settings" && go test -c -race -o exit.test .
)

# The tests whose race was found, each in a process of its own.
found() {
	local name
	for name in $late; do
		GORACE=atexit_sleep_ms=3000 ./exit.test -test.run "^$name\$" >out 2>&1
		[ $? -ne 66 ] || ! grep -q '^WARNING: DATA RACE' out || echo "$name"
	done
}

# Nothing to wait for: else a minute would pass, and not what each gets.
ends() {
	local name
	for name in $never; do
		GORACE="atexit_sleep_ms=60000" timeout 40 ./exit.test -test.run "^$name\$" >out 2>&1 || echo "$name $(cat out)"
	done
}

all() { # LABEL RUN
	export GOMAXPROCS=$(($2 % 3 + 1)) REDFLAG=leaks=0
	check "$1, run $2: every race after the last test" equal "$late" "$(found)"
	check "$1, run $2: no wait for what can't run" equal "" "$(ends)"
	unset GOMAXPROCS REDFLAG
}

check "build" build local
for i in 1 2 3; do all "this Go" $i; done
check "with leaks looked for, all at once: no wait" \
	sh -c 'GORACE=atexit_sleep_ms=60000 timeout 40 ./exit.test -test.run TestNever >out 2>&1; [ $? -eq 1 ]'
check "and doctor says so" sh -c '"$1" doctor | grep -q "ok *exit"' - "$redflag"

# GORACE is the upper bound, in whatever way it is written.
export REDFLAG=leaks=0
for gorace in 'atexit_sleep_ms=1' 'halt_on_error=0:atexit_sleep_ms=0' 'atexit_sleep_ms=9,atexit_sleep_ms="2"'; do
	GORACE=$gorace ./exit.test -test.run 'TestLateSleep$' >out 2>&1
	check "GORACE=$gorace: too short for the race" equal "0 PASS" "$? $(cat out)"
done
GORACE=atexit_sleep_ms=60000 timeout 40 ./exit.test -test.run 'TestLate(Sleep|AfterFunc|Chain|C|Syscall)$' >out 2>&1
check "a long one ends early, when the races are over" equal 66 $?
unset REDFLAG

# Programs: by return, by os.Exit, from elsewhere; two that end it at once.
mkdir -p program && cat >program/main.go <<'GO'
package main

import (
	"os"
	"time"
)

var x int

func main() {
	go func() { x++ }()
	if len(os.Args) > 2 {
		time.AfterFunc(100*time.Millisecond, func() { x++ })
	}
	switch os.Args[1] {
	case "exit":
		os.Exit(0)
	case "elsewhere":
		go os.Exit(0)
		select {}
	case "twice":
		go os.Exit(0)
		os.Exit(0)
	case "fail":
		os.Exit(3)
	}
}
GO
(eval "$("$redflag" env)" && go build -race -o end ./program)
for how in return exit elsewhere twice; do
	GORACE=atexit_sleep_ms=60000 timeout 40 ./end $how >out 2>&1
	check "$how: no wait" equal "0 " "$? $(cat out)"
	GORACE=atexit_sleep_ms=60000 timeout 40 ./end $how late >out 2>&1
	check "$how: the race that comes" equal "66 1" "$? $(grep -c '^WARNING: DATA RACE' out)"
done
GORACE=atexit_sleep_ms=60000 timeout 40 ./end fail late >out 2>&1
check "another status: at once, as ever" equal "3 " "$? $(cat out)"

for go in go1.25.4 go1.27.0; do
	have_go $go || continue
	check "$go: build" build $go
	all $go 1
done
finish
