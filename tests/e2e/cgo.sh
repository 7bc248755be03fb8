#!/usr/bin/env bash
# Findings of C memory (REDFLAG=cgo=1): twins of a bug and its correct neighbour, in e2e/cgo/. Every bug is found in every run,
# by its own test; no neighbour is ever named. Then the same through redflag, and what happens where it can't work.
. "$(dirname "$0")/../lib.sh"

cp -r "$root/tests/e2e/cgo" "$work/cgo"
cd "$work/cgo" || exit
bugs=$(grep -oh '^func TestBug[A-Za-z_]*' ./*_test.go | sed 's/^func //' | sort)
goods=$(grep -oh '^func TestGood[A-Za-z_]*' ./*_test.go | sed 's/^func //' | sort)
check "there are twins of each kind" test "$(grep -c UseAfterFree <<<"$bugs")" -ge 8 -a "$(grep -c DoubleFree <<<"$bugs")" -ge 5 \
	-a "$(wc -w <<<"$goods")" -ge "$(wc -w <<<"$bugs")"

# The kind that a test's name wants.
kind_of() {
	case $1 in
	TestBugUseAfterFree_*) echo use-after-free ;;
	TestBugDoubleFree_*) echo double-free ;;
	TestBugDataRace_*) echo data-race ;;
	esac
}
want=$(for t in $bugs; do echo "$t $(kind_of "$t")"; done)

# "TEST KIND", once each, from verbose output: the kinds that were printed while the test ran, if it failed.
kinds() {
	awk '/^=== RUN/ { test = $3 } /^WARNING: (REDFLAG: |DATA RACE)/ { k = $NF == "RACE" ? "data-race" : $NF; seen[test " " k] = 1 }
		/^--- FAIL/ { failed[$3] = 1 }
		END { for (s in seen) { split(s, p, " "); print p[1], (p[1] in failed) ? p[2] : p[2] "-but-passed" } }' "$1" | sort
}

run() { # NAME GO-VERSION-OR-local RUNS
	local name=$1 settings i which=()
	[ "$2" = local ] || which=(--go "$2")
	settings=$(REDFLAG=cgo=1 "$redflag" env "${which[@]}") || return
	eval "$settings"
	go test -c -race -o cgo.test . || return
	for i in $(seq "$3"); do
		REDFLAG=cgo=1 GOMAXPROCS=$((i % 3 + 1)) ./cgo.test -test.v >"out.$name.$i" 2>&1
		check "$name, run $i: every bug, no neighbour" equal "$want" "$(kinds "out.$name.$i")"
		check "$name, run $i: neighbours pass" equal "$goods" \
			"$(sed -n 's/^--- PASS: \(TestGood[A-Za-z_]*\).*/\1/p' "out.$name.$i" | sort)"
	done
}

# What `redflag env` sets ends with the subshell; the counts are handed out through a file.
count() {
	(
		passed=0 failed=0
		run "$@"
		[ "$passed" -gt 0 ] || check "$1: built" false
		echo "$passed $failed" >"$work/counts"
	)
	read -r p f <"$work/counts"
	passed=$((passed + p)) failed=$((failed + f))
}
for go in go1.25.4 go1.27.0; do
	if GOTOOLCHAIN=$go go version >/dev/null 2>&1; then
		count "$go" "$go" 1
	else
		skip "$go" "this Go version can't be had here"
	fi
done
count "this Go" local 3
REDFLAG=cgo=1 GOGC=1 GODEBUG=clobberfree=1 ./cgo.test -test.v >out.gc 2>&1
check "with constant collections" equal "$want" "$(kinds out.gc)"
REDFLAG=cgo=1 ./cgo.test -test.run=Good -test.count=20 >out.many 2>&1
check "neighbours, 20 times" equal 0 $?
./cgo.test -test.v -test.run='Good|UseAfterFree_[RWS]|DataRace' >out.off 2>&1
check "without the option at the run: as stock, nothing" equal "" "$(kinds out.off)"

# Through redflag, by the spool.
query() { sqlite3 -separator ' ' "$1" "$2"; }
REDFLAG=cgo=1 "$redflag" test --db "$work/db" -count=1 . >"$work/test.out" 2>&1
check "new findings: status 66" equal 66 $?
check "by test and kind" equal "$want" "$(query "$work/db" \
	"SELECT DISTINCT ifnull(nullif(test_a, ''), test_b), kind FROM v_events ORDER BY 1")"
check "text and spool are one event" equal "spool" "$(query "$work/db" 'SELECT DISTINCT source FROM events')"
check "no report's text is printed" equal "" "$(grep -E 'REDFLAG|^=====' "$work/test.out")"
check "titles" equal "use after free: cgomem.TestBugUseAfterFree_Read after cgomem.freePoint" \
	"$(query "$work/db" "SELECT title FROM v_findings WHERE test_a = 'TestBugUseAfterFree_Read'")"

# From the text alone: the same findings.
REDFLAG=cgo=1 GOFLAGS=-overlay=$(REDFLAG=cgo=1 "$redflag" toolchain --print overlay) REDFLAG_SPOOL='' \
	go test -race -count=1 -json . >"$work/json"
"$redflag" report --db "$work/textdb" <"$work/json" >"$work/report.out" 2>&1
fingerprints='SELECT DISTINCT kind, fingerprint, title FROM v_findings ORDER BY 2'
check "the text says the same" equal "$(query "$work/db" "$fingerprints")" "$(query "$work/textdb" "$fingerprints")"

# A program with a malloc of its own, one that forks in C, and one without C.
mkdir own forks plain
printf 'module example.com/programs\n\ngo 1.25\n' >go.mod
cat >own/main.go <<'GO'
package main

/*
#include <stddef.h>
#include <stdlib.h>
static char arena[64 << 20] __attribute__((aligned(16)));
static size_t used;
void *malloc(size_t n) { size_t at = __atomic_fetch_add(&used, (n + 31) & ~(size_t)15, __ATOMIC_RELAXED) + 16; *(size_t *)(arena + at - 16) = n; return arena + at; }
void free(void *p) { (void)p; }
void *calloc(size_t a, size_t b) { return malloc(a * b); }
void *realloc(void *p, size_t n) { char *q = malloc(n); size_t old = p ? ((size_t *)p)[-2] : 0; for (size_t i = 0; i < old && i < n; i++) q[i] = ((char *)p)[i]; return q; }
*/
import "C"
import "unsafe"

func main() {
	p := C.CString("own malloc")
	println(C.GoString(p))
	C.free(unsafe.Pointer(p))
}
GO
cat >forks/main.go <<'GO'
package main

/*
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static void *shared;
static int children(int n) {
	int bad = 0;
	shared = malloc(100);
	strcpy(shared, "of the parent");
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			char *p = realloc(shared, 200);
			int ok = p && strcmp(p, "of the parent") == 0;
			for (int k = 1; k < 2000; k++) {
				char *q = malloc((size_t)k);
				memset(q, k, (size_t)k);
				ok &= q[k - 1] == (char)k;
				free(q);
			}
			free(p);
			_exit(ok ? 0 : 1);
		}
		int status = 1;
		bad += pid < 0 || waitpid(pid, &status, 0) != pid || status != 0;
	}
	free(shared);
	return bad;
}
*/
import "C"
import "unsafe"

func main() {
	for range 4 {
		go func() {
			for {
				C.free(C.malloc(64))
				C.free(unsafe.Pointer(C.CString("busy")))
			}
		}()
	}
	println("bad children:", C.children(50))
}
GO
printf 'package main\n\nfunc main() { println("no C") }\n' >plain/main.go
(
	export REDFLAG=cgo=1 GORACE=atexit_sleep_ms=0
	eval "$("$redflag" env)"
	for p in own forks plain; do
		go build -race -o "$p.bin" "./$p" && ./"$p.bin" >"$p.out" 2>&1 || echo "status $?" >>"$p.out"
	done
)
check "its own malloc works, and is said" equal "redflag: cgo=1 has no effect here: this program has a malloc of its own
own malloc" "$(cat own.out)"
check "children of fork" equal "bad children: 0" "$(cat forks.out)"
check "without C: nothing is said" equal "no C" "$(cat plain.out)"

# What people are told.
for kind in use-after-free double-free; do
	"$redflag" explain $kind >"$work/explain" 2>&1
	check "explain $kind" grep -q '^What to do' "$work/explain"
	check "explain $kind fits 80 columns" test "$(wc -L <"$work/explain")" -le 80
	check "list --kind $kind" sh -c '"$1" list --db "$2" --kind "$3" | grep -q "TestBug"' - "$redflag" "$work/db" $kind
done
REDFLAG=cgo=1 "$redflag" doctor >"$work/doctor" 2>&1
check "doctor is content" equal 0 $?
finish
