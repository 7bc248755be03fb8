#!/usr/bin/env bash
# The glue links in every way Go links: internally, externally (import "C", -linkmode=external), for GOAMD64 v1 and v3,
# stripped or not, as a c-archive in a C program.
. "$(dirname "$0")/../lib.sh"

cp -r "$root/tests/e2e/programs" "$work/programs"
cd "$work/programs" || exit
overlay=$("$redflag" toolchain --print overlay) || exit

# Builds and runs one test binary; says how many reports its spool has.
reports() { # PACKAGE GO-FLAGS...
	local package=$1
	shift
	rm -rf "$work/spool" "$work/db"*
	go test -race -overlay="$overlay" -c -o "$work/t" "$@" "./$package" || return
	REDFLAG_SPOOL=$work/spool "$work/t" -test.count=1 >/dev/null 2>&1
	"$redflag" ingest --db "$work/db" "$work"/spool/*.spool >/dev/null 2>&1 || return
	sqlite3 "$work/db" 'SELECT count(*) > 0 FROM v_events'
}

check "internal linking" equal 1 "$(reports counter)"
check "stripped" equal 1 "$(reports counter '-ldflags=-s -w')"
check "external linking" equal 1 "$(reports counter -ldflags=-linkmode=external)"
check "import \"C\"" equal 1 "$(reports cgo)"
check "net, internal" equal 1 "$(reports httpserver -ldflags=-linkmode=internal)"
if grep -q avx2 /proc/cpuinfo; then
	export GOAMD64=v3
	check "GOAMD64=v3" equal 1 "$(reports counter)"
	check "GOAMD64=v3, import \"C\"" equal 1 "$(reports cgo)"
	unset GOAMD64
else
	skip "GOAMD64=v3" "this processor has no AVX2"
fi

mkdir "$work/archive" && cd "$work/archive" || exit
cat >lib.go <<'GO'
package main

import "C"
import "sync"

type counter struct{ n int }

func (c *counter) inc() { c.n++ }

//export Race
func Race() {
	var c counter
	var wg sync.WaitGroup
	for i := 0; i < 2; i++ {
		wg.Add(1)
		go func() { c.inc(); wg.Done() }()
	}
	wg.Wait()
}

func main() {}
GO
mkdir c
cat >c/main.c <<'C'
#include "../lib.h"
int rf_lock, rf_spool_init, spool, table; /* names of the glue's own: must not meet */
int main(void) { Race(); return rf_lock + rf_spool_init + spool + table; }
C
printf 'module example.com/archive\n\ngo 1.25\n' >go.mod
archive() {
	go build -race -overlay="$overlay" -buildmode=c-archive -o lib.a . &&
		gcc -no-pie -o program c/main.c lib.a -lpthread -lm -lresolv &&
		rm -rf "$work/spool" && REDFLAG_SPOOL=$work/spool ./program 2>&1 | grep -q 'WARNING: DATA RACE' &&
		"$redflag" ingest --db "$work/archive.db" "$work"/spool/*.spool &&
		[ "$(sqlite3 "$work/archive.db" 'SELECT count(*) FROM v_findings')" = 1 ]
}
check "c-archive in a C program" archive
finish
