#!/usr/bin/env bash
# What grows: programs that leak in one way each, and neighbours in which nothing grows. The programs run side by side for
# some seconds; one that stalled for too long to tell is run again.
. "$(dirname "$0")/../lib.sh"

settings=$("$redflag" env) || exit
eval "$settings"
export GORACE=atexit_sleep_ms=0 REDFLAG_SPOOL="$work/spools" REDFLAG_DB="$work/db"
mkdir -p "$work/shop" "$work/spools" && cd "$work/shop" || exit
printf 'module example.com/shop\n\ngo 1.25\n' >go.mod
cat >main.go <<'GO'
// Runs for some seconds in the way that its argument names.
package main

import (
	"fmt"
	"os"
	"reflect"
	"runtime"
	"sync"
	"syscall"
	"time"
)

const (
	lasts = 5 * time.Second
	tick  = 5 * time.Millisecond
)

type Server struct {
	requests chan int
	jobs     chan int
	kept     [][]byte
	wait     sync.WaitGroup
}

func (s *Server) Receive() {
	go func() { <-s.requests }()
}

func (s *Server) Send() {
	go func() { s.requests <- 1 }()
}

func (s *Server) Delay() {
	time.AfterFunc(time.Hour, func() {})
}

type Name struct{}

func (Name) String() string { return "" }

var number int

func (s *Server) Type() {
	number++
	t := reflect.StructOf([]reflect.StructField{{Name: "Name", Anonymous: true, Type: reflect.TypeFor[Name](),
		Tag: reflect.StructTag(fmt.Sprint("n:", number))}})
	_ = reflect.New(t).Elem().Interface().(fmt.Stringer)
}

func (s *Server) Keep() {
	s.kept = append(s.kept, make([]byte, 128<<10))
}

func (s *Server) Map() {
	memory, err := syscall.Mmap(-1, 0, 128<<10, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	for i := 0; i < len(memory); i += 4096 {
		memory[i] = 1
	}
}

// Queue sends more than is received.
func (s *Server) Queue() {
	if s.jobs == nil {
		s.jobs = make(chan int, 1<<20)
		go func() {
			for range s.jobs {
				time.Sleep(tick)
			}
		}()
	}
	for range 5 {
		s.jobs <- 1
	}
}

// Neighbours.

func (s *Server) Work() {
	if s.requests == nil {
		s.requests = make(chan int)
		for range 100 {
			go func() {
				for range s.requests {
				}
			}()
		}
	}
	s.requests <- 1
}

// Drain has channels that fill up and are received from, and others that nobody has any more.
func (s *Server) Drain() {
	if s.jobs == nil {
		s.jobs = make(chan int, 1000)
	}
	forgotten := make(chan int, 1000)
	for range 20 {
		s.jobs <- 1
		forgotten <- 1
	}
	if number++; number%20 == 0 {
		for len(s.jobs) > 0 {
			<-s.jobs
		}
		runtime.GC()
	}
}

func (s *Server) Saw() {
	s.Keep()
	if len(s.kept) == 150 {
		s.kept = nil
	}
}

func (s *Server) Warm() {
	if number++; number < 60 {
		for range 10 {
			s.Receive()
		}
		s.Keep()
		s.Type()
	}
}

func (s *Server) Come() {
	for range 30 {
		s.wait.Go(func() { time.Sleep(tick) })
	}
	s.wait.Wait()
}

func main() {
	s := &Server{requests: make(chan int)}
	modes := map[string]func(){
		"receivers": s.Receive, "senders": s.Send, "timers": s.Delay, "types": s.Type, "heap": s.Keep, "native": s.Map,
		"queue": s.Queue, "drain": s.Drain, "saw": s.Saw, "warm": s.Warm, "come": s.Come,
		"pool": (&Server{}).Work,
	}
	step := modes[os.Args[1]]
	for begin := time.Now(); time.Since(begin) < lasts; time.Sleep(tick) {
		step()
	}
	if len(os.Args) > 2 {
		fmt.Println("killed now")
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
}
GO
check "the program is built" go build -race -o shop .

# The growth of run $1, as show prints it.
growth() {
	"$redflag" show "$1" | sed -n '/^Growth$/,$p'
}

# Runs all of the modes at once; each is a run of its own, named by its mode and a number.
run_all() { # NUMBER MODE...
	local number=$1 mode pids=()
	shift
	for mode in "$@"; do
		TRACE_ID=$mode.$number ./shop "$mode" & pids+=($!)
	done
	wait "${pids[@]}"
	"$redflag" ingest "$work"/spools/*.spool >/dev/null || return
	rm -f "$work"/spools/*
}

line_of() {
	grep -n -m 1 -e "$1" main.go | cut -d: -f1
}
declare -A want=(
	[receivers]="goroutines [0-9]* → .*started in main.(\*Server).Receive (main.go:$(line_of '<-s')), waiting in chan receive"
	[senders]="blocked senders [0-9]* → .*started in main.(\*Server).Send (main.go:$(line_of '<- 1 }')), waiting in chan send"
	[timers]='timers [0-9]* → '
	[types]='reflected types [0-9]* → '
	[heap]='heap .* → '
	[queue]="queued elements [0-9]* → .* of them in channels made in main.(\*Server).Queue (main.go:$(line_of '1<<20'))"
	[native]='native memory [0-9.]* MB → '
)
tells() { # MODE NUMBER: the text that is wanted, whichever way it was broken into lines
	growth "$1.$2" | tr -s '\n ' ' ' | tee "$work/told" | grep -q "${want[$1]}" || { cat "$work/told" && false; }
}

left=("${!want[@]}")
for number in 1 2 3; do
	run_all "$number" "${left[@]}"
	again=()
	for mode in "${left[@]}"; do
		if tells "$mode" "$number" >"$work/said" || [ "$number" = 3 ]; then
			check "$mode: what grows is told, and from where" tells "$mode" "$number"
			last=$mode.$number
		else
			again+=("$mode")
		fi
	done
	left=("${again[@]}")
	[ "${#left[@]}" -gt 0 ] || break
done
check "itabs of types that come anew are told" sh -c "'$redflag' show types.1 | grep -q '^    itabs ' ||
	'$redflag' show types.2 | grep -q '^    itabs ' || '$redflag' show types.3 | grep -q '^    itabs '"
no_line_of() { # METRIC MODE...
	local metric=$1 mode
	shift
	for mode in "$@"; do
		! growth "$mode.1" | grep "^    $metric" || return
	done
}
check "a leak of goroutines is not one of native memory" no_line_of native receivers senders
check "a leak of native memory is not one of Go's" no_line_of 'heap\|goroutines\|live' native

run_all 1 pool saw warm come drain
for mode in pool saw warm come drain; do
	check "$mode: nothing grows" sh -c "'$redflag' show $mode.1 | tee /dev/stderr | grep -q 'nothing grows in 1 process'"
done

. "$root/tests/serve-sample.sh"
serve "$work/shop" --db "$work/db"
check "a run's page has them" sh -c "curl -s '$url/runs/heap.1' | grep -q '<dt>heap in use\|<dt>live heap\|too short to tell'"
check "and says that nothing grows" sh -c "curl -s '$url/runs/saw.1' | grep -q 'nothing grows in 1 process'"
end_serve

# A process that is killed has left its samples.
{ TRACE_ID=killed.1 ./shop receivers killed; } >/dev/null 2>&1
check "the spool of a killed process is read" "$redflag" ingest "$work"/spools/*.spool
check "its samples are there" grep -q 'example.com/shop, .* samples in .*, killed or still running' <(growth killed.1 | tr -s '\n ' ' ')
check "and where its goroutines were started" grep -q "started in main.(\*Server).Receive (main.go:$(line_of '<-s'))" \
	<(growth killed.1 | tr -s '\n ' ' ')
rm -f "$work"/spools/*

# Off, nothing is taken.
check "growth=0 runs" env REDFLAG=growth=0 TRACE_ID=off.1 timeout 60 ./shop pool
"$redflag" ingest "$work"/spools/*.spool >/dev/null
check "growth=0 takes no samples" sh -c "'$redflag' show off.1 | grep -q 'no samples'"

# Names.
check "the last run has a name" sh -c "'$redflag' show --run last | grep -q '^Run off.1'"
check "no such run" status_of 2 "$redflag" show nothing.9
check "it says what may be given" grep -q "trace ID of a run" "$work/err"
check "an unknown run by option" status_of 3 "$redflag" show --run nothing.9
race='==================\nWARNING: DATA RACE\nWrite at 0x00c000012028 by goroutine 9:\n  example.com/shop.a()\n      /s/a.go:1 +0x10\n\nPrevious read at 0x00c000012028 by goroutine 8:\n  example.com/shop.b()\n      /s/a.go:2 +0x11\n==================\n'
printf "$race" >race.log
check "a finding is stored for a run called 1" "$redflag" ingest --trace-id 1 race.log
check "a word that is both is refused" status_of 2 "$redflag" show 1
check "with the way to say which" grep -q "show --run 1" "$work/err"
check "the run is shown when asked for" sh -c "'$redflag' show --run 1 | grep -q '^Run 1$'"
check "lines fit into 80 columns" sh -c "for r in $last killed.1 off.1; do '$redflag' show \$r; done |
	grep -v directory | wc -L >columns; cat columns; test \$(cat columns) -le 80"
finish
