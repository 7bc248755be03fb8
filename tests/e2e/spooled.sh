#!/usr/bin/env bash
# What a spool of a C program becomes: names from the program's own file, threads, findings in every output.
. "$(dirname "$0")/../lib.sh"

db=$work/a.db program=$work/parse spool=$work/a.spool
build() { # FILE FLAGS...
	"${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O2 -I"$root" -I"$root/reporter" -o "$1" "$root/tests/e2e/spooled/program.c" "${@:2}"
}
title_is() { # ID TITLE
	equal "$2" "$("$redflag" sql --db "$db" --csv "SELECT title FROM v_findings WHERE id = $1" | sed 1d)"
}
says() { # PART COMMAND...
	local part=$1
	shift
	"$@" >"$work/out" 2>&1
	grep -qF -- "$part" "$work/out" || {
		cat "$work/out"
		return 1
	}
}
silent_of() { # PART COMMAND...
	local part=$1
	shift
	"$@" >"$work/out" 2>&1
	! grep -iF -- "$part" "$work/out"
}

check "a program with debug information" build "$program" -g
check "it leaves a spool" "$program" "$spool"
check "the spool is taken in" says "4 reports stored" "$redflag" ingest --db "$db" "$spool"

check "heap use after free" title_is 1 "heap use after free: parse_header after release_buffer"
check "heap overflow, with the C library between" title_is 2 "heap overflow in read_field"
check "native race" title_is 3 "native race: parse_header and read_field"
check "double free" title_is 4 "double free in release_buffer"
check "the package is the program" equal parse "$("$redflag" sql --db "$db" --csv 'SELECT DISTINCT package FROM v_findings' | sed 1d)"
check "the tag is, too" equal parse "$("$redflag" sql --db "$db" --csv 'SELECT DISTINCT tag FROM v_findings' | sed 1d)"

"$redflag" show --db "$db" 2 >"$work/show"
check "an inlined function has its line" grep -qE 'spooled/program.c:[0-9]+' "$work/show"
for frame in read_field parse_body by_value main; do
	check "frame $frame" grep -qx "  $frame" "$work/show"
done
check "the C library has places" grep -qE '/libc\.so\.6\+0x[0-9a-f]+' "$work/show"
check "a thread" grep -qF 'by thread 4712 (worker)' "$work/show"
check "the detail" grep -qF '0 bytes behind the end of the block' "$work/show"
check "where it was allocated" grep -qF 'allocated in make_buffer' "$work/show"
check "no goroutine in show" silent_of goroutine "$redflag" show --db "$db" 1
check "the main thread" says 'by the main thread 4711 (program)' "$redflag" show --db "$db" 1
check "explain says why the C library doesn't count" says 'the C library, an allocator' "$redflag" explain --db "$db" 2
check "a page for each kind" says heap-overflow "$redflag" explain heap-overflow

for format in html json sarif junit markdown github otlp; do
	check "export $format" says parse_header "$redflag" export --db "$db" --format "$format"
	check "export $format speaks of no goroutine" silent_of 'by goroutine' cat "$work/out"
done
check "a page of the thread" says 'thread 4712 (worker)' "$redflag" export --db "$db" --format html

check "merged, it is the same" "$redflag" merge -o "$work/b.db" "$db"
check "threads go along" says 'by thread 4712 (worker)' "$redflag" show --db "$work/b.db" 2
check "titles do" equal "$("$redflag" sql --db "$db" --csv 'SELECT fingerprint, title, package, tag FROM v_findings ORDER BY 1')" \
	"$("$redflag" sql --db "$work/b.db" --csv 'SELECT fingerprint, title, package, tag FROM v_findings ORDER BY 1')"

# Profiles, as Go's own tool reads them.
pprof() { # ARGS... FILE
	PPROF_TMPDIR=$work GOFLAGS='' go tool pprof "$@" >"$work/pprof" 2>&1
}
tops() { # FUNCTION VALUE ARGS...: it stands first, with that
	pprof -top "${@:3}" && awk -v name="$1" -v value="$2" '/flat%/ { getline; bad = !($1 == value && $6 == name) } END { exit bad }' "$work/pprof" || {
		cat "$work/pprof"
		return 1
	}
}
for profile in heap cpu io; do
	check "export a $profile profile" "$redflag" export --db "$db" --format pprof --profile $profile -o "$work/$profile.pb.gz"
done
check "bytes are estimates" tops read_field 20.16MB "$work/heap.pb.gz"
check "the heap has all four values" tops read_field 41 -sample_index=alloc_objects "$work/heap.pb.gz"
check "time on the processor" tops read_field 27ms "$work/cpu.pb.gz"
check "bytes that were read and written" tops read_field 7200B -sample_index=transferred "$work/io.pb.gz"
check "lines are there" pprof -raw "$work/heap.pb.gz"
check "of inlined functions, too" grep -qE 'read_field .*/spooled/program\.c:[0-9]+' "$work/pprof"
check "folded stacks" says ';main;qsort_r;' "$redflag" export --db "$db" --format folded
check "a value that was asked for" says ';parse_header 2' "$redflag" export --db "$db" --format folded --value inuse_objects
check "no such profile" status_of 2 "$redflag" export --db "$db" --format folded --profile disk
check "no such process" status_of 3 "$redflag" export --db "$db" --format folded --pid 1
check "growth over time" equal '1,2' "$("$redflag" sql --db "$db" --csv \
	"SELECT group_concat(snapshot) FROM v_profiles WHERE kind = 'heap' AND live_bytes > 0" | sed 1d | tr -d '"')"
check "stacks by SQL" says 'main;handle;parse_header' "$redflag" sql --db "$db" --csv "SELECT stack FROM v_profile_stacks WHERE kind = 'heap'"

# As a flame graph, in a page and in the browser.
check "the page has a graph of each profile" equal 3 "$("$redflag" export --db "$db" --format html | grep -c '<svg class="flame"')"
check "and its style" says '.flame rect' "$redflag" export --db "$db" --format html
"$redflag" serve --db "$db" --addr 127.0.0.1:0 >"$work/serving" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$work"' EXIT
check "a server" wait_for 20 grep -q '^Serving' "$work/serving"
address=$(sed -nE 's|^Serving (http://[^/]*)/.*|\1|p' "$work/serving")
check "the run leads to its profiles" says 'href="/profiles/1"' curl -s "$address/runs/1"
check "which has a graph" says '<svg class="flame"' curl -s "$address/profiles/1"
check "boxes are links" grep -qF 'value=inuse_space&amp;at=3"' "$work/out"
check "another value" says 'aria-label="Flame graph, all objects"' curl -s "$address/profiles/1?kind=heap&value=alloc_objects"
check "another profile" says 'aria-label="Flame graph, time"' curl -s "$address/profiles/1?kind=io"
check "a box alone" says 'and one above it goes back' curl -s "$address/profiles/1?kind=heap&at=5"
check "nonsense gives the first" says 'aria-label="Flame graph, live bytes"' curl -s "$address/profiles/1?process=9&kind=x&value=y&at=99999999999999999999"
check "no such run" equal 404 "$(curl -s -o "$work/out" -w '%{http_code}' "$address/profiles/77")"
kill $server

# The same path, another build: places alone. The same build, stripped: what is exported, and places.
rm "$db"
check "the program is replaced" build "$program" -g -O1
check "its spool is taken in" "$redflag" ingest --db "$db" "$spool"
check "it gives no names" equal 0 "$("$redflag" sql --db "$db" --csv "SELECT count(*) FROM frames WHERE function = 'parse_header'" | sed 1d)"
check "places are" says 'parse+0x' "$redflag" show --db "$db" 1
rm "$db"
check "a stripped program" build "$program" -s
check "leaves a spool" "$program" "$spool"
check "which is taken in" "$redflag" ingest --db "$db" "$spool"
check "places stand for names" says 'heap overflow in parse+0x' "$redflag" list --db "$db"
rm "$db" "$program"
check "a program that is gone" "$redflag" ingest --db "$db" "$spool"
check "leaves the same places" says 'heap overflow in parse+0x' "$redflag" list --db "$db"

finish
