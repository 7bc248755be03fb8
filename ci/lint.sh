#!/usr/bin/env bash
# House rules that a compiler does not check. Prints one line a violation; status 1 when there is one.
# Exceptions stand in ci/lint-allow.txt, each with its reason.
set -euo pipefail
cd "$(dirname "$0")/.."
allow=ci/lint-allow.txt
bad=0

complain() { # FILE[:LINE] SENTENCE
	echo "lint: $1: $2"
	bad=1
}

allowed() { # RULE NAME
	grep -qE "^$1[[:space:]]+$2[[:space:]]+#[[:space:]]*[^[:space:]]" "$allow"
}

mapfile -t sources < <(find reporter tsan-glue agent tests runtime-patch -name '*.[ch]' | LC_ALL=C sort)
mapfile -t scripts < <(find ci tests docs .ci -name '*.sh' -o -path .ci/run | LC_ALL=C sort)
mapfile -t texts < <(find Makefile README.md reporter tsan-glue agent runtime-patch tests ci docs .ci -type f \
	-not -path 'tests/corpus/*' \( -name '*.[chS]' -o -name '*.go' -o -name '*.sh' -o -name '*.mk' -o -name '*.md' \
	-o -name '*.txt' -o -name Makefile \) 2>/dev/null | LC_ALL=C sort)

while IFS=: read -r file line text; do
	complain "$file:$line" "banned function, use the bounded one (${text#"${text%%[![:space:]]*}"})"
done < <(grep -nE '\<(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|gets|alloca)[[:space:]]*\(' "${sources[@]}" || true)

# A stage includes only itself and earlier ones; the order is that of reporter/sources.mk.
mapfile -t reporter < <(find reporter -name '*.[ch]' | LC_ALL=C sort)
while read -r place from to; do
	complain "$place" "stage $from includes the later stage $to"
done < <(awk -F'[/"]' '
	FILENAME == "reporter/sources.mk" { if (/reporter\// && !($2 in rank)) rank[$2] = ++n; next }
	/^#include "/ {
		split(FILENAME, path, "/")
		if ($2 in rank && path[2] in rank && rank[$2] > rank[path[2]]) print FILENAME ":" FNR, path[2], $2
	}' reporter/sources.mk "${reporter[@]}")

for file in "${sources[@]}"; do
	lines=$(wc -l <"$file")
	if [ "$lines" -gt 450 ] && ! allowed file "$file"; then
		complain "$file" "$lines lines; split it (450 at most)"
	fi
done

# A function opens with "{" and closes with "}" in the first column.
while read -r file line name length; do
	allowed function "$file:$name" || complain "$file:$line" "$name has $length lines; split it (70 at most)"
done < <(awk '
	FNR == 1 { open = 0 }
	/^[A-Za-z_].*\(/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
	/^{/ { open = FNR }
	/^}/ { if (open && FNR - open - 1 > 70) print FILENAME, open, name, FNR - open - 1; open = 0 }' "${sources[@]}")

while IFS=: read -r file line _; do
	complain "$file:$line" "white space at the end of the line"
done < <(grep -nE '[[:space:]]+$' "${texts[@]}" || true)
while IFS=: read -r file line _; do
	complain "$file:$line" "indent with tabs"
done < <(grep -nE '^        ' "${sources[@]}" || true)
while IFS=: read -r file line _; do
	complain "$file:$line" "a path of one machine"
done < <(grep -nE '(^|[^A-Za-z0-9_./~-])/(home|root|work|Users)/[a-z]' "${texts[@]}" || true)
while read -r place columns; do
	complain "$place" "$columns columns (the aim is 120, 140 is the bound, a tab is 4)"
done < <(LC_ALL=C awk '{
		line = $0
		gsub(/\t/, "    ", line)
		gsub(/[\200-\277]/, "", line) # count characters and not bytes of UTF-8
		if (length(line) > 140) print FILENAME ":" FNR, length(line)
	}' "${sources[@]}")

if command -v shellcheck >/dev/null; then
	# SC2034: a variable of a sourced file is used by those who source it
	shellcheck -x -P SCRIPTDIR -S warning -e SC2034 "${scripts[@]}" || bad=1
else
	echo "lint: shellcheck is not installed, shell scripts were not checked"
fi
exit "$bad"
