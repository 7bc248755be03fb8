#!/usr/bin/env bash
# Small Go programs, each of which must give exactly one finding or none, on every Go version that is supported:
# findings, owning tests, tag and exit status, against e2e/programs/expect.txt.
. "$(dirname "$0")/../lib.sh"

cp -r "$root/tests/e2e/programs" "$work/programs"
cd "$work/programs" || exit

# What the database says of one package, in the form of expect.txt.
seen() {
	sqlite3 -separator ' ' "$1" "
		SELECT count(*), ifnull(group_concat(tests, ';'), ''), ifnull(group_concat(tag, ';'), '') FROM (
			SELECT tag, CASE WHEN ifnull(test_a, '') = '' AND ifnull(test_b, '') = '' THEN '-'
				WHEN ifnull(test_a, '') = ifnull(test_b, '') THEN test_a
				ELSE min(test_a, test_b) || ',' || max(test_a, test_b) END AS tests
			FROM v_findings WHERE package = 'example.com/programs/$2')"
}

for go in go1.25.4 go1.26.0 go1.27.0; do
	have_go "$go" || continue
	db=$work/$go.db
	GOTOOLCHAIN=$go "$redflag" test --db "$db" -count=1 ./... >"$work/$go.txt" 2>&1
	check "$go: exit status 66" equal 66 $?
	while read -r package count tests tag; do
		case $package in '' | '#'*) continue ;; esac
		want="$count ${tests:-} ${tag:-}"
		check "$go: $package" equal "$want" "$(seen "$db" "$package")"
	done <expect.txt
	GOTOOLCHAIN=$go "$redflag" test --db "$db" -count=1 ./counterfixed ./clean >"$work/$go.clean" 2>&1
	check "$go: exit status 0 of clean packages" equal 0 $?
	GOTOOLCHAIN=$go "$redflag" test --db "$db" -count=1 ./counter >"$work/$go.again" 2>&1
	check "$go: exit status 1 of a known finding" equal 1 $?
	check "$go: no process without a spool" equal "" "$(grep -i 'not instrumented' "$work/$go.txt")"
done
finish
