#!/usr/bin/env bash
# redflag agent: waits for mutexes by stack, memory that is mapped, and who started a thread. How often it waits and for how long is
# the machine's choice, so the program counts itself.
. "$(dirname "$0")/../lib.sh"

db=$work/a.db
check "the program" "${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O1 -g -w -o "$work/waits" "$root/tests/e2e/agent/waits.c" -lpthread
folded() { # KIND VALUE
	"$redflag" export --db "$db" --format folded --profile "$1" --value "$2"
}
about() { # WANT PERCENT FUNCTION: of the stacks that the function is in
	awk -v want="$1" -v percent="$2" -v name="$3" 'index($0, name) { sum += $NF }
		END { printf "%d, where %d are right\n", sum, want; exit !(sum > want * (100 - percent) / 100 && sum < want * (100 + percent) / 100) }'
}
waited=$("$redflag" agent run --db "$db" --guard-rate 1 --alloc-sample 100000 --lock-sample 200000 -- "$work/waits" 2>"$work/err")
check "it has waited" test "${waited:-0}" -gt 50000000
check "for so long" about "${waited:-0}" 15 ";wait_often;wait_here " < <(folded contention delay)
check "mapped is what stays" about 100000000 15 ";main;map " < <(folded heap inuse_space)
check "and what went" about 200000000 15 ";main;map " < <(folded heap alloc_space)
check "in go tool pprof" bash -c '"$0" export --db "$1" --format pprof --profile contention -o "$2" &&
	go tool pprof -top -sample_index=delay "$2" 2>&1 | grep -q "wait_here"' "$redflag" "$db" "$work/waits.pb.gz"
check "its thread was started in start" grep -qE "created in start, .*waits.c:[0-9]+$" <("$redflag" show --db "$db" 1)
"$redflag" agent run --db "$work/off.db" --lock-sample 0 --alloc-sample 0 -- "$work/waits" >/dev/null 2>&1
check "--lock-sample 0: no profile" status_of 3 "$redflag" export --db "$work/off.db" --format folded --profile contention
finish
