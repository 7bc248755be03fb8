#!/usr/bin/env bash
# redflag agent run --counters: what hooked calls cost, by stack; threads, children, descriptors that are closed and taken, handlers that
# come between; together with all else that the agent does; and where the kernel refuses.
. "$(dirname "$0")/../lib.sh"

db=$work/a.db
check "the program" "${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O1 -g -w -o "$work/counts" "$root/tests/e2e/agent/counts.c" -lpthread
check "the program of faults" "${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O2 -g -w -o "$work/away" "$root/tests/e2e/agent/away.c" -lpthread
check "the program of signals" "${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O1 -g -w -o "$work/signals" "$root/tests/e2e/agent/signals.c" -lpthread
check "the hard program" "${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O1 -g -w -o "$work/hard" "$root/tests/e2e/agent/hard.c" -lpthread -ldl
sum() { # VALUE FUNCTION [KIND]: of the stacks of the last run that the function is in
	"$redflag" export --db "$db" --format folded --profile "${3:-counters}" --value "$1" 2>/dev/null |
		awk -v name="$2" 'index($0, name) { sum += $NF } END { print sum + 0 }'
}
between() { # LOW HIGH NUMBER
	printf '%s\n' "$3"
	[ "$3" -ge "$1" ] && [ "$3" -le "$2" ]
}
dropped() { # KIND: of all processes of the last run
	"$redflag" sql --db "$db" --csv "SELECT coalesce(sum(dropped), 0) FROM (SELECT max(dropped) AS dropped FROM v_profiles
		WHERE kind = '$1' AND run = (SELECT max(run) FROM v_profiles) GROUP BY process)" | sed 1d
}
run() { # RATE CASE [OPTION...]: what the case prints
	timeout 120 "$redflag" agent run --db "$db" --counters "$1" "${@:3}" -- "$work/counts" "$2" 2>"$work/err"
}

# With a group, and without.
costs() { # HOW: HOW CASE prints what the case prints
	local told
	told=$("$1" costs)
	check "$1: each call" equal "1000 300 300 100" "$(sum calls ";costs;read_little") $(sum calls ";costs;read_to_fresh_pages") \
$(sum calls ";costs;touch_before_reading") $(sum calls ";costs;read_much")"
	check "$1: page faults of calls" equal 1600 "$(sum faults ";read_to_fresh_pages")"
	check "$1: not those before them" equal 0 "$(sum faults ";touch_before_reading")"
	check "$1: nor of calls without" equal 0 "$(sum faults ";read_little")"
	check "$1: the time of calls" between "$((told * 4 / 5))" "$((told * 21 / 20))" "$(sum task_clock ";read_much")"
	check "$1: not that before them" between 0 5000000 "$(sum task_clock ";touch_before_reading")"
	check "$1: nothing is left out" equal 0 "$(dropped counters)"
}
with_group() {
	run 1 "$1"
}
without_group() {
	timeout 120 "$work/signals" refuse "$redflag" agent run --db "$db" --counters 1 -- "$work/counts" "$1" 2>"$work/err"
}

grouped() {
	costs with_group
	check "nothing that isn't so of the processor" equal 0 "$(dropped processor)"
	check "1000 threads" equal fine "$(run 1 threads)"
	check "are all there" equal "5000 0" "$(sum calls ";read_in_thread;read_little") $(dropped processor)"
	check "300 at once" equal fine "$(run 1 crowd)"
	check "are all there, too" equal "1500 0" "$(sum calls ";read_in_thread;read_little") $(dropped counters)"
	check "127 of them with a group, and the first thread" equal 865 "$(dropped processor)"
	check "--faults" equal 300 "$("$redflag" agent run --db "$db" --counters 1 --faults 1 -- "$work/away" touches 2>/dev/null)"
	check "doesn't see how the group is read" equal "300 0" "$(sum faults ";main;touches;touch_here" faults) $(sum faults ";write" faults)"
}
run 1 errors >/dev/null
case $(sed -n 's/^redflag: --counters \([a-z]* [a-z]*\) .*/\1/p' "$work/err") in
"") check "not a word" equal "" "$(cat "$work/err")" ;;
"counts no") skip "cycles" "$(cat "$work/err")" ;;
*) skip "a group" "$(cat "$work/err")" ;;
esac
if grep -q "knows neither" "$work/err"; then
	skip "counters of a group" "perf_event_open is refused here"
else
	grouped
	if ! grep -q "counts no cycles" "$work/err"; then
		run 1 costs >/dev/null
		check "cycles" between 100000 100000000000 "$(sum cycles ";read_much" processor)"
		check "instructions" between 100000 100000000000 "$(sum instructions ";read_much" processor)"
	fi
fi
costs without_group
check "and it is said" equal "redflag: --counters knows neither cycles nor migrations here: perf_event_open is refused." \
	"$(sed 's/ refused\. .*/ refused./' "$work/err")"

check "errno" equal fine "$(run 1 errors)"
check "waits" equal fine "$(run 1 waits --lock-sample 1000000)"
check "each" between 20 24 "$(sum calls ";wait_here")"
check "is switched away from" between 20 1000 "$(sum switches ";wait_here")"
check "each thread that is started" equal 20 "$(sum calls ";waits;start_here")"
check "descriptors are the program's" equal fine "$(run 1 descriptors)"
check "nothing is lost by that" equal "20 0" "$(sum calls ";descriptors;read_little") $(dropped counters)"
check "children" equal fine "$(run 1 children)"
check "have their own" equal "20 10 0" "$(sum calls ";children;read_little") $(sum calls ";read_in_child;read_little") $(dropped counters)"
told=$(run 1 handlers)
check "handlers" between 10 100000000 "$told"
# The handler passes by where it has come between the agent's own steps.
check "calls beside them" between 99999 100001 "$("$redflag" export --db "$db" --format folded --profile counters --value calls |
	awk '/;handlers;read_little [0-9]+$/ { sum += $NF } END { print sum + 0 }')"
check "and in them" between 1 "$told" "$(sum calls ";read_in_handler")"
check "cancelled threads" equal fine "$(run 1 cancels)"
check "killed" equal 137 "$(run 1 killed >/dev/null; echo $?)"
check "all of it is there" equal 1000 "$(sum calls ";killed;read_little")"
run 10 handlers >/dev/null
check "one of ten stands for ten" between 93000 107000 "$("$redflag" export --db "$db" --format folded --profile counters --value calls |
	awk '/;handlers;read_little [0-9]+$/ { sum += $NF } END { print sum + 0 }')"
run 1 costs >/dev/null
check "in go tool pprof" bash -c '"$0" export --db "$1" --profile counters --format pprof -o "$2" && go tool pprof -top -sample_index=task_clock "$2" 2>&1 |
	grep -q " read_much$"' "$redflag" "$db" "$work/counters.pb.gz"

# As a user whom the kernel tells of user code alone.
if [ "$(id -u)" = 0 ] && [ "$(cat /proc/sys/kernel/perf_event_paranoid)" = 2 ]; then
	mkdir "$work/nobody" && chmod 777 "$work" "$work/nobody"
	db=$work/nobody/a.db
	as_nobody() {
		(cd / && setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$work" "$redflag" agent run --db "$db" --counters 1 -- \
			"$work/counts" "$1") 2>"$work/err"
	}
	costs as_nobody
	check "he is told, too" grep -q "^redflag: --counters knows neither cycles nor migrations here: " "$work/err"
else
	skip "as another user" "this one isn't root, or the kernel refuses others"
fi

# All at once.
for case in $("$work/signals"); do
	check "signals: $case" equal fine "$("$redflag" agent run --db "$work/signals.db" --counters 1 --offcpu 1 --faults 1 --cpu 997 --io 1 -- \
		timeout 60 "$work/signals" "$case" 2>/dev/null)"
done
for case in $("$work/hard"); do
	check "hard: $case" equal fine "$("$redflag" agent run --db "$work/hard.db" --counters 1 -- timeout 60 "$work/hard" "$case" 2>/dev/null)"
done
check "nothing was found in them" equal 0 "$("$redflag" sql --db "$work/hard.db" --csv 'SELECT count(*) FROM v_findings' | sed 1d)"
finish
