#!/usr/bin/env bash
# The views at a million events: what is asked often goes by indexes. The times printed are for people; none decides.
. "$(dirname "$0")/../lib.sh"
cd "$work" || exit
events=${RF_TEST_EVENTS:-1000000}
log=$root/tests/corpus/closure-in-closure.txt
"$redflag" ingest --db db "$log" >out 2>&1
check "a database of redflag's" test -s db
rows() { sqlite3 -bail -cmd ".parameter set :events $events" db <"$root/tests/e2e/database-plans.sql"; }
check "$events events" rows
check "as many as asked for" test "$(sqlite3 db 'SELECT count(*) FROM events')" -ge "$events"
if ! command -v python3 >/dev/null; then
	skip "plans" "there is no python3"
	finish
fi
python3 "$root/tests/e2e/database_plans_check.py" db >plans 2>&1
plans=$?
cat plans
check "views go by indexes" equal 0 "$plans"
check "the database is whole" equal ok "$("$redflag" sql --csv --db db 'PRAGMA quick_check' | tail -n 1)"
finish
