#!/usr/bin/env bash
# redflag agent run --offcpu, --faults and --system: what the kernel does with a thread, by stack, in code without frame pointers; what is
# left out when a ring is full; threads, children and ends of every sort; and where the kernel refuses.
. "$(dirname "$0")/../lib.sh"

db=$work/a.db
check "the program" "${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O2 -fomit-frame-pointer -g -w -o "$work/away" "$root/tests/e2e/agent/away.c" -lpthread
check "the Go program" bash -c 'cd "$0" && go build -o "$1" .' "$root/tests/e2e/agent/watch_go" "$work/watch_go"
check "the program of signals" "${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O1 -g -w -o "$work/signals" "$root/tests/e2e/agent/signals.c" -lpthread
folded() { # KIND VALUE: of the last run
	"$redflag" export --db "$db" --format folded --profile "$1" --value "$2"
}
sum() { # FUNCTION: of the stacks that it is in
	awk -v name="$1" 'index($0, name) { sum += $NF } END { print sum + 0 }'
}
between() { # LOW HIGH NUMBER
	printf '%s\n' "$3"
	[ "$3" -ge "$1" ] && [ "$3" -le "$2" ]
}
dropped() { # KIND: of the last run
	"$redflag" sql --db "$db" "SELECT 'so many: ' || max(dropped) AS n FROM profiles WHERE kind = '$1' AND process_id = (SELECT max(id) FROM processes)" |
		sed -n 's/.*so many: //p'
}
# Each read and write is a system call, too; --syscalls wants tracefs, which a namespace of its own has.
with_tracefs() {
	unshare -m bash -c 'mount -t tracefs none /sys/kernel/tracing && "$@"' bash "$@"
}
run() { # OPTION RATE CASE: what the case prints
	timeout 120 "$redflag" agent run --db "$db" "--$1" "$2" -- "$work/away" "$3" 2>"$work/err"
}

away() {
	check "200 naps" equal 200 "$(run offcpu 1 naps)"
	check "and not a word" equal "" "$(cat "$work/err")"
	check "each is there" between 200 400 "$(folded offcpu switches | sum ";main;naps;nap_here;usleep;")"
	check "and as long as it was" between 200000000 20000000000 "$(folded offcpu delay | sum ";naps;nap_here;")"
	check "none was left out" equal 0 "$(dropped offcpu)"
	check "in go tool pprof" bash -c '"$0" export --db "$1" --profile offcpu --format pprof -o "$2" && go tool pprof -top -sample_index=delay "$2" 2>&1 |
		grep -q " nap_here$"' "$redflag" "$db" "$work/offcpu.pb.gz"
	run offcpu 10 naps >/dev/null
	check "one of eleven stands for eleven" between 187 407 "$(folded offcpu switches | sum ";naps;nap_here;")"
	check "threads that wait for ever" equal fine "$(run offcpu 1 ends)"
	check "wait until the end" between 10 200 "$(folded offcpu switches | sum ";main;ends;nap_here;")"
	check "and where they began" between 1 1000000 "$(folded offcpu switches | sum "start_thread;nap_for_ever;nap_here;")"
}

system_time() {
	local told
	told=$(run system 1000 system)
	check "time in the kernel is as the kernel says" between "$((told * 3 / 4))" "$((told * 5 / 4))" "$(folded system system | sum ";system_time;")"
	check "most of it in one place" between "$((told / 2))" "$((told * 5 / 4))" "$(folded system system | sum ";system_time;kernel_here;")"
}

faults() {
	check "300 page faults" equal 300 "$(run faults 1 touches)"
	check "each is there" equal 300 "$(folded faults faults | sum ";main;touches;touch_here")"
	local made seen left
	made=$(run faults 1 flood)
	seen=$(folded faults faults | sum ";flood;touch_here")
	left=$(dropped faults)
	check "a flood fills the ring" between 5 100 "$seen"
	check "what was left out is counted" between "$made" $((made + 100)) $((seen + left))
	check "1000 threads" equal 5000 "$(run faults 1 threads)"
	check "all of them" equal 5000 "$(folded faults faults | sum "start_thread;few_touches;touch_here")"
	check "300 at once" equal 300 "$(run faults 1 crowd)"
	check "128 have a ring" equal 635 "$(folded faults faults | sum "in_crowd;few_touches;touch_here")"
	check "of the others it is known" between 173 1000 "$(dropped faults)"
	check "children" equal "300 fine" "$(run faults 1 children | paste -sd' ')"
	check "of fork" equal 10 "$(folded faults faults | sum ";child_here;touch_here")"
	check "of exec" equal 300 "$(folded faults faults | sum ";main;touches;touch_here")"
	check "of the first" equal 9 "$(folded faults faults | sum ";main;children;touch_here")"
}

refusals() {
	run offcpu 1 naps >/dev/null
	if grep -q "finds nothing here" "$work/err"; then
		skip "time away and in the kernel" "$(cat "$work/err")"
	else
		away
		system_time
		check "Go with cgo" status_of 0 "$redflag" agent run --db "$db" --offcpu 1 --cpu 997 -- "$work/watch_go" own 1
		check "has its functions" between 1 1000000000 "$(folded offcpu switches | sum "runtime.")"
	fi
	run faults 1 touches >/dev/null
	if grep -q "finds nothing here" "$work/err"; then
		skip "page faults" "$(cat "$work/err")"
	else
		faults
	fi
	if with_tracefs cat /sys/kernel/tracing/events/raw_syscalls/sys_enter/id >/dev/null 2>&1; then
		check "system calls" equal 200 "$(with_tracefs timeout 60 "$redflag" agent run --db "$db" --syscalls 1 -- "$work/away" naps)"
		check "each nap" equal 200 "$(folded syscalls calls | sum ";naps;nap_here;usleep;")"
		check "each write" equal 200 "$(folded syscalls calls | sum ";naps;look;__write")"
	else
		skip "system calls" "tracefs can't be mounted"
	fi
	unshare -m bash -c 'umount /sys/kernel/tracing 2>/dev/null; exec "$@"' bash "$redflag" agent run --db "$db" --syscalls 1 -- \
		"$work/away" naps >"$work/out" 2>"$work/err"
	check "without tracefs it says so" equal "redflag: --syscalls finds nothing here: /sys/kernel/tracing isn't mounted, or this user may not read it.
200" \
		"$(cat "$work/err" "$work/out")"
	check "a filter refuses" equal "redflag: --offcpu finds nothing here: perf_event_open is refused.
redflag: --faults finds nothing here: perf_event_open is refused.
redflag: --system finds nothing here: perf_event_open is refused.
200" "$(refused | sed 's/ refused\. .*/ refused./')"
}
refused() {
	"$work/signals" refuse "$redflag" agent run --db "$work/refused.db" --offcpu 1 --faults 1 --system 99 -- "$work/away" naps 2>&1
}
refusals

# As a user whom the kernel tells of user code alone.
if [ "$(id -u)" = 0 ] && [ "$(cat /proc/sys/kernel/perf_event_paranoid)" = 2 ]; then
	mkdir "$work/nobody" && chmod 777 "$work" "$work/nobody"
	db=$work/nobody/a.db
	(cd / && setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$work" "$redflag" agent run --db "$db" --offcpu 1 --faults 1 -- \
		"$work/away" touches) >"$work/out" 2>"$work/err"
	check "another user's program is unharmed" equal 300 "$(cat "$work/out")"
	check "he is told what is missing" equal "offcpu faults" "$(grep -oE "^redflag: --(offcpu finds nothing|faults sees the faults of user code alone) here: " \
		"$work/err" | grep -oE "offcpu|faults" | uniq | paste -sd' ')"
	check "and has the rest" equal 300 "$(folded faults faults | sum ";main;touches;touch_here")"
else
	skip "as another user" "this one isn't root, or the kernel refuses others"
fi

# All at once.
for case in $("$work/signals"); do
	check "signals: $case" equal fine "$("$redflag" agent run --db "$work/signals.db" --offcpu 1 --faults 1 --system 1000 --cpu 997 --io 1 -- \
		timeout 60 "$work/signals" "$case" 2>&1)"
done
finish
