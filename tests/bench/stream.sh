#!/usr/bin/env bash
# `redflag report` against gotestsum and go-junit-report, side by side on the same stream of `go test -race -json`, each as
# it is normally used: time by the clock, CPU time (user and system), peak memory, and how many reports each one kept. "times"
# is how often redflag's throughput is that of the row, by the clock and by CPU time. With ROUNDS above 1 the tools run in turn
# and each row is the round with the median time.
#
#	ROUNDS=1 tests/bench/stream.sh [MEGABYTES [REPORTS]]        default 50 and 5000; `make bench` takes 1000 and 100000
#
# The two others come from the Go proxy. Status 1: redflag did not store each report once, or needed 64 MiB or more.
. "$(dirname "$0")/../lib.sh"

gotestsum=v1.13.0 go_junit_report=v2.1.0
megabytes=${1:-50} reports=${2:-5000} rounds=${ROUNDS:-1}
memory_max_kib=$((64 * 1024))

for program in race_stream measure; do
	gcc -O2 -std=c11 -D_GNU_SOURCE "$root/tests/bench/stream/$program.c" -o "$work/$program" || exit
done
GOBIN=$work go install "gotest.tools/gotestsum@$gotestsum" 2>"$work/install" &&
	GOBIN=$work go install "github.com/jstemmer/go-junit-report/v2@$go_junit_report" 2>>"$work/install" || {
	cat "$work/install" >&2
	exit 1
}
stream=$work/stream.json
"$work/race_stream" "$megabytes"000000 "$reports" >"$stream" || exit

# measured NAME INPUT OUTPUT COMMAND...: what it took, a line in $work/NAME.took.
measured() {
	local name=$1
	shift
	"$work/measure" "$@" 2>"$work/stderr" >>"$work/$name.took" || exit
}
xml_reports() { grep -o 'WARNING: DATA RACE' "$1" | wc -l; }

for ((i = 0; i < rounds; i++)); do
	rm -rf "$work/db"
	mkdir "$work/db"
	measured redflag "$stream" /dev/null "$redflag" report --db "$work/db/redflag.db"
	measured gotestsum /dev/null /dev/null "$work/gotestsum" --junitfile "$work/gotestsum.xml" --raw-command -- cat "$stream"
	measured go-junit-report "$stream" "$work/go-junit-report.xml" "$work/go-junit-report" -parser gojson
done
stored=$(sqlite3 "$work/db/redflag.db" 'SELECT count(*) FROM events')

median() { sort -g "$work/$1.took" | awk '{ line[NR] = $0 } END { print line[int((NR + 1) / 2)] }'; }
row() { # NAME VERSION KEPT
	read -r wall cpu peak_kib _ <<<"$(median "$1")"
	awk -v name="$1 $2" -v wall="$wall" -v cpu="$cpu" -v peak="$peak_kib" -v kept="$3" -v mb="$megabytes" -v our_wall="$our_wall" \
		-v our_cpu="$our_cpu" 'BEGIN { printf "%-24s %8.2f %8.1f %8.2f %9.1f %9d %7.2f %7.2f\n", name, wall, mb / wall, cpu,
			peak / 1024, kept, wall / our_wall, cpu / our_cpu }'
}
read -r our_wall our_cpu our_peak_kib _ <<<"$(median redflag)"
printf '%s bytes of go test -json, %s lines, %s reports\n' "$(stat -c %s "$stream")" "$(wc -l <"$stream")" "$reports"
printf '%-24s %8s %8s %8s %9s %9s %7s %7s\n' tool seconds MB/s 'CPU s' 'peak MiB' reports times 'by CPU'
row redflag '' "$stored"
row gotestsum "$gotestsum" "$(xml_reports "$work/gotestsum.xml")"
row go-junit-report "$go_junit_report" "$(xml_reports "$work/go-junit-report.xml")"
[ "$stored" -eq "$reports" ] && [ "$our_peak_kib" -lt "$memory_max_kib" ]
