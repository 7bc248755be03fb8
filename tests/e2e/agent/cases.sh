# shellcheck shell=bash disable=SC2154
# Runs of a program of cases (cases.h) with the library itself, without a redflag for every run. $runs: of each case;
# $options: of `redflag agent env`.

sql() { # DATABASE STATEMENT
	"$redflag" sql --db "$1" --csv "$2" | sed 1d | tr -d '"'
}
with_agent() { # DATABASE COMMAND...
	(
		# shellcheck disable=SC2086
		eval "$("$redflag" agent env --db "$1" $options)"
		"${@:2}"
	)
}
run_all() {
	for ((i = 0; i < runs; i++)); do
		"$@" >/dev/null || echo "status $?"
	done
}
run_case() { # PROGRAM NAME: "EVENTS KIND" of what was found
	local db=$work/$2.db
	with_agent "$db" run_all "$1" "$2"
	"$redflag" agent report --db "$db" >/dev/null
	sql "$db" "SELECT sum(events), kind FROM v_findings GROUP BY kind" | tr ',' ' '
}
# Each case has the kind that its name begins with, and those called ok-… have none.
check_cases() { # PROGRAM
	local name kind
	for name in $("$1"); do
		kind=$(grep -oE '^(heap-use-after-free|heap-overflow|double-free|invalid-free|native-leak)' <<<"$name")
		case $name in
		ok-*) check "$name: nothing" equal "" "$(run_case "$1" "$name")" ;;
		*) check "$name" equal "$runs $kind" "$(run_case "$1" "$name")" ;;
		esac
	done
}
