#!/usr/bin/env bash
# redflag symtab says what Go's own tools say, for programs of every Go version and every way of linking.
. "$(dirname "$0")/../lib.sh"

cat >"$work/main.go" <<'GO'
package main

import (
	"fmt"
	"net"
	"os/user"
	"runtime"
)

type pair[K comparable, V any] struct {
	key   K
	value V
}

//go:noinline
func (p *pair[K, V]) set(key K, value V) { p.key, p.value = key, value }

//go:noinline
func args(a int, b string) (int, error) { return a + len(b), nil }

func main() {
	p := &pair[string, int]{}
	p.set("a", 1)
	args(1, "b")
	net.ParseIP("::1")
	user.Current()
	for pc := range 3 {
		here, _, _, _ := runtime.Caller(0)
		f := runtime.FuncForPC(here)
		file, line := f.FileLine(f.Entry())
		if pc == 0 {
			fmt.Printf("%#x %s %s:%d\n", f.Entry(), f.Name(), file, line)
		}
	}
	func() { fmt.Print("") }()
}
GO
cd "$work" || exit
printf 'module example.com/symtab\n\ngo 1.25\n' >go.mod

# "entry name file:line" of every function; generic arguments as in stacks. Padding and C functions have no line.
of_redflag() {
	"$redflag" symtab "$1" | awk -F'\t' '$4 != "?" { print $1, $3, $4 }' | sed -E 's/\[.*\]/[...]/' | sort
}
of_addr2line() { # PROGRAM LIST: the entries of LIST
	paste -d ' ' <(cut -d' ' -f1 "$2") <(cut -d' ' -f1 "$2" | go tool addr2line "$1" | paste -d ' ' - -) |
		sed -E 's/\[.*\]/[...]/' | sort
}
# Functions of Go that nm lists: names with a dot. The linker puts .abi0 behind names of assembly functions, and numbers behind
# those of type:.eq functions.
of_nm() {
	go tool nm "$1" | awk '$2 ~ /[tT]/ && $3 ~ /\./ { name = $3; for (i = 4; i <= NF; i++) name = name " " $i; print "0x" $1, name }' |
		sed -E 's/\[.*\]/[...]/; s/\.abi0$//' | grep -v ' type:' | sort
}

compare() { # NAME BUILD-FLAGS...
	local name=$1 lines missing
	shift
	if ! go build -o "$name" "$@" . >"$name.log" 2>&1; then
		skip "$GOTOOLCHAIN $name" "$(tail -n 1 "$name.log")"
		return
	fi
	of_redflag "$name" >"$name.ours"
	lines=$(wc -l <"$name.ours")
	check "$GOTOOLCHAIN $name: thousands of functions" [ "$lines" -gt 1500 ]
	of_addr2line "$name" "$name.ours" >"$name.theirs"
	check "$GOTOOLCHAIN $name: names and lines as addr2line" diff "$name.theirs" "$name.ours"

	# Every function that nm and we both place at an address has one name.
	cut -d' ' -f1 "$name.ours" >"$name.entries"
	missing=$(of_nm "$name" | grep -F -w -f "$name.entries" | sort -u | cut -d' ' -f1,2 |
		comm -23 - <(cut -d' ' -f1,2 "$name.ours" | sort -u) | grep -v ' runtime\.text$')
	check "$GOTOOLCHAIN $name: names as nm" equal "" "$missing"

	cp "$name" "$name.stripped"
	strip "$name.stripped"
	check "$GOTOOLCHAIN $name: stripped is the same" diff "$name.ours" <(of_redflag "$name.stripped")
}

# Addresses inside of functions, one by one.
inside() { # PROGRAM
	local entry pc bad=0 ours theirs
	while read -r entry; do
		pc=$(printf '0x%x' $((entry + 9)))
		theirs=$(echo "$pc" | go tool addr2line "$1" | paste -d ' ' - - | sed -E 's/\[.*\]/[...]/; s/ :-1$/ ?/')
		ours=$("$redflag" symtab --addr "$pc" "$1" | awk -F'\t' '{ sub(/\+0x[0-9a-f]+$/, "", $3); print $3, $4 }' | sed -E 's/\[.*\]/[...]/')
		[ "$ours" = "$theirs" ] || {
			bad=$((bad + 1))
			echo "$pc: $ours, not $theirs"
		}
	done < <(awk '/ main\./ || NR % 400 == 7 { print $1 }' "$1.ours")
	[ "$bad" -eq 0 ]
}

for version in go1.25.4 "$(go env GOVERSION)" go1.27.0; do
	export GOTOOLCHAIN=$version
	if ! go version >/dev/null 2>&1; then
		skip "$version" "this Go can't be had here"
		continue
	fi
	compare plain
	compare external -ldflags=-linkmode=external
	compare pie -buildmode=pie
	compare external-pie -buildmode=pie -ldflags=-linkmode=external
	check "$version: addresses inside of functions" inside plain
	check "$version: addresses inside of functions, PIE" inside external-pie

	# What the running program says about itself.
	read -r entry name place < <(./plain)
	check "$version: FuncForPC" equal "$entry $name $place" \
		"$("$redflag" symtab --addr "$entry" plain | awk -F'\t' '{ sub(/\+0x0$/, "", $3); print $1, $3, $4 }')"
	# ABI0 wrappers aside, arguments travel in registers: their spill space counts as arguments.
	check "$version: size of arguments" grep -qE '^0x[0-9a-f]+	[0-9]+	main.args	' <("$redflag" symtab --name 'main.args' plain)
	check "$version: generic functions by pattern" grep -qF 'main.(*pair[' <("$redflag" symtab --name 'main.(*pair*' plain)
	check "$version: JSON" grep -q '"name":"main.main"' <("$redflag" symtab --json --name main.main plain)
done

refused() { # PART COMMAND...
	local part=$1 said
	shift
	said=$("$@" 2>&1) && return 1
	[[ $said == *"$part"* ]] || {
		echo "$said"
		return 1
	}
}
check "no such function" refused "no function named nowhere" "$redflag" symtab --name nowhere plain
check "no such address" refused "no function at 0x1" "$redflag" symtab --addr 0x1 plain
check "not a program" refused "not an ELF file" "$redflag" symtab main.go
check "not of Go" refused "no Go symbol table" "$redflag" symtab /bin/true
finish
