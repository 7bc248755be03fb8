#!/usr/bin/env bash
# The agent's decoder against objdump, over whole programs and libraries of the system, and Go's own command.
. "$(dirname "$0")/../lib.sh"

check "the program" "${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O1 -I "$root" -o "$work/decode_check" "$root/tests/e2e/agent/decode_check.c"
compare() { # FILE
	objdump -d --insn-width=16 "$1" | "$work/decode_check" >"$work/out"
	local status=$?
	tail -n 20 "$work/out"
	return $status
}
if command -v objdump >/dev/null; then
	for file in "$(ldd "$(command -v bash)" | awk '/libc\.so/ { print $3 }')" "$(command -v bash)" "$(command -v git)" "$(command -v python3)" \
		"$(command -v sqlite3)" "$(go env GOROOT)/bin/go"; do
		[ "$(head -c 4 "$file" 2>/dev/null)" = $'\177ELF' ] && check "${file##*/}" compare "$file"
	done
else
	skip "the programs" "there is no objdump (binutils)"
fi
finish
