#!/usr/bin/env bash
# redflag test and run: the stream and the spools joined, exit statuses, what a person sees, a reporter that is killed, a
# program without instrumentation.
. "$(dirname "$0")/../lib.sh"

mkdir -p "$work/shop/cart" "$work/shop/clean" "$work/shop/bare" "$work/shop/server" && cd "$work/shop" || exit
cat >go.mod <<'END'
module example.com/shop

go 1.25
END
cat >cart/cart_test.go <<'END'
package cart

import (
	"context"
	"os"
	"runtime/pprof"
	"testing"
	"time"
)

var total int

func add(done chan bool) {
	pprof.Do(context.Background(), pprof.Labels("tag", "order-service:cart"), func(context.Context) {
		total++
		time.Sleep(50 * time.Millisecond)
	})
	done <- true
}

func TestAdd(t *testing.T) {
	done := make(chan bool)
	go add(done)
	time.Sleep(10 * time.Millisecond)
	total++
	<-done
}

func TestBroken(t *testing.T) {
	t.Log("said before the failure")
	t.Fatal("broken")
}

func TestSlow(t *testing.T) {
	if os.Getenv("SLOW") != "" {
		time.Sleep(time.Minute)
	}
}
END
cat >clean/clean_test.go <<'END'
package clean

import (
	"os"
	"testing"
)

func TestClean(t *testing.T) { t.Log(os.Args[1:]) }
END
echo 'package bare' >bare/bare.go
cat >server/main.go <<'END'
package main

import (
	"fmt"
	"os"
	"time"
)

var hits int

func main() {
	go func() { hits++ }()
	time.Sleep(10 * time.Millisecond)
	if len(os.Args) > 1 && os.Args[1] == "race" {
		hits++
	}
	fmt.Println("args", os.Args[1:])
	if len(os.Args) > 1 && os.Args[1] == "wait" {
		time.Sleep(time.Minute)
	}
	if len(os.Args) > 1 && os.Args[1] == "fail" {
		os.Exit(7)
	}
}
END
query() { sqlite3 "$1" "$2"; }
run() { # NAME ARGUMENTS...: output in $work/NAME.out and .err, status in $?
	local name=$1
	shift
	"$redflag" "$@" >"$work/$name.out" 2>"$work/$name.err"
}

# --- test
run first test --trace-id first ./...
check "a new finding: status 66" equal 66 $?
db=.redflag/redflag.db
check "text and spool are one event" equal "1|spool" "$(query $db 'SELECT count(*), max(source) FROM events')"
check "the text was recognised in the spool" equal 1 "$(query $db 'SELECT count(text_uid) FROM events')"
check "the tag is the goroutine's label" equal order-service:cart "$(query $db 'SELECT tag FROM v_findings')"
check "both sides have their owner" equal "TestAdd|TestAdd" "$(query $db 'SELECT test_a, test_b FROM v_findings')"
check "the spools are gone" equal 0 "$(find .redflag -name '*.spool' -type f | wc -l)"
check "the lock is gone" equal 0 "$(find .redflag -name '*.lock' | wc -l)"
check "nothing of it is git's" equal '*' "$(cat .redflag/.gitignore)"
check "a failed test's output is printed" grep -q 'said before the failure' "$work/first.out"
check "the race report is not" sh -c '! grep -q "DATA RACE" "$1"' - "$work/first.out"
check "the finding is told when it is seen" grep -q '^>> new   1  data race: ' "$work/first.out"
check "the summary says what to try next" grep -q 'redflag show 1' "$work/first.out"
check "a package without tests is named as go test does" grep -q 'no test files' "$work/first.out"
check "lines fit 80 columns" test "$(wc -L <"$work/first.out")" -le 80
check "the process is kept" equal "example.com/shop/cart example.com/shop/clean" \
	"$(query $db "SELECT group_concat(main_package, ' ') FROM (SELECT main_package FROM processes ORDER BY 1)")"
run second test --trace-id second ./...
check "the same finding again: status 1" equal 1 $?
check "it is known now" grep -q '1 known finding' "$work/second.out"
check "it is recurring" equal "recurring|2" "$(query $db 'SELECT status, events FROM v_findings')"
run clean test -count=1 ./clean
check "nothing found: status 0" equal 0 $?
check "nothing found is said" grep -q '^No findings' "$work/clean.out"
run broken test -run Broken ./cart
check "tests failed for another reason: status 1" equal 1 $?
run args test -v ./clean -args word --db x
check "what stands behind -args is the test's" grep -q -- '--db x' "$work/args.out"
run json test --json -count=1 --trace-id j ./cart
check "--json passes the stream" grep -q '"Action":"fail","Package":"example.com/shop/cart".*"TraceID":"j"}' "$work/json.out"
check "--json prints nothing else" sh -c '! grep -v "^{" "$1"' - "$work/json.out"
run usage test --go go1.0.1-none ./cart
check "a Go that isn't there: own failure" test $? -ge 2
run build test ./nosuch
check "a package that isn't there: status 1" equal 1 $?
(cd /tmp && "$redflag" test -C "$work/shop" -count=1 ./clean >"$work/c.out" 2>&1)
check "-C is where the database is" test $? -eq 0 -a ! -e /tmp/.redflag
check "show has the interleaving, memory and labels" sh -c '"$1" show 1 >"$2" && grep -q "races here" "$2" &&
	grep -q "tag=order-service:cart" "$2" && grep -q "^Memory" "$2"' - "$redflag" "$work/show.out"
if command -v script >/dev/null; then
	TERM=xterm script -qec "'$redflag' test -count=1 ./..." /dev/null >"$work/tty.out" 2>&1 </dev/null
	check "a terminal gets a status line" grep -q 'package.* done' "$work/tty.out"
	check "a terminal gets colour" grep -q $'\x1b\[31m' "$work/tty.out"
	NO_COLOR=1 TERM=xterm script -qec "'$redflag' list" /dev/null >"$work/tty.out" 2>&1 </dev/null
	check "NO_COLOR: none" sh -c '! grep -q "$(printf "\033")" "$1"' - "$work/tty.out"
else
	skip "terminal" "script(1) is not installed"
fi

# --- a reporter that is killed: the next one takes what it left
# A label is written with a report.
spool_has_report() { grep -rqs --include='*.spool' 'order-service:cart' .redflag; }
spools_of_killed() { query $db "SELECT count(*) FROM v_events WHERE trace_id = 'killed'" | grep -q '^1$'; }
SLOW=1 "$redflag" test --trace-id killed -count=1 ./cart >"$work/killed.out" 2>&1 &
reporter=$!
disown $reporter # or the shell prints that it was killed
check "the spool is written while the test runs" wait_for 30 spool_has_report
children=$(pgrep -P $reporter)
tests=$(for c in $children; do pgrep -P "$c"; done)
kill -9 $reporter
for p in $children $tests; do kill -9 "$p" 2>/dev/null; done
for p in $reporter $tests; do wait_for 10 test ! -d "/proc/$p"; done
check "the spool of the killed run is there" spool_has_report
run next test -count=1 ./clean
check "the next run takes it" grep -q 'Took in 1 spool' "$work/next.err"
check "under its own trace ID" spools_of_killed
check "and is clean itself" grep -q '^No findings' "$work/next.out"
check "no spool is left" equal 0 "$(find .redflag -name '*.spool' -type f | wc -l)"

# --- told to end: what was read is stored
SLOW=1 "$redflag" test --trace-id ended -count=1 ./cart >"$work/ended.out" 2>&1 &
reporter=$!
wait_for 30 spool_has_report
kill -TERM $reporter
check "SIGTERM ends it" wait_for 30 sh -c "! kill -0 $reporter"
{ wait $reporter; } 2>/dev/null
check "what was found is stored" equal 1 "$(query $db "SELECT count(*) FROM v_events WHERE trace_id = 'ended'")"

# --- plain go in an instrumented shell, no trace ID anywhere
(
	eval "$("$redflag" env --db "$work/env.db")"
	go test -race -json -count=1 ./cart 2>&1 | "$redflag" report --db "$work/env.db" >"$work/env.out"
)
check "report joins the spools of a stream without a trace ID" equal "1|1|1" \
	"$(query "$work/env.db" "SELECT count(*), count(text_uid), count(DISTINCT run_id) FROM events WHERE source = 'spool'")"
(eval "$("$redflag" env --db "$work/env.db")" && go test -race -count=1 ./cart >"$work/env.out" 2>&1)
run ingest ingest --db "$work/env.db"
check "ingest takes the spools that wait" equal "2|0" \
	"$(query "$work/env.db" 'SELECT count(*), sum(process_id IS NULL) FROM events')"
run ingest ingest --db "$work/env.db"
check "ingest again adds nothing" grep -q '^0 reports stored' "$work/ingest.out"

# --- run
(eval "$("$redflag" env)" && go build -race -o "$work/server" ./server)
go build -race -o "$work/stock" ./server
run prog run --db "$work/run.db" -- "$work/server" race --db y
check "run, a new finding: status 66" equal 66 $?
check "the program's output is its own" equal 'args [race --db y]' "$(cat "$work/prog.out")"
check "the summary goes to standard error" grep -q '1 new finding' "$work/prog.err"
run prog run --db "$work/run.db" "$work/server" fail
check "run, nothing found: the program's status" equal 7 $?
run prog run --db "$work/run.db" "$work/server"
check "run, all well: status 0" equal 0 $?
run prog run --db "$work/run.db" "$work/stock" a
check "without instrumentation: status 3" equal 3 $?
check "without instrumentation: named" grep -q 'not instrumented' "$work/prog.err"
run prog run --db "$work/run.db" "$work/none"
check "no such program: status 3, a sentence" grep -q 'There is no program' "$work/prog.err"
"$redflag" run --db "$work/run.db" "$work/server" wait >"$work/prog.out" 2>&1 &
reporter=$!
wait_for 10 grep -q args "$work/prog.out"
kill -TERM $reporter
{ wait $reporter; } 2>/dev/null
check "SIGTERM reaches the program" equal 143 $?
GOFLAGS=-race=false run flags test --db "$work/flags.db" -race=false -count=1 ./clean
check "-race off: named, status 3" sh -c 'test "$1" = 3 && grep -q "not instrumented" "$2"' - $? "$work/flags.err"
finish
