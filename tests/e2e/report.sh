#!/usr/bin/env bash
# redflag report and ingest on what stock go prints: what goes through, what is stored, and what happens when the reporter is
# killed, the disk is full, the reader goes away or the input is no stream at all.
. "$(dirname "$0")/../lib.sh"

mkdir -p "$work/shop" && cd "$work/shop" || exit
cat >go.mod <<'END'
module example.com/shop

go 1.25
END
cat >shop_test.go <<'END'
package shop

import "testing"

var total int

func add(done chan bool) { total++; done <- true }

func TestAdd(t *testing.T) {
	done := make(chan bool)
	go add(done)
	total++
	<-done
}

func TestQuiet(t *testing.T) { t.Log("fine") }
END
go test -race -json ./... >"$work/stock.json" 2>"$work/stock.err"
go test -race ./... >"$work/stock.txt" 2>&1
check "stock finds the race" grep -q 'DATA RACE' "$work/stock.json"

query() { sqlite3 "$1" "$2"; }

# --- passing through
report() { # DB FILE: status of report in $?, its output in $work/out
	"$redflag" report --db "$1" --trace-id "${trace:-t1}" <"$2" >"$work/out" 2>"$work/err"
}
db=$work/a.db
report "$db" "$work/stock.json"
check "a new finding: status 66" equal 66 $?
sed 's/}$/,"TraceID":"t1"}/' "$work/stock.json" >"$work/want"
check "every event has the trace ID, nothing else changed" cmp "$work/want" "$work/out"
check "one finding, one event" equal "1|1" "$(query "$db" 'SELECT count(*), sum(events) FROM v_findings')"
check "the creation stack names the test" equal TestAdd "$(query "$db" 'SELECT test_a FROM v_findings')"
check "the failed test is there" equal 1 "$(query "$db" 'SELECT tests_failed FROM v_runs')"
report "$db" "$work/stock.json"
check "the same stream again adds nothing" equal 1 "$(query "$db" 'SELECT count(*) FROM events')"
cp "$work/out" "$work/passed.json"
check "ingest of what was passed on adds nothing" \
	sh -c '"$1" ingest --db "$2" "$3" && test "$(sqlite3 "$2" "SELECT count(*) FROM events")" = 1' - "$redflag" "$db" \
	"$work/passed.json"
trace=t2 report "$work/text.db" "$work/stock.txt"
check "plain text: status 66" equal 66 $?
check "plain text passes unchanged" cmp "$work/stock.txt" "$work/out"
trace=t3 report "$work/text.db" "$work/stock.txt"
check "plain text of another run: status 1, as known" equal 1 $?
check "plain text of another run is another event" equal 2 "$(query "$work/text.db" 'SELECT count(*) FROM events')"
check "status is recurring" equal recurring "$(query "$work/text.db" 'SELECT status FROM v_findings')"
for _ in 1 2; do "$redflag" ingest --db "$work/log.db" "$work/stock.txt" >"$work/out" 2>&1; done
check "a log ingested twice adds nothing" equal 1 "$(query "$work/log.db" 'SELECT count(*) FROM events')"

# --- the trace ID of the process at the other end
unset TRACE_ID
TRACE_ID=of-go bash -c 'cat "$1"; sleep 1' - "$work/stock.json" | "$redflag" report --db "$work/peer.db" >"$work/out"
check "TRACE_ID in front of the pipe's first command counts" equal of-go \
	"$(query "$work/peer.db" 'SELECT trace_id FROM runs')"
TRACEPARENT=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 "$redflag" report --db "$work/parent.db" \
	<"$work/stock.json" >"$work/out"
check "TRACEPARENT counts" equal 4bf92f3577b34da6a3ce929d0e0e4736 "$(query "$work/parent.db" 'SELECT trace_id FROM runs')"
"$redflag" report --db "$work/new.db" <"$work/stock.json" >"$work/out"
check "else a new one, 32 hex digits" grep -qE '"TraceID":"[0-9a-f]{32}"}$' "$work/out"
"$redflag" report --trace-id 'a b' </dev/null >"$work/out" 2>"$work/err"
check "a trace ID that isn't one: status 2" equal 2 $?

# --- line by line
mkfifo "$work/fifo"
"$redflag" report --db "$work/live.db" --trace-id t <"$work/fifo" >"$work/out" &
reporter=$!
exec 9>"$work/fifo"
head -1 "$work/stock.json" >&9
wait_for 5 test -s "$work/out"
check "a line is passed while the stream is open" grep -q TraceID "$work/out"
cat "$work/stock.json" >&9
stored() { [ "$(query "$work/$1.db" 'SELECT count(*) FROM events' || echo 0)" -gt "$2" ]; } # DB MORE_THAN
check "a finding is stored while the stream is open" wait_for 5 stored live 0
kill -9 "$reporter"
exec 9>&-
{ wait "$reporter"; } 2>/dev/null
trace=t report "$work/live.db" "$work/stock.json"
check "after kill -9 the database is whole" equal ok "$(query "$work/live.db" 'PRAGMA integrity_check')"

# --- killed anywhere: the same stream again completes it, and nothing is there twice
for i in $(seq 40); do # many reports, so that there is a middle to be killed in
	sed -e "s/0x00c0[0-9a-f]*/0x00c0$(printf %08x "$i")/" "$work/stock.json"
done >"$work/many.json"
report "$work/whole.db" "$work/many.json"
want=$(query "$work/whole.db" 'SELECT count(*) FROM events')
check "there are many reports" test "$want" -ge 40
for bytes in 50000 120000 200001; do
	"$redflag" report --db "$work/killed.db" --trace-id t1 <"$work/fifo" >"$work/out" 2>"$work/err" &
	reporter=$!
	exec 9>"$work/fifo"
	before=$(query "$work/killed.db" 'SELECT count(*) FROM events' 2>/dev/null)
	head -c $bytes "$work/many.json" >&9
	wait_for 5 stored killed "${before:-0}"
	kill -9 "$reporter"
	exec 9>&-
	{ wait "$reporter"; } 2>/dev/null
done
some=$(query "$work/killed.db" 'SELECT count(*) FROM events')
check "killed in the middle: some are stored, some are not" test "$some" -gt 0 -a "$some" -lt "$want"
report "$work/killed.db" "$work/many.json"
check "killed three times: nothing lost, nothing doubled" equal "$want" \
	"$(query "$work/killed.db" 'SELECT count(*) FROM events')"

# --- several at once
for i in 1 2 3 4 5 6 7 8; do
	"$redflag" report --db "$work/eight.db" --trace-id "t$i" <"$work/many.json" >"$work/out.$i" 2>"$work/err.$i" &
done
wait
check "eight reporters on one file: one run each, every event once" equal "8|$want" \
	"$(query "$work/eight.db" 'SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM events)')"
check "eight reporters passed everything on" equal 8 \
	"$(for i in 1 2 3 4 5 6 7 8; do [ "$(wc -l <"$work/out.$i")" = "$(wc -l <"$work/many.json")" ] && echo y; done | wc -l)"

# --- bad input
{
	printf '{"Time":"2026-01-01T00:00:00Z","Action":"outp\n'
	printf 'nul \0 and \xff\xfe\n'
	head -c 104857600 /dev/zero | tr '\0' x
	printf '\n'
	cat "$work/stock.json"
	printf 'no newline at the end'
} >"$work/bad"
/usr/bin/env bash -c 'ulimit -v 400000; "$1" report --db "$2" --trace-id t <"$3" >"$4" 2>"$5"' - "$redflag" "$work/bad.db" \
	"$work/bad" "$work/out" "$work/err"
check "bad lines, a line of 100 MB: status 66" equal 66 $?
sed 's/,"TraceID":"t"}$/}/' "$work/out" >"$work/back"
check "all of it passes unchanged" cmp "$work/bad" "$work/back"
check "the long line is mentioned" grep -q '1 line of more than' "$work/err"
check "what could be read is stored" equal 1 "$(query "$work/bad.db" 'SELECT count(*) FROM events')"

# --- a database that isn't one
echo "this is no database, but it is long enough to be looked at by somebody who expects one" >"$work/no.db"
report "$work/no.db" "$work/stock.json"
check "no database: status 3" equal 3 $?
sed 's/}$/,"TraceID":"t1"}/' "$work/stock.json" >"$work/want"
check "no database: the stream passes" cmp "$work/want" "$work/out"
check "no database: one sentence" equal 1 "$(wc -l <"$work/err")"
"$redflag" report --db "$work/new2.db" <"$work/stock.json" 2>"$work/err" | true
check "a reader that goes away does not stop the storing" equal 1 "$(query "$work/new2.db" 'SELECT count(*) FROM events')"

# --- a full disk
mkdir "$work/small"
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=256k none "$work/small" 2>/dev/null; then
	head -c 100000 /dev/zero >"$work/small/fill"
	for i in $(seq 400); do
		sed -e "s/0x00c0[0-9a-f]*/0x00c0$(printf %08x "$i")/" -e "s/shop\\.add/shop.add$i/g" "$work/stock.json"
	done >"$work/flood.json"
	report "$work/small/r.db" "$work/flood.json"
	check "full disk: status 3" equal 3 $?
	sed 's/}$/,"TraceID":"t1"}/' "$work/flood.json" >"$work/want"
	check "full disk: the stream passes" cmp "$work/want" "$work/out"
	check "full disk: one sentence that says so" grep -q 'is full' "$work/err"
	check "full disk: the database is whole" equal ok "$(query "$work/small/r.db" 'PRAGMA integrity_check')"
	umount "$work/small"
else
	skip "full disk" "needs root and mount"
fi

# --- more reports than wait in memory, faster than any clock ticks: none is lost
awk 'BEGIN { for (i = 1; i <= 6000; i++) printf "==================\nWARNING: DATA RACE\nWrite at 0x00c%09x by goroutine 7:\n  shop.f%d()\n      /shop/f.go:%d +0x1\n\nPrevious write at 0x00c%09x by goroutine 8:\n  shop.g()\n      /shop/g.go:3 +0x1\n\nGoroutine 7 (running) created at:\n  shop.h()\n      /shop/h.go:4 +0x1\n\nGoroutine 8 (finished) created at:\n  shop.h()\n      /shop/h.go:5 +0x1\n==================\n", i, i, i, i }' >"$work/many.txt"
"$redflag" ingest --db "$work/many.db" "$work/many.txt" >"$work/out" 2>&1
check "6000 reports of one log" equal 6000 "$(query "$work/many.db" 'SELECT count(*) FROM v_events')"
"$redflag" report --db "$work/many2.db" --trace-id many <"$work/many.txt" >/dev/null 2>"$work/err"
check "6000 reports of one stream" equal 6000 "$(query "$work/many2.db" 'SELECT count(*) FROM v_events')"

# --- list, show, explain on text alone
"$redflag" list --db "$db" >"$work/out"
check "list shows the finding" grep -q 'shop.TestAdd' "$work/out"
check "list fits 80 columns" test "$(wc -L <"$work/out")" -le 80
"$redflag" list --db "$db" --json >"$work/out"
check "list --json" grep -q '"kind":"data-race"' "$work/out"
"$redflag" show --db "$db" 1 >"$work/out"
check "show has both sides and the source line" grep -q '>.*total++' "$work/out"
check "show fits 80 columns" test "$(wc -L <"$work/out")" -le 80
"$redflag" show --db "$db" "$(query "$db" 'SELECT substr(fingerprint, 1, 10) FROM v_findings')" >"$work/out"
check "show by the start of the fingerprint" equal 0 $?
"$redflag" explain --db "$db" 1 >"$work/out"
check "explain says why frames count" grep -q 'counts' "$work/out"
"$redflag" show --db "$db" 99 >"$work/out" 2>&1
check "show of what isn't there: status 3" equal 3 $?
"$redflag" list --db "$work/none.db" >"$work/out" 2>&1
check "list without a database: status 3" equal 3 $?
check "list without a database makes none" test ! -e "$work/none.db"
"$redflag" lsit >"$work/out" 2>&1
check "a mistyped command: status 2 and the right one" grep -q 'redflag list' "$work/out"
check "bash takes the completion" bash -c 'source <("$1" help --completion bash) && complete -p redflag' - "$redflag"
check "man takes the page" sh -c '! command -v groff >/dev/null || "$1" help --man | groff -mdoc -Tascii -ww 2>&1 >/dev/null |
	(! grep .)' - "$redflag"
finish
