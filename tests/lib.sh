# shellcheck shell=bash
# What every end-to-end script starts with: `. "$(dirname "$0")/../lib.sh"`.
#
#	check NAME COMMAND...   one check: passes when the command succeeds; its output is shown when it fails
#	skip NAME REASON        a check that can't be made here; visible and counted
#	status_of WANT COMMAND...   for use with check: the exit status; what it says is in $work/out and $work/err
#	have_go VERSION             whether that Go can be had here; if not, it is a skip
#	settings_of GO              what `redflag env` says for that Go; "local" is the one at hand
#	wait_for SECONDS COMMAND... until the command succeeds, at most so long
#	racing_functions N          prints a program of N functions, each of which races with itself
#	finish                  the last line of a script: the counts, and the exit status
#
# $root is the checkout, $redflag the command under test, $work a scratch directory that is removed at the end.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
redflag=${RF_TEST_REDFLAG:-$root/build/bin/redflag}
work=$(mktemp -d "${TMPDIR:-/tmp}/redflag-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0

# Nothing of the caller's settings reaches a test.
unset GOFLAGS GORACE REDFLAG REDFLAG_DB REDFLAG_SPOOL REDFLAG_TAG TRACE_ID TRACEPARENT GOMAXPROCS

check() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then
		passed=$((passed + 1))
		printf 'ok    %s\n' "$name"
	else
		failed=$((failed + 1))
		printf 'FAIL  %s\n' "$name"
		printf '%s\n' "$output" | tail -n 40 | sed 's/^/      /'
	fi
}

skip() {
	skipped=$((skipped + 1))
	printf 'skip  %s: %s\n' "$1" "$2"
}

# equal WANT GOT: for use with check.
equal() {
	[ "$1" = "$2" ] || {
		printf 'want: %s\ngot:  %s\n' "$1" "$2"
		return 1
	}
}

status_of() {
	local want=$1 got=0
	shift
	"$@" >"$work/out" 2>"$work/err" || got=$?
	equal "$want" "$got" || {
		cat "$work/out" "$work/err"
		return 1
	}
}

have_go() {
	GOTOOLCHAIN=$1 go version >/dev/null 2>&1 || {
		skip "$1" "this Go version can't be had here"
		return 1
	}
}

settings_of() {
	local which=()
	[ "$1" = local ] || which=(--go "$1")
	"$redflag" env "${which[@]}"
}

wait_for() {
	local left=$(($1 * 20))
	shift
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.05
	done
}

racing_functions() {
	printf 'package main\n\nimport "sync"\n\n'
	for i in $(seq "$1"); do printf '//go:noinline\nfunc f%d(p *int) { *p++ }\n\n' "$i"; done
	printf 'var all = []func(*int){'
	for i in $(seq "$1"); do printf 'f%d, ' "$i"; done
	cat <<'GO'
}

func main() {
	var wg sync.WaitGroup
	for _, f := range all {
		p := new(int)
		wg.Add(2)
		for i := 0; i < 2; i++ {
			go func() { f(p); wg.Done() }()
		}
		wg.Wait()
	}
}
GO
}

finish() {
	printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
	[ "$failed" -eq 0 ]
	exit
}
