#!/usr/bin/env bash
# docs/dashboards/ on a sample database: each question in a real Datasette and each panel's SQL as the Grafana plugin would run it gives
# rows; and docs/database.md has every view with its columns.
. "$(dirname "$0")/../lib.sh"
cd "$work" || exit
db=$work/redflag.db
"$redflag" ingest --db "$db" "$root/tests/corpus/closure-in-closure.txt" >out 2>&1
sqlite3 -bail -cmd ".parameter set :events 30000" "$db" <"$root/tests/e2e/database-plans.sql"
# The report that made the database is of today, and the rows are not: "the last days" would be today alone.
sqlite3 -bail "$db" "UPDATE events SET time = '2026-06-28T00:00:00.000Z' WHERE id = 1;
	INSERT INTO alert_sinks (id, name, type) VALUES (1, 'chat', 'webhook');
	INSERT INTO alerts (sink_id, reason, event_id, created_at, state) VALUES (1, 'new', 1, '2026-06-01T00:00:00.000Z', 'waiting')"
"$redflag" ingest --db "$db" "$root/tests/corpus/format-1.2.spool" >/dev/null # with profiles
check "a sample database" test "$("$redflag" sql --csv --db "$db" 'SELECT count(*) FROM v_events' | tail -n 1)" -ge 30000

if ! command -v python3 >/dev/null; then
	skip "everything else" "there is no python3"
	finish
fi
python_check() { python3 "$root/tests/e2e/dashboards_check.py" "$@"; }
check "docs/database.md has every view with its columns" python_check documented "$db" "$root/docs/database.md"
check "the Grafana dashboard is whole" python_check grafana "$root/docs/dashboards/grafana.json" "$db"
python_check panels "$root/docs/dashboards/grafana.json" panels
for sql in panels/*.sql; do
	rows() {
		"$redflag" sql --db "$db" --json --timeout 30s - <"$sql" >rows.json && python_check rows rows.json "$sql"
	}
	check "Grafana: $(head -n 1 "$sql" | cut -c4-)" rows
done

# --- Datasette itself
if ! { python3 -m venv venv && timeout 180 venv/bin/pip install -q --disable-pip-version-check datasette==0.65.1; } >pip.log 2>&1; then
	skip "Datasette" "it can't be installed here: $(tail -n 1 pip.log)"
	finish
fi
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
venv/bin/datasette serve -h 127.0.0.1 -p "$port" --setting sql_time_limit_ms 20000 -m "$root/docs/dashboards/metadata.yml" "$db" \
	>datasette.log 2>&1 &
server=$!
check "Datasette starts" python_check wait "http://127.0.0.1:$port"
check "Datasette answers each question, page and search" venv/bin/python "$root/tests/e2e/dashboards_check.py" datasette \
	"http://127.0.0.1:$port" "$root/docs/dashboards/metadata.yml" "$db"
kill "$server" 2>/dev/null
wait "$server" 2>/dev/null
check "Datasette had no error" python_check quiet datasette.log
check "Datasette left the database whole" equal ok "$("$redflag" sql --csv --db "$db" 'PRAGMA integrity_check' | tail -n 1)"
finish
