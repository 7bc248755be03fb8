#!/usr/bin/env bash
# redflag agent: the memory profile of programs of C and of Go with cgo, at their end and after they were killed; and guarded blocks
# across cgo.
. "$(dirname "$0")/../lib.sh"

db=$work/a.db
check "the program" "${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O1 -g -o "$work/memory" "$root/tests/e2e/agent/memory.c"
check "the Go program" bash -c 'cd "$0" && go build -o "$1" .' "$root/tests/e2e/agent/cgo" "$work/native"
folded() { # VALUE: of the last run
	"$redflag" export --db "$db" --format folded --value "$1"
}
# A sample of some thousand blocks is within a few per cent; 15 is five standard deviations away.
about() { # WANT FUNCTION: bytes of the stacks that the function is in
	awk -v want="$1" -v function_name="$2" 'index($0, function_name) { sum += $NF }
		END { printf "%d, where %d were asked for\n", sum, want; exit !(sum > 0.85 * want && sum < 1.15 * want) }'
}

check "at its end" equal ready "$("$redflag" agent run --db "$db" --alloc-sample 20000 -- "$work/memory" 2>"$work/err")"
check "and not a word" equal "" "$(cat "$work/err")"
folded inuse_space >"$work/live"
folded alloc_space >"$work/all"
check "what is kept" about 40000000 ";main;kept " <"$work/live"
check "and nothing else" equal 1 "$(wc -l <"$work/live")"
check "what was kept" about 40000000 ";main;kept " <"$work/all"
check "what was zeroed" about 300000000 ";main;zeroed " <"$work/all"
check "what went" about 360000000 ";main;passing " <"$work/all"
check "in go tool pprof" bash -c '"$0" export --db "$1" --format pprof -o "$2" && go tool pprof -top -sample_index=inuse_space "$2" 2>&1 |
	grep -q "100%.*kept"' "$redflag" "$db" "$work/heap.pb.gz"

killed() {
	local pid
	(
		eval "$("$redflag" agent env --db "$db" --alloc-sample 20000)"
		export TRACE_ID=killed
		exec "$work/memory" wait
	) >"$work/out" &
	pid=$!
	wait_for 20 grep -q ready "$work/out" || return 1
	check "while it runs its file is left alone" bash -c '"$0" agent report --db "$1" >/dev/null; ls "$1".spool/*.heap >/dev/null' \
		"$redflag" "$db"
	check "and shown by top" bash -c '"$0" agent top --db "$1" | grep -E "^ +$2 memory .* (3[4-9]|4[0-6]) MB "' "$redflag" "$db" $pid
	kill -KILL $pid
	wait $pid 2>/dev/null
	"$redflag" run --db "$db" -- true >/dev/null 2>&1
	check "another command leaves it" bash -c 'ls "$0".spool/*.heap "$0".spool/*.spool >/dev/null' "$db"
	"$redflag" agent report --db "$db" >/dev/null
}
killed
folded inuse_space >"$work/live"
check "after SIGKILL" about 40000000 ";main;kept " <"$work/live"
check "top doesn't show it any more" bash -c '"$0" agent top --db "$1" | grep -q "No process"' "$redflag" "$db"
check "nothing is left of it" equal "" "$(find "$db.spool" -type f)"

# What rises while it runs, in 2 seconds and 20 MB.
cat >"$work/rise.c" <<'C'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void *volatile all[1000];
int main(void)
{
	for (int i = 0; i < 1000; i++) {
		all[i] = memset(malloc(30000), 1, 30000);
		usleep(2000);
	}
	return 0;
}
C
check "a program that rises" "${CC:-gcc}" -O1 -o "$work/rise" "$work/rise.c"
"$redflag" agent run --db "$work/rise.db" --alloc-sample 20000 -- "$work/rise"
check "is said to" grep -qE "live heap +[0-9.]+ MB → (2[5-9]|3[0-5]) MB, \+" <("$redflag" show --db "$work/rise.db" --run last)

# Arenas, seen from outside and by malloc itself.
arenas() {
	local pid
	"$work/arenas" >"$work/out" &
	pid=$!
	wait_for 20 grep -q '[0-9]' "$work/out" && "$redflag" agent top $pid
	kill -KILL $pid
	wait $pid 2>/dev/null
}
check "a program with arenas" "${CC:-gcc}" -D_GNU_SOURCE -O1 -o "$work/arenas" "$root/tests/e2e/agent/arenas.c" -lpthread
arenas >"$work/top"
check "four of them" grep -q "^4 arenas" "$work/top"
check "one a thread" equal 3 "$(grep -cE '^7[0-9a-f]+30 +1 +1 ' "$work/top")"
check "as full as malloc says" awk 'NR == FNR { held = $1; free = $3; next }
	/arenas of malloc/ { sub(/%/, "", $8); print $0, 100 * free / held; exit !($9 > 100 * free / held - 1.5 && $9 < 100 * free / held + 1.5) }' \
	"$work/out" "$work/top"
check "a process that isn't there" status_of 3 "$redflag" agent top 4194304

"$redflag" agent run --db "$db" --alloc-sample 20000 --guard-rate 1 -- "$work/native" 2>"$work/err"
folded inuse_space >"$work/live"
check "Go, with cgo" about 40000000 "main.main;main.keep;" <"$work/live"
check "in its C function" grep -q ";grab " "$work/live"
titles=$("$redflag" list --db "$db" | grep -E '^ +[0-9]+ ')
check "C reads what Go freed" grep -q "heap use after free: first after" <<<"$titles"
check "Go writes what Go freed" grep -q "heap use after free: main.lateWrite after" <<<"$titles"
check "and no other" equal 2 "$(grep -c "heap use" <<<"$titles")"
finish
