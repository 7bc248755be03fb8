#!/usr/bin/env bash
# Goroutines that are blocked for good when a program ends that is no test (REDFLAG=exitleaks=1): e2e/exitleaks/ is a program
# that leaves each bug and each neighbour behind, and ends in several ways. Every bug is found in every run, no neighbour is
# ever named, and the program's end stays what it is.
. "$(dirname "$0")/../lib.sh"

cp -r "$root/tests/e2e/exitleaks" "$work/exitleaks"
cd "$work/exitleaks" || exit
export GORACE=atexit_sleep_ms=0
bugs=$(grep -o '"Bug[A-Za-z]*"' main.go | tr -d '"' | sort -u)
goods=$(grep -o '"Good[A-Za-z]*"' main.go | tr -d '"' | sort -u)
check "eight bugs, at least" test "$(wc -l <<<"$bugs")" -ge 8
check "and as many neighbours" test "$(wc -l <<<"$goods")" -ge "$(wc -l <<<"$bugs")"

# "CASE STATUS KIND" of each, a line each.
seen() { # CASES END
	local name status
	for name in $1; do
		REDFLAG=exitleaks=1 ./program "$name" "$2" >out 2>&1
		status=$?
		echo "$name $status $(sed -n 's/^WARNING: REDFLAG: //p' out | sort -u | xargs)"
	done
}

run_all() { # LABEL RUN
	local how
	export GOMAXPROCS=$(($2 % 3 + 1))
	for how in return exit elsewhere; do
		check "$1, run $2, $how: every bug" equal "$(sed 's/$/ 66 goroutine-leak/' <<<"$bugs")" "$(seen "$bugs" $how)"
		check "$1, run $2, $how: no neighbour" equal "$(sed 's/$/ 0 /' <<<"$goods")" "$(seen "$goods" $how)"
	done
	unset GOMAXPROCS
}

build() ( # GO; what `redflag env` sets ends with the subshell
	settings=$(settings_of "$1") && eval "$settings" && go build -race -o program . && go build -race -o calls ./cgo
)

# What comes of it without the option, and with it: the same, to the byte but for addresses and numbers.
same() { # CASE END
	local option
	for option in 0 1; do
		REDFLAG=exitleaks=$option ./program "$1" "$2" >"same.$option" 2>&1
		echo "status $?" >>"same.$option"
		sed -i -E 's/0x[0-9a-f]+/0x/g; s/goroutine [0-9]+/goroutine/; s/^[0-9/]+ [0-9:]+ //' "same.$option"
	done
	check "$2 stays: status" grep -q "^status $3\$" same.0
	check "$2 stays" equal "$(cat same.0)" "$(cat same.1)"
}

check "build" build local
for i in 1 2; do run_all "this Go" $i; done
REDFLAG=exitleaks=1 ./program BugSend return >out 2>&1
check "how many are like it" grep -q '^Detail: chan send; nothing that can run refers to the channel; 3 more like it$' out
for how in fail fatal panic recovered; do
	case $how in fail) want=3 ;; fatal) want=1 ;; panic) want=2 ;; *) want=0 ;; esac
	same BugSend $how $want
done
./program BugSend exit >out 2>&1
check "without the option: nothing" equal "0 " "$? $(cat out)"
REDFLAG=exitleaks=1,leaks=0 ./program BugSend exit >out 2>&1
check "leaks=0: nothing" equal "0 " "$? $(cat out)"
REDFLAG=exitleaks=1 GORACE="$GORACE exitcode=5" ./program BugSend exit >out 2>&1
check "GORACE=exitcode" equal 5 $?
REDFLAG=exitleaks=1 GOGC=off ./program BugSend exit >out 2>&1
check "GOGC=off: no collection, so nothing" equal "0 " "$? $(cat out)"
REDFLAG=exitleaks=1 GODEBUG=gccheckmark=1 ./program BugSend exit >out 2>&1
check "with checked collections: nothing" equal "0 " "$? $(cat out)"
export GOGC=1 GODEBUG=clobberfree=1
check "with constant collections: every bug" equal "$(sed 's/$/ 66 goroutine-leak/' <<<"$bugs")" "$(seen "$bugs" exit)"
check "with constant collections: no neighbour" equal "$(sed 's/$/ 0 /' <<<"$goods")" "$(seen "$goods" return)"
unset GOGC GODEBUG

REDFLAG=exitleaks=1 ./calls >out 2>&1
check "a goroutine in C may come back" equal "0 " "$? $(cat out)"
REDFLAG=exitleaks=1 ./calls lose >out 2>&1
check "and what is lost beside it is found" equal "66 1" "$? $(grep -c 'REDFLAG: goroutine-leak' out)"

# By the spool: the same finding, of no test.
mkdir -p spools
for name in BugSend BugReceive GoodSend; do REDFLAG=exitleaks=1 REDFLAG_SPOOL=$PWD/spools ./program $name exit >/dev/null 2>&1; done
"$redflag" ingest --db "$work/db" spools/* >"$work/import" 2>&1
check "by the spool" equal "goroutine leak: main.bugSend.func, started by main.bugSend
goroutine leak: main.startWorker.func, started by main.startWorker" \
	"$(sqlite3 "$work/db" "SELECT title FROM v_findings WHERE kind = 'goroutine-leak' ORDER BY 1")"

if have_go go1.27.0; then
	check "go1.27.0: build" build go1.27.0
	run_all go1.27.0 1
fi
if have_go go1.25.4; then
	check "go1.25.4: build" build go1.25.4
	check "go1.25.4 can't tell" equal "BugSend 0 " "$(seen BugSend exit)"
fi
finish
