#!/usr/bin/env bash
# redflag agent run --cpu and --io: where time goes, at the end of a program, after it was killed, and of Go with cgo; together with all
# else that the agent does.
. "$(dirname "$0")/../lib.sh"

db=$work/a.db
check "the program" "${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O1 -g -o "$work/busy" "$root/tests/e2e/agent/busy.c" -lpthread
check "the Go program" bash -c 'cd "$0" && go build -o "$1" .' "$root/tests/e2e/agent/watch_go" "$work/watch_go"
check "the program of signals" "${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O1 -g -w -o "$work/signals" "$root/tests/e2e/agent/signals.c" -lpthread
folded() { # KIND VALUE: of the last run
	"$redflag" export --db "$db" --format folded --profile "$1" --value "$2"
}
between() { # LOW HIGH FUNCTION: the sum of the stacks that the function is in
	awk -v low="$1" -v high="$2" -v name="$3" 'index($0, name) { sum += $NF } END { print sum; exit !(sum >= low && sum <= high) }'
}

# Three seconds of processor time by the threads' own clocks; a sample a thousandth of a second.
cpu() {
	folded cpu cpu >"$work/cpu"
	check "$1: all of the time" between 2700000000 3500000000 ";spin" <"$work/cpu"
	check "$1: little" between 560000000 950000000 ";little;" <"$work/cpu"
	check "$1: much" between 1900000000 2700000000 ";much;" <"$work/cpu"
}
check "time on the processor" equal ready "$("$redflag" agent run --db "$db" --cpu 1000 -- "$work/busy" cpu 2>"$work/err")"
if grep -q "finds nothing here" "$work/err"; then
	skip "time on the processor" "$(cat "$work/err")"
else
	check "and not a word" equal "" "$(cat "$work/err")"
	cpu "at its end"
	check "in go tool pprof" bash -c '"$0" export --db "$1" --profile cpu --format pprof -o "$2" && go tool pprof -top "$2" 2>&1 | grep -q " spin$"' \
		"$redflag" "$db" "$work/cpu.pb.gz"
	(
		eval "$("$redflag" agent env --db "$db" --cpu 1000)"
		exec "$work/busy" cpu wait
	) >"$work/out" < <(sleep 60) &
	pid=$!
	wait_for 40 grep -q ready "$work/out"
	kill -KILL $pid
	wait $pid 2>/dev/null
	"$redflag" agent report --db "$db" >/dev/null
	cpu "after SIGKILL"
	"$redflag" agent run --db "$db" --cpu 1000 -- "$work/watch_go" own 1 >/dev/null 2>&1
	folded cpu samples >"$work/cpu"
	check "Go with cgo" between 50 20000 "main.main.func1;main.init.func" <"$work/cpu"
fi

# 100 waits of 5 ms, 20 000 calls that don't wait.
check "waiting" equal ready "$("$redflag" agent run --db "$db" --io 1 -- "$work/busy" io 2>"$work/err")"
check "and not a word" equal "" "$(cat "$work/err")"
folded io calls >"$work/io"
check "each call" equal "100 100 20000" "$(for f in feed wait_for_bytes take_zeros; do between 0 99999 ";$f " <"$work/io"; done | paste -sd' ')"
folded io transferred >"$work/io"
check "each byte" equal "1000 1000 81920000" "$(for f in feed wait_for_bytes take_zeros; do between 0 99999999 ";$f " <"$work/io"; done | paste -sd' ')"
folded io delay >"$work/io"
check "who waits" between 400000000 20000000000 ";wait_for_bytes " <"$work/io"
folded io switches >"$work/io"
check "and is switched away from" between 60 100000 ";wait_for_bytes " <"$work/io"
"$redflag" agent run --db "$db" --io 10 -- "$work/busy" io >/dev/null 2>&1
folded io calls >"$work/io"
check "one of ten stands for ten" between 17000 23000 ";take_zeros " <"$work/io"

# All at once.
for case in $("$work/signals"); do
	check "signals: $case" equal fine "$("$redflag" agent run --db "$work/signals.db" --cpu 9970 --watch 500 --io 1 -- \
		timeout 60 "$work/signals" "$case" 2>&1)"
done
finish
