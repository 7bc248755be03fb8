#!/usr/bin/env bash
# `redflag export --format junit` beside what gotestsum and go-junit-report write of the same stream: it has every case, message,
# output and property of theirs, is what the stream says where they aren't, and keeps every race report. The streams are what
# stock go printed (tests/corpus/streams), a generated one with many reports, and one that says more than is kept.
. "$(dirname "$0")/../lib.sh"
gotestsum=v1.13.0 go_junit_report=v2.1.0
pytest=8.4.2 # its source archive has the schema of Jenkins' xunit plugin, for pytest's own tests

python=$(command -v python3) || {
	skip "everything" "there is no python3"
	finish
}
for tool in gotest.tools/gotestsum@$gotestsum github.com/jstemmer/go-junit-report/v2@$go_junit_report; do
	(cd "$work" && GOBIN=$work/bin timeout 300 go install "$tool") >"$work/install" 2>&1 || {
		skip "everything" "$tool can't be had here"
		finish
	}
done
schema=$work/junit-10.xsd
if "$python" -m venv "$work/venv" >/dev/null 2>&1 && timeout 120 "$work/venv/bin/pip" install -q --disable-pip-version-check lxml \
	>"$work/pip" 2>&1 && timeout 120 "$work/venv/bin/pip" download -q --disable-pip-version-check --no-deps --no-binary pytest \
	-d "$work" pytest==$pytest >>"$work/pip" 2>&1; then
	tar xzf "$work/pytest-$pytest.tar.gz" -O "pytest-$pytest/testing/example_scripts/junit-10.xsd" >"$schema"
fi

written() { # NAME STREAM: NAME.xml, NAME.ctrf, and what the others write
	local name=$work/$1 stream=$2
	: >"$name.gotestsum" && : >"$name.go-junit-report"
	"$redflag" report --db "$name.db" --trace-id "$1" <"$stream" >/dev/null 2>"$name.log"
	"$redflag" export --db "$name.db" --format junit -o "$name.xml" &&
		"$redflag" export --db "$name.db" --format ctrf -o "$name.ctrf" || return
	# Their status is that of the tests.
	"$work/bin/gotestsum" --format none --junitfile "$name.gotestsum" --raw-command -- cat "$stream" >/dev/null 2>&1
	"$work/bin/go-junit-report" -parser gojson <"$stream" >"$name.go-junit-report" 2>/dev/null
	return 0
}
complete() { # NAME STREAM
	"$python" "$root/tests/e2e/junit_peers_check.py" "$2" "$work/$1.xml" "$work/$1.gotestsum" "$work/$1.go-junit-report" \
		"$work/$1.ctrf" >"$work/$1.check"
	local status=$?
	cat "$work/$1.check"
	return $status
}
valid() { # FILE...
	"$work/venv/bin/python" - "$schema" "$@" <<-'END'
		import sys
		from lxml import etree
		schema = etree.XMLSchema(etree.parse(sys.argv[1]))
		for path in sys.argv[2:]:
		    schema.assertValid(etree.parse(path))
	END
}
again() { # NAME STREAM: the same stream into the same database changes nothing
	"$redflag" report --db "$work/$1.db" --trace-id "$1" <"$2" >/dev/null 2>&1
	"$redflag" export --db "$work/$1.db" --format junit | cmp - "$work/$1.xml"
}

gcc -O2 -std=c11 -D_GNU_SOURCE "$root/tests/bench/stream/race_stream.c" -o "$work/race_stream" &&
	"$work/race_stream" 4000000 700 >"$work/many.json" || exit
for stream in "$root"/tests/corpus/streams/*.json "$work/many.json"; do
	name=$(basename "$stream" .json)
	check "$name: written" written "$name" "$stream"
	check "$name: complete" complete "$name" "$stream"
	if [ -s "$schema" ]; then
		check "$name: Jenkins' schema accepts it" valid "$work/$name.xml"
	else
		skip "$name: Jenkins' schema accepts it" "lxml or the schema can't be had from PyPI here"
	fi
	check "$name: read again, the same file" again "$name" "$stream"
done
printf '\n%-12s %8s %8s %10s %16s\n' 'reports of' stream redflag gotestsum go-junit-report
for name in races cut many; do
	read -r _ all _ ours _ theirs _ others <"$work/$name.check"
	printf '%-12s %8s %8s %10s %16s\n' "$name" "$all" "$ours" "$theirs" "$others"
done
cat "$work"/*.check | awk '/^outcomes/ { a += $7; b += $9 } END { print "cases that contradict their stream: gotestsum " a + 0 ", go-junit-report " b + 0 "\n" }'

# --- a check that can't fail is none
notices() { # SED: what the command removes from a file is missed
	sed "$1" "$work/failing.xml" >"$work/less.xml"
	! cmp -s "$work/less.xml" "$work/failing.xml" &&
		! "$python" "$root/tests/e2e/junit_peers_check.py" "$root/tests/corpus/streams/failing.json" "$work/less.xml" \
			"$work/failing.gotestsum" "$work/failing.go-junit-report" "$work/failing.ctrf"
}
check "noticed: a missing case" notices '/name="TestPasses"/d'
check "noticed: another outcome" notices 's|name="TestPasses" time="0.000"/>|&<testcase name="x"><skipped/></testcase>|'
check "noticed: a missing line" notices '/second reason: 2$/d'
check "noticed: a wrong total" notices 's/failures="12"/failures="11"/'

# --- a log that grows
growing=$work/growing
for part in cut races; do
	"$redflag" report --db "$growing.db" --trace-id races <"$root/tests/corpus/streams/$part.json" >/dev/null 2>&1
done
"$redflag" export --db "$growing.db" --format junit -o "$growing.xml"
comparable() { grep -v '<testsuite name="redflag"\|^finding\|(finding\|^Finding' "$1"; }
check "read when it was cut, then whole: as if it had always been whole" \
	diff <(comparable "$growing.xml") <(comparable "$work/races.xml")

# --- more than is kept
"$python" - >"$work/much.json" <<'END'
import json

def event(action, test=None, **more):
    print(json.dumps({"Time": "2026-01-01T00:00:00Z", "Action": action, "Package": "example.com/much",
                      **({"Test": test} if test else {}), **more}))

event("start")
for test, result in ("TestLoud", "pass"), ("TestLouder", "fail"):
    event("run", test)
    for i in range(20000):
        event("output", test, Output=f"{test} line {i} ünï\n")
    event(result, test, Elapsed=0.5)
event("fail", Elapsed=1)
END
"$redflag" report --db "$work/much.db" <"$work/much.json" >/dev/null 2>&1
"$redflag" export --db "$work/much.db" --format junit -o "$work/much.xml"
size_of() { "$python" -c 'import sys, xml.etree.ElementTree as E
print(sum(len(e.text.encode()) for e in E.parse(sys.argv[1]).iter(sys.argv[2])))' "$work/much.xml" "$1"; }
check "of a test that failed 64 KiB" test "$(size_of failure)" -gt 65000 -a "$(size_of failure)" -le 65600
check "of one that passed 4 KiB" test "$(size_of system-out)" -gt 4000 -a "$(size_of system-out)" -le 4160
check "both say how much was left out" equal 2 "$(grep -c '\[redflag: [0-9]* bytes left out\]$' "$work/much.xml")"
check "the first lines and the last" equal 4 "$(grep -c 'line 0 \|line 19999 ' "$work/much.xml")"
finish
