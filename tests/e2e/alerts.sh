#!/usr/bin/env bash
# Alerts as a team gets them: JSON lines, a command, a webhook that is down, slow, rude, and at last works; reporters that are killed;
# several at once; a full disk; names that mean harm.
. "$(dirname "$0")/../lib.sh"

here=$(cd "$(dirname "$0")" && pwd)
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy
mkdir -p "$work/shop" "$work/hook" && cd "$work/shop" || exit
printf 'module example.com/shop\n\ngo 1.25\n' >go.mod

# race PACKAGE FUNCTION ADDRESS: the text of a report
race() {
	cat <<END
==================
WARNING: DATA RACE
Write at 0x00c0000$3 by goroutine 9:
  example.com/$1.$2()
      /src/$1.go:10 +0x10

Previous read at 0x00c0000$3 by goroutine 8:
  example.com/$1.Total()
      /src/$1.go:20 +0x11

Goroutine 9 (running) created at:
  example.com/$1.TestOne()
      /src/$1_test.go:7 +0x44
  testing.tRunner()
      /go/src/testing/testing.go:1 +0x1

Goroutine 8 (running) created at:
  testing.(*T).Run()
      /go/src/testing/testing.go:2 +0x2
==================
END
}
races() { # COUNT [PACKAGE]: so many different ones
	local i
	for i in $(seq "$1"); do
		race "${2:-shop}" "F$i" "$((10000 + i))"
	done
}
query() { sqlite3 "$db" "$1"; }
report() { # TRACE: standard input is the stream; standard error stays in $work/err
	"$redflag" report --db "$db" --trace-id "$1" >/dev/null 2>"$work/err"
}
requests() { python3 "$here/alert_check.py" requests "$work/hook/requests" "$1"; }
delivered() { python3 "$here/alert_check.py" delivered "$work/hook/requests" "$@"; }
mode() { printf '%s' "$*" >"$work/hook/mode"; }
start_over() { # DATABASE: nothing was asked of the endpoint yet
	db=$work/$1.db
	: >"$work/hook/requests"
}

mode ok
python3 "$here/alert_server.py" "$work/hook" &
server=$!
trap 'kill $server; rm -rf "$work"' EXIT
wait_for 10 test -e "$work/hook/port"
port=$(cat "$work/hook/port")

# --- without a file, and what a file may say
db=$work/none.db
races 2 | report t1
check "without a file nothing is queued" equal 0 "$(query 'SELECT count(*) FROM alerts')"
check "and nothing is said of alerts" sh -c '! grep -qi alert "$1"' - "$work/err"
check "list says so" sh -c '"$1" alerts --db "$2" | grep -q "^No sinks"' - "$redflag" "$db"
check "flush has nowhere to deliver to" status_of 3 "$redflag" alerts flush --db "$db"
printf 'alerts:\n  - type: pigeon\n' >.redflag.yml
check "a sink of no type that there is names its line" sh -c '"$1" alerts test 2>&1 | grep -q "yml:2: \"pigeon\" is no type"' - "$redflag"
printf 'alerts:\n  - type: webhook\n    url: ftp://u:pass@h/x\n' >.redflag.yml
check "an address that is none" sh -c '"$1" alerts test 2>&1 | grep -q "yml:3: \"url\" wants"' - "$redflag"
check "is not repeated" sh -c '! "$1" alerts test 2>&1 | grep -q pass' - "$redflag"

# --- JSON lines and a command
cat >.redflag.yml <<'END'
alerts:
  - type: jsonl
    path: ../lines.jsonl
  - type: command
    argv: [sh, -c, "cat >>../command.out; echo noise; echo noise >&2"]
    severity: high
  - type: stderr
    only: all
policies:
  - tag: pay*
    events: 2
    within: 1m
    silence: 1s
    severity: critical
END
db=$work/lines.db
check "two new findings" status_of 66 sh -c 'cat >"$3/in"; "$1" report --db "$2" --trace-id t1 <"$3/in"' - "$redflag" "$db" "$work" < <(races 2)
check "the stream is the stream alone" cmp "$work/in" "$work/out"
check "a line each on stderr" equal 2 "$(grep -c '^redflag: New: data race' "$work/err")"
check "a line each in the file" equal 2 "$(wc -l <"$work/lines.jsonl")"
check "in the names and types of ECS" python3 "$here/alert_check.py" ecs "$work/lines.jsonl"
check "the severity of the command's sink is respected" test ! -e "$work/command.out"
races 2 | report t2
check "what is known is no new alert" equal 2 "$(wc -l <"$work/lines.jsonl")"
check "but one that only: all asks for" equal 2 "$(grep -c '^redflag: Again: ' "$work/err")"
race shop Pay 1234 >"$work/pay"
REDFLAG_TAG=pay:card "$redflag" report --db "$db" --trace-id t3 <"$work/pay" >/dev/null 2>"$work/err"
check "the command gets a body, and its noise goes nowhere" sh -c 'grep -q "\"text\":\"redflag: 1 alert" "$1" && ! grep -q noise "$2"' - \
	"$work/command.out" "$work/err"
check "graded" grep -q '"severity":99.*"level":"critical"' "$work/lines.jsonl"
REDFLAG_TAG=pay:card "$redflag" report --db "$db" --trace-id t4 <"$work/pay" >/dev/null 2>&1
check "the second in a minute is held back" equal silenced "$(query "SELECT verdict FROM v_events WHERE trace_id = 't4'")"
summed_up() { # when the second is over, whoever reports next says it
	"$redflag" ingest --db "$db" /dev/null >/dev/null 2>"$work/err"
	grep -q 'silence-over' "$work/lines.jsonl"
}
check "when it is over, one alert sums up" wait_for 10 summed_up
check "for every sink" sh -c 'grep -q "1 report was held back" "$1" && grep -q "1 report was held back" "$2" &&
	grep -q "1 report was held back" "$3"' - "$work/lines.jsonl" "$work/command.out" "$work/err"
check "all lines are events of ECS still" python3 "$here/alert_check.py" ecs "$work/lines.jsonl"
check "all delivered" equal 0 "$(query "SELECT count(*) FROM v_alerts WHERE state <> 'delivered'")"
mv "$work/lines.jsonl" "$work/lines.1"
races 1 other | report t5
check "a file that was moved aside is made anew" equal 1 "$(wc -l <"$work/lines.jsonl")"
printf 'torn' >>"$work/lines.jsonl"
races 2 other | report t6
check "a torn line of somebody else ends before ours" sh -c 'sed -n 2p "$1" | grep -qx torn && sed -n 3p "$1" | python3 -m json.tool >/dev/null' - \
	"$work/lines.jsonl"
cat >.redflag.yml <<END
alerts:
  - type: command
    name: sleepy
    argv: [sh, -c, "sleep 3601.$$ & sleep 3602.$$; true"]
    timeout: 1s
  - type: command
    name: missing
    argv: [./no-such-program]
END
check "a command that hangs is killed, one that isn't there is named" sh -c '"$1" alerts test >"$2"; test $? = 3 &&
	grep -q "^failed  sleepy: sh was not done within 1000 ms and was killed" "$2" &&
	grep -q "^failed  missing: ./no-such-program was not found" "$2"' - "$redflag" "$work/out"
check "with all that it started" sh -c '! pgrep -f "[s]leep 360[12].$1"' - $$

# --- a webhook
cat >.redflag.yml <<END
alerts:
  - type: webhook
    name: hook
    url: http://127.0.0.1:$port/\$WHERE
    headers:
      Authorization: Bearer \$TOKEN
    secret: \$SECRET
    timeout: 1s
END
export WHERE=a%20b TOKEN=t0ken SECRET=s3cret
start_over hook
mode 500 1
races 3 | report t1
check "answered with 500 once, it arrives" delivered 3
check "as it should be" requests "len(r) == 2 and all(x['path'] == '/a%20b' and x['auth'] == 'Bearer t0ken' and x['signed']
	and x['type'] == 'application/json' and x['same_key'] and x['version'] == 1 and len(x['ids']) == 3 for x in r)"
check "tried again under the same key" requests "r[0]['key'] == r[1]['key'] and len(r[0]['key']) == 32"
check "as late as 1 s and a half, half a second at the earliest" requests "0.4 < r[1]['time'] - r[0]['time']"
check "the secrets are nowhere in the database" sh -c 'cat "$1"* | grep -aqE "t0ken|s3cret" && exit 1 || true' - "$db"
start_over rude
mode 429 1
races 1 | report t1
check "429: not before the second that it asked for" requests "len(r) == 2 and r[1]['mode'] == 'ok' and r[1]['time'] - r[0]['time'] >= 0.99"
start_over drop
mode drop 1
races 1 | report t1
check "a connection that is dropped" delivered 1
start_over slow
mode slow 1
races 1 | report t1
check "an answer that doesn't come" delivered 1
start_over refused
mode 404
races 2 | report t1
check "404 is no use to repeat" requests "len(r) == 1"
check "and says so" grep -q 'redflag: 2 alerts for "hook" wait, 2 of them until you say .redflag alerts flush.: The answer was status 404' "$work/err"
check "kept and shown" sh -c '"$1" alerts --db "$2" | grep -qE "^ +0 +2 +0 +hook"' - "$redflag" "$db"
check "a later run doesn't repeat it" sh -c '"$1" ingest --db "$2" /dev/null >/dev/null 2>&1; test "$(wc -l <"$3")" = 1' - "$redflag" "$db" \
	"$work/hook/requests"
check "a flush that fails: 3" status_of 3 "$redflag" alerts flush --db "$db"
mode ok
check "flush delivers it: 0" status_of 0 "$redflag" alerts flush --db "$db"
check "all of it" delivered 2
start_over redirect
mode redirect
races 1 | report t1
check "redirects are not followed" requests "len(r) == 1 and r[0]['path'] == '/a%20b'"
mode ok

# --- an endpoint that is down loses nothing
sed "s/:$port/:9/" .redflag.yml >"$work/down.yml" && cp .redflag.yml "$work/up.yml"
start_over down
cp "$work/down.yml" .redflag.yml
before=$(date +%s)
races 5 | report t1
check "down: the run ends within its ten seconds" test $(($(date +%s) - before)) -le 12
check "what waits is told" grep -q 'redflag: 5 alerts for "hook" wait: No answer' "$work/err"
check "list shows why" sh -c '"$1" alerts list --db "$2" >"$3" && grep -q "^ *5 " "$3" && grep -q "No answer" "$3" && grep -q "not before" "$3"' - \
	"$redflag" "$db" "$work/out"
before=$(date +%s)
races 1 more | report t2
check "before its time nobody tries" test $(($(date +%s) - before)) -le 5
cp "$work/up.yml" .redflag.yml
query "UPDATE alert_sinks SET not_before = ''"
"$redflag" ingest --db "$db" /dev/null >/dev/null 2>&1
check "up again: the next run delivers all, once" delivered 6
unset TOKEN
races 1 later | report t3
check "a variable that isn't set is named, the alert waits" grep -q '1 alert for "hook" waits: The environment variable TOKEN is not set' "$work/err"
export TOKEN=t0ken
check "set, it goes" status_of 0 "$redflag" alerts flush --db "$db"
export TOKEN=$'x\r\nEvil: 1'
check "a line end in a header's value is refused" sh -c '"$1" alerts test | grep -q "control character"' - "$redflag"
export TOKEN=t0ken
check "test says when it works" sh -c '"$1" alerts test | grep -qx "ok      hook"' - "$redflag"

# --- while the stream still runs
start_over early
mkfifo "$work/stream"
"$redflag" report --db "$db" --trace-id e1 <"$work/stream" >/dev/null 2>&1 &
pid=$!
exec 3>"$work/stream"
races 2 >&3
check "alerts go out while the tests still run" wait_for 20 delivered 2 # the stream stays open
mode slow
races 3 >&3
wait_for 20 requests "r[-1]['mode'] == 'slow'"
races 1 late >&3
stored() { [ "$(query "SELECT count(*) FROM events")" = 6 ]; }
check "an endpoint that hangs delays nothing" wait_for 5 stored
mode ok
exec 3>&-
wait "$pid"
check "the end delivers the rest" equal 4 "$(query "SELECT count(*) FROM v_alerts WHERE state = 'delivered'")"

# --- four reporters at once, on one database
start_over four
for i in 1 2 3 4; do
	races 30 "p$i" | "$redflag" report --db "$db" --trace-id "f$i" >/dev/null 2>&1 &
	pids[i]=$!
done
wait "${pids[@]}"
"$redflag" alerts flush --db "$db" >/dev/null 2>&1
check "four reporters: 120 alerts, each once" delivered 120

# --- killed while the endpoint has it
start_over killed
mode cut 1
races 7 | "$redflag" report --db "$db" --trace-id k1 >/dev/null 2>&1 &
pid=$!
wait_for 10 test -s "$work/hook/requests"
kill -9 "$pid"
wait "$pid" 2>/dev/null
check "killed: nothing counts as delivered" equal 7 "$(query "SELECT count(*) FROM v_alerts WHERE state = 'waiting'")"
before=$(date +%s)
"$redflag" ingest --db "$db" /dev/null >/dev/null 2>&1
check "the next run takes over at once" test $(($(date +%s) - before)) -le 5
check "under the same key" delivered 7 lost
check "and nothing is left" equal 0 "$(query "SELECT count(*) FROM v_alerts WHERE state <> 'delivered'")"
start_over kills
for i in $(seq 6); do
	races 10 "k$i" >"$work/in$i"
	"$redflag" report --db "$db" --trace-id "k$i" <"$work/in$i" >/dev/null 2>&1 &
	pid=$!
	sleep 0.0"$((i * 9 % 10))"
	kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
done
for i in $(seq 6); do
	"$redflag" report --db "$db" --trace-id "k$i" <"$work/in$i" >/dev/null 2>&1
done
"$redflag" alerts flush --db "$db" >/dev/null 2>&1
check "killed at odd moments: none is lost" delivered 60 lost

# --- a storm
start_over storm
races 1500 storm >"$work/storm"
report s1 <"$work/storm"
"$redflag" alerts flush --db "$db" >/dev/null 2>&1
check "1500 at once: batches of 100" requests "len(r) == 15 and max(len(x['ids']) for x in r) == 100"
check "not faster than the pause between them" requests "min(b['time'] - a['time'] for a, b in zip(r, r[1:])) > 0.15"
check "the text stays short" requests "all('and 80 more' in x['text'] and len(x['text']) < 4000 for x in r)"
check "and complete" delivered 1500

# --- names that mean harm
start_over evil
{
	race 'shop' '<!channel>&lt;@here|x>' 1
	race 'shop' "$(printf 'a\033[2Jb\xff"\\')" 2
} | report e1
check "no markup, no mention, no control character in the text" requests "len(r) == 1 and '<' not in r[0]['text'] and
	'@here' not in r[0]['text'] and chr(27) not in r[0]['text'] and '&lt;!channel&gt;' in r[0]['text']"

# --- a disk that is full
if mkdir -p "$work/small" && mount -t tmpfs -o size=256k none "$work/small" 2>/dev/null; then
	printf 'alerts:\n  - type: jsonl\n    path: ../small/lines\n' >.redflag.yml
	db=$work/full.db
	dd if=/dev/zero of="$work/small/fill" bs=4k count=62 2>/dev/null
	races 60 full | report d1
	check "a full disk is told" grep -qE 'alerts? for "jsonl ../small/lines" waits?: Cannot write .*: No space left on device' "$work/err"
	rm "$work/small/fill"
	check "with room again all is there" status_of 0 "$redflag" alerts flush --db "$db"
	check "each line whole, each alert once" sh -c 'test "$(sort -u "$1" | wc -l)" = 60 && test "$(wc -l <"$1")" = 60' - "$work/small/lines"
	check "all of it events" python3 "$here/alert_check.py" ecs "$work/small/lines"
	umount "$work/small"
else
	skip "a full disk" "mounting a tmpfs needs root"
fi

# --- the name of a sink that is gone
printf 'alerts:\n  - type: jsonl\n    path: ../else\n' >.redflag.yml
db=$work/hook.db
check "list says that no sink has the name" sh -c '"$1" alerts --db "$2" | grep -q "no sink of .redflag.yml has this name now"' - "$redflag" "$db"
check "drop forgets it" status_of 0 "$redflag" alerts drop hook --db "$db"
check "once" status_of 3 "$redflag" alerts drop hook --db "$db"
check "the database is whole" equal ok "$(query 'PRAGMA integrity_check')"

finish
