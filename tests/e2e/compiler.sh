#!/usr/bin/env bash
# The rebuilt compiler (redflag toolchain --compiler on): it is made when asked for, used from then on by test and env, and not when the
# user has a -toolexec; it leaves out what is covered, and nothing else; the same races are found, by the corpus and by Go's own suite.
# RF_FULL=1: for other Gos, too.
. "$(dirname "$0")/../lib.sh"

export XDG_CACHE_HOME="$work/a cache" # a path that needs quoting
tools=$(go env GOTOOLDIR)
cp -r "$root/tests/e2e/compiler" "$root/tests/e2e/programs" "$work"
cd "$work/compiler" || exit

toolexec() {
	"$redflag" toolchain --print toolexec | tr -d '"'
}

flags() { # what env says, with these GOFLAGS
	GOFLAGS=$1 "$redflag" env | sed -n 's/^export GOFLAGS=//p'
}

# --- made and used --------------------------------------------------------------------------------------------------

check "not there before it is asked for" equal "" "$(toolexec)"
check "no -toolexec then" equal 0 "$(flags '' | grep -c toolexec)"
check "a wish that isn't one" status_of 2 "$redflag" toolchain --compiler perhaps
check "it is made" "$redflag" toolchain --compiler on
ours=$(toolexec)
[ -x "$ours" ] || {
	check "there is one" false
	finish
}
check "nothing half-made is left" equal "" "$(find "$XDG_CACHE_HOME/redflag" -name 'building-*')"
check "made once" equal "" "$("$redflag" toolchain --compiler on 2>&1 >"$work/out")"
check "env has it" equal 1 "$(flags '' | grep -c toolexec)"
check "a -toolexec of one's own stays" equal 1 "$(flags -toolexec=/usr/bin/time | grep -c -- '-toolexec=/usr/bin/time ')"
check "and is the only one" equal 0 "$(flags -toolexec=/usr/bin/time | grep -c redflag/compiler)"
check "doctor says so" grep -q "your -toolexec in GOFLAGS" <(GOFLAGS=-toolexec=/usr/bin/time "$redflag" doctor | tr -s ' \n' ' ')
check "doctor says which compiler" grep -q "^ok *compiler *redflag's" <("$redflag" doctor)

version() { # TOOL
	"$ours" "$tools/$1" -V=full
}
check "its version is another one" equal "$("$tools/compile" -V=full) redflag-$(basename "$(dirname "$ours")")" "$(version compile)"
check "other tools are Go's" equal "$("$tools/asm" -V=full)" "$(version asm)"
cp "$tools/compile" "$work/compile"
check "another Go's compiler is that one's" equal "$("$work/compile" -V=full)" "$("$ours" "$work/compile" -V=full)"

# --- what is left out -----------------------------------------------------------------------------------------------

calls() { # FUNCTION: reads and writes
	local text
	text=$(go tool objdump -s "^main\\.$1\$" "$work/program")
	echo "$(grep -c 'CALL runtime.raceread' <<<"$text") $(grep -c 'CALL runtime.racewrite' <<<"$text")"
}

build() (
	eval "$("$redflag" env)"
	go build -race "$@" -o "$work/program" .
)
check "a program is built, its SSA form checked" build -gcflags=-d=ssa/check/on
while read -r want_reads want_writes name; do
	check "$name: told to the detector" equal "$want_reads $want_writes" "$(calls "$name")"
done < <(awk '/^\/\/ [0-9] [0-9]:/ { want = $2 " " $3 + 0 } /^func / && want { sub(/\(.*/, "", $2); print want, $2; want = "" }' main.go)
"$work/program" >"$work/races" 2>&1
check "every race on a covered access is found" equal 8 "$(grep -c '^WARNING: DATA RACE' "$work/races")"

# --- the same findings ----------------------------------------------------------------------------------------------

found() { # DATABASE: packages and titles
	sqlite3 "$1" 'SELECT package, title FROM v_findings ORDER BY 1, 2'
}
cd "$work/programs" || exit
"$redflag" test --db "$work/ours.db" -count=1 ./... >"$work/ours.txt" 2>&1
check "the corpus: exit status" equal 66 $?
suite() {
	go test -race -count=1 -v -run TestRace runtime/race 2>&1 | grep -E '^(PASSED|FAILED|Passed|[0-9]+ )' | sort
}
check "Go's race suite" equal 1 "$(eval "$("$redflag" env)" && suite | grep -cE '^Passed ([0-9]+) of \1 tests')"
some=(encoding/json compress/flate regexp sort math/big text/template container/heap reflect)
standard() (
	eval "$("$redflag" env)"
	GOGC=5 go test -race -short -count=1 "${some[@]}"
)
check "packages of the standard library, with much collecting" standard

if [ -n "${RF_FULL:-}" ]; then
	for go in go1.25.4 go1.27.0; do
		have_go "$go" || continue
		check "$go: it is made" env GOTOOLCHAIN="$go" "$redflag" toolchain --compiler on
		GOTOOLCHAIN=$go "$redflag" test --db "$work/$go.db" -count=1 ./... >"$work/$go.txt" 2>&1
		check "$go: the corpus" equal "$(found "$work/ours.db")" "$(found "$work/$go.db")"
	done
fi

# --- off ------------------------------------------------------------------------------------------------------------

check "it is removed" "$redflag" toolchain --compiler off
check "and not used then" equal "" "$(toolexec)"
"$redflag" test --db "$work/stock.db" -count=1 ./... >"$work/stock.txt" 2>&1
check "the corpus has the same findings as with Go's own compiler" equal "$(found "$work/stock.db")" "$(found "$work/ours.db")"
finish
