#!/usr/bin/env bash
# View inconsistencies: twins of a bug and its correct neighbour, in e2e/views/. Every bug is found in every run, by its own test;
# no neighbour is ever named. Then the same through redflag, from the spool and from the text.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../twins.sh"

export REDFLAG=views=1
twins views View=view-inconsistency
run_twins "this Go" local 5
GOGC=1 GODEBUG=clobberfree=1,gccheckmark=1 ./twins.test -test.v >out.gc 2>&1
check "with constant collections" equal "$want" "$(kinds out.gc)"
REDFLAG='' ./twins.test -test.v >out.off 2>&1
check "off by default" equal "" "$(kinds out.off)"
REDFLAG="views=1 fast=0" ./twins.test -test.v >out.slow 2>&1
check "without short cuts" equal "$want" "$(kinds out.slow)"
./twins.test -test.run 'Getters$|WholeStruct$|Apart$' >out.words 2>&1
check "the three sides" equal "Read write read" "$(sed -nE 's/^(Previous )?(Read|read|write) at.*/\2/p' out.words | head -3 | xargs)"
run_other_gos

through_redflag
check "titles" equal "view inconsistency: views.(*pair).Right and views.(*pair).set" \
	"$(query "$work/db" "SELECT title FROM v_findings WHERE test_a = 'TestBugView_Getters'")"
id=$(query "$work/db" "SELECT id FROM v_findings WHERE test_a = 'TestBugView_WholeStruct'")
"$redflag" show --db "$work/db" "$id" >"$work/show" 2>&1
check "show names the fields" grep -q 'views.server.now.host and .tls are written together' <(xargs <"$work/show")
explained
finish
