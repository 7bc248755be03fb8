#!/usr/bin/env bash
# redflag sql and list --search as a person and a script use them: formats, what is refused, errors, a database that others write, one
# that nobody may write.
. "$(dirname "$0")/../lib.sh"
cd "$work" || exit

report() { # FUNCTION ADDRESS
	cat <<-END
		==================
		WARNING: DATA RACE
		Write at 0x00c0000$2 by goroutine 9:
		  example.com/shop/cart.(*Cart).$1()
		      /src/cart/cart.go:10 +0x10

		Previous read at 0x00c0000$2 by goroutine 8:
		  example.com/shop/cart.Total()
		      /src/cart/total.go:20 +0x11

		Goroutine 9 (running) created at:
		  example.com/shop/cart.TestKeepFresh()
		      /src/cart/cart_test.go:7 +0x44

		Goroutine 8 (running) created at:
		  example.com/shop/cart.TestKeepFresh()
		      /src/cart/cart_test.go:8 +0x44
		==================
	END
}
export REDFLAG_DB=$work/db
report Add 10010 >one.log
report Remove 10020 >two.log
"$redflag" ingest --tag order-service:payment-timeout --trace-id r1 one.log >out 2>&1
"$redflag" ingest --tag checkout --trace-id r2 two.log >out 2>&1

# --- formats
ask() { "$redflag" sql "$@"; }
odd="SELECT 1 AS n, NULL AS none, '' AS empty, x'00ff' AS blob, 2.5 AS r, 'a,\"b' || char(10) || 'c' AS t, 1e300 * 1e300 AS inf"
check "csv" equal $'n,none,empty,blob,r,t,inf\n1,,"",00ff,2.5,"a,""b\nc",9e999' "$(ask --csv "$odd")"
check "json" equal $'[\n {"n": 1, "none": null, "empty": "", "blob": "00ff", "r": 2.5, "t": "a,\\"b\\nc", "inf": 9e999}\n]' \
	"$(ask --json "$odd")"
check "json without a row" equal '[]' "$(ask --json "SELECT 1 WHERE 0")"
check "a table" equal $' n  name\n--  ----\n10  a\\nb\n 9  NULL\n\n2 rows' \
	"$(ask "SELECT 10 AS n, 'a' || char(10) || 'b' AS name UNION ALL SELECT 9, NULL")"
check "statements from standard input" equal $'n\n7' "$(printf -- '-- seven\nSELECT 7 AS n; -- done\n;' | ask --csv -)"
check "an escape sequence stays one in CSV and is shown in a table" equal '\x1b[31m' "$(ask "SELECT char(27) || '[31m' AS x" | sed -n 3p)"

columns_fit() { # at most 80 characters a line
	local over
	over=$("$redflag" sql "$1" | LC_ALL=C sed 's/[\x80-\xbf]//g' | awk 'length($0) > 80')
	[ -z "$over" ] || { echo "$over" && return 1; }
}
for view in $(ask --csv "SELECT name FROM sqlite_schema WHERE type = 'view'" | tail -n +2) findings events runs; do
	check "$view in 80 columns" columns_fit "SELECT * FROM $view"
done
check "columns that fit" columns_fit "SELECT id, fingerprint, title, tag FROM v_findings"
ask "SELECT id, fingerprint, title, tag FROM v_findings" >out
check "what was cut is said" grep -q 'values cut (…), whole with --csv or --json' out
wide=$(ask --csv "SELECT group_concat('''' || value || ''' AS c' || value, ', ') FROM json_each('[1,2,3,4,5,6,7,8,9]')" | tail -1 | tr -d '"')
ask "SELECT hex(zeroblob(40)) AS long, ${wide//AS c/|| hex(zeroblob(20)) AS c}" >out
check "columns that don't fit are blocks" grep -q '^row 1$' out
check "in blocks nothing is cut" equal 80 "$(sed -n '/^long/,/^c1/{/^c1/!p}' out | grep -o 0 | wc -l)"

# --- what is refused: status 2, a sentence, and the file as it was
sum=$(sqlite3 "$REDFLAG_DB" .dump | sha256sum)
refused() { # STATEMENT WORDS
	"$redflag" sql "$1" >out 2>err
	[ $? -eq 2 ] && [ ! -s out ] && grep -q "$2" err && return
	cat out err
	return 1
}
while IFS='|' read -r statement words; do
	check "refused: $statement" refused "$statement" "$words"
done <<-'END'
	DELETE FROM events|writes
	INSERT INTO tags VALUES (9, 'x')|writes
	UPDATE findings SET title = 'x'|writes
	WITH x AS (SELECT 1) DELETE FROM events|writes
	INSERT INTO names_fts (names_fts) VALUES ('optimize')|writes
	CREATE TABLE t (a)|writes
	CREATE TEMP TABLE t (a)|writes
	CREATE TEMP VIEW t AS SELECT 1|writes
	CREATE VIRTUAL TABLE t USING fts5(a)|writes
	DROP VIEW v_findings|writes
	VACUUM|writes
	REINDEX|writes
	ANALYZE|writes
	EXPLAIN DELETE FROM events|writes
	ATTACH 'other.db' AS other|attaches
	VACUUM INTO 'other.db'|
	DETACH main|attaches
	BEGIN|transaction
	SAVEPOINT x|transaction
	PRAGMA journal_mode = DELETE|PRAGMA
	PRAGMA user_version = 1|PRAGMA
	PRAGMA query_only = OFF|PRAGMA
	PRAGMA wal_checkpoint|PRAGMA
	PRAGMA writable_schema = ON|PRAGMA
	SELECT load_extension('x.so')|beyond the database
	SELECT writefile('x', 'y')|no such function
	SELECT 1; DELETE FROM events|several statements
	SELECT 1; SELECT 2|several statements
	SELECT 1; nonsense|several statements
	/* nothing */|no statement
	SELECT ?|parameter
	SELECT :name|:name
END
check "nothing was written" equal "$sum" "$(sqlite3 "$REDFLAG_DB" .dump | sha256sum)"
check "no other file was made" test ! -e other.db
check "no statement" status_of 2 ask
check "two words" status_of 2 ask SELECT 1
check "csv and json" status_of 2 ask --csv --json "SELECT 1"
check "a timeout that is none" status_of 2 ask --timeout soon "SELECT 1"
check "no database" status_of 3 ask --db "$work/none" "SELECT 1"
check "no database was made" test ! -e "$work/none"
check "a file that is none" status_of 3 ask --db one.log "SELECT 1"
sqlite3 foreign.db 'CREATE TABLE t (a)'
check "another program's database" status_of 3 ask --db foreign.db "SELECT 1"
endless="WITH RECURSIVE x (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT max(n) FROM x"
check "a time limit" status_of 3 ask --timeout 200ms "$endless"
interrupted() {
	local reader
	# A background job of a script ignores SIGINT, and so does everything below a script that was one itself.
	env --default-signal=INT "$redflag" sql --timeout 20s "$endless" >/dev/null 2>&1 &
	reader=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		kill -INT "$reader" 2>/dev/null || break
		sleep 0.2
	done
	wait "$reader"
	equal 130 $?
}
check "Ctrl-C ends it" interrupted
reader_goes() { # what is read no further ends
	timeout 20 "$redflag" sql --csv "WITH RECURSIVE x (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT n FROM x" 2>/dev/null | head -n 3
	[ "${PIPESTATUS[0]}" -ne 124 ]
}
check "a reader that goes away ends it" reader_goes

# --- errors
status_of 2 ask $'SELECT id,\n  titel\nFROM v_findings'
check "a caret under what is wrong" equal $'    titel\n    ^' "$(sed -n 1,2p err)"
check "SQLite's own words" grep -q 'no such column: titel' err
status_of 2 ask "SELECT * FROM finds"
check "the views that there are" grep -q 'v_events' err
check "errors in 80 columns" equal "" "$(awk 'length($0) > 80' err)"
status_of 2 ask "SELECT ("
check "an end that comes too early" grep -q 'incomplete input' err
check "a value that is too long" status_of 2 ask "SELECT length(hex(zeroblob(900000000)))"
check "PRAGMAs that only tell" status_of 0 ask "PRAGMA table_info(findings)"
check "a table-valued PRAGMA" status_of 0 ask "SELECT * FROM pragma_index_list('events')"
check "full text" equal $'n\n1' "$(ask --csv "SELECT count(DISTINCT finding) AS n FROM v_search WHERE v_search MATCH '\"cart.Add\"'")"

# --- a database that others write, and one that nobody may
while_written() {
	local writer i
	(for i in {1..15}; do report Add "20$((100 + i))" | "$redflag" ingest --tag order-service:payment-timeout --trace-id "w$i" -; done) >writer.log 2>&1 &
	writer=$!
	for i in {1..15}; do
		"$redflag" sql --csv "SELECT count(*) FROM v_events" >>reads 2>&1 || { cat reads && return 1; }
	done
	wait "$writer"
	equal 17 "$("$redflag" sql --csv 'SELECT count(*) FROM v_events' | tail -1)"
}
check "it reads while reporters write" while_written
unprivileged=()
[ "$(id -u)" -ne 0 ] || unprivileged=(setpriv --reuid=65534 --regid=65534 --clear-groups)
mkdir 'read only?' && sqlite3 "$REDFLAG_DB" "VACUUM INTO 'read only?/a#b%.db'" && chmod 755 "$work" && chmod 555 'read only?' && chmod 444 'read only?/a#b%.db'
if [ ${#unprivileged[@]} -ne 0 ] && ! "${unprivileged[@]}" test -x "$redflag" 2>/dev/null; then
	skip "a directory that can't be written" "no other user can run the command from here"
else
	sqlite3 "$REDFLAG_DB" "PRAGMA journal_mode" >out
	check "a directory that can't be written" equal 17 \
		"$("${unprivileged[@]}" "$redflag" sql --csv --db 'read only?/a#b%.db' 'SELECT count(*) FROM v_events' 2>&1 | tail -1)"
	check "nothing is left there" equal 'a#b%.db' "$(ls 'read only?')"
fi
chmod 755 'read only?'

# --- as it is pasted, and as it is read
check "a statement may begin with a comment" equal 1 "$("$redflag" sql --csv "-- what is known
SELECT 1 AS one" 2>&1 | tail -1)"
for format in --csv --json --timeout=1m; do
	"$redflag" sql $format "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n" 2>err | head -n 2 >out
	check "$format: head reads two lines and nobody complains" equal "0 0 2 0" "${PIPESTATUS[*]} $(wc -l <out) $(wc -c <err)"
done

# --- list --search
found() { "$redflag" list --json --search "$1" | grep -c '"id"'; }
while IFS='|' read -r typed count; do
	check "list --search $typed" equal "$count" "$(found "$typed")"
done <<-'END'
	cart.Add|1
	Cart Add|1
	cart.go|2
	total.go:20|2
	payment-timeout|1
	keepfresh|2
	example.com/shop/cart.(*Cart).Remove()|1
	add payment|1
	add checkout|0
	"|0
	' OR 1|0
	AND NOT *|0
	re|1
END
"$redflag" list --search nothing.like.it >out
check "nothing found" grep -q 'No finding fits' out
finish
