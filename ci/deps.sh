#!/usr/bin/env bash
# Installs what the build and the tests need and what is missing, with apt. Silent, and without the network, when all is
# there. Without apt, or without the right to install, it names the packages and fails.
#
#	ci/deps.sh [--build | --look]      --build: only what `make` needs, not the tests; --look: and nothing is installed
set -euo pipefail

# package: what has to be there. A name alone is a program on PATH; lib:NAME is a header that the compiler finds.
build=(
	"gcc: gcc"
	"libc6-dev: lib:stdio.h"
	"make: make"
	"libsqlite3-dev: lib:sqlite3.h"
	"libyaml-dev: lib:yaml.h"
	"nettle-dev: lib:nettle/sha2.h"
	"libcurl4-gnutls-dev: lib:curl/curl.h"
	"libmicrohttpd-dev: lib:microhttpd.h"
	"libdw-dev: lib:elfutils/libdwfl.h"
	"zlib1g-dev: lib:zlib.h"
)
tests=(
	"libcmocka-dev: lib:cmocka.h"
	"procps: pgrep"
	"curl: curl"
	"sqlite3: sqlite3"
	"shellcheck: shellcheck"
	"gcc-aarch64-linux-gnu: aarch64-linux-gnu-gcc"
	"libc6-dev-arm64-cross: /usr/aarch64-linux-gnu/include/stdio.h"
)
# Tests are skipped by name without these; not every system has packages of these names.
extras=(
	"python3: python3"
	"libxml2-utils: xmllint"
	"chromium: chromium"
	"chromium-driver: chromedriver"
)

is_header_there() {
	local directory
	for directory in /usr/include /usr/local/include "/usr/include/$(gcc -print-multiarch 2>/dev/null)"; do
		[ -e "$directory/$1" ] && return 0
	done
	# What the compiler was told by CPATH and its like, or by its configuration.
	printf '#include <stddef.h>\n#include <stdarg.h>\n#include <stdint.h>\n#include <setjmp.h>\n#include <%s>\n' "$1" |
		"${CC:-gcc}" -E -o /dev/null - 2>/dev/null
}

# is_there WHAT...: one of them is enough.
is_there() {
	local what
	for what in "$@"; do
		case $what in
		lib:*) is_header_there "${what#lib:}" && return 0 ;;
		/*) [ -e "$what" ] && return 0 ;;
		*) command -v "$what" >/dev/null 2>&1 && return 0 ;;
		esac
	done
	return 1
}

missing=()
collect() {
	local line whats
	for line in "$@"; do
		read -ra whats <<<"${line#*: }"
		is_there "${whats[@]}" || missing+=("${line%%: *}")
	done
}

# clang with libFuzzer, whose library is a package of its own with the version in its name.
collect_clang() {
	local clang candidate version
	for candidate in clang clang-{14..22}; do
		clang=$(command -v "$candidate") && break
	done
	if [ -n "${clang:-}" ]; then
		compgen -G "$("$clang" -print-resource-dir)/lib/*/libclang_rt.fuzzer*" >/dev/null && return
		version=$("$clang" -dumpversion)
	else
		missing+=(clang)
		version=$({ apt-cache depends clang 2>/dev/null || true; } | sed -n 's/.*Depends: clang-//p')
	fi
	[ -z "$version" ] || missing+=("libclang-rt-${version%%.*}-dev")
}

wanted=()
if [ -z "${1:-}" ]; then
	collect "${extras[@]}"
	python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || missing+=(python3-venv)
	python3 -c 'import jsonschema' >/dev/null 2>&1 || missing+=(python3-jsonschema)
	wanted=("${missing[@]}")
	missing=()
	collect "${tests[@]}"
	collect_clang
fi
collect "${build[@]}"

if ! command -v go >/dev/null 2>&1; then
	echo "ci/deps.sh: there is no go command on PATH; install Go 1.25 or newer from https://go.dev/dl" >&2
	[ ${#missing[@]} -ne 0 ] || exit 1
fi
[ ${#missing[@]} -ne 0 ] || [ ${#wanted[@]} -ne 0 ] || exit 0
[ ${#missing[@]} -ne 0 ] || command -v apt-get >/dev/null 2>&1 || exit 0

if [ "${1:-}" = --look ]; then
	echo "ci/deps.sh: missing: ${missing[*]}; \`ci/deps.sh --build\` installs that, \`make deps\` what the tests need, too" >&2
	exit 1
fi
if ! command -v apt-get >/dev/null 2>&1; then
	echo "ci/deps.sh: missing, and there is no apt-get to install it with: ${missing[*]}" >&2
	echo "ci/deps.sh: install your system's packages that correspond to these of Debian, then try again" >&2
	exit 1
fi
run=()
if [ "$(id -u)" -ne 0 ]; then
	[ ${#missing[@]} -ne 0 ] || sudo -n true 2>/dev/null || exit 0
	if ! command -v sudo >/dev/null 2>&1 || ! sudo -n true 2>/dev/null; then
		echo "ci/deps.sh: missing, and installing needs the rights of root; run this, then try again:" >&2
		echo "    sudo apt-get install ${missing[*]}" >&2
		exit 1
	fi
	run=(sudo -n)
fi

echo "ci/deps.sh: installing ${missing[*]} ${wanted[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt_install() {
	"${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >"$log" 2>&1
}
# Package lists may be old or absent: only then are they fetched.
updated=
install() {
	apt_install "$@" && return
	[ -z "$updated" ] || return 1
	updated=yes
	"${run[@]}" apt-get update -qq >"$log" 2>&1 || true
	apt_install "$@"
}
if [ ${#missing[@]} -ne 0 ] && ! install "${missing[@]}"; then
	cat "$log" >&2
	echo "ci/deps.sh: apt-get can't install ${missing[*]}; its reason stands above" >&2
	exit 1
fi
for package in "${wanted[@]}"; do
	install "$package" || echo "ci/deps.sh: $package can't be installed here, so tests that need it are skipped"
done
