#!/usr/bin/env bash
# What a longer history of the detector costs, and how far back it reaches: real tests of the standard library, and a program
# made for the worst case (tests/bench/history), with GORACE=history_size=N for each N.
#
#	ROUNDS=3 tests/bench/history.sh [N...]     default 0 4 8 16 32 64; redflag's own default is in tsan-glue/history.h
#
# A row is the median of ROUNDS rounds, all N in turn: CPU seconds (user and system), peak memory in MiB, and both as ratios to
# the first N.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/bench/set.sh"

rounds=${ROUNDS:-3}
sizes=${*:-0 4 8 16 32 64}
rows='
encoding/json .
net/http Transport
go/parser .
bench .
'
build_measure || exit

directory() { [ "$1" = bench ] && echo "$root/tests/bench/history" || echo "$(go env GOROOT)/src/$1"; }

printf '%-16s %12s %8s %10s %9s %7s\n' package history_size 'CPU s' 'peak MiB' 'CPU x' 'peak x'
while read -r package tests; do
	[ -n "$package" ] || continue
	name=${package//\//_}
	(cd "$(directory "$package")" && go test -race -c -o "$work/$name.test" .) || exit
	for ((i = 0; i < rounds; i++)); do
		for n in $sizes; do
			(cd "$(directory "$package")" && GORACE="history_size=$n atexit_sleep_ms=0" "$work/measure" /dev/null /dev/null \
				"$work/$name.test" -test.short -test.run "$tests" 2>/dev/null) >>"$work/$name.$n" || exit
		done
	done
	first=
	for n in $sizes; do
		read -r cpu _ <<<"$(awk '{ print $2 }' "$work/$name.$n" | median)"
		read -r peak _ <<<"$(awk '{ print $3 / 1024 }' "$work/$name.$n" | median)"
		first=${first:-$cpu $peak}
		awk -v p="$package" -v n="$n" -v c="$cpu" -v m="$peak" -v f="$first" 'BEGIN { split(f, a, " ")
			printf "%-16s %12d %8.2f %10.1f %9.2f %7.2f\n", p, n, c, m, c / a[1], m / a[2] }'
	done
done <<<"$rows"
