#!/usr/bin/env bash
# Findings of channels: twins of a bug and its correct neighbour, in e2e/channels/. Every bug is found in every run, by its
# own test; no neighbour is ever named. Then the same through redflag, from the spool and from the text.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../twins.sh"

# A sender that nothing orders before the close is a data race as well, which stock finds.
races_too=yes
twins channels CloseWhileSending=close-while-sending SendAfterClose=send-after-close DoubleClose=double-close
closes=$(want_of CloseWhileSending)

# A send or close that panics ends the program: a process for each.
run_once() { # LABEL RUN
	local t
	./twins.test -test.v -test.run 'TestBugClose|TestGood' >"out.$1.$2" 2>&1
	check "$1, run $2: every close" equal "$closes" "$(kinds "out.$1.$2")"
	neighbours_pass "$1, run $2" "out.$1.$2"
	[ "$2" -eq 1 ] || return
	for t in $(grep -v CloseWhileSending <<<"$bugs"); do
		GORACE=atexit_sleep_ms=0 ./twins.test -test.v -test.run "^$t\$" >"die.$1.$t" 2>&1
		check "$1, run $2: $t ends in a panic" equal 2 $?
		check "$1, run $2: $t" equal "$(want_of "$t\$")" "$t $(sed -n 's/^WARNING: REDFLAG: //p' "die.$1.$t")"
		check "$1, run $2: $t: both stacks" equal 0 "$(grep -c 'failed to restore' "die.$1.$t")"
	done
}

run_twins "this Go" local 3
check "who closed is named" grep -q 'channels.shut()' 'die.this Go.TestBugSendAfterClose_OtherGoroutine'
check "more senders than are shown are counted" grep -q '^Detail: 2 more wait to send$' 'out.this Go.1'
GOGC=1 GODEBUG=clobberfree=1 ./twins.test -test.v -test.run TestBugClose >out.gc 2>&1
check "with constant collections" equal "$closes" "$(kinds out.gc)"
REDFLAG=channels=0 ./twins.test -test.v -test.run 'TestBugClose|TestGood' >out.off 2>&1
check "channels=0: nothing" equal "" "$(kinds out.off)"
run_other_gos

through_redflag -run 'TestBugClose|TestGood|TestBugDoubleClose_Same'
check "titles" equal "double close in channels.shut
close while sending: channels.TestBugCloseWhileSending_One while channels.TestBugCloseWhileSending_One.func" \
	"$(query "$work/db" "SELECT title FROM v_findings WHERE kind = 'double-close' OR title LIKE 'close%_One %' ORDER BY 1 DESC")"
"$redflag" export --db "$work/db" --run all --format json >"$work/export"
check "actions in the export" test "$(grep -c '"access": "send"' "$work/export")" -ge 8 -a \
	"$(grep -c '"access": "close"' "$work/export")" -ge 10
detail="SELECT DISTINCT detail FROM events WHERE detail LIKE '%wait to send'"
check "the detail is stored" equal "2 more wait to send" "$(query "$work/db" "$detail")"
check "from the text, too" equal "2 more wait to send" "$(query "$work/textdb" "$detail")"
many=$(query "$work/db" "SELECT finding_id FROM events WHERE detail <> '' LIMIT 1")
check "show tells it" sh -c '"$1" show --db "$2" "$3" | grep -q "^  detail  *2 more wait to send"' - "$redflag" "$work/db" "$many"
check "the export tells it" grep -q '"detail": "2 more wait to send"' "$work/export"
id=$(query "$work/db" "SELECT id FROM v_findings WHERE kind = 'double-close'")
"$redflag" show --db "$work/db" "$id" >"$work/show" 2>&1
check "show has both sides" equal 2 "$(grep -c '^ *Close at' "$work/show")"

# A program, not a test: the findings decide its exit status, and GORACE's suppressions are honoured.
mkdir -p "$work/channels/cmd" && cat >"$work/channels/cmd/main.go" <<'GO'
package main

import "time"

func send(c chan int) {
	defer func() { recover() }()
	c <- 1
}

func main() {
	c, gone := make(chan int), make(chan bool)
	go func() { send(c); close(gone) }()
	time.Sleep(100 * time.Millisecond)
	close(c)
	<-gone
}
GO
GOFLAGS=-overlay=$("$redflag" toolchain --print overlay) go build -race -o "$work/program" ./cmd
echo 'race:main.main' >"$work/suppressions"
GORACE="atexit_sleep_ms=0" "$work/program" >"$work/program.out" 2>&1
check "a program's exit status" equal 66 $?
GORACE="atexit_sleep_ms=0 suppressions=$work/suppressions" "$work/program" >"$work/program.out" 2>&1
check "suppressed: status 0" equal 0 $?
check "suppressed: no text" equal "" "$(cat "$work/program.out")"
cat >"$work/suppressions" <<'S'
race:nothing.at.all
S
GORACE="atexit_sleep_ms=0 suppressions=$work/suppressions" "$work/program" >"$work/program.out" 2>&1
check "another's suppression" grep -q 'REDFLAG: close-while-sending' "$work/program.out"

"$redflag" test --db "$work/db" -count=1 -run TestBugSendAfterClose_Same . >"$work/test.out" 2>&1
explained
finish
