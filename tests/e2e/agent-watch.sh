#!/usr/bin/env bash
# redflag agent run --watch: races of C and of Go with cgo are found, neighbours that only look like them never are, programs of the
# system neither; and what the signal that it works by must not change.
. "$(dirname "$0")/../lib.sh"

check "the program" "${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O2 -g -w -o "$work/watch" "$root/tests/e2e/agent/watch.c" -lpthread
check "the Go program" bash -c 'cd "$0" && go build -o "$1" .' "$root/tests/e2e/agent/watch_go" "$work/watch_go"
check "the program of signals" "${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O1 -g -w -o "$work/signals" "$root/tests/e2e/agent/signals.c" -lpthread

titles() { # DATABASE
	"$redflag" sql --db "$1" --csv "SELECT title FROM v_findings WHERE kind = 'native-race' ORDER BY 1" | sed 1d
}
watched() { # DATABASE RATE COMMAND...
	"$redflag" agent run --db "$1" --watch "$2" -- "${@:3}"
}
"$redflag" agent run --db "$work/probe.db" --watch 1 -- true 2>"$work/err"
if grep -q "finds nothing here" "$work/err"; then
	skip "watchpoints" "$(cat "$work/err")"
	finish
fi
check "and not a word" equal "" "$(cat "$work/err")"

# Chance decides when; ten runs of two seconds are many times what it took in all that were seen.
found() { # PROGRAM CASE
	local db=$work/${1##*/}-$2.db i
	for i in 1 2 3 4 5 6 7 8 9 10; do
		timeout 60 "$redflag" agent run --db "$db" --watch 1000 -- "$1" "$2" 2 >/dev/null 2>&1 || return 1
		titles "$db" | grep "^native race" && return
	done
	return 1
}
clean() { # PROGRAM CASE
	watched "$work/${1##*/}-$2.db" 1000 timeout 60 "$1" "$2" 2
	equal "" "$(titles "$work/${1##*/}-$2.db")"
}
for program in "$work/watch" "$work/watch_go"; do
	for case in $("$program"); do
		if [ "${case#racy}" = "$case" ]; then
			check "${program##*/} $case: nothing" clean "$program" "$case"
		else
			check "${program##*/} $case: found" found "$program" "$case"
		fi
	done
done
show=$("$redflag" show --db "$work/watch-racy-counter.db" 1)
check "both stacks" equal 2 "$(grep -c '^  racy_counter$' <<<"$show")"
check "both write" equal 2 "$(grep -c '^Write ' <<<"$show")"
check "and what happened to the value" grep -q "8 bytes went from 0x" <<<"$(tr -s ' \n' ' ' <<<"$show")"

# What the program would be without it: the same words, the same status.
for case in $("$work/signals"); do
	check "signals: $case, alone" equal fine "$("$work/signals" "$case" 2>&1)"
	check "signals: $case" equal fine "$(watched "$work/signals.db" 1000 timeout 60 "$work/signals" "$case" 2>&1)"
done
status_under() { # COMMAND...
	watched "$work/signals.db" 1000 "$@" >/dev/null 2>&1
	echo $?
}
check "a trap of its own ends it" equal 133 "$(status_under "$work/signals" trap)"
check "a trap that is sent ends it" equal 133 "$(status_under "$work/signals" sent)"
same() { # COMMAND...
	equal "$("$@" 2>&1)" "$(watched "$work/system.db" 1000 "$@" 2>&1)"
}
head -c 30000000 /dev/zero | openssl enc -aes-128-ctr -pass pass:x -nosalt 2>/dev/null >"$work/noise" || head -c 30000000 /dev/urandom >"$work/noise"
seq 1500000 | sort -R --random-source=<(yes) >"$work/lines"
for tool in xz zstd pigz sort sqlite3 python3; do
	command -v "$tool" >/dev/null || {
		skip "$tool" "it isn't installed"
		continue
	}
	case $tool in
	xz) check "xz with threads" same bash -c 'xz -T4 -0 --block-size=1MiB -c "$0" | md5sum' "$work/noise" ;;
	zstd) check "zstd with threads" same bash -c 'zstd -q -T4 -3 -c "$0" | md5sum' "$work/lines" ;;
	pigz) check "pigz" same bash -c 'pigz -p 4 -n -c "$0" | md5sum' "$work/lines" ;;
	sort) check "sort in parallel" same bash -c 'sort --parallel=4 "$0" | md5sum' "$work/lines" ;;
	sqlite3) check "sqlite3" same sqlite3 :memory: "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 500000)
		SELECT x % 10, sum(x) FROM c GROUP BY 1" ;;
	python3) check "python3 with threads" same python3 -c 'import threading, hashlib
def f(n): return [hashlib.sha256(bytes(20000)).hexdigest() for i in range(4000)]
t = [threading.Thread(target=f, args=(i,)) for i in range(4)]
[x.start() for x in t]; [x.join() for x in t]; print("done")' ;;
	esac
done
redis() {
	local port=17936 pid
	watched "$work/system.db" 1000 redis-server --port $port --bind 127.0.0.1 --save '' --appendonly no --io-threads 4 --io-threads-do-reads yes \
		--dir "$work" >"$work/redis" 2>&1 &
	pid=$!
	wait_for 20 redis-cli -p $port ping || return 1
	timeout 60 redis-benchmark -p $port -n 60000 -c 40 -P 4 -d 100 -t set,get,lpush,lpop -q
	redis-cli -p $port shutdown nosave
	wait $pid
}
if command -v redis-server >/dev/null; then
	check "redis with threads" redis
else
	skip "redis with threads" "redis-server isn't installed"
fi
"$redflag" agent report --db "$work/system.db" >/dev/null 2>&1
check "nothing in all of them" equal "" "$(titles "$work/system.db" 2>/dev/null)"

# Where the kernel refuses it says so, once, and all else is as it was.
refused() {
	"$redflag" agent run --db "$work/refused.db" --watch 100 -- "$work/signals" refuse "$redflag" agent run --db "$work/refused.db" \
		--watch 100 -- "$work/signals" masks 2>&1
}
check "perf_event_open is refused" equal "redflag: --watch finds nothing here: perf_event_open is refused.
fine" "$(refused | sed 's/ refused\. .*/ refused./')"
unprivileged() {
	chmod 777 "$work"
	(cd / && setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$work" "$redflag" agent run --db "$work/nobody/a.db" --watch 1000 \
		--fail-on=new -- "$work/watch" racy-counter 4)
}
if [ "$(id -u)" = 0 ] && [ "$(cat /proc/sys/kernel/perf_event_paranoid)" -le 2 ]; then
	mkdir "$work/nobody" && chmod 777 "$work/nobody"
	check "as another user" status_of 66 unprivileged
else
	skip "as another user" "this one isn't root, or the kernel refuses others"
fi
finish
