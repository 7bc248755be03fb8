#!/usr/bin/env bash
# A large stream: every report is stored once however it comes, memory stays bounded also while the database is locked or can't be
# opened, and lines are passed on at once meanwhile.
. "$(dirname "$0")/../lib.sh"

reports=3000
for program in race_stream measure; do
	gcc -O2 -std=c11 -D_GNU_SOURCE "$root/tests/bench/stream/$program.c" -o "$work/$program" || exit
done
stream=$work/stream.json
"$work/race_stream" 30000000 $reports >"$stream"
check "the made stream has $reports reports" equal $reports "$(grep -c 'WARNING: DATA RACE' "$stream")"
check "it is the same each time" sh -c '"$1" 30000000 3000 | cmp - "$2"' - "$work/race_stream" "$stream"

query() { sqlite3 -cmd '.timeout 20000' "$1" "$2"; }
events() { query "$1" 'SELECT count(*) FROM events'; }
report() { "$redflag" report --db "$1" --trace-id t1; }
# What it took: wall, CPU, peak in KiB, status.
measured() { # DB INPUT OUTPUT
	TRACE_ID=t1 "$work/measure" "$2" "$3" "$redflag" report --db "$1" 2>"$work/err"
}
peak_below_64_mib() { # WALL CPU PEAK_KIB STATUS
	[ "$3" -lt 65536 ] || {
		echo "peak memory: $3 KiB"
		return 1
	}
}

# --- once
took=$(measured "$work/a.db" "$stream" "$work/out")
check "every report is an event" equal $reports "$(events "$work/a.db")"
check "status 66" equal 66 "${took##* }"
# shellcheck disable=SC2086 # four words
check "peak memory is below 64 MiB" peak_below_64_mib $took
check "nothing of the stream is changed but for the trace ID" \
	sh -c 'sed "s/,\"TraceID\":\"t1\"}\$/}/" "$1" | cmp - "$2"' - "$work/out" "$stream"
check "each line has it" equal "$(wc -l <"$stream")" "$(grep -c ',"TraceID":"t1"}$' "$work/out")"
check "no event is only a part" equal 0 "$(query "$work/a.db" 'SELECT count(*) FROM events WHERE text IS NOT NULL')"
report "$work/a.db" <"$stream" >"$work/out" 2>"$work/err"
check "again: nothing is added" equal $reports "$(events "$work/a.db")"
"$redflag" ingest --db "$work/a.db" "$work/out" >"$work/ingested" 2>&1
check "what was passed on, read as a file: nothing is added" equal $reports "$(events "$work/a.db")"
# As a program that leaves the time out would write it.
sed -E 's/^\{"Time":"[^"]*",/{/' "$stream" >"$work/timeless.json"
report "$work/timeless.db" <"$work/timeless.json" >"$work/out" 2>"$work/err"
check "without times: every report is an event" equal $reports "$(events "$work/timeless.db")"

# --- in parts
head -c 10000000 "$stream" | report "$work/grown.db" >"$work/out" 2>"$work/err"
part=$(events "$work/grown.db")
check "of a part, a part" test "$part" -gt 500 -a "$part" -lt 1500
report "$work/grown.db" <"$stream" >"$work/out" 2>"$work/err"
check "grown: the rest is added" equal $reports "$(events "$work/grown.db")"
check "what was cut is whole" equal 0 "$(query "$work/grown.db" 'SELECT count(*) FROM events WHERE text IS NOT NULL')"
check "the same findings as at once" equal "$(query "$work/a.db" 'SELECT group_concat(fingerprint || events) FROM
	(SELECT * FROM findings ORDER BY fingerprint)')" "$(query "$work/grown.db" 'SELECT group_concat(fingerprint || events) FROM
	(SELECT * FROM findings ORDER BY fingerprint)')"
report "$work/killed.db" <"$stream" >"$work/out" 2>"$work/err" &
killed=$!
begun() { [ "$(events "$work/killed.db" || echo 0)" -gt 0 ]; }
wait_for 10 begun
kill -9 $killed 2>"$work/ignored"
wait $killed 2>"$work/ignored"
report "$work/killed.db" <"$stream" >"$work/out" 2>"$work/err"
check "killed and read again: every report once" equal $reports "$(events "$work/killed.db")"
check "and the database is sound" equal ok "$(query "$work/killed.db" 'PRAGMA integrity_check')"
report "$work/pipe.db" <"$stream" 2>"$work/err" | head -n 1 >"$work/out"
check "the reader went away: every report is stored" equal $reports "$(events "$work/pipe.db")"

# --- no database, and one that is locked
took=$(measured "$work/missing/no.db/x.db" "$stream" /dev/null)
check "no database: status 3" equal 3 "${took##* }"
# shellcheck disable=SC2086
check "no database: peak memory is below 64 MiB" peak_below_64_mib $took

report "$work/locked.db" </dev/null >"$work/out" 2>"$work/err"
mkfifo "$work/in" "$work/sql"
sqlite3 "$work/locked.db" <"$work/sql" >"$work/sql.out" &
locker=$!
exec 8>"$work/sql"
echo "BEGIN EXCLUSIVE; SELECT 'locked';" >&8
wait_for 10 grep -q locked "$work/sql.out"
TRACE_ID=t1 "$work/measure" "$work/in" "$work/out" "$redflag" report --db "$work/locked.db" >"$work/took" 2>"$work/err" 8>&- &
reporter=$!
exec 9>"$work/in"
head -n 2000 "$stream" >&9
sleep 2 # longer than reports wait by themselves: the reporter is at the lock now
sed -n '2001,2010p' "$stream" >&9
passed_on() { [ "$(wc -l <"$work/out")" -eq 2010 ]; }
check "locked: lines are passed on at once" wait_for 5 passed_on
tail -n +2011 "$stream" >&9 &
feeder=$!
sleep 1 # more comes than may wait
printf 'COMMIT;\n.quit\n' >&8 # others have this pipe open too
exec 8>&-
wait $locker
wait $feeder
exec 9>&-
wait $reporter
check "locked for a while: nothing is lost" equal $reports "$(events "$work/locked.db")"
# shellcheck disable=SC2046
check "locked: peak memory is below 64 MiB" peak_below_64_mib $(cat "$work/took")

finish
