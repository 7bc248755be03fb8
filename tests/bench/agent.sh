#!/usr/bin/env bash
# What the agent costs: programs without it, with it and its defaults, with jemalloc's profiler and with heaptrack.
#
# A round is a pair: the program alone, and one variant of it, started together on one processor, where the kernel's scheduler gives
# each a few milliseconds in turn. What makes the machine slower, or busier, so meets both. It gives one ratio of CPU seconds (user
# and system); who is started first, and the processor, change from round to round. Where memory happens to lie makes a run a per cent
# slower or faster, so a row is the median of many short rounds. In parentheses is what holds the true median 95 times in 100 (by
# order alone: the binomial distribution, no assumption about shape; of fewer than six rounds the least and the greatest). Then the median of the peak memory in MiB, and what that is more.
#
#	ROUNDS=100 tests/bench/agent.sh [NAME...]     only these: alloc, locks, cgo, sqlite3, xz, redis, nginx, short
#
# nginx's seconds are those for 100 000 requests. What starting and ending costs is the row `short`: SHORT runs of 10 ms and 2 MB, of
# which the seconds are the sum; it is part of the other rows, too, whose runs take half a second.
# LONGER=4 makes runs four times as long (not redis and nginx), so that starting and ending is a fourth of what it was; of `short` it
# makes four times as many.
# watch, cpu and io are the agent with --watch 10, --cpu 99 and --io 100, events with --offcpu 100 --faults 100 --system 99;
# these, jemalloc and heaptrack get a tenth of the rounds. VARIANTS="agent watch" measures only these.
#
# What the method can tell: VARIANTS="again slower", the program alone a second time, which is to give 1, and with one per cent
# more work (not redis and nginx, which are counted by the request).
#
# Wants sqlite3, redis-server, nginx, wrk, libjemalloc2 and heaptrack (Debian's packages); what isn't there is left out and said.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/bench/set.sh"

rounds=${ROUNDS:-100}
processors=$(nproc)
jemalloc=$(ldconfig -p | awk '/libjemalloc\.so\.2/ { print $NF; exit }')
preload=$("$redflag" agent env --db "$work/a.db" | sed -n "s/^export LD_PRELOAD='\(.*\)'/\1/p")
SHORT=${SHORT:-20}
whole=$((100 * ${LONGER:-1}))
more=$((whole * 101 / 100))
build_measure || exit
"${CC:-gcc}" -O2 -o "$work/alloc" "$root/tests/bench/agent/alloc.c" || exit
"${CC:-gcc}" -O2 -o "$work/locks" "$root/tests/bench/agent/locks.c" -lpthread || exit
(cd "$root/tests/bench/agent/cgo" && go build -o "$work/cgo" .) || exit
for percent in $whole $more; do
	cat >"$work/load.$percent.sql" <<SQL
CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, c REAL);
WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < ${percent}000 * 6)
	INSERT INTO t SELECT x, 'row number ' || x, x * 0.5 FROM n;
CREATE INDEX i ON t (b);
SELECT count(*), sum(length(b)) FROM t WHERE b LIKE '%7%';
SELECT substr(b, 12, 2) AS k, group_concat(a) FROM t WHERE a % 3 = 0 GROUP BY k LIMIT 2;
SQL
	seq "${percent}0000" | sed 's/$/ of a table/' >"$work/rows.$percent"
done
# As an administrator would start it, with the port and the files of one side of a pair.
conf() { # SIDE
	cat >"$work/nginx.$1.conf" <<NGINX
daemon off; master_process off; pid $work/nginx.$1.pid; error_log $work/nginx.log;
events { worker_connections 512; }
http { access_log off; client_body_temp_path $work; proxy_temp_path $work; fastcgi_temp_path $work; uwsgi_temp_path $work;
	scgi_temp_path $work; server { listen 127.0.0.1:1791$1; root $root; } }
NGINX
}
conf 0
conf 1

alive() { # SIDE
	(exec 3<>"/dev/tcp/127.0.0.1/1791$1") 2>/dev/null
}
# A server under a fixed load, which comes from another processor, until it is told to end.
redis() { # PREFIX...
	"$@" redis-server --port "1791$side" --bind 127.0.0.1 --save '' --appendonly no --dir "$work" &
	wait_for 10 alive "$side"
	taskset -c "$other" redis-benchmark -p "1791$side" -n 20000 -c 20 -r 20000 -d 200 -t set,get,lpush,lpop -q
	redis-cli -p "1791$side" shutdown nosave
	wait
}
nginx_server() { # PREFIX...
	"$@" nginx -c "$work/nginx.$side.conf" &
	wait_for 10 alive "$side"
	taskset -c "$other" wrk -t1 -c20 -d1s "http://127.0.0.1:1791$side/README.md" | awk '$2 == "requests" { print $1 }' >"$work/requests.$side"
	kill -QUIT "$(cat "$work/nginx.$side.pid")"
	wait
}

program() { # NAME PREFIX...: does its work behind the prefix
	case $1 in
	alloc) "${@:2}" "$work/alloc" "$percent" ;;
	short) for ((run = 0; run < SHORT * percent / 100; run++)); do "${@:2}" "$work/alloc" 1; done ;;
	locks) "${@:2}" "$work/locks" "${percent}00000" ;;
	cgo) "${@:2}" "$work/cgo" "${percent}0000" ;;
	sqlite3) "${@:2}" sqlite3 :memory: ".read $work/load.$percent.sql" ;;
	xz) "${@:2}" xz -T2 -1 --block-size=1MiB -c "$work/rows.$percent" ;;
	redis) redis "${@:2}" ;;
	nginx) nginx_server "${@:2}" ;;
	esac
}
# CPU seconds and peak KiB of one side of a pair. What measures writes to a file, since a server's load runs beside it.
under() { # SIDE VARIANT NAME
	local side=$1 percent=$whole agent=(env "LD_PRELOAD=$preload" "REDFLAG_SPOOL=$work/spool")
	local measured=(taskset -c "$processor" "$work/measure" /dev/null /dev/null)
	case $2 in
	alone | again) measured+=(env NOTHING=) ;;
	slower) measured+=(env NOTHING=) percent=$more ;;
	agent) measured+=("${agent[@]}" REDFLAG_AGENT=) ;;
	watch) measured+=("${agent[@]}" REDFLAG_AGENT=watch=10) ;;
	cpu) measured+=("${agent[@]}" REDFLAG_AGENT=cpu=99) ;;
	io) measured+=("${agent[@]}" REDFLAG_AGENT=io=100) ;;
	events) measured+=("${agent[@]}" "REDFLAG_AGENT=offcpu=100,faults=100,system=99") ;;
	jemalloc) measured+=(env "LD_PRELOAD=$jemalloc" "MALLOC_CONF=prof:true,lg_prof_sample:19,prof_final:true,prof_prefix:$work/jeprof") ;;
	heaptrack) measured+=(heaptrack -o "$work/heaptrack") ;;
	esac
	rm -f "$work/measured.$side"
	echo 100000 >"$work/requests.$side"
	program "$3" bash -c '"$@" >>"$0"' "$work/measured.$side" "${measured[@]}" >/dev/null 2>&1
	awk -v requests="$(cat "$work/requests.$side")" '{ t += $2; m = $3 > m ? $3 : m } END { print t * 100000 / requests, m }' \
		"$work/measured.$side" >"$work/side.$side"
}
pair() { # VARIANT NAME ROUND: a line of the variant's table
	local processor=$(($3 / 2 % processors)) other=$((($3 / 2 + 1) % processors))
	if (($3 % 2)); then
		under 1 "$1" "$2" & under 0 alone "$2"
	else
		under 0 alone "$2" & under 1 "$1" "$2"
	fi
	wait
	paste -d' ' "$work/side.0" "$work/side.1" >>"$work/of.$1"
	rm -rf "$work/spool" "$work"/heaptrack* "$work"/jeprof*
}

middle() { # of numbers, one a line: median, and the interval that holds the true one 95 times in 100
	sort -g | awk '{ v[NR] = $1 } END { k = int((NR - 1.96 * sqrt(NR)) / 2); k = k < 1 ? 1 : k
		print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2, v[k], v[NR + 1 - k] }'
}
row() { # NAME VARIANT
	{
		awk '{ print $3 / $1 }' "$work/of.$2" | middle
		for column in 3 2 4; do awk -v n=$column '{ print $n }' "$work/of.$2" | middle; done
	} | awk -v p="$1" -v w="$2" '{ m[NR] = $1 } NR == 1 { low = $2; high = $3 } END {
		printf "%-10s %-10s %8.3f %7.4f (%.4f-%.4f) %8.1f %+6.1f\n", p, w, m[2], m[1], low, high, m[4] / 1024, (m[4] - m[3]) / 1024 }'
}

printf '%-10s %-10s %8s %7s %17s %8s %6s\n' program variant CPU ratio "true, 95 of 100" MiB more
[ $# -gt 0 ] || set -- alloc locks cgo sqlite3 xz redis nginx short
for name in "$@"; do
	variants=(agent watch cpu io events)
	[ -n "$jemalloc" ] && variants+=(jemalloc)
	command -v heaptrack >/dev/null && variants+=(heaptrack)
	rm -f "$work"/of.*
	[ -z "${VARIANTS:-}" ] || read -ra variants <<<"$VARIANTS"
	for variant in "${variants[@]}"; do
		times=$rounds
		[[ $variant =~ ^(agent|again|slower)$ ]] || times=$(((rounds + 9) / 10))
		for ((i = 0; i < times; i++)); do pair "$variant" "$name" $i; done
		row "$name" "$variant"
	done
done
