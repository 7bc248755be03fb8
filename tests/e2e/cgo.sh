#!/usr/bin/env bash
# Findings of C memory (REDFLAG=cgo=1): twins of a bug and its correct neighbour, in e2e/cgo/. Every bug is found in every run,
# by its own test; no neighbour is ever named. Then the same through redflag, and what happens where it can't work.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../twins.sh"

export REDFLAG=cgo=1 GORACE=atexit_sleep_ms=0
twins cgo UseAfterFree=use-after-free DoubleFree=double-free InvalidFree=invalid-free DataRace=data-race
run_twins "this Go" local 3
GOGC=1 GODEBUG=clobberfree=1 ./twins.test -test.v >out.gc 2>&1
check "with constant collections" equal "$want" "$(kinds out.gc)"
./twins.test -test.run=Good -test.count=20 >out.many 2>&1
check "neighbours, 20 times" equal 0 $?
env -u REDFLAG ./twins.test -test.v -test.run='Good|UseAfterFree_[RWS]|DataRace' >out.off 2>&1
check "without the option at the run: as stock, nothing" equal "" "$(kinds out.off)"
run_other_gos

through_redflag
check "titles" equal "use after free: cgomem.TestBugUseAfterFree_Read after cgomem.freePoint" \
	"$(query "$work/db" "SELECT title FROM v_findings WHERE test_a = 'TestBugUseAfterFree_Read'")"
explained

# Frames of C come first, without the stub that cgo made; with the symbol table left in they have names.
(eval "$("$redflag" env)" && go test -race -c -ldflags=-s=false -o named.test . && go test -race -c -ldflags=-s -o stripped.test .)
c_frames() { sed -n '/^=\{18\}$/,$ s/^  \(C\.[^ ]*\)()$/\1/p' "$1" | tr '\n' ' '; }
told() { # OUT PROGRAM TEST [OPTIONS]
	REDFLAG="cgo=1 ${4-}" "./$2" -test.run "^$3\$" >"$1" 2>&1
}
told deep.out named.test TestBugUseAfterFree_Deep
check "a free deep in C: its frames" equal "C.drop C.drop_later C.deep_free " "$(c_frames deep.out)"
check "in front of Go's" equal "C.drop() C.drop_later() C.deep_free() runtime.cgocall() example.com/cgomem._Cfunc_deep_free() " \
	"$(sed -n '/^Previous free/,$p' deep.out | grep '^  [^ ]' | head -5 | tr -d '\n' | tr -s ' ' | sed 's/^ //; s/$/ /')"
told down.out named.test TestBugUseAfterFree_DeepDown
check "deeper than is kept" equal "C.drop C.down C.down C.down C.down C.down " "$(c_frames down.out)"
told again.out named.test TestBugDoubleFree_Deep
check "a double free: those of the first" equal "C.drop C.drop_later C.deep_free " "$(c_frames again.out)"
told inside.out named.test TestBugInvalidFree_Deep
check "a wrong free: its own" equal "C.drop C.deep_free_inside " "$(c_frames inside.out)"
told plain.out named.test TestBugDoubleFree_Plain
check "what Go frees itself has none" equal "" "$(c_frames plain.out)"
told off.out named.test TestBugUseAfterFree_Deep cstacks=0
check "cstacks=0: none" equal "example.com/cgomem 1" "$(sed -n 's/^  \(example.com.cgomem\)\._Cfunc_deep_free()$/\1/p' off.out) $(grep -c REDFLAG off.out)$(c_frames off.out)"
told off.out named.test TestBugInvalidFree_Deep cstacks=0
check "but of what is wrong by itself" equal "C.drop C.deep_free_inside " "$(c_frames off.out)"
told stripped.out stripped.test TestBugUseAfterFree_Deep
check "stripped: where they are in the file" equal 3 "$(grep -cE '^      stripped\.test:0 \+0x[0-9a-f]+$' stripped.out)"
"$redflag" show --db "$work/db" "$(query "$work/db" "SELECT id FROM findings WHERE test_a = 'TestBugUseAfterFree_Deep'")" >shown.out
check "show: the frames, and where Go allocated it" equal "C.drop C.drop_later C.deep_free cgomem.newDeep, " \
	"$(sed -n 's/^  \(C\..*\)/\1/p; s/.*allocated in \(.* \)deep.go:.*/\1/p' shown.out | tr '\n' ' ' | sed 's/  $/ /')"

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
	eval "$("$redflag" env)"
	for p in own forks plain; do
		go build -race -o "$p.bin" "./$p" && ./"$p.bin" >"$p.out" 2>&1 || echo "status $?" >>"$p.out"
	done
)
check "its own malloc works, and is said" equal "redflag: cgo=1 has no effect here: this program has a malloc of its own
own malloc" "$(cat own.out)"
check "children of fork" equal "bad children: 0" "$(cat forks.out)"
check "without C: nothing is said" equal "no C" "$(cat plain.out)"

"$redflag" doctor >"$work/doctor" 2>&1
check "doctor is content" equal 0 $?
finish
