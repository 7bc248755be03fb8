#!/usr/bin/env bash
# Races that stock drops without a word, and their correct neighbours: parallel tests of which one waited for another's
# slot, bytes of map keys, and clear(slice).
. "$(dirname "$0")/../lib.sh"

overlay=$("$redflag" toolchain --print overlay) || exit
export GORACE=atexit_sleep_ms=0 GOFLAGS=-mod=mod
mkdir -p "$work/parallel" "$work/memory" && cd "$work/parallel" || exit
printf 'module example.com/parallel\n\ngo 1.25\n' >go.mod
cat >bug_test.go <<'GO'
package parallel

import "testing"

var group, top, nested int

// Two of three race; the third only takes up a slot.
func TestGroup(t *testing.T) {
	for _, name := range []string{"one", "two", "three"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name != "two" {
				group++
			}
		})
	}
}

func TestTopOne(t *testing.T) {
	t.Parallel()
	top++
}

func TestTopTwo(t *testing.T) { t.Parallel() }

func TestTopThree(t *testing.T) {
	t.Parallel()
	top++
}

func TestNestedOne(t *testing.T) {
	t.Parallel()
	t.Run("first", func(t *testing.T) { nested++ })
	t.Run("last", func(t *testing.T) {})
}

func TestNestedTwo(t *testing.T) {
	t.Parallel()
	t.Run("first", func(t *testing.T) {})
	t.Run("last", func(t *testing.T) { nested++ })
}
GO
cat >twin_test.go <<'GO'
package parallel

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	setup   = map[string]int{}
	guarded int
	mu      sync.Mutex
	count   atomic.Int64
	plain   int
	fixture []int
	once    sync.Once
)

func TestMain(m *testing.M) {
	plain++
	status := m.Run()
	plain++ // everything is over
	os.Exit(status)
}

// What comes before Parallel is before all parallel parts; the parent goes on after all of them.
func TestTwinSetup(t *testing.T) {
	results := make([]string, 4)
	before := 0
	after := make(map[string]int)
	t.Cleanup(func() { after["cleanup"] = len(results) + before })
	t.Run("group", func(t *testing.T) {
		for i := range results {
			before++
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				before++ // one after the other, until each calls Parallel
				setup[t.Name()] = i
				t.Setenv2(i)
				t.Parallel()
				t.Logf("%d of %d", setup[t.Name()], before)
				results[i] = t.Name()
				t.Cleanup(func() { results[i] += "." })
				mu.Lock()
				guarded++
				mu.Unlock()
				count.Add(1)
				once.Do(func() { fixture = append(fixture, i) })
				if len(fixture) == 0 {
					t.Error("no fixture")
				}
			})
		}
		before++
	})
	after["group"] = len(strings.Join(results, "")) + before
	guarded++
	plain += len(after)
}

func TestTwinSequential(t *testing.T) {
	for range 3 {
		t.Run("sub", func(t *testing.T) { plain++ })
	}
	plain++
}

func TestTwinParallel(t *testing.T) {
	t.Parallel()
	mine := 0
	for range 3 {
		t.Run("sequential", func(t *testing.T) { mine++ })
	}
	t.Run("group", func(t *testing.T) {
		for range 3 {
			t.Run("sub", func(t *testing.T) {
				mine++
				t.Parallel()
				t.Run("inner", func(t *testing.T) { _ = mine })
			})
		}
	})
	mine++
}

func TestTwinParallelToo(t *testing.T) {
	t.Parallel()
	mu.Lock()
	defer mu.Unlock()
	t.Log("guarded", guarded)
	guarded++
}

// A goroutine that logs and is not waited for, but is done in time.
func TestLogged(t *testing.T) {
	t.Parallel()
	go t.Log("from a goroutine")
	time.Sleep(time.Second)
}

func TestTwinSkip(t *testing.T) {
	t.Parallel()
	t.Run("skip", func(t *testing.T) { t.Parallel(); t.Skip("said") })
	t.Run("other", func(t *testing.T) { t.Parallel(); t.SkipNow() })
}

func BenchmarkTwin(b *testing.B) {
	b.Run("sub", func(b *testing.B) {
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				count.Add(1)
			}
		})
	})
}

func FuzzTwin(f *testing.F) {
	f.Add("seed")
	f.Add("other")
	f.Fuzz(func(t *testing.T, s string) {
		t.Parallel()
		mu.Lock()
		setup[s]++
		mu.Unlock()
	})
}
GO
sed -i '/Setenv2/d' twin_test.go
go test -race -c -o stock . && go test -race -overlay="$overlay" -c -o ours . || exit
found() { # RUNS BINARY TEST FLAG...: in how many runs there is a report
	local n=0 runs=$1 binary=$2 test=$3
	shift 3
	for _ in $(seq "$runs"); do
		"$binary" -test.run "^$test" "$@" >"$work/report" 2>&1
		grep -q 'DATA RACE' "$work/report" && n=$((n + 1))
	done
	echo $n
}
for test in TestGroup TestTop TestNested; do
	for procs in 1 2; do
		for slots in 1 2; do
			export GOMAXPROCS=$procs
			check "$test, GOMAXPROCS=$procs -parallel=$slots" equal "10 and 10" \
				"$(found 10 ./ours $test -test.parallel=$slots) and $(found 10 ./ours $test -test.parallel=$slots -test.v)"
		done
	done
done
export GOMAXPROCS=1
check "one slot, as stock" equal 0 "$(REDFLAG=parallel=stock found 5 ./ours TestGroup -test.parallel=1)"
printf '      stock finds %s of 20 in TestGroup, GOMAXPROCS=2 -parallel=2\n' \
	"$(GOMAXPROCS=2 found 20 ./stock TestGroup -test.parallel=2)"
for procs in 1 2; do
	export GOMAXPROCS=$procs
	for slots in 1 2 8; do
		check "twins, GOMAXPROCS=$procs -parallel=$slots" status_of 0 ./ours -test.run Twin -test.count=5 \
			-test.parallel=$slots
		check "twins, verbose" status_of 0 ./ours -test.run Twin -test.count=5 -test.parallel=$slots -test.v
	done
	check "twins, benchmark" status_of 0 ./ours -test.run '^$' -test.bench Twin -test.benchtime 200x
done
unset GOMAXPROCS
check "twin, a log from a goroutine" status_of 0 ./ours -test.run TestLogged
go test -overlay="$overlay" -c -o plain . || exit
check "without -race" status_of 0 ./plain -test.run Twin -test.count=2 -test.v

cd "$work/memory" || exit
printf 'module example.com/memory\n\ngo 1.25\n' >go.mod
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"
	"unsafe"
)

type named string

var (
	small  = map[string]int{"k": 1}
	large  = map[string][200]byte{}
	boxed  = map[any]int{}
	single = map[named]int{}
	bytes  = make([]byte, 64)
	key    = unsafe.String(&bytes[0], len(bytes))

	numbers = make([]int, len(bytes)*len(bytes))
	words   = make([]string, len(numbers))
	letters [1 << 10]byte
)

// after runs f, then g in this goroutine, which nothing orders after f.
func after(f, g func()) {
	go f()
	time.Sleep(20 * time.Millisecond)
	g()
}

// both runs f, then changes a byte of the key in a goroutine that nothing orders after f.
func both(f func()) {
	go f()
	time.Sleep(20 * time.Millisecond)
	bytes[5] = 'b'
}

// grow clears parts of a stack that grows, and is moved.
func grow(n int) int {
	var here [64]int
	clear(here[n%9 : n%50+10])
	if n == 0 {
		return 0
	}
	return grow(n-1) + here[0]
}

func main() {
	for i := range 100 {
		small[fmt.Sprint(i)] = i
	}
	switch os.Args[1] {
	case "read":
		both(func() { _ = small[key] })
	case "ask":
		both(func() { _, _ = small[key] })
	case "assign":
		both(func() { m := map[string]int{}; m[key] = 1 })
	case "add":
		both(func() { m := map[named]int{}; m[named(key)]++ })
	case "delete":
		both(func() { delete(small, key) })
	case "large":
		both(func() { _ = large[key] })
	case "boxed":
		both(func() { _ = boxed[named(key)] })
	case "reflect":
		both(func() { reflect.ValueOf(small).MapIndex(reflect.ValueOf(key)) })
	case "twin-ordered":
		done := make(chan bool)
		go func() {
			_ = small[key]
			delete(small, key)
			single[named(key)]++
			boxed[key] = 1
			delete(boxed, key)
			done <- true
		}()
		<-done
		bytes[5] = 'b'
	case "twin-constant":
		both(func() { _ = small["k"] })
	case "twin-copy":
		copied := strings.Clone(key)
		both(func() { _ = small[copied] })
	case "twin-part":
		both(func() { _ = small[key[8:]] })
	case "twin-prefix":
		both(func() { _ = small[key[:5]] })
	case "twin-readers":
		go func() { _ = small[key] }()
		_ = single[named(key)]
		time.Sleep(20 * time.Millisecond)
	case "twin-empty":
		both(func() { _ = small[key[5:5]] })
	case "twin-number":
		m := map[int]string{1: key}
		both(func() { _ = m[1] })
	case "clear":
		after(func() { clear(numbers) }, func() { numbers[9] = 1 })
	case "clear-read":
		after(func() { clear(numbers) }, func() { _ = numbers[9] })
	case "clear-pointers":
		after(func() { clear(words) }, func() { words[9] = "w" })
	case "clear-two":
		after(func() { clear(words[:20]) }, func() { clear(words[10:]) })
	case "clear-global":
		after(func() { clear(letters[:len(os.Args[1])]) }, func() { letters[0]++ })
	case "clear-last":
		after(func() { _ = numbers[len(numbers)-1] }, func() { clear(numbers) })
	case "twin-clear-ordered":
		done := make(chan bool)
		go func() { clear(numbers); clear(words); clear(letters[:]); done <- true }()
		<-done
		numbers[9], words[9], letters[9] = 1, "w", 1
	case "twin-clear-halves":
		n := len(numbers) / 2
		after(func() { clear(numbers[:n]); clear(words[:n]) }, func() { clear(numbers[n:]); words[n] = "w" })
	case "twin-clear-empty":
		after(func() { clear(numbers[9:9]); clear(words[9:9]) }, func() { numbers[9], words[9] = 1, "w" })
	case "twin-clear-fresh":
		after(func() { clear(make([]int, len(numbers))) }, func() { clear(make([]*int, len(numbers))) })
	case "twin-clear-stack":
		after(func() { grow(200) }, func() { grow(200) })
	}
}
GO
go build -race -o stock . && go build -race -overlay="$overlay" -o ours . || exit
reports() { "$@" 2>&1 | grep -c 'DATA RACE'; }
for probe in read ask assign add delete large boxed reflect; do
	check "map key, $probe: stock is silent" equal 0 "$(reports ./stock $probe)"
	check "map key, $probe" equal 1 "$(reports ./ours $probe)"
done
check "map key, the frame" grep -q 'main.main.func1()' <(./ours read 2>&1)
check "map key, off" equal 0 "$(REDFLAG=mapkeys=0 reports ./ours read)"
for twin in ordered constant copy part prefix readers empty number; do
	check "map key, twin: $twin" status_of 0 ./ours "twin-$twin"
done
for probe in clear clear-read clear-pointers clear-two clear-global clear-last; do
	check "$probe: stock is silent" equal 0 "$(reports ./stock $probe)"
	check "$probe" equal 1 "$(reports ./ours $probe)"
done
check "clear, the frame is the caller" grep -q 'main.main.func' <(./ours clear 2>&1 | grep -A1 'Previous write at')
check "clear, off" equal 0 "$(REDFLAG=clears=0 reports ./ours clear)"
for twin in ordered halves empty fresh stack; do
	check "clear, twin: $twin" status_of 0 ./ours "twin-clear-$twin"
	check "clear, twin: $twin, collections" status_of 0 env GOGC=1 GODEBUG=gccheckmark=1,clobberfree=1 ./ours "twin-clear-$twin"
done
cat >clear_test.go <<'GO'
package main

import (
	"crypto/sha256"
	"testing"
)

func TestClear(t *testing.T) {
	after(func() { clear(numbers) }, func() { numbers[9] = len(sha256.New().Sum(nil)) })
}
GO
go test -race -overlay="$overlay" -c -o tests . || exit
check "clear, in a test" equal 1 "$(reports ./tests -test.run TestClear)"
go build -overlay="$overlay" -o plain . || exit
check "clear, without -race" status_of 0 ./plain twin-clear-ordered
finish
