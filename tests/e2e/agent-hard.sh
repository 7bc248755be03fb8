#!/usr/bin/env bash
# What the agent must not break: the cases of agent/hard.c are fine without it, with its defaults, and with every allocation or
# every third one guarded and many sampled. And what happens to the agent: killed, no room, no directory.
. "$(dirname "$0")/../lib.sh"

db=$work/a.db hard=$work/hard
check "the program" "${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O1 -g -w -o "$hard" "$root/tests/e2e/agent/hard.c" -lpthread -ldl
with() { # OPTIONS COMMAND...: prints what the command prints, and a status that isn't 0
	(
		# shellcheck disable=SC2086
		eval "$("$redflag" agent env --db "$db" $1)"
		"${@:2}" 2>&1 || echo "status $?"
	)
}
for case in $("$hard"); do
	check "$case, alone" equal fine "$("$hard" "$case" 2>&1)"
	for options in "" "--guard-rate 1" "--guard-rate 3 --guard-slots 500 --alloc-sample 10000"; do
		check "$case, with the agent $options" equal fine "$(with "$options" "$hard" "$case")"
	done
done
"$redflag" agent report --db "$db" >/dev/null 2>&1
check "and nothing was found in them" equal 0 "$("$redflag" sql --db "$db" --csv 'SELECT count(*) FROM v_findings' | sed 1d)"

# Programs of the system, every allocation looked at: the same output, no finding.
same() { # COMMAND...
	equal "$("$@" 2>&1)" "$(with "--guard-rate 1 --guard-slots 64 --alloc-sample 20000" "$@")"
}
check "sqlite3" same sqlite3 :memory: "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 20000)
	SELECT x % 10, sum(x) FROM c GROUP BY 1"
check "git" same git -C "$root" log --stat -3
check "gcc" same "${CC:-gcc}" -D_GNU_SOURCE -w -fsyntax-only "$root/tests/e2e/agent/hard.c"
check "sed and sort" same sh -c 'sed -E "s/(.)(.)/\2\1/g" "$0" | sort -r' "$root/README.md"
check "python3" same python3 -c 'import json; print(len(json.dumps(list(range(20000)))))'
check "curl" same curl -s "file://$root/README.md"
"$redflag" agent report --db "$db" >/dev/null 2>&1
check "still nothing" equal 0 "$("$redflag" sql --db "$db" --csv 'SELECT count(*) FROM v_findings' | sed 1d)"

# Killed at any moment: what was written is read.
killed() {
	local i pid
	for i in 1 2 3 4 5 6 7 8; do
		with "--guard-rate 1 --alloc-sample 1000" timeout -s KILL "0.0$i" "$hard" many >/dev/null 2>&1
	done
	wait_for 10 bash -c '! pgrep -f "^$0 many"' "$hard"
	"$redflag" agent report --db "$db" 2>&1 | tee "$work/out" | grep -q "0 findings" || cat "$work/out"
	find "$db.spool" -type f
}
check "killed" equal "" "$(killed)"

# One line at most, and the program goes on.
lines() { # DIRECTORY COMMAND...: how often redflag says something, and what the program says
	(
		eval "$("$redflag" agent env --db "$db" --guard-rate 1 --alloc-sample 1000)"
		export REDFLAG_SPOOL=$1
		"${@:2}" >"$work/out" 2>"$work/err" || echo "status $?"
		unset LD_PRELOAD
		echo "$(cat "$work/out") $(grep -c redflag "$work/err")"
	)
}
check "a directory that can't be" equal "fine 1" "$(lines /proc/none "$hard" many)"
mkdir "$work/gone"
check "a directory that isn't there any more" equal "fine 0" "$(lines "$work/gone" sh -c 'rm -r "$1"; exec "$0" many' "$hard" "$work/gone")"
check "no directory asked for" equal "fine 0" "$(lines "" "$hard" many)"
if mkdir "$work/small" && mount -t tmpfs -o size=100k tmpfs "$work/small" 2>/dev/null; then
	check "a full disk" equal "fine 1" "$(lines "$work/small" "$hard" many | sed 's/ 0$/ 1/')"
	umount "$work/small"
else
	skip "a full disk" "a tmpfs can't be mounted here"
fi
limited() { # a limit of file sizes, which would end the program by a signal
	ulimit -f 16
	exec "$hard" many
}
check "a limit of file sizes" equal "fine 1" "$(lines "$work/limit" bash -c "hard=$hard; $(declare -f limited); limited")"
finish
