#!/bin/sh
# Builds Go's race detector from the sources in Debian's package llvm-toolchain-19, with a lock of ours (redflag_lock.h), which lies beside
# this script; the object is race_linux.o in the current directory, and nothing else is left there. $CC is the compiler.
#
# The package comes by apt, from the Debian that this machine's apt knows, and by its signatures; apt's own lists and settings stay as
# they are. The flags and files are those of compiler-rt/lib/tsan/go/buildgo.sh for GOAMD64=v1, so that the object is laid out like Go's.
# What can't be had or isn't as known ends it with a sentence on stderr.
set -eu
package=llvm-toolchain-19
here=$PWD
ours=$(cd "$(dirname "$0")" && pwd)
work=$here/sources

fail() {
	rm -rf "$work"
	echo "$1" >&2
	exit 1
}

fetch() { # into $work
	command -v apt-get >/dev/null || fail "there is no apt-get here, which the sources come by"
	mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/etc"
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' 2>/dev/null |
		awk '$4 == "Debian" && $3 == "main" { print "deb-src", $1, $2, $3 }' | sort -u >"$work/etc/sources.list"
	[ -s "$work/etc/sources.list" ] || fail "apt knows no Debian here; add one and run apt-get update"
	cat >"$work/etc/apt.conf" <<-END
		Dir::Etc::sourcelist "$work/etc/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::State::lists "$work/lists";
		Dir::Cache "$work/cache";
		APT::Sandbox::User "";
	END
	export APT_CONFIG="$work/etc/apt.conf"
	(cd "$work" && apt-get -q update && apt-get -q source --download-only $package) >"$work/log" 2>&1 ||
		fail "apt can't get the sources of $package: $(grep -E '^[EW]:' "$work/log" | tail -n 1)"
}

unpack() {
	tar -xJf "$work"/${package}_*.orig.tar.xz -C "$work" --strip-components=1 --wildcards '*/compiler-rt/lib/tsan/go/*' \
		'*/compiler-rt/lib/tsan/rtl/*' '*/compiler-rt/lib/sanitizer_common/*' '*/compiler-rt/lib/interception/*' \
		'*/compiler-rt/lib/ubsan/*' '*/compiler-rt/include/*' 2>"$work/log" || fail "the sources can't be unpacked: $(tail -n 1 "$work/log")"
}

change() { # FILE LINES FROM TO: each line that is FROM, as an extended regular expression, becomes TO
	[ "$(grep -cxE -- "$3" "$1")" = "$2" ] || fail "$1 isn't as known: not $2 lines are $3"
	sed -E -i "s~^$3\$~$4~" "$1"
}

patch_sources() {
	cd "$work/compiler-rt/lib"
	cp "$ours/redflag_lock.h" sanitizer_common
	change sanitizer_common/sanitizer_mutex.h 1 'typedef GenericScopedLock<Mutex> Lock;' '#include "redflag_lock.h"'
	change sanitizer_common/sanitizer_mutex.h 1 'typedef GenericScopedReadLock<Mutex> ReadLock;' ''
	change sanitizer_common/sanitizer_mutex.h 1 'typedef GenericScopedRWLock<Mutex> RWLock;' ''
	change tsan/rtl/tsan_rtl.h 1 '  Mutex mtx;' '  RedflagLock mtx;'
	change tsan/rtl/tsan_sync.h 1 '  Mutex mtx;' '  RedflagLock mtx;'
	change tsan/rtl/tsan_interface_atomic.cpp 2 '(  ATOMIC\(Store, .*, )mo_release\);' '\1mo_seq_cst);'
	# What race_linux.patch in GOROOT does.
	change tsan/rtl/tsan_trace.h 1 '  TracePart\* local_head;' '  TracePart* local_head = nullptr;'
}

sources() { # as buildgo.sh lists them
	sed -n '/^SRCS="$/,/^"/p; /= "linux" \]; then/,/^[[:space:]]*"$/p' buildgo.sh | grep -oE '[a-z_./0-9]+\.cpp'
}

compile() {
	cd "$work/compiler-rt/lib/tsan/go"
	for file in $(sources); do
		printf '#line 1 "%s"\n' "$file"
		cat "$file"
	done >gotsan.cpp
	# shellcheck disable=SC2086 # CC is a list of words
	$CC gotsan.cpp -c -o "$here/race_linux.o" -I../rtl -I../.. -I../../sanitizer_common -I../../../include -std=c++17 -w -m64 -msse3 \
		-fno-exceptions -fno-rtti -fPIC -ffreestanding -O3 -fomit-frame-pointer -DSANITIZER_GO=1 -DSANITIZER_DEBUG=0 \
		-DSANITIZER_DEADLOCK_DETECTOR_VERSION=2 2>"$work/log" || fail "the sources can't be compiled: $(grep -m 1 error "$work/log")"
}

fetch
unpack
patch_sources
compile
rm -rf "$work"
