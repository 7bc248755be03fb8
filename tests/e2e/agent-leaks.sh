#!/usr/bin/env bash
# redflag agent: memory that nothing refers to at the end. Each leak of agent/leaks.c is found in every run, and nothing is said of
# what is kept, in whatever form; nor of programs of the system, with every sampled block told. REDFLAG_RUNS: runs of each (5).
. "$(dirname "$0")/../lib.sh"
. "$root/tests/e2e/agent/cases.sh"

runs=${REDFLAG_RUNS:-5} leaks=$work/leaks
check "the program" "${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O1 -g -w -o "$leaks" "$root/tests/e2e/agent/leaks.c" -lpthread
options="--guard-rate 0 --alloc-sample 5000 --leak-cost 1000000"
check_cases "$leaks"
check "its title says where" grep -q "native leak.*make" <("$redflag" list --db "$work/native-leak-dropped.db")
"$redflag" show --db "$work/native-leak-dropped.db" 1 | tr -s '\n ' ' ' >"$work/shown"
check "with the estimate" grep -qE "that nothing refers to: by estimate ([5-9][0-9]|1[0-9]{2})[0-9]{3} bytes are lost" "$work/shown"
check "and what it is allocated for" grep -q "lost_dropped" "$work/shown"
options="--guard-rate 0 --alloc-sample 20000 --leak-cost 1000000 --leaks 1"
calm() { # COMMAND...: a program of the system, whose blocks are freed or referred to
	with_agent "$work/$1.db" "$@" >/dev/null 2>&1
	"$redflag" agent report --db "$work/$1.db" >/dev/null 2>&1
	check "$1 ran" equal 1 "$(sql "$work/$1.db" 'SELECT count(*) > 0 FROM profiles')"
	check "$1: nothing is lost" equal "" "$("$redflag" list --db "$work/$1.db" 2>&1 | grep leak)"
}
calm sqlite3 :memory: 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 20000) SELECT count(x || x) FROM c'
calm perl -e 'my %h; $h{$_ % 5000} .= "x" for 1 .. 50000; my @a = map { [ $_, "s$_" ] } 1 .. 20000'
calm find "$root" -name '*.c'
calm git -C "$root" log --stat -n 30
options="--alloc-sample 5000 --leak-cost 1000000 --leaks 0"
with_agent "$work/off.db" run_all "$leaks" native-leak-dropped
check "--leaks 0: nothing" grep -q "0 findings" <("$redflag" agent report --db "$work/off.db" 2>&1)
finish
