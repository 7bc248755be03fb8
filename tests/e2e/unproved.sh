#!/usr/bin/env bash
# A detector whose layouts the probe can't prove: a clear message, stock's behaviour, and nothing read that may be wrong.
# A compiler that builds a probe which always fails stands in for such a detector.
. "$(dirname "$0")/../lib.sh"

export XDG_CACHE_HOME=$work/cache GOCACHE=${GOCACHE:-$(go env GOCACHE)}
cat >"$work/cc" <<'SH'
#!/usr/bin/env bash
for word; do
	case $word in
	*probe.c)
		output=probe
		while [ $# -gt 0 ]; do
			[ "$1" != -o ] || output=$2
			shift
		done
		printf '#!/bin/sh\necho "the race detector of this Go has another layout than redflag knows: a test" >&2\nexit 1\n' >"$output"
		chmod +x "$output"
		exit
		;;
	esac
done
exec gcc "$@"
SH
chmod +x "$work/cc"
export CC=$work/cc
cp -r "$root/tests/e2e/programs" "$work/programs"
cd "$work/programs" || exit

"$redflag" test --db "$work/db" -count=1 ./leak ./counter >"$work/out" 2>&1
check "new findings, from the text" equal 66 $?
check "the probe's sentence is shown" grep -q 'another layout than redflag knows: a test' "$work/out"
check "both bugs are found" equal 2 "$(sqlite3 "$work/db" 'SELECT count(*) FROM v_findings')"
check "no record but of the process" equal text "$(sqlite3 "$work/db" 'SELECT DISTINCT source FROM events')"
check "attribution is stock's: the innocent test fails" grep -q -- '--- FAIL: TestInnocent' "$work/out"
check "no other complaint" equal "" "$(grep -i 'not instrumented' "$work/out")"
cp -r "$root/tests/e2e/history" "$work/history"
"$redflag" test -C "$work/history" --db "$work/db" -count=1 ./longtask >"$work/long" 2>&1
check "a race that is long ago is dropped, as under stock" equal 0 $?
"$redflag" doctor >"$work/doctor" 2>&1
check "doctor says so" grep -q 'note  probe  *the probe refused' "$work/doctor"
check "and that there are no short cuts" grep -q 'note  short cuts  *not proved' "$work/doctor"
check "and no views" grep -q 'note  views  *not proved' "$work/doctor"
finish
