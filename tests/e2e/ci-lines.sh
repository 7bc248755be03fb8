#!/usr/bin/env bash
# docs/ci.md as a new user would follow it: its blocks of commands are run as they stand, on the sample module, on "machines" that know
# nothing but what is committed; and the examples for CI systems hold no redflag command that isn't in a block.
. "$(dirname "$0")/../lib.sh"
unset GITHUB_WORKSPACE GITHUB_STEP_SUMMARY

document=$root/docs/ci.md
mkdir "$work/bin" && ln -s "$redflag" "$work/bin/redflag"
PATH=$work/bin:$PATH
export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.com

lines() { # NAME: the block below "<!-- lines: NAME -->"
	awk -v "mark=<!-- lines: $1 -->" '$0 == mark { here = 1; next } here && /^```/ { if (inside) exit; inside = 1; next } here && inside' \
		"$document"
}
run() { # NAME: runs the block as CI systems run theirs; output in $work/NAME.out
	lines "$1" >"$work/$1.sh"
	[ -s "$work/$1.sh" ] || return 99
	bash -e "$work/$1.sh" >"$work/$1.out" 2>&1
}
machine() { # NAME: a fresh checkout of what is committed
	git clone -q "$work/shop" "$work/$1" && cd "$work/$1" || return
}

# --- examples hold what is tested
check "every redflag command of the examples stands in a block that is run" equal "" "$(
	sed -n '/^```yaml\|^```groovy/,/^```$/p' "$document" | grep -oE "(redflag|go test) (test|export|backup|report|suppress|serve|-race)[^'\"]*" |
		sed 's/ }.*//; s/[[:space:]]*$//' | while read -r line; do
		for block in baseline gate reports stream github suppress look merge; do lines $block; done | grep -xF -- "$line" >/dev/null || echo "$line"
	done)"
check "there are examples" [ "$(grep -c '^```yaml\|^```groovy' "$document")" = 3 ]

# --- once, on a developer's machine
mkdir "$work/shop" && cp -r "$root/docs/demo/." "$work/shop" && cd "$work/shop" || exit
git init -q . && echo .redflag/ >.gitignore
run baseline
check "baseline: status 0" equal 0 $?
check "baseline: it has the sample's races" [ "$(grep -c '^[0-9a-f]\{64\}' .redflag.baseline)" -ge 4 ]
git add . && git commit -qm shop
check "baseline: it is what git has, and the database isn't" equal "1 0" \
	"$(git ls-files | grep -c redflag.baseline) $(git ls-files | grep -c '^.redflag/')"

# --- a build with known races only
machine known || exit
run gate
check "gate: known races don't fail the build" equal 0 $?
run reports
check "reports: status 0" equal 0 $?
check "the comment: nothing is new" grep -q '^### redflag: no new findings' redflag.md
check "SARIF: nothing is new" equal 0 "$(grep -c '"baselineState": "new"' redflag.sarif)"
run github
check "annotations: known races are warnings" equal 0 "$(grep -c '^::error' "$work/github.out")"

# --- a branch that adds a race
cd "$work/shop" && mkdir stock || exit
cat >stock/stock.go <<'END'
// Package stock forgets to lock.
package stock

type Stock struct{ left int }

func (s *Stock) Take() { s.left-- }
END
cat >stock/stock_test.go <<'END'
package stock

import (
	"sync"
	"testing"
)

func TestTake(t *testing.T) {
	var s Stock
	var wg sync.WaitGroup
	for range 2 {
		wg.Add(1)
		go func() { defer wg.Done(); s.Take() }()
	}
	wg.Wait()
}
END
git add . && git commit -qm stock
machine new || exit
run gate
check "gate: a new race fails the build" equal 66 $?
run reports
check "reports: status 0" equal 0 $?
check "the comment: one is new, and it is that one" sh -c 'grep -q "^### redflag: 1 new finding" redflag.md && grep -q "stock.*Take" redflag.md'
check "SARIF: one is new" equal 1 "$(grep -c '"baselineState": "new"' redflag.sarif)"
check "JUnit: the new race is a test that failed, and the tests have their suites" \
	sh -c 'grep -q "<testsuite name=\"redflag\"" redflag.xml && grep -q "stock.(\*Stock).Take" redflag.xml && grep -q "TestTake" redflag.xml'
check "the page tells it" grep -q 'stock.(\*Stock).Take' redflag.html
check "the database is one file, and has it" equal 1 "$(sqlite3 redflag.db "SELECT count(*) FROM v_findings WHERE package LIKE '%/stock'")"
run github
check "annotations: the new race is an error at its line" grep -q '^::error file=stock/stock.go,line=6,' "$work/github.out"
cp redflag.db "$work/monday.db"

# --- the same with an unmodified go
machine stream || exit
run stream
check "stream: a new race fails the build" equal 66 $?
sed -i '/stock/d' .redflag.baseline
redflag baseline save >"$work/out" 2>&1
rm -rf .redflag
run stream
check "stream: once it is in the baseline, it doesn't" equal 0 $?
sed -i 's/var wg sync.WaitGroup/t.Error("other"); &/' stock/stock_test.go
rm -rf .redflag
run stream
check "stream: a test that fails for another reason does" equal 1 $?

# --- tolerated
machine tolerated || exit
run gate
FINDING=$(sqlite3 .redflag/redflag.db "SELECT id FROM v_findings WHERE package LIKE '%/stock'")
export FINDING
run suppress
check "suppress: status 1, since the entry has matched nothing yet" equal 1 $?
rm -rf .redflag
run gate
check "gate: a suppressed race doesn't fail the build" equal 0 $?
redflag suppressions check >"$work/out" 2>&1
check "check: now it is in use" equal 0 $?
run reports
check "the comment counts it" grep -q '1 suppressed' redflag.md
cp redflag.db "$work/tuesday.db"

# --- looked at
mkdir "$work/desk" && cd "$work/desk" && cp "$work/monday.db" redflag.db && cp "$work"/{monday,tuesday}.db . || exit
lines look >"$work/look.sh"
bash -e "$work/look.sh" >"$work/look.out" 2>&1 &
server=$!
wait_for 10 grep -q '^Serving ' "$work/look.out"
url=$(sed -n 's|^Serving \(http://[^ ]*\) .*|\1|p' "$work/look.out")
check "look: the page has the finding" sh -c 'python3 -c "
import sys, urllib.request
sys.exit(b\"stock.(*Stock).Take\" not in urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1] + \"findings\").read())" "$1"' - "$url"
pkill -P "$server" 2>/dev/null
kill "$server" 2>/dev/null
wait "$server" 2>/dev/null
run merge
check "merge: status 0" equal 0 $?
check "merge: what both have seen is recurring" grep -q 'cart.(\*Cart).Add' "$work/merge.out"
finish
