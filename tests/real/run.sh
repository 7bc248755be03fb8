#!/usr/bin/env bash
# Real bugs of public modules: a small test each, on the version that has the bug and on one that has not. Every run is
# made with stock `go test -race` and with `redflag test` in turn, so that both meet the same load of the machine.
#
#	tests/real/run.sh [--runs N] [--quick] [CASE...]
#
#	--runs N   runs of each kind on the version with the bug (default 20), and a quarter of that with redflag on the
#	           fixed one; prints the table that stands in docs/real-modules.md
#	--quick    a few runs of the cases that stock finds nearly always, each of which has one bug: one finding, with the
#	           right owner, and none on the fixed version
#
# Cases come from this directory (cases.csv) and from ../shared/real beside the checkout, where that is there.
. "$(dirname "$0")/../lib.sh"

runs=20 quick=
wanted=()
while [ $# -gt 0 ]; do
	case $1 in
	--runs) runs=${2:?--runs needs a number} && shift ;;
	--quick) quick=1 runs=3 ;;
	-*) echo "run.sh: no option $1; see the head of the script" >&2 && exit 2 ;;
	*) wanted+=("$1") ;;
	esac
	shift
done
if [ -n "$quick" ] && [ ${#wanted[@]} -eq 0 ]; then
	wanted=(xtime-burst progressbar-describe sqlmock-expectations)
fi
runs_fixed=$(((runs + 3) / 4))
[ -z "$quick" ] || runs_fixed=$runs

here=$root/tests/real
shared=$root/../shared/real
run_seconds_max=120 # a run that hangs ends here; nothing is decided by it

# The case's line of its list, and the folder that the list stands in.
find_case() { # CASE
	local list
	for list in "$here/cases.csv" "$shared/CASES.csv"; do
		if [ -f "$list" ] && line=$(grep "^$1," "$list"); then
			folder=$(dirname "$list")/$1
			return
		fi
	done
	return 1
}

every_case() {
	tail -n +2 "$here/cases.csv" | cut -d, -f1
	[ ! -f "$shared/CASES.csv" ] || tail -n +2 "$shared/CASES.csv" | cut -d, -f1
}

ask() { # DATABASE QUERY
	[ -f "$1" ] && sqlite3 "$1" "$2" || echo 0
}

# One run with redflag; says so when it ended for another reason than its tests.
run_redflag() { # VARIANT
	local status
	(cd "$work/case/$1" && timeout $run_seconds_max "$redflag" test --db "$work/$1.db" -count=1 .) >"$work/log" 2>&1
	status=$?
	case $status in
	0 | 1 | 66) ;;
	*)
		broken=$((broken + 1))
		printf '%s %s: redflag test ended with status %d\n' "$name" "$1" "$status"
		tail -n 5 "$work/log" | sed 's/^/      /'
		;;
	esac
}

run_stock() { # VARIANT
	(cd "$work/case/$1" && timeout $run_seconds_max go test -race -count=1 .) >"$work/log" 2>&1
	! grep -q 'WARNING: DATA RACE' "$work/log" || stock=$((stock + 1))
}

# yes: both sides of every finding are owned by the case's one test. no, with what is there instead. -: no finding.
owner_of_findings() { # DATABASE TEST
	local sides other
	sides=$(ask "$1" "SELECT count(*) FROM v_findings")
	other=$(ask "$1" "SELECT group_concat(DISTINCT ifnull(nullif(test, ''), 'none')) FROM (
		SELECT test_a AS test FROM v_findings UNION SELECT test_b FROM v_findings)
		WHERE ifnull(test, '') <> '$2' AND ifnull(test, '') NOT LIKE '$2/%'")
	if [ "$sides" -eq 0 ]; then
		echo -
	elif [ -z "$other" ]; then
		echo yes
	else
		echo "no: $other"
	fi
}

# Runs the case; sets stock, hits, findings, owner, wrong (findings on the fixed version), made (runs of it) and broken.
measure() {
	local test i
	rm -rf "$work/case" "$work"/*.db*
	cp -r "$folder" "$work/case" && chmod -R u+w "$work/case"
	test=$(sed -nE 's/^func (Test[A-Za-z0-9_]*)\(.*/\1/p' "$work/case/buggy/case_test.go")
	stock=0 broken=0
	for i in $(seq "$runs"); do
		[ -n "$quick" ] || run_stock buggy
		run_redflag buggy
		[ "$i" -gt "$runs_fixed" ] || run_redflag fixed
	done
	hits=$(ask "$work/buggy.db" "SELECT count(*) FROM v_runs WHERE findings > 0")
	findings=$(ask "$work/buggy.db" "SELECT count(*) FROM v_findings")
	owner=$(owner_of_findings "$work/buggy.db" "$test")
	wrong=$(ask "$work/fixed.db" "SELECT count(*) FROM v_findings")
	made=$(ask "$work/fixed.db" "SELECT count(*) FROM v_runs")
}

can_fetch() {
	(cd "$folder/buggy" && go mod download) >/dev/null 2>&1 && (cd "$folder/fixed" && go mod download) >/dev/null 2>&1
}

# Below the table only what failed is shown.
check_always() {
	check "$name: no finding in $runs_fixed runs of the fixed version" equal "0 $runs_fixed" "$wrong $made"
	check "$name: every run of redflag ended by its tests" equal 0 "$broken"
} >"$work/checked"

check_quick() {
	check "$name: found in one of $runs runs at least" test "$hits" -gt 0
	check "$name: one bug, one finding" equal 1 "$findings"
	check "$name: the owning test" equal yes "$owner"
}

mapfile -t names < <(if [ ${#wanted[@]} -gt 0 ]; then printf '%s\n' "${wanted[@]}"; else every_case; fi)
if [ ${#wanted[@]} -eq 0 ] && [ ! -f "$shared/CASES.csv" ]; then
	skip "the cases of ../shared/real" "that folder is not beside the checkout"
fi
[ -n "$quick" ] || printf '| case | kind | stock | redflag | findings | owning test right | findings in runs when fixed |\n%s\n' \
	'| --- | --- | --- | --- | --- | --- | --- |'
for name in "${names[@]}"; do
	if ! find_case "$name"; then
		skip "$name" "not in tests/real, and ../shared/real is not beside the checkout or has it not"
		continue
	elif ! can_fetch; then
		skip "$name" "the go command can't fetch its modules here"
		continue
	fi
	measure
	if [ -n "$quick" ]; then
		check_quick
	else
		printf '| %s | %s | %d/%d | %d/%d | %d | %s | %d in %d |\n' "$name" "$(cut -d, -f5 <<<"$line")" \
			"$stock" "$runs" "$hits" "$runs" "$findings" "$owner" "$wrong" "$made"
	fi
	check_always
	if [ -n "$quick" ]; then cat "$work/checked"; else grep -A 40 '^FAIL' "$work/checked"; fi
done
finish
