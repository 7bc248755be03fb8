#!/usr/bin/env bash
# A spool that can't be written costs one line on stderr and nothing else: same text, same exit status as without.
# A process that is killed loses at most the record it was writing.
. "$(dirname "$0")/../lib.sh"

overlay=$("$redflag" toolchain --print overlay) || exit
mkdir "$work/program" && cd "$work/program" || exit
printf 'module example.com/faults\n\ngo 1.25\n' >go.mod
racing_functions 200 >main.go
go build -race -overlay="$overlay" -o program . || exit
unset REDFLAG_SPOOL
GORACE=atexit_sleep_ms=0
export GORACE

# Runs the program with a spool directory; one line about it, all reports in the text, exit status 66. The detector misses one of
# these races in 20 000 where there are no short cuts (tests/bench/missed.sh).
harmless() { # SPOOL [SHELL-PREFIX]
	local status
	REDFLAG_SPOOL=$1 bash -c "${2:-}exec ./program" 2>&1 | cat >"$work/out"
	status=${PIPESTATUS[0]}
	equal 66 "$status" && equal 1 "$(grep -c '^redflag: ' "$work/out")" &&
		equal "Found $(grep -c 'WARNING: DATA RACE' "$work/out") data race(s)" "$(tail -n 1 "$work/out")" &&
		[ "$(grep -c 'WARNING: DATA RACE' "$work/out")" -ge 198 ]
}

check "a relative path" harmless spool
check "a directory below a missing one" harmless "$work/no/such/directory"
: >"$work/file"
check "a file instead of a directory" harmless "$work/file"
check "a path that is too long" harmless "/$(printf 'x%.0s' $(seq 3000))"
mkdir "$work/limited"
check "a file size limit in the middle" harmless "$work/limited" "ulimit -f 80; "
if [ "$(id -u)" = 0 ] && mkdir "$work/small" && mount -t tmpfs -o size=16k none "$work/small" 2>/dev/null; then
	check "a disk that is full at the start" harmless "$work/small"
	mount -o remount,size=128k "$work/small"
	check "a disk that gets full in the middle" harmless "$work/small"
	stored=$("$redflag" ingest --db "$work/small.db" "$work"/small/*.spool 2>&1)
	check "what was written before is readable" grep -qE '^[1-9][0-9]* reports stored' <<<"$stored"
	umount "$work/small"
else
	skip "full disk" "mounting a tmpfs needs root"
fi
if [ "$(id -u)" != 0 ]; then
	mkdir -m 500 "$work/readonly"
	check "a read-only directory" harmless "$work/readonly"
else
	check "a read-only directory" harmless /proc/self
fi

# Killed at random moments: every report whose text is out is in the spool, give or take the one in work.
kill_once() {
	rm -rf "$work/spool" "$work"/kill.db*
	REDFLAG_SPOOL=$work/spool ./program >"$work/out" 2>&1 &
	local pid=$!
	for _ in $(seq 1 $((RANDOM % 40))); do [ -e /proc/$pid ] && sleep 0.002; done
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	[ -n "$(ls "$work/spool" 2>/dev/null)" ] || return 0 # killed before it began
	"$redflag" ingest --db "$work/kill.db" "$work"/spool/*.spool >"$work/ingest" 2>&1 || { cat "$work/ingest"; return 1; }
	local events texts
	events=$(sqlite3 "$work/kill.db" 'SELECT count(*) FROM v_events')
	texts=$(grep -c 'WARNING: DATA RACE' "$work/out")
	[ $((events - texts)) -ge 0 ] && [ $((events - texts)) -le 1 ] || {
		echo "$events events, $texts texts"
		return 1
	}
}
kill_many() { for _ in $(seq 40); do kill_once || return; done; }
check "killed 40 times" kill_many

# Spools that are cut, or have flipped bits: a sentence, no crash, and the rest is read.
rm -rf "$work/spool"
REDFLAG_SPOOL=$work/spool ./program >/dev/null 2>&1
whole=$(ls "$work"/spool/*.spool)
total=$("$redflag" ingest --db "$work/whole.db" "$whole" | grep -oE '^[0-9]+')
check "the whole spool" [ "$total" -ge 200 ]
damaged() {
	local size at stored status
	size=$(stat -c %s "$whole")
	for _ in $(seq 30); do
		rm -f "$work"/damaged.db*
		cp "$whole" "$work/damaged.spool"
		at=$((RANDOM * 32768 % size + RANDOM % 1000))
		if [ $((RANDOM % 2)) = 0 ]; then
			truncate -s $at "$work/damaged.spool"
		else
			printf '\377' | dd of="$work/damaged.spool" bs=1 seek=$((at % size)) conv=notrunc status=none
		fi
		stored=$("$redflag" ingest --db "$work/damaged.db" "$work/damaged.spool" 2>&1)
		status=$?
		[ $status -le 3 ] || { printf '%s at %d: status %d\n%s\n' damage "$at" $status "$stored"; return 1; }
	done
}
check "30 damaged spools" damaged
finish
