#!/usr/bin/env bash
# Classes of data races: twins of a race of each class and a neighbour that is none of that class, in e2e/classes/. In every run,
# with each Go, each race has just the classes that its name says, and no neighbour has that of its name.
. "$(dirname "$0")/../lib.sh"

cp -r "$root/tests/e2e/classes" "$work/classes"
cd "$work/classes" || exit
tests=$(grep -oh '^func Test[A-Za-z_]*' ./*_test.go | sed 's/^func //' | sort)
query() { sqlite3 -separator ' ' "$1" "$2"; }
per_test() { # DATABASE: "TEST CLASSES" of each test that raced; of several findings, all there are
	query "$1" "SELECT test_a, group_concat(DISTINCT class) FROM findings WHERE test_a LIKE 'Test%' AND kind = 'data-race'
		GROUP BY test_a ORDER BY test_a"
}

# What is wrong in such lines.
wrong() {
	awk '{
		n = split($1, part, "_")
		class = part[1] == "TestIs" && part[3] == "copy" ? "atomic,atomic-copy" : part[2]
		found = 0
		m = split($2, has, ",")
		for (i = 1; i <= m; i++)
			found += has[i] == class
		if (part[1] == "TestIs" ? $2 != class : found)
			print
	}'
}

run() { # NAME ARGUMENTS-OF-TEST...
	local name=$1
	shift
	"$redflag" test --db "$work/$name.db" "$@" . >"$work/$name.out" 2>&1
	check "$name: new findings: status 66" equal 66 $?
	check "$name: every test races, and its finding is its own" equal "$tests" "$(per_test "$work/$name.db" | sed 's/ .*//')"
	check "$name: just the classes that are meant" equal "" "$(per_test "$work/$name.db" | wrong)"
}
run this-go
for i in 1 2 4; do
	run "procs-$i" -cpu "$i" -count=1 -shuffle=on
done
GOGC=1 GODEBUG=clobberfree=1 run collecting -count=1
for go in go1.25.4 go1.27.0; do
	! have_go "$go" || GOTOOLCHAIN=$go run "$go" -count=1
done

db=$work/this-go.db
title() { query "$db" "SELECT title FROM findings WHERE test_a = '$1'"; }
check "title: string" equal "data race (string header) in classes.TestIs_string.func" "$(title TestIs_string)"
check "title: a struct beside an atomic" test "$(title TestIs_atomic_copy | cut -c1-25)" = "data race (atomic, copy):"
check "title: counter" equal "data race (counter) in classes.TestIs_counter_Global.func" "$(title TestIs_counter_Global)"
check "type and field" equal "classes.cart[33].owner string" \
	"$(query "$db" "SELECT memory_name, memory_type FROM events WHERE test_a = 'TestIs_string_Element'")"
check "a global's field" equal "example.com/classes.carts[3].owner string" \
	"$(query "$db" "SELECT memory_name, memory_type FROM events WHERE test_a = 'TestIs_string_GlobalWholeWrite'")"
"$redflag" test --db "$work/stripped.db" -ldflags=-s=false -run='Is_slice_Global$' . >"$work/stripped.out" 2>&1
check "without DWARF: the global, but no type" equal "example.com/classes.theItems  " \
	"$(query "$work/stripped.db" "SELECT memory_name, memory_type, e.class FROM events AS e")"
check "list --class" equal "$(query "$db" "SELECT count(*) FROM findings WHERE class = 'slice'")" \
	"$("$redflag" list --db "$db" --class slice --json | grep -c '"class":"slice"')"
check "list --class: one of several" equal "$(query "$db" "SELECT count(*) FROM findings WHERE class LIKE 'atomic%'")" \
	"$("$redflag" list --db "$db" --class atomic --json | grep -c '"id"')"
check "list --class: no such class" status_of 2 "$redflag" list --db "$db" --class strings
id=$(query "$db" "SELECT id FROM findings WHERE test_a = 'TestIs_string_Element'")
check "show says what is there" sh -c '"$1" show --db "$2" "$3" | grep -q "holds classes.cart\[33\].owner of type string"' - \
	"$redflag" "$db" "$id"
"$redflag" export --db "$db" --run all --format json >"$work/export"
check "export says the class" grep -q '"class": "counter"' "$work/export"
check "export says the type" grep -q '"type": "\[\]string"' "$work/export"

for kind in data-race use-after-free; do
	"$redflag" explain $kind >"$work/explain" 2>&1
	check "explain $kind" grep -q '^What to do' "$work/explain"
	check "explain $kind fits 80 columns" test "$(wc -L <"$work/explain")" -le 80
done

# Merged elsewhere, where there is no source: what was proved stays.
mkdir "$work/away" && mv "$work/classes/twins_test.go" "$work/away/"
"$redflag" merge -o "$work/merged.db" "$db" >"$work/merge.out" 2>&1
check "merge keeps classes" equal "$(per_test "$db")" "$(per_test "$work/merged.db")"
check "merge keeps titles" equal "$(query "$db" 'SELECT fingerprint, title FROM findings ORDER BY 1')" \
	"$(query "$work/merged.db" 'SELECT fingerprint, title FROM findings ORDER BY 1')"
mv "$work/away/twins_test.go" "$work/classes/"

# Text alone has no types; what it does tell is the same.
GOFLAGS=-overlay=$("$redflag" toolchain --print overlay) REDFLAG_SPOOL='' go test -race -count=1 -json . >"$work/json"
"$redflag" report --db "$work/text.db" <"$work/json" >"$work/report.out" 2>&1
check "text: the same fingerprints" equal "$(query "$db" 'SELECT DISTINCT fingerprint FROM findings ORDER BY 1')" \
	"$(query "$work/text.db" 'SELECT DISTINCT fingerprint FROM findings ORDER BY 1')"
check "text: classes that need no types" equal "atomic counter map" \
	"$(query "$work/text.db" "SELECT DISTINCT class FROM findings WHERE class <> '' ORDER BY 1" | tr '\n' ' ' | sed 's/ $//')"
touch -d '+1 hour' twins_test.go
"$redflag" report --db "$work/edited.db" <"$work/json" >"$work/report.out" 2>&1
check "a source that was edited since proves nothing" equal "" \
	"$(query "$work/edited.db" "SELECT title FROM findings WHERE class = 'counter'")"
finish
