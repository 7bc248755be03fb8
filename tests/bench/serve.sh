#!/usr/bin/env bash
# Pages of `redflag serve` at a million events, beside the sqlite3 shell that is asked for the main content of each page by the
# documented views: median and worst time of ROUNDS requests (default 20) in milliseconds, by the clock, and the server's CPU time for
# one, which a busy machine changes less. The shell's time has its start in it, about that of an empty query, which the first row
# shows; the page's has HTTP and the making of HTML in it.
#
#	ROUNDS=20 tests/bench/serve.sh [DATABASE]      without one, tests/bench/fill makes one
#
# Status 1: a page failed.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../serve-sample.sh"

rounds=${ROUNDS:-20} db=${1:-} bad=0
mkdir "$work/m"
if [ -z "$db" ]; then
	db=$work/m/races.db
	make -s -C "$root" build/bench/fill && "$root/build/bench/fill" "$db" || exit
fi
serve "$work/m" --db "$(realpath "$db")" || { cat "$work/serve.err" >&2; exit 1; }
loud=$(sqlite3 -readonly "$db" 'SELECT id FROM findings ORDER BY events DESC LIMIT 1')
run=$(sqlite3 -readonly "$db" 'SELECT id FROM runs ORDER BY last_at DESC LIMIT 1')
read -r trace_a trace_b < <(sqlite3 -readonly "$db" "SELECT group_concat(trace_id, ' ') FROM
	(SELECT trace_id FROM runs ORDER BY last_at DESC LIMIT 2)")

middle_and_worst() { sort -g | awk '{ v[NR] = $1 * 1000 } END { printf "%8.1f %8.1f", v[int((NR + 1) / 2)], v[NR] }'; }

cpu_ms() { awk -v tick="$(getconf CLK_TCK)" '{ print ($14 + $15) * 1000 / tick }' "/proc/$server/stat"; }

page_times() { # PATH
	local answer before
	curl -s -o /dev/null "$url$1"
	before=$(cpu_ms)
	for ((i = 0; i < rounds; i++)); do
		answer=$(curl -s -o /dev/null -w '%{http_code} %{time_total}' "$url$1")
		[ "${answer% *}" = 200 ] || echo "$1: $answer" >>"$work/bad"
		echo "${answer#* }"
	done >"$work/times"
	printf '%s %8.1f' "$(middle_and_worst <"$work/times")" "$(awk "BEGIN { print ($(cpu_ms) - $before) / $rounds }")"
}

shell_times() { # SQL
	local before
	for ((i = 0; i < rounds; i++)); do
		before=$EPOCHREALTIME
		sqlite3 -readonly "$db" "$1" >/dev/null
		awk "BEGIN { print $EPOCHREALTIME - $before }"
	done | middle_and_worst
}

printf '%-44s %8s %8s %8s   %8s %8s\n' "page: milliseconds" median worst cpu sqlite3 worst
while IFS='|' read -r path sql; do
	[ -n "$sql" ] || continue
	printf '%-44s %s   %s\n' "${path//$trace_a\&b=$trace_b/…}" "$(page_times "$path")" "$(shell_times "$sql")"
done <<END
/style.css|SELECT 1
/|SELECT day, sum(events) FROM finding_days WHERE day > date('now', '-30 days') GROUP BY 1; SELECT * FROM v_findings_by_tag_and_package; SELECT * FROM v_runs ORDER BY last_at DESC LIMIT 6
/?days=90|SELECT day, count(DISTINCT finding_id), sum(events) FROM finding_days WHERE day > date('now', '-90 days') GROUP BY 1
/findings|SELECT * FROM v_findings ORDER BY last_seen DESC LIMIT 50; SELECT status, count(*) FROM v_findings GROUP BY 1
/findings?status=new&sort=events|SELECT * FROM v_findings WHERE status = 'new' ORDER BY events DESC LIMIT 50
/findings?q=Store7.Put|SELECT * FROM v_findings WHERE id IN (SELECT rowid FROM v_search WHERE v_search MATCH '"Store7.Put"')
/findings?page=50|SELECT * FROM v_findings ORDER BY last_seen DESC LIMIT 50 OFFSET 2450
/findings/$loud|SELECT * FROM v_events WHERE finding = $loud ORDER BY time DESC LIMIT 50
/runs|SELECT * FROM v_runs ORDER BY last_at DESC LIMIT 50
/runs/$run|SELECT DISTINCT f.* FROM v_findings f JOIN events e ON e.finding_id = f.id WHERE e.run_id = $run
/compare?a=$trace_a&b=$trace_b|SELECT finding_id FROM events WHERE run_id = $run EXCEPT SELECT finding_id FROM events WHERE run_id = $run - 1
/suppressions|SELECT * FROM v_suppressions
/health|SELECT count(*) FROM v_events
END
[ ! -e "$work/bad" ] || { sort -u "$work/bad" >&2; bad=1; }
end_serve
exit $bad
