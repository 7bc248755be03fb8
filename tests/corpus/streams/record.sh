#!/usr/bin/env bash
# Records what stock go prints for the module beside this script, one file a case: tests/corpus/streams/record.sh [DIRECTORY]
# (default: where the script is). Times, addresses and goroutine numbers differ from one recording to the next; junit-peers.sh
# expects none.
set -u
here=$(cd "$(dirname "$0")" && pwd)
to=$(cd "${1:-$here}" && pwd)
cd "$here/module" || exit
unset GOFLAGS GORACE
export FLAKY
FLAKY=$(mktemp -u)

record() { # NAME FLAGS AND PACKAGES...
	local name=$1
	shift
	go test -trimpath -json "$@" >"$to/$name.json" 2>"$to/$name.stderr"
	[ -s "$to/$name.stderr" ] && sed "s/^/$name: /" "$to/$name.stderr" >&2
	rm -f "$to/$name.stderr"
}

record passing ./passing ./attrs
record failing ./failing ./skipping ./allskip
record crashes ./panicking ./panicsub ./panicgo ./exits ./exitzero ./fatal ./mainfails ./mainfailslate
record builds ./same/a ./buildfails ./vetfails ./setupfails ./usesbroken ./libfails ./nofiles ./notests
record timeout -timeout 1s ./hangs
record hostile ./hostile
record count -count=3 ./same/...
record processors -cpu=1,2 ./same/...
record cached ./skipping ./same/a
record cached ./skipping ./same/a
record coverage -cover ./covered ./nofiles
record benchmarks -bench . -benchtime 10x ./passing ./failing
record flaky -count=2 ./flaky
record races -race ./raced ./leaks ./raceoutside ./raceinit ./parraced
# Cut in the middle of a line, while a test runs.
head -c 20000 "$to/races.json" >"$to/cut.json"
rm -f "$FLAKY"
