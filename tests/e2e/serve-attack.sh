#!/usr/bin/env bash
# Attacks on `redflag serve`: floods of slow clients, malformed requests, other sites, paths and statements in addresses, random bytes,
# a database that goes away. After each the server answers, within bounded memory; once more with ASan and UBSan.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../serve-sample.sh"

if ! command -v python3 >/dev/null; then
	skip "attacks on the server" "there is no python3"
	finish
fi
check "a database to serve" make_sample "$work/m"

attack() { # NAME
	local result name why results=0 status
	cp -r "$work/m" "$work/$1"
	serve "$work/$1"
	check "$1: the server starts" [ $? = 0 ]
	while IFS=$'\t' read -r result name why; do
		check "$1: $name" equal "ok " "$result $why"
		: $((results += 1))
	done < <(python3 "$root/tests/e2e/serve_attack.py" "$url" "$token" "$server" "$work/$1" 2>&1 ||
		echo "FAIL	the attacking program	it ended with an error")
	check "$1: every attack was made" [ "$results" -ge 50 ]
	wait "$server"
	status=$? server=""
	check "$1: the server's own exit status" equal 0 $status
	check "$1: it has complained about nothing" equal "" "$(cat "$work/serve.err")"
}

attack plain
sanitized=${redflag%/bin/redflag}/san/redflag
if [ -x "$sanitized" ]; then
	redflag=$sanitized RF_ATTACK_LIGHT=1
	export RF_ATTACK_LIGHT ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
	attack sanitized
else
	skip "the same with sanitizers" "$sanitized is not built (make check builds it)"
fi
finish
