#!/usr/bin/env bash
# The instrumented toolchain: made once however many ask, never half-made, for every supported Go; with the user's own GOFLAGS,
# overlays and toolchain choices.
. "$(dirname "$0")/../lib.sh"

# A path that needs quoting, everywhere.
export XDG_CACHE_HOME="$work/a cache"
cache="$XDG_CACHE_HOME/redflag"
goroot=$(go env GOROOT)
version=$(go env GOVERSION)
mkdir "$work/module" && cd "$work/module" || exit
printf 'module example.com/toolchain\n\ngo 1.25\n' >go.mod
cat >main.go <<'GO'
package main

import "fmt"

var counter int

func main() {
	done := make(chan bool)
	go func() { counter++; done <- true }()
	counter++
	<-done
	fmt.Println(text)
}
GO
printf 'package main\n\nconst text = "as it is"\n' >text.go

contains() { # PART TEXT
	[[ $2 == *"$1"* ]] || {
		printf 'not in it: %s\n%s\n' "$1" "$2"
		return 1
	}
}

# --- once, and whole ----------------------------------------------------------------------------------------------

together() { # how many of 8 at the same time said that they made it
	for _ in 1 2 3 4 5 6 7 8; do
		"$redflag" toolchain --print overlay 2>&1 &
	done | sort | uniq -c | awk '/making/ { print $1 }'
}
check "8 at once make it once" equal 1 "$(together)"
check "one entry" equal 1 "$(find "$cache" -name overlay.json | wc -l)"
overlay=$("$redflag" toolchain --print overlay)
[ -s "$overlay" ] || {
	check "there is an overlay" false
	finish
}
check "its overlay is JSON that go takes" go list -overlay="$overlay" runtime

incomplete() { # entries without an overlay, that readers could see
	find "$cache" -mindepth 1 -maxdepth 1 -name 'go1*' -type d ! -exec test -e '{}/overlay.json' ';' -print
}
killed() {
	local pid i
	for i in 02 05 08 11 14 17 20 25 30 35; do
		rm -rf "$cache"/go1*
		"$redflag" toolchain --print overlay >/dev/null 2>&1 &
		pid=$!
		sleep "0.$i"
		kill -9 "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
		[ -z "$(incomplete)" ] || {
			echo "half-made after 0.$i s: $(incomplete)"
			return 1
		}
	done
}
check "killed at any time, nothing is half-made" killed
# A compiler outlives who started it, perhaps only just, and goes on writing where it was put.
compilers_are_over() {
	sleep 0.3
	! readlink /proc/[0-9]*/cwd 2>/dev/null | grep -F -- "$cache/building-" &&
		! grep -aqs -- "$cache/building[-]" /proc/[0-9]*/cmdline /proc/[0-9]*/environ # not the grep itself
}
check "compilers come to their end" wait_for 30 compilers_are_over
rm -rf "$cache"/go1* && mkdir -p "$cache/building-1/src"
check "made after that" "$redflag" toolchain --print overlay
no_rests() { # one that hadn't begun yet when it was looked for may have put a file beside what was removed
	[ -z "$(find "$cache" -maxdepth 1 -name 'building-*')" ] && return 0
	rm -rf "$cache"/go1*
	"$redflag" toolchain --print overlay >/dev/null 2>&1
	return 1
}
check "rests of killed builds are gone" wait_for 30 no_rests

stale=$cache/$version-linux-amd64-000000000000 fresh=$cache/$version-linux-amd64-000000000001
for entry in "$stale" "$fresh"; do
	mkdir -p "$entry"
	printf 'goroot: %s\ngo: %s\ngoarch: %s\nprobe: ok\n' "$goroot" "$version" "$(go env GOARCH)" >"$entry/info"
done
touch -d '2 hours ago' "$stale/info"
rm -rf "$(dirname "$overlay")"
check "made again" "$redflag" toolchain --print overlay
check "an older entry of this Go is gone" [ ! -e "$stale" ]
check "one that was just used stays" [ -e "$fresh" ]
check "status" contains "in $goroot" "$("$redflag" toolchain --print status)"

# --- refusals -----------------------------------------------------------------------------------------------------

refused() { # PART COMMAND...: fails, and says PART
	local part=$1 said
	shift
	if said=$("$@" 2>&1); then
		echo "not refused: $said"
		return 1
	fi
	contains "$part" "$said"
}

# A GOROOT whose runtime lacks one of our anchors.
fake=$work/fake
mkdir -p "$fake/bin" "$fake/src"
cp "$goroot/bin/go" "$fake/bin/go"
cp "$goroot/VERSION" "$goroot/go.env" "$fake"
ln -s "$goroot/pkg" "$fake/pkg"
cp -r "$goroot/src/runtime" "$goroot/src/testing" "$goroot/src/sync" "$fake/src"
sed -i 's/^func execute(/func executed(/' "$fake/src/runtime/proc.go"
check "an anchor that isn't there: file" refused "runtime/proc.go" "$redflag" toolchain --go "$fake"
check "an anchor that isn't there: anchor" refused "func execute(" "$redflag" toolchain --go "$fake"
check "an anchor that isn't there: Go" refused "$version" "$redflag" toolchain --go "$fake"
check "nothing is left of it" equal "" "$(grep -l "$fake" "$cache"/*/info 2>/dev/null; find "$cache" -maxdepth 1 -name 'building-*')"
printf '\nfunc execute(twice int) {}\nfunc execute(twice int) {}\n' >>"$fake/src/runtime/proc.go"
check "an anchor that is there twice" refused "more than once" "$redflag" toolchain --go "$fake"

check "no go" refused "install Go" env PATH=/nowhere "$redflag" toolchain
check "no such GOROOT" refused "/nowhere/bin/go" "$redflag" toolchain --go /nowhere
check "cgo off" refused "CGO_ENABLED=1" env CGO_ENABLED=0 "$redflag" toolchain
check "another system" refused "linux/amd64" env GOOS=darwin "$redflag" toolchain
check "no C compiler" refused "no-such-cc" env CC=no-such-cc XDG_CACHE_HOME="$work/other" "$redflag" toolchain
check "no place for the cache" refused "XDG_CACHE_HOME" env XDG_CACHE_HOME=/proc/nowhere "$redflag" toolchain

# --- programs -----------------------------------------------------------------------------------------------------

spools() {
	find "$1" -name '*.spool' -type f 2>/dev/null | wc -l
}

# Runs main.go; the race must be found, a spool left.
runs() {
	rm -rf "$work/spool"
	REDFLAG_SPOOL=$work/spool "$@" >"$work/out" 2>&1
	grep -q 'WARNING: DATA RACE' "$work/out" || {
		cat "$work/out"
		return 1
	}
	equal 1 "$(spools "$work/spool")"
}

env_run() ( # in the environment that `redflag env` makes
	lines=$("$redflag" env "$@") || exit
	eval "$lines"
	exec go run -race .
)
check "eval \"\$(redflag env)\"" runs env_run
if command -v dash >/dev/null; then
	check "its lines are POSIX shell" dash -c "$("$redflag" env)
		go version"
fi
check "GOFLAGS is kept" contains "-tags=a,b" "$(GOFLAGS=-tags=a,b "$redflag" env)"
twice() (
	eval "$("$redflag" env)"
	before=$GOFLAGS$PATH$REDFLAG_SPOOL
	eval "$("$redflag" env)"
	equal "$before" "$GOFLAGS$PATH$REDFLAG_SPOOL"
)
check "twice is once" twice

printf 'package main\n\nconst text = "as the overlay has it"\n' >"$work/text.go"
printf '{"Replace": {"%s/text.go": "%s/text.go"}}\n' "$work/module" "$work" >"$work/own.json"
own() (
	export GOFLAGS=-overlay=$work/own.json
	runs env_run && grep -q 'as the overlay has it' "$work/out"
)
check "an -overlay of the user's is merged" own
printf '{"Replace": {"%s/src/runtime/proc.go": ""}}\n' "$goroot" >"$work/clash.json"
check "one that clashes is refused" refused "runtime/proc.go" env GOFLAGS="-overlay=$work/clash.json" "$redflag" env

without_race() {
	GOFLAGS="'-overlay=$overlay'" go run . >"$work/out" 2>&1 && equal "as it is" "$(cat "$work/out")"
}
check "without -race" without_race

clang=$(command -v clang || command -v clang-14)
if [ -n "$clang" ]; then
	with_clang() (
		export CC=$clang XDG_CACHE_HOME=$work/clang
		runs env_run && grep -q '^probe: ok' "$work"/clang/redflag/*/info
	)
	check "CC=clang" with_clang
else
	skip "CC=clang" "there is no clang"
fi

# --- other versions, and the go command's own choice ---------------------------------------------------------------

# Where a downloaded toolchain is linked to is part of Go's cache keys: at one place, the standard library is compiled once.
export XDG_CACHE_HOME="$root/build/test cache"
cache="$XDG_CACHE_HOME/redflag"

for other in go1.25.4 go1.27.0; do
	if ! GOTOOLCHAIN=$other go version >/dev/null 2>&1; then
		skip "$other" "this Go can't be had here"
		continue
	fi
	check "$other by --go" runs env_run --go "$other"
	check "$other: its own overlay" contains "go: $other" "$(cat "$cache/$other"-*/info)"
	check "$other: proved" grep -q '^probe: ok' "$cache/$other"-*/info

	check "$other: wrapper" "$redflag" toolchain --go "$other" --print wrapper --to "$work/wrappers"
	by_environment() {
		PATH=$work/wrappers:$PATH GOTOOLCHAIN=$other-redflag runs go run -race .
	}
	check "$other: GOTOOLCHAIN=$other-redflag" by_environment
	by_line() (
		mkdir -p "$work/line" && cp ./*.go "$work/line" && cd "$work/line" || exit
		printf 'module example.com/line\n\ngo 1.25\n\ntoolchain %s-redflag\n' "$other" >go.mod
		PATH=$work/wrappers:$PATH GOTOOLCHAIN=auto runs go run -race .
	)
	# The go command switches to a toolchain line only when it is newer than itself.
	if [ "$other" = "$(printf '%s\n' "$other" "$version" | sort -V | tail -n 1)" ]; then
		check "$other: a toolchain line in go.mod" by_line
	fi
done
check "a wrapper off PATH says so" contains "isn't on PATH" "$("$redflag" toolchain --print wrapper --to "$work/elsewhere" 2>&1)"

# --- doctor -------------------------------------------------------------------------------------------------------

check "doctor: all is well" "$redflag" doctor
check "doctor proves it with a program" contains "left it in a spool" "$("$redflag" doctor | tr -s ' \n' ' ')"
[ "$(go env GOARCH)" != amd64 ] || check "doctor: short cuts are proved" sh -c '"$1" doctor | grep -q "ok *short cuts"' - "$redflag"
check "doctor without go: status 3" equal 3 "$(PATH=/usr/bin:/bin "$redflag" doctor >/dev/null 2>&1; echo $?)"
check "doctor without go says what to do" contains "install Go" "$(PATH=/nowhere "$redflag" doctor)"
finish
