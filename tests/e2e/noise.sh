#!/usr/bin/env bash
# Noise control as a user meets it: suppression lists in plain text runs and inside instrumented processes, the gate, baselines,
# policies, states of findings.
. "$(dirname "$0")/../lib.sh"

mkdir -p "$work/shop" && cd "$work/shop" || exit
cat >go.mod <<'END'
module example.com/shop

go 1.25
END
cat >shop_test.go <<'END'
package shop

import "testing"

var total, stock int

func add(done chan bool) { total++; done <- true }

func TestAdd(t *testing.T) {
	done := make(chan bool)
	go add(done)
	total++
	<-done
}

func take(done chan bool) { stock--; done <- true }

func TestTake(t *testing.T) {
	done := make(chan bool)
	go take(done)
	stock--
	<-done
}
END
query() { sqlite3 "$1" "$2"; }
go test -race ./... >"$work/stock.txt" 2>&1
report() { "$redflag" report --db "$db" --trace-id "$1" <"$work/stock.txt"; }

# --- suppression lists, plain text
db=$work/text.db
check "without a list both races are new: 66" status_of 66 report t1
id=$(query "$db" "SELECT id FROM v_findings WHERE title LIKE '%add%'")
check "suppress wants a reason" status_of 2 "$redflag" suppress --db "$db" "$id"
check "suppress refuses an odd date" status_of 2 "$redflag" suppress --db "$db" --reason x --expires tomorrow "$id"
check "suppress writes an entry" status_of 0 "$redflag" suppress --db "$db" --owner shop --expires 2199-12-31 --reason \
	"off by one is fine" "$id"
check "and says what it means" grep -q 'on the stack of either side' "$work/out"
check "suppress twice is refused" status_of 2 "$redflag" suppress --db "$db" --reason x "$id"
check "list names it" sh -c '"$1" suppressions --db "$2" | grep -q "unused   race:^example.com/shop"' - "$redflag" "$db"
check "check: one that never matched" status_of 1 "$redflag" suppressions check --db "$db"
db=$work/text2.db
check "with the list the other race is new: 66" status_of 66 report t1
check "one suppressed by the reporter, with its entry" equal 1 \
	"$(query "$db" "SELECT count(*) FROM v_events WHERE suppressed_by = 'reporter' AND suppression LIKE 'race:^example%'")"
check "its finding says so" equal 1 "$(query "$db" "SELECT count(*) FROM v_findings WHERE status = 'suppressed'")"
check "SARIF names the entry and its reason" sh -c '"$1" export --db "$2" --format sarif --run all | python3 -c "
import json, sys
[s] = [s for r in json.load(sys.stdin)[\"runs\"][0][\"results\"] for s in r[\"suppressions\"]]
assert s[\"kind\"] == \"external\" and s[\"justification\"].endswith(\": off by one is fine; owner shop; until 2199-12-31\"), s
assert s[\"properties\"][\"entry\"].startswith(\"race:^example.com/shop\"), s"' - "$redflag" "$db"
check "JUnit names the entry" sh -c '"$1" export --db "$2" --format junit | grep -q "skipped message=\"suppressed by race:^example"' - \
	"$redflag" "$db"
check "stats counts it" sh -c '"$1" suppressions stats --db "$2" | grep -qE "^ +1 +1 +20.*race:"' - "$redflag" "$db"
printf 'race_top:shop.take\nrace:shop.TestTake$\n' >>.redflag.supp
db=$work/text3.db
check "all suppressed: tests still failed, so 1" status_of 1 report t1
printf '# expires=2020-01-31 reason=old\nrace:shop.\n' >.redflag.supp
db=$work/text4.db
check "expired entries match no more: 66" status_of 66 report t1
check "and say so" grep -q 'supp:2: race:shop. expired after 2020-01-31' "$work/err"
printf 'race:a\nrase:b\n' >.redflag.supp
check "a malformed line is our own failure: 3" status_of 3 report t2
check "with file and line" grep -q 'redflag.supp:2: "rase:b" is no suppression' "$work/err"
mkdir -p ci && mv .redflag.supp ci/races.supp && printf 'suppressions: ci/races.supp\n' >.redflag.yml
check "another place by .redflag.yml" sh -c '"$1" suppressions --db "$2" 2>&1 | grep -q "ci/races.supp:2"' - "$redflag" "$db"
rm -r ci
check "a list that is named must be there" status_of 3 report t3
rm .redflag.yml

# --- suppression lists, inside the process
check "instrumented: both are new: 66" status_of 66 "$redflag" test ./...
for id in $(query .redflag/redflag.db 'SELECT id FROM findings'); do
	"$redflag" suppress --reason "known" "$id" >>"$work/suppress.out" 2>&1
done
check "suppressed in the process: the tests pass: 0" status_of 0 "$redflag" test -count=1 ./...
check "the summary says how many" grep -qE 'Silent +[0-9]+ report' "$work/out"
check "recorded as suppressed, with their entries" equal 2 "$(query .redflag/redflag.db \
	"SELECT count(DISTINCT suppression) FROM v_events WHERE suppressed_by = 'process'")"
check "the list is in order" status_of 0 "$redflag" suppressions check
cp .redflag.supp "$work/supp"
printf '# kind=data-race reason=decided by the reporter\nrace:*\n' >.redflag.supp
"$redflag" test --db "$work/count.db" -count=1 ./... >"$work/out" 2>&1
check "text and record of a report are counted once" equal "$(query "$work/count.db" \
	"SELECT count(*) FROM v_events WHERE verdict = 'suppressed'")" "$(sed -n 's/^Silent *\([0-9]*\) .*/\1/p' "$work/out")"
cp "$work/supp" .redflag.supp
check "the same list loads in stock go" env GORACE="suppressions=$PWD/.redflag.supp" go test -race -count=1 ./...
eval_env() { eval "$("$redflag" env)" && go test -race -count=1 ./...; }
check "redflag env hands it on" eval_env
printf 'race:nothing.there\n' >"$work/mine.supp"
check "GORACE stays, merged" env GORACE="history_size=2 suppressions=$work/mine.supp" "$redflag" test -count=1 ./...
check "the file that it named is in the copy" grep -rq 'race:nothing.there' .redflag/redflag.db.suppressions
check "go keeps no pass that the list made" sh -c 'mv .redflag.supp aside; "$1" test ./... >/dev/null 2>&1; s=$?
	mv aside .redflag.supp; test $s = 1' - "$redflag"
sed -i 's/^# reason.*/# expires=2020-01-01/' .redflag.supp
check "expired: the tests fail again, known: 1" status_of 1 "$redflag" test -count=1 ./...
rm .redflag.supp

# --- the gate and the baseline
check "known races, by default: 1" status_of 1 "$redflag" test ./...
check "known races, --fail-on=new: 0" status_of 0 "$redflag" test --fail-on=new ./...
check "known races, --fail-on=any: 66" status_of 66 "$redflag" test --fail-on any ./...
check "--fail-on wants a word that it knows" status_of 2 "$redflag" test --fail-on=old ./...
check "baseline diff wants a baseline" status_of 3 "$redflag" baseline diff
check "baseline save" status_of 0 "$redflag" baseline save
check "a line a finding, sorted" sh -c 'grep -v "^#" .redflag.baseline | LC_ALL=C sort -c && test "$(grep -vc "^#" .redflag.baseline)" = 2'
cp .redflag.baseline "$work/first"
check "saved again it is the same" sh -c '"$1" baseline save >/dev/null && cmp .redflag.baseline "$2"' - "$redflag" "$work/first"
check "an empty database, with the baseline: 0" status_of 0 "$redflag" test --db "$work/fresh.db" --fail-on=new ./...
check "they are shown as known" grep -q 'baseline' "$work/out"
baselined() { grep -o '"status": *"baseline"' | wc -l; }
check "and have that status wherever one is read" equal "2 2 0 2" "$("$redflag" list --db "$work/fresh.db" --json | baselined) \
$("$redflag" export --db "$work/fresh.db" --format json | baselined) \
$("$redflag" list --db "$work/fresh.db" --status new --json | grep -c fingerprint) \
$(query "$work/fresh.db" "SELECT findings_baseline FROM v_findings_by_package")"
check "diff: both unresolved" sh -c '"$1" baseline --db "$2" diff | grep -x "2 unresolved"' - "$redflag" "$work/fresh.db"
mv .redflag.baseline "$work/moved"
"$redflag" test --db "$work/its own.db" ./... >"$work/summary" 2>&1
next() { PATH=$(dirname "$redflag"):$PATH sh -c "$(sed -n "$1" "$2")" | head -n 1; }
check "what the summary advises works with that --db" grep -q '^Finding ' <(next 's/^Next *\(redflag show.*db.\{0,1\}\)  .*/\1/p' "$work/summary")
"$redflag" list --db "$work/its own.db" >"$work/summary"
check "what list advises, too" grep -q '^Finding ' <(next 's/.*Next: `\(.*\)`/\1/p' "$work/summary")
check "and is short where it finds the database by itself" sh -c '"$1" list | grep -q "Next: .redflag show [0-9]*.$"' - "$redflag"
check "an empty database, without it: 66" status_of 66 "$redflag" test --db "$work/fresh2.db" --fail-on=new ./...
check "--baseline FILE" status_of 0 "$redflag" test --db "$work/fresh3.db" --baseline "$work/moved" --fail-on=new ./...
check "a baseline that isn't there: 3" status_of 3 "$redflag" test --baseline "$work/nowhere" --fail-on=new ./...
check "new findings, --fail-on=never: 0" status_of 0 "$redflag" test --db "$work/fresh4.db" --fail-on=never ./...
mv "$work/moved" .redflag.baseline
go test -race -json ./... >"$work/stock.json" 2>/dev/null
gate() { "$redflag" report --db "$1" --fail-on=new <"$2"; }
check "stock's -json with the baseline: 0" status_of 0 gate "$work/fresh5.db" "$work/stock.json"
check "plain text doesn't tell why a test failed: 1" status_of 1 gate "$work/fresh6.db" "$work/stock.txt"
cat >more_test.go <<'END'
package shop

import "testing"

func TestWrong(t *testing.T) { t.Error("wrong") }
END
check "a failure that is no race still fails: 1" status_of 1 "$redflag" test --fail-on=new ./...
cat >more_test.go <<'END'
package shop

import "testing"

var count int

func inc(done chan bool) { count++; done <- true }

func TestNew(t *testing.T) {
	done := make(chan bool)
	go inc(done)
	count++
	<-done
}
END
sed -i 's/stock--/_ = 0/' shop_test.go
check "a new race closes the gate: 66" status_of 66 "$redflag" test --db "$work/fresh7.db" --fail-on=new ./...
check "diff: new, unresolved and resolved" sh -c '"$1" baseline --db "$2" diff >"$3/diff"; test $? = 66 &&
	grep -x "1 new" "$3/diff" && grep -x "1 unresolved" "$3/diff" && grep -x "1 resolved" "$3/diff"' - "$redflag" \
	"$work/fresh7.db" "$work"
check "diff of the last run" status_of 66 "$redflag" baseline diff --db "$work/fresh7.db" --run last
absent() { # DATABASE BASELINE: what the last run says of those that it didn't see
	"$redflag" baseline --db "$1" diff --run last "$2" | sed -n 's/^\([0-9]* \(resolved\|suppressed\|not \(tested\|seen\)\)\).*/\1/p' | paste -sd,
}
cut -f 1-3 .redflag.baseline >"$work/old.baseline"
"$redflag" test --db "$work/fresh7.db" -run TestNew ./... >/dev/null 2>&1
check "diff: a test that wasn't run resolves nothing" equal "0 resolved,2 not tested" "$(absent "$work/fresh7.db" .redflag.baseline)"
mkdir other && printf 'package other\n\nimport "testing"\n\nfunc TestOther(t *testing.T) {}\n' >other/other_test.go
"$redflag" test --db "$work/fresh7.db" ./other >/dev/null 2>&1
check "diff: nor does the run of another package" equal "0 resolved,2 not tested" "$(absent "$work/fresh7.db" .redflag.baseline)"
"$redflag" test --db "$work/fresh8.db" ./other >/dev/null 2>&1
check "diff: nor where the database is fresh" equal "0 resolved,2 not tested" "$(absent "$work/fresh8.db" .redflag.baseline)"
check "diff: an older baseline doesn't say where they were" equal "0 resolved,2 not seen" "$(absent "$work/fresh8.db" "$work/old.baseline")"
go test -race . 2>&1 | "$redflag" report --db "$work/fresh8.db" >/dev/null 2>&1
check "diff: plain text doesn't tell what was tested" equal "0 resolved,1 not seen" "$(absent "$work/fresh8.db" .redflag.baseline)"
go test -race ./other >/dev/null 2>&1
go test -race -json . ./other 2>/dev/null | "$redflag" report --db "$work/fresh9.db" --baseline /dev/null >/dev/null 2>&1
sed 's|example.com/shop\tTest|example.com/shop/other\tTest|' .redflag.baseline >"$work/cached.baseline"
check "diff: what Go's cache had wasn't run" equal "0 resolved,1 not tested" "$(absent "$work/fresh9.db" "$work/cached.baseline")"
echo 'race:shop.add$' >.redflag.supp
"$redflag" test --db "$work/fresh10.db" . >/dev/null 2>&1
check "diff: suppressed isn't resolved" equal "1 suppressed,1 resolved" "$(absent "$work/fresh10.db" .redflag.baseline)"
rm -r other .redflag.supp

# --- policies
rm .redflag.baseline
db=$work/policy.db
for i in 1 2 3 4; do
	"$redflag" report --db "$db" --trace-id "p$i" <"$work/stock.txt" >/dev/null 2>&1
done
check "two alerts a finding, the rest is silenced" equal "4|4" "$(query "$db" \
	"SELECT sum(verdict = 'alert'), sum(verdict = 'silenced') FROM v_events")"
check "silenced is still counted" equal "8" "$(query "$db" "SELECT sum(events) FROM v_findings")"
check "policy test keeps to 80 columns" sh -c '[ -z "$("$1" policy --db "$2" test | grep -E "^.{81}")" ]' - "$redflag" "$db"
check "policy test agrees on past events" sh -c '"$1" policy --db "$2" test | grep -qE "^ +8 +4 +4 +2  in all"' - "$redflag" "$db"
printf 'policies:\n  - tag: example.com/*\n    bypass: true\n    severity: high\n' >.redflag.yml
check "with rules that silence nothing" sh -c '"$1" policy --db "$2" test .redflag.yml | grep -qE "^ +8 +8 +0 +0  in all"' - \
	"$redflag" "$db"
"$redflag" report --db "$db" --trace-id p5 <"$work/stock.txt" >/dev/null 2>&1
check "the rule and its severity are stored" equal "2" "$(query "$db" \
	"SELECT count(*) FROM v_events WHERE verdict = 'bypassed' AND severity = 'high' AND policy LIKE '%.redflag.yml:2'")"
printf 'policies:\n  - events: 2\n    within: 1m\n    silence: 1s\n' >.redflag.yml
db=$work/policy2.db
for i in 1 2; do
	"$redflag" report --db "$db" --trace-id "p$i" <"$work/stock.txt" >/dev/null 2>&1
done
told() { # when the second is over, whoever reports next says it
	"$redflag" ingest --db "$db" /dev/null >/dev/null 2>"$work/err"
	grep -q 'was silenced from' "$work/err"
}
check "when a silence ends, one alert says how many were held back" wait_for 10 told
check "with the number" grep -qE 'Finding [0-9]+ .*; 1 report was held back \(policy .*redflag.yml:2\)' "$work/err"
check "once" sh -c '"$1" ingest --db "$2" /dev/null 2>&1 >/dev/null | grep -c silenced | grep -qx 0' - "$redflag" "$db"
printf 'policies:\n  - events: none\n' >.redflag.yml
check "a malformed rule names file and line" sh -c '"$1" policy --db "$2" test 2>&1 | grep -q "redflag.yml:2: \"none\""' - \
	"$redflag" "$db"
rm .redflag.yml

# --- states
cat >retry_test.go <<'END'
package shop

import (
	"os"
	"testing"
)

var tries int

func TestFlaky(t *testing.T) {
	if os.Getenv("RETRY") != "" {
		return
	}
	done := make(chan bool)
	go func() { tries++; done <- true }()
	tries++
	<-done
}
END
# --- tags by labels: the text doesn't have them, and comes first when its test goes on
mkdir -p "$work/labels" && cd "$work/labels" || exit
printf 'module example.com/labels\n\ngo 1.25\n' >go.mod
cat >labels_test.go <<'END'
package labels

import (
	"context"
	"os"
	"runtime/pprof"
	"testing"
	"time"
)

func TestLabels(t *testing.T) {
	n := 0
	done := make(chan bool)
	pprof.Do(context.Background(), pprof.Labels("tag", os.Getenv("LABEL")), func(context.Context) {
		go func() { n++; done <- true }()
		n++
		<-done
	})
	if os.Getenv("SLOW") != "" {
		time.Sleep(2500 * time.Millisecond) // the reporter stores text that has waited for a second
	}
}
END
cat >.redflag.yml <<'END'
alerts:
  - type: jsonl
    path: all.jsonl
  - type: jsonl
    path: canary.jsonl
    tag: '*canary*'
END
db=$work/labels.db
for slow in "" 1; do
	for label in a:canary:true b:loud; do
		for i in 1 2 3 4; do
			SLOW=$slow LABEL=$label$slow "$redflag" test --db "$db" -count=1 . >/dev/null 2>&1
		done
	done
done
check "a canary by its label is never silenced, other tags are" equal \
	"a:canary:true|bypassed|canary|4;a:canary:true1|bypassed|canary|4;b:loud|alert|default|2;b:loud|silenced|default|2;b:loud1|alert|default|2;b:loud1|silenced|default|2" \
	"$(query "$db" "SELECT tag, verdict, policy, count(*) FROM v_events GROUP BY 1, 2, 3 ORDER BY 1, 2" | paste -sd ';')"
check "each is new once" equal 4 "$(wc -l <all.jsonl)"
check "a sink for a tag gets what has it by a label" equal 2 "$(wc -l <canary.jsonl)"
cd "$work/shop" || exit
db=$work/retry.db
check "a flaky race" status_of 66 env TRACE_ID=retry "$redflag" test --db "$db" -run TestFlaky .
check "run again it passes" status_of 0 env TRACE_ID=retry RETRY=1 "$redflag" test --db "$db" -run TestFlaky .
check "the finding stays and says so" sh -c '"$1" list --db "$2" | tr -s " \n" " " | grep -q "passed when it was run again"' - \
	"$redflag" "$db"
"$redflag" export --format junit --db "$db" -o "$work/retry.xml"
check "JUnit has the test twice, and the finding at the time that it was reported" equal "2 1" \
	"$(grep -c 'name="TestFlaky"' "$work/retry.xml") $(grep -c 'was reported here' "$work/retry.xml")"
check "still new" equal "new|1" "$(query "$db" "SELECT status, retried FROM v_findings")"
query "$db" "UPDATE findings SET resolved_after = '2020-01-01T00:00:00.000Z'"
check "list --status resolved" sh -c '"$1" list --db "$2" --status resolved | grep -q "resolved  "' - "$redflag" "$db"

# --- duplicates
db=$work/duplicates.db
status_of 66 report d1
a=$(query "$db" "SELECT min(id) FROM v_findings") b=$(query "$db" "SELECT max(id) FROM v_findings")
check "of itself: refused" status_of 2 "$redflag" duplicate --db "$db" "$a" --of "$a"
check "without --of: refused" status_of 2 "$redflag" duplicate --db "$db" "$a"
check "a duplicate" status_of 0 "$redflag" duplicate --db "$db" "$b" --of "$a" --reason "the same <b>counter</b>"
check "no circles" status_of 2 "$redflag" duplicate --db "$db" "$a" --of "$b"
check "list --status duplicate" sh -c '"$1" list --db "$2" --status duplicate | tr -s " \n" " " | grep -q "a duplicate of $3"' - \
	"$redflag" "$db" "$a"
check "show names it at the original" sh -c '"$1" show --db "$2" "$3" | grep -q "^Duplicates of it"' - "$redflag" "$db" "$a"
check "show says why" sh -c '"$1" show --db "$2" "$3" | grep -q "duplicate  *of finding .*same <b>counter"' - "$redflag" "$db" "$b"
for format in json sarif junit github markdown html ctrf otlp; do
	check "export --format $format --status duplicate" status_of 0 "$redflag" export --db "$db" --format "$format" --status duplicate
done
check "the baseline has both" sh -c '"$1" baseline --db "$2" save "$3/b" && test "$(grep -vc "^#" "$3/b")" = 2' - "$redflag" "$db" "$work"
grep -v "^$(query "$db" "SELECT fingerprint FROM findings WHERE id = $b")" "$work/b" >"$work/b1"
check "the original alone makes the duplicate known" sh -c '"$1" baseline --db "$2" diff "$3" | grep -x "0 new"' - "$redflag" "$db" "$work/b1"
sed -n '/WARNING/,/^====/p' "$work/stock.txt" | sed '1i ==================' >"$work/both.txt"
gate_other() { "$redflag" report --db "$db" --trace-id d2 --tag other --fail-on=new <"$work/both.txt"; }
check "under another tag both are new: 66" status_of 66 gate_other
for id in $(query "$db" "SELECT id FROM v_findings WHERE tag = 'other'"); do
	"$redflag" duplicate --db "$db" "$id" --of "$b" >"$work/out"
done
check "a duplicate's duplicate is one of the original" grep -qx "Finding .* is a duplicate of $a, of which $b is one too." "$work/out"
check "the same run again: they are known: 0" status_of 0 gate_other
check "and count as no new ones" equal 0 "$(query "$db" "SELECT findings_new FROM v_runs WHERE trace_id = 'd2'")"
check "one new finding in the first run" equal 1 "$(query "$db" "SELECT findings_new FROM v_runs WHERE trace_id = 'd1'")"
check "undo" status_of 0 "$redflag" duplicate --db "$db" "$b" --undo
check "undone" equal 0 "$(query "$db" "SELECT count(*) FROM v_findings WHERE status = 'duplicate' AND id = $b")"
check "twice: refused" status_of 2 "$redflag" duplicate --db "$db" "$b" --undo

finish
