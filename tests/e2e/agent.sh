#!/usr/bin/env bash
# redflag agent: guarded blocks in programs of C and of Go with cgo. Each bug of agent/bugs.c is found in every run, under its own
# kind and in its own function, and nothing is said of what is right. REDFLAG_RUNS: runs of each (20).
. "$(dirname "$0")/../lib.sh"
. "$root/tests/e2e/agent/cases.sh"

runs=${REDFLAG_RUNS:-20} db=$work/a.db
bugs=$work/bugs
cc() { # FILE SOURCE FLAGS...
	"${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O1 -g -w -o "$1" "$root/tests/e2e/agent/$2" "${@:3}" -lpthread
}

check "the programs" cc "$bugs" bugs.c
"$redflag" agent run --db "$db" --guard-rate 1 -- "$bugs" heap-use-after-free-read >"$work/out" 2>"$work/err"
check "a summary on standard error" grep -q "heap use after free: look after drop" "$work/err"
check "and nothing on standard output" equal "" "$(cat "$work/out")"
check "the program's own exit status is kept" status_of 7 "$redflag" agent run --db "$db" -- sh -c 'exit 7'
check "and its signal" status_of 137 "$redflag" agent run --db "$db" -- sh -c 'kill -9 $$'
check "--fail-on=new closes the gate" status_of 66 "$redflag" agent run --db "$db" --guard-rate 1 --fail-on new -- "$bugs" \
	double-free-twice
check "what is known doesn't" status_of 0 "$redflag" agent run --db "$db" --guard-rate 1 --fail-on new -- "$bugs" double-free-twice

options="--guard-rate 1"
check_cases "$bugs"

check "a program that there isn't" status_of 3 "$redflag" agent run --db "$db" -- "$work/none"
check "which is said" grep -q "There is no program" "$work/err"
cc "$work/static" bugs.c -static 2>"$work/err"
check "a static program is told apart" status_of 3 "$redflag" agent run --db "$db" -- "$work/static"
check "with what to do" grep -q "without -static" "$work/err"
check "a number that is none" status_of 2 "$redflag" agent run --db "$db" --guard-rate lots -- true
cat >"$work/grow.c" <<'C'
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
__attribute__((noinline)) static char *grow(void) { return malloc(20000); }
int main(int argc, char **argv)
{
	(void)argv;
	for (volatile int i = 0; i < 4000; i++)
		*(volatile char *)grow() = 1;
	if (argc > 1)
		kill(getpid(), SIGKILL);
	return 0;
}
C
check "a program that grows" "${CC:-gcc}" -g -O1 -o "$work/grow" "$work/grow.c"
check "a profile of one that ends" "$redflag" agent run --db "$work/grow.db" -- "$work/grow"
check "names who allocates" grep -q ';main;grow [0-9]' <("$redflag" export --db "$work/grow.db" --format folded)
check "a profile of one that is killed" status_of 137 "$redflag" agent run --db "$work/killed.db" -- "$work/grow" now
check "does so, too" grep -q ';main;grow [0-9]' <("$redflag" export --db "$work/killed.db" --format folded)

: >"$work/err"
together() { # sixteen that find no agent in the cache
	local pids=() failed=0
	for i in {1..16}; do
		XDG_CACHE_HOME=$work/cache-$1 "$redflag" agent env --db "$db" >"$work/env.$i" 2>>"$work/err" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || failed=$((failed + 1))
	done
	return $((failed > 0))
}
for n in {1..10}; do
	together "$n" || break
done
check "processes that unpack the agent at the same time" equal "10 0" "$n $(wc -l <"$work/err")"

finish
