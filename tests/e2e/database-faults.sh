#!/usr/bin/env bash
# The database under what happens to real ones: kills at any moment, a full disk, many writers, gc and backup beside them.
#
#	tests/e2e/database-faults.sh [KILLS]     so many kills of each command; default 6
. "$(dirname "$0")/../lib.sh"
kills=${1:-6}
mkdir -p "$work/logs"

# What must be in a database that has seen all logs: uids, and what its findings add up to.
dump() { # DB
	"$redflag" sql --db "$1" --csv "SELECT e.uid, f.fingerprint, e.verdict FROM events e
		JOIN findings f ON f.id = e.finding_id ORDER BY 1" && sums "$1"
}
sums() { # DB
	"$redflag" sql --db "$1" --csv "SELECT fingerprint, events, events_alert FROM findings ORDER BY fingerprint, tag_id"
}

sound() { # DB
	local said
	# one that was killed before it was ours has nothing in it yet
	said=$("$redflag" backup --verify "$1" 2>&1) || { [[ $said == *"no database of redflag"* ]] && return; echo "$said"; return 1; }
	equal 0 "$("$redflag" sql --db "$1" --csv "SELECT count(*) AS n FROM findings f WHERE events <>
		(SELECT count(*) FROM events e WHERE e.finding_id = f.id) +
		(SELECT coalesce(sum(events), 0) FROM gone_events g WHERE g.finding_id = f.id)" | tail -n 1)"
}

# Logs of races between functions of their own, 200 days ago or when `date` says: NAME ROUNDS [WHEN].
make_log() {
	local name=$1 i time
	time=$(date -u -d "${3:-200 days ago}" +%Y-%m-%dT%H:%M:%S)
	for ((i = 0; i < $2; i++)); do
		printf '==================\nWARNING: DATA RACE\n'
		printf 'Write at 0x00c000%06x by goroutine 9:\n  example.com/shop.%s()\n      /src/shop.go:10 +0x10\n\n' "$i" "$name$((i % 9))"
		printf 'Previous read at 0x00c000%06x by goroutine 8:\n  example.com/shop.Total()\n      /src/shop.go:20 +0x11\n\n' "$i"
		printf 'Goroutine 9 (running) created at:\n  example.com/shop.TestOne()\n      /src/shop_test.go:7 +0x44\n\n'
		printf 'Goroutine 8 (running) created at:\n  example.com/shop.TestOne()\n      /src/shop_test.go:8 +0x45\n'
		printf '==================\n'
	done | awk -v time="$time" -v name="$name" '{ printf "{\"Time\":\"%s.%03dZ\",\"Action\":\"output\",\"Package\":\"example.com/shop/%s\"," \
		"\"Output\":\"%s\\n\"}\n", time, NR % 1000, name, $0 }'
}
for i in 0 1 2 3 4 5 6 7; do make_log "Log$i" 120 >"$work/logs/$i.log"; done
printf 'policies:\n  - bypass: true\n' >"$work/.redflag.yml"
printf 'module example.com/shop\n' >"$work/go.mod"
cd "$work" || exit

# Verdicts depend on when a log is read, unless every event is an alert: hence the policy above.
"$redflag" ingest --db whole.db logs/*.log >/dev/null
dump whole.db >whole.dump

# Runs a command and kills it after a moment, unless it was faster; says how it ended.
kill_after() { # SECONDS COMMAND...
	local seconds=$1 pid
	shift
	"$@" >killed.out 2>&1 &
	pid=$!
	sleep "$seconds"
	kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}

moment() { printf '0.%03d' $((RANDOM % 120 + 1)); }

kill_ingest() {
	local i acknowledged
	rm -f k.db*
	for ((i = 0; i < kills; i++)); do
		kill_after "$(moment)" "$redflag" ingest --db k.db logs/*.log
		[ -s k.db ] || continue
		sound k.db || return
		acknowledged=$(sed -n 's/^\([0-9]*\) reports* stored, \([0-9]*\) already.*/\1 \2/p' killed.out | awk '{ print $1 + $2 }')
		[ -z "$acknowledged" ] || equal 960 "$acknowledged" || return
	done
	"$redflag" ingest --db k.db logs/*.log >/dev/null && dump k.db | diff whole.dump - && sound k.db
}
check "ingest killed $kills times, then completed" kill_ingest

kill_report() {
	local i
	rm -f r.db*
	for ((i = 0; i < kills; i++)); do
		kill_after "$(moment)" sh -c 'exec "$0" report --db r.db --trace-id t <logs/1.log' "$redflag"
		[ -s r.db ] && { sound r.db || return; }
	done
	"$redflag" report --db r.db --trace-id t <logs/1.log >/dev/null
	equal 120 "$("$redflag" sql --db r.db --csv "SELECT count(*) AS n FROM events" | tail -n 1)" && sound r.db
}
check "report killed $kills times, then completed" kill_report

# Runs count as old from when they were read, so that is made 200 days ago, too.
age() { # DB
	python3 - "$1" <<-'PYTHON'
	import sqlite3, sys
	db = sqlite3.connect(sys.argv[1])
	back = "strftime('%Y-%m-%dT%H:%M:%fZ', {}, '-200 day')"
	db.execute("UPDATE runs SET started_at = " + back.format("started_at") + ", last_at = " + back.format("last_at"))
	db.commit()
	PYTHON
}

kill_gc() {
	local i
	cp whole.db g.db && age g.db && sums g.db >g.sums
	for ((i = 0; i < kills; i++)); do
		kill_after "$(moment)" "$redflag" gc --db g.db --keep 90d
		sound g.db && sums g.db | diff g.sums - || return
	done
	"$redflag" gc --db g.db --keep 90d && sound g.db && sums g.db | diff g.sums - || return
	"$redflag" gc --db g.db --keep 90d --dry-run | grep -q '^Nothing to remove'
}
check "gc killed $kills times, then completed" kill_gc

# A finding that gc has emptied is not new when it comes again, and a log from before adds nothing.
after_gc() {
	"$redflag" ingest --db g.db logs/1.log >/dev/null && sums g.db | diff g.sums - || return
	make_log Log1 1 now >again.log
	"$redflag" ingest --db g.db again.log | grep -q '^1 report stored, 0 already there; 1 finding, 0 of them new'
}
check "what gc removed is still known" after_gc

kill_copies() {
	local i
	for ((i = 0; i < kills; i++)); do
		rm -f m.db
		kill_after "$(moment)" "$redflag" merge whole.db g.db -o m.db
		[ ! -e m.db ] || sound m.db || return
		kill_after "$(moment)" "$redflag" backup --db whole.db -o b.db
		[ ! -e b.db ] || sound b.db || return
	done
	rm -f m.db
	"$redflag" merge whole.db whole.db -o m.db && dump m.db | diff whole.dump - || return
	"$redflag" backup --db whole.db -o b.db && dump b.db | diff whole.dump - && dump whole.db | diff whole.dump -
}
check "merge and backup killed $kills times, then completed" kill_copies

# Sixteen at once, each log in several hands, with gc and backup beside them.
many_writers() {
	local i pids=()
	rm -f w.db*
	for ((i = 0; i < 16; i++)); do
		"$redflag" ingest --db w.db "logs/$((i % 8)).log" "logs/$(((i + 3) % 8)).log" >"w.$i" 2>&1 &
		pids+=($!)
	done
	"$redflag" gc --db w.db --keep 5000d >w.gc 2>&1
	"$redflag" backup --db w.db -o w.copy >w.backup 2>&1
	for i in "${pids[@]}"; do wait "$i" || { cat w.[0-9]* w.gc; return 1; }; done
	sound w.db && dump w.db | diff whole.dump - || return
	# what each of them acknowledged adds up to the union, once
	equal 960 "$(sed -n 's/^\([0-9]*\) reports* stored.*/\1/p' w.[0-9]* | awk '{ n += $1 } END { print n }')"
	[ ! -e w.copy ] || sound w.copy
}
check "sixteen writers, each event once" many_writers

full_disk() {
	local size=2000 status
	mkdir -p disk && mount -t tmpfs -o size=${size}k none disk || return
	"$redflag" ingest --db disk/f.db logs/0.log logs/1.log logs/2.log logs/3.log logs/4.log logs/5.log logs/6.log logs/7.log \
		>full.out 2>&1
	status=$?
	cat full.out
	equal 3 "$status" && grep -q 'disk or quota' full.out || { umount disk; return 1; }
	sound disk/f.db || { umount disk; return 1; }
	"$redflag" backup --db whole.db -o disk/b.db >full.out 2>&1 && { umount disk; return 1; }
	cat full.out
	grep -q 'is full' full.out && [ ! -e disk/b.db ] && [ ! -e disk/b.db.part ] || { umount disk; return 1; }
	mount -o remount,size=20000k disk && "$redflag" ingest --db disk/f.db logs/*.log >/dev/null &&
		dump disk/f.db | diff whole.dump -
	status=$?
	umount disk
	return "$status"
}
# As a CI artifact that is mounted, or an NFS export: what only reads works, what writes says so and no more.
frozen_disk() {
	local id command
	mkdir -p ro && mount -t tmpfs -o size=20000k none ro && cp whole.db "ro/a b%23?.db" && mount -o remount,ro ro || return
	id=$("$redflag" sql --db whole.db --csv "SELECT min(id) AS n FROM findings" | tail -n 1)
	for command in list "show $id" "explain $id" "export --format json" "export --format html" "suppressions list" \
		"backup -o ro.db" "baseline save ro.baseline" "baseline diff ro.baseline"; do
		# shellcheck disable=SC2086
		"$redflag" ${command%% *} --db "ro/a b%23?.db" ${command#"${command%% *}"} >ro.out 2>&1 || { cat ro.out; return 1; }
	done
	dump ro.db | diff whole.dump - || return
	"$redflag" merge "ro/a b%23?.db" -o merged.db >ro.out && dump merged.db | diff whole.dump - || return
	for command in "gc --keep 1d" "gc --max-size 1MB" "duplicate $id --of $((id + 1))"; do
		# shellcheck disable=SC2086
		"$redflag" ${command%% *} --db "ro/a b%23?.db" ${command#"${command%% *}"} >ro.out 2>&1
		equal 3 $? && grep -q "can't be written" ro.out && equal 1 "$(wc -l <ro.out)" || return
	done
	equal "a b%23?.db" "$(ls ro)"
}
if unshare -m true 2>/dev/null; then
	export -f frozen_disk full_disk sound dump sums equal
	export redflag
	check "a disk that can't be written" unshare -m bash -c frozen_disk
	check "a full disk" unshare -m bash -c full_disk
else
	skip "a full disk" "mounting a small file system isn't allowed here"
fi

finish
