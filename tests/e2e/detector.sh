#!/usr/bin/env bash
# The detector built from its sources (redflag toolchain --tsan source): it is made when asked for, used from then on, and not when it
# can't be had or proved; the short cuts do what its full calls do; the same races are found, by the corpus and by Go's own suite.
. "$(dirname "$0")/../lib.sh"

export XDG_CACHE_HOME="$work/a cache" # a path that needs quoting
cache=$XDG_CACHE_HOME/redflag
cp -r "$root/tests/e2e/programs" "$work/programs"
cd "$work/programs" || exit

detector() { # what doctor says of it, in one line
	"$redflag" doctor | tr -s ' \n' ' ' | grep -oE '(ok|note) detector .* (ok|note) compiler '
}

# --- what can't be had ----------------------------------------------------------------------------------------------

check "a wish that isn't one" status_of 2 "$redflag" toolchain --tsan perhaps
mkdir "$work/bin"
printf '#!/bin/sh\n[ "$1" = indextargets ] && echo nowhere suite main Debian && exit\necho "E: no network: a test"\nexit 100\n' >"$work/bin/apt-get"
chmod +x "$work/bin/apt-get"
PATH=$work/bin:$PATH "$redflag" toolchain --tsan source >"$work/out" 2>&1
check "without the sources it isn't made" equal 1 "$(("$?" > 0))"
check "and a sentence says why" grep -q "Go's own is used: apt can't get the sources of llvm-toolchain-19: E: no network: a test" "$work/out"
check "nothing half-made is left" equal "" "$(find "$cache" -name 'building-*' -o -name 'detector-*')"
check "doctor says that it is Go's own" grep -q "^ok detector Go's own" <(detector)

# --- made and used --------------------------------------------------------------------------------------------------

if ! "$redflag" toolchain --tsan source >"$work/out" 2>"$work/err"; then
	if ! grep -qE "no apt-get here|apt knows no Debian|apt can't get" "$work/err"; then
		check "it is made" equal "" "$(cat "$work/err")"
		finish
	fi
	skip "a detector from sources" "$(tail -n 1 "$work/err")"
	finish
fi
check "it is made" grep -q "the detector built from its sources is used" "$work/out"
check "nothing but it is kept" equal "build.sh race_linux.o redflag_lock.h " "$(ls "$cache"/detector-* | tr '\n' ' ')"
check "made once" equal "" "$("$redflag" toolchain --tsan source 2>&1 >"$work/out")"
check "doctor says so" grep -q "^ok detector built from its sources" <(detector)

# --- the same findings ----------------------------------------------------------------------------------------------

"$redflag" test --db "$work/db" -count=1 ./... >"$work/out" 2>&1
check "the corpus: exit status" equal 66 $?
while read -r package count _; do
	case $package in '' | '#'*) continue ;; esac
	check "the corpus: $package" equal "$count" \
		"$(sqlite3 "$work/db" "SELECT count(*) FROM v_findings WHERE package = 'example.com/programs/$package'")"
done <expect.txt
suite() {
	go test -race -count=1 -v -run TestRace runtime/race 2>&1
}
check "Go's race suite" equal 1 "$(eval "$("$redflag" env)" && suite | grep -cE '^Passed ([0-9]+) of \1 tests')"
check "short cuts and full calls do the same" env FAST_VERSIONS="$(go env GOVERSION)" FAST_STEPS=200000 \
	bash "$root/tests/e2e/fast.sh"

# --- refused, and off -----------------------------------------------------------------------------------------------

# A compiler whose second probe, which is that of the detector from sources, fails.
cat >"$work/cc" <<SH
#!/usr/bin/env bash
[[ " \$* " != *probe.c* ]] || echo >>"$work/probes"
[[ " \$* " != *probe.c* || \$(wc -l <"$work/probes") != 2 ]] || { printf '#!/bin/sh\necho "another layout: a test" >&2; exit 1\n' >probe && exec chmod +x probe; }
exec gcc "\$@"
SH
chmod +x "$work/cc"
rm -rf "$cache"/go1*
CC=$work/cc "$redflag" toolchain >"$work/out" 2>&1
check "what the probe refuses isn't used" grep -q "^Go's own detector is used, .*: the probe refused: another layout: a test" "$work/out"
check "doctor says so, too" grep -q "^note detector the one from sources isn't used: the probe refused: another layout: a test" <(detector)
check "and short cuts are there" grep -q '^ok *short cuts' <("$redflag" doctor)
check "it is removed" "$redflag" toolchain --tsan stock
check "and not used then" grep -q "^ok detector Go's own" <(detector)
check "nothing of it is left" equal "" "$(find "$cache" -name 'detector-*')"
finish
