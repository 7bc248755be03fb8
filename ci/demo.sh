#!/usr/bin/env bash
# make demo: a sample module with real bugs of several kinds (docs/demo), from the test run to the summary. Leaves
# build/demo/ with a copy of the module and its database; run again, the same findings are known.
set -euo pipefail
cd "$(dirname "$0")/.."
redflag=$PWD/build/bin/redflag

mkdir -p build/demo
cp -r docs/demo/. build/demo/
cd build/demo
echo "\$ cd build/demo && redflag test -count=1 ./..."
status=0
"$redflag" test -count=1 ./... || status=$?
case $status in
0 | 1 | 66) ;; # clean, known findings only, new findings: all of them are a demo that worked
*) exit "$status" ;;
esac
