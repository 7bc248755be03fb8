#!/usr/bin/env bash
# redflag agent set and report of a process that runs: rates are followed, off is off, what it has is stored while it runs and while
# it is stopped, and neither costs it what it stores itself in the end. Whatever else was asked for is off, too, and on again.
. "$(dirname "$0")/../lib.sh"

db=$work/a.db
cat >"$work/busy.c" <<'C'
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void *volatile last;
static int null;
__attribute__((noinline)) static void work(void)
{
	for (int i = 0; i < 200; i++)
		free(memset(malloc(500), 1, 500));
	if (write(null, "x", 1) != 1)
		exit(3);
}
int main(int argc, char **argv)
{
	last = malloc(300000);
	null = open("/dev/null", O_WRONLY);
	while (access(argv[1], F_OK) == 0) {
		work();
		usleep(500);
	}
	free(last);
	return argc != 2;
}
C
check "the program" "${CC:-gcc}" -g -O1 -w -o "$work/busy" "$work/busy.c"
touch "$work/go-on"
(
	eval "$("$redflag" agent env --db "$db" --guard-rate 100000000 --alloc-sample 20000 \
		--io 1 --counters 1 --cpu 997 --offcpu 1)"
	exec "$work/busy" "$work/go-on"
) &
pid=$!
top() { # COLUMN: of its line
	"$redflag" agent top --db "$db" | awk -v pid=$pid -v column="$1" '$1 == pid { print $column }'
}
samples() { # KIND: of its last snapshot
	"$redflag" agent report --db "$db" >/dev/null
	"$redflag" sql --db "$db" --csv "SELECT coalesce((SELECT value_1 FROM profiles WHERE kind = '$1' ORDER BY snapshot DESC LIMIT 1), 0)" |
		sed 1d
}
shown() {
	[ -n "$(top 1)" ]
}
allocated() { # by the last snapshot of what is stored
	"$redflag" agent report --db "$db" >/dev/null
	"$redflag" sql --db "$db" --csv "SELECT value_4 FROM profiles WHERE kind = 'heap' ORDER BY snapshot DESC LIMIT 1" | sed 1d
}
rises() { # COMMAND...: prints a number that goes on rising
	local first
	first=$("$@")
	for _ in {1..50}; do
		sleep 0.1
		[ "$("$@")" -gt "$first" ] && return 0
	done
	echo "stays at $first"
	return 1
}
settles() { # COMMAND...: prints a number that rises no more, once all threads have followed
	local before now
	before=$("$@")
	for _ in {1..50}; do
		sleep 0.3
		now=$("$@")
		[ "$now" = "$before" ] && return 0
		before=$now
	done
	return 1
}
check "top shows it" wait_for 20 shown
check "what it has by now is stored" rises allocated
check "by stack" grep -q ';main;work ' <("$redflag" export --db "$db" --format folded --value alloc_space)
kinds=(io counters)
for kind in cpu offcpu; do # these want a right
	if rises samples $kind >/dev/null; then kinds+=("$kind"); else skip "$kind" "perf_event_open is refused here"; fi
done
check "no block is guarded" equal 0 "$(top 8)"
check "a rate" "$redflag" agent set --db "$db" --guard-rate 50 $pid
check "is followed" rises top 8
check "off" "$redflag" agent set --db "$db" $pid off
check "ends the profile" settles allocated
check "and the guarding" settles top 8
for kind in "${kinds[@]}"; do check "and $kind" settles samples "$kind"; done
check "on" "$redflag" agent set --db "$db" $pid on
check "goes on" rises allocated
for kind in "${kinds[@]}"; do check "$kind, too" rises samples "$kind"; done
check "another rate of samples" "$redflag" agent set --db "$db" --alloc-sample 10000 $pid
check "begins another profile" wait_for 20 bash -c '"$0" agent report --db "$1" >/dev/null &&
	[ "$("$0" sql --db "$1" --csv "SELECT DISTINCT period FROM profiles WHERE kind = '"'heap'"' ORDER BY period" | sed 1d | paste -sd" ")" = "10000 20000" ]' \
	"$redflag" "$db"
kill -STOP $pid
check "what a stopped one has" bash -c '"$0" agent report --db "$1" | grep -q "^0 reports"' "$redflag" "$db"
kill -CONT $pid
check "no slots" status_of 2 "$redflag" agent set --db "$db" --guard-slots 3 $pid
check "no such process" status_of 3 "$redflag" agent set --db "$db" --guard-rate 3 4194304
check "no such state" status_of 2 "$redflag" agent set --db "$db" $pid maybe
rm "$work/go-on"
wait $pid
check "it ends as it would have" equal 0 $?
last=$("$redflag" sql --db "$db" --csv "SELECT max(snapshot) FROM profiles" | sed 1d)
"$redflag" agent report --db "$db" >/dev/null
check "with a snapshot of its own" test "$("$redflag" sql --db "$db" --csv "SELECT max(snapshot) FROM profiles" | sed 1d)" -gt "$last"
check "nothing is left" equal "" "$(find "$db.spool" -type f)"
check "and nothing found" equal 0 "$("$redflag" sql --db "$db" --csv 'SELECT count(*) FROM v_findings' | sed 1d)"
finish
