# shellcheck shell=bash
# shellcheck disable=SC2154 # root, work and redflag are of lib.sh
# For scripts whose e2e/NAME/ holds twins: tests TestBug… that have a finding each, and their correct neighbours TestGood…
# that have none. After lib.sh:
#
#	twins NAME WORDS=KIND...    goes to a copy of e2e/NAME; TestBugWORDS_Case wants KIND. Sets $bugs and $goods (the tests,
#	                            a line each) and $want (what `kinds` has to say)
#	want_of PATTERN             the lines of $want whose tests match
#	kinds FILE                  "TEST KIND", a line each, of verbose output: what was printed while each test ran. With
#	                            $races_too set, a bug may be a data race as well, which isn't counted
#	kinds_by_stack KIND FILE    the same of a kind that is told when all tests are over: tests by the stacks of its reports
#	run_twins LABEL GO RUNS     builds ./twins.test with the Go ("local" is the one at hand), and runs it: run_once decides
#	run_once LABEL I            one run: every bug, no neighbour. A script whose bugs end the program has its own
#	run_other_gos               run_twins, once, with each other Go that can be had
#	through_redflag [-run PATTERN]  the same by `redflag test` into $work/db, and from its text into $work/textdb
#	explained                   each kind has a page and can be listed

declare -A twin_kinds
races_too=

twins() {
	local name=$1 pair
	shift
	for pair; do twin_kinds[${pair%%=*}]=${pair#*=}; done
	cp -r "$root/tests/e2e/$name" "$work/$name"
	cd "$work/$name" || exit
	bugs=$(grep -oh '^func TestBug[A-Za-z_]*' ./*_test.go | sed 's/^func //' | sort)
	goods=$(grep -oh '^func TestGood[A-Za-z_]*' ./*_test.go | sed 's/^func //' | sort)
	want=$(want_of .)
	for pair; do
		check "eight bugs of ${pair#*=}, at least" test "$(grep -c " ${pair#*=}\$" <<<"$want")" -ge 8
	done
	check "and as many neighbours" test "$(wc -l <<<"$goods")" -ge $((8 * $#))
}

want_of() {
	local t words
	for t in $(grep -E -- "$1" <<<"$bugs"); do
		words=${t#TestBug}
		echo "$t ${twin_kinds[${words%%_*}]}"
	done
}

kinds() {
	awk -v races="$races_too" '
		/^=== RUN/ { test = $3 }
		/^WARNING: REDFLAG: / || (!races && /^WARNING: DATA RACE/) { seen[test " " ($NF == "RACE" ? "data-race" : $NF)] = 1 }
		/^--- FAIL/ { failed[$3] = 1 }
		END { for (s in seen) { split(s, p, " "); print p[1], (p[1] in failed) ? p[2] : p[2] "-but-passed" } }' "$1" | sort
}

kinds_by_stack() {
	sed -nE "s/^  example\.com\/[a-z]+\.(Test(Bug|Good)[A-Za-z_]*).*/\1 $1/p" "$2" | sort -u
}

neighbours_pass() { # LABEL FILE
	check "$1: neighbours pass" equal "$goods" "$(sed -n 's/^--- PASS: \(TestGood[A-Za-z_]*\).*/\1/p' "$2" | sort)"
}

run_once() {
	./twins.test -test.v >"out.$1.$2" 2>&1
	check "$1, run $2: every bug, no neighbour" equal "$want" "$(kinds "out.$1.$2")"
	neighbours_pass "$1, run $2" "out.$1.$2"
}

# What `redflag env` sets ends with the subshell; the counts are handed out through a file.
run_twins() {
	(
		passed=0 failed=0
		if settings=$(settings_of "$2") && eval "$settings" && go test -c -race -o twins.test .; then
			for i in $(seq "$3"); do
				export GOMAXPROCS=$((i % 3 + 1))
				run_once "$1" "$i"
			done
		fi
		[ "$passed" -gt 0 ] || check "$1: built" false
		echo "$passed $failed" >"$work/counts"
	)
	read -r p f <"$work/counts"
	passed=$((passed + p)) failed=$((failed + f))
}

run_other_gos() {
	local go
	for go in go1.25.4 go1.27.0; do
		! have_go "$go" || run_twins "$go" "$go" 1
	done
}

query() { sqlite3 -separator ' ' "$1" "$2"; }

through_redflag() {
	local expected=$want filter=${races_too:+"WHERE kind <> 'data-race'"} fingerprints
	[ $# -eq 0 ] || expected=$(want_of "$2")
	"$redflag" test --db "$work/db" -count=1 "$@" . >"$work/test.out" 2>&1
	check "new findings: status 66" equal 66 $?
	check "by test and kind" equal "$expected" "$(query "$work/db" \
		"SELECT DISTINCT ifnull(nullif(test_a, ''), test_b), kind FROM v_findings $filter ORDER BY 1")"
	check "text and spool are one event" equal "spool" "$(query "$work/db" 'SELECT DISTINCT source FROM events')"
	check "every event has its text" equal 0 "$(query "$work/db" 'SELECT count(*) FROM events WHERE text_uid IS NULL')"
	check "no report's text is printed" equal "" "$(grep -E 'REDFLAG|^=====' "$work/test.out")"
	GOFLAGS=-overlay=$("$redflag" toolchain --print overlay) REDFLAG_SPOOL='' go test -race -count=1 -json "$@" . >"$work/json"
	"$redflag" report --db "$work/textdb" <"$work/json" >"$work/report.out" 2>&1
	fingerprints="SELECT DISTINCT kind, fingerprint, title FROM v_findings $filter ORDER BY 2"
	check "the text says the same" equal "$(query "$work/db" "$fingerprints")" "$(query "$work/textdb" "$fingerprints")"
	check "and only the text" equal text "$(query "$work/textdb" 'SELECT DISTINCT source FROM events')"
}

explained() {
	local kind
	for kind in "${twin_kinds[@]}"; do
		"$redflag" explain "$kind" >"$work/explain" 2>&1
		check "explain $kind" grep -q '^What to do' "$work/explain"
		check "explain $kind fits 80 columns" test "$(wc -L <"$work/explain")" -le 80
		check "list --kind $kind" sh -c '"$1" list --db "$2" --kind "$3" | grep -q TestBug' - "$redflag" "$work/db" "$kind"
	done
}
