#!/usr/bin/env bash
# What the agent costs: programs without it, with it and its defaults, with jemalloc's profiler and with heaptrack. Each round runs them
# all, another one first each time, and gives a ratio to the program alone of that round. A row has the median of the CPU seconds (user
# and system), the median of the ratios with their quartiles, the median of the peak memory in MiB, and what that is more.
#
#	ROUNDS=5 tests/bench/agent.sh [NAME...]     only these: alloc, locks, cgo, sqlite3, xz, redis, nginx, short
#
# Each runs for three seconds and more, so that a per cent can be seen; nginx's seconds are those for 100 000 requests. What starting
# and ending costs is the row `short`: SHORT runs of 10 ms and 2 MB, of which the seconds are the sum.
# watch, cpu, io and counters are the agent with --watch 10, --cpu 99, --io 100 and --counters 100, events with --offcpu 100 --faults 100 --system 99;
# VARIANTS="alone watch" measures only these.
#
# Wants sqlite3, redis-server, nginx, wrk, libjemalloc2 and heaptrack (Debian's packages); what isn't there is left out and said.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/bench/set.sh"

rounds=${ROUNDS:-5}
jemalloc=$(ldconfig -p | awk '/libjemalloc\.so\.2/ { print $NF; exit }')
port=17911
SHORT=${SHORT:-100}
build_measure || exit
"${CC:-gcc}" -O2 -o "$work/alloc" "$root/tests/bench/agent/alloc.c" || exit
"${CC:-gcc}" -O2 -o "$work/locks" "$root/tests/bench/agent/locks.c" -lpthread || exit
(cd "$root/tests/bench/agent/cgo" && go build -o "$work/cgo" .) || exit
for ((i = 0; i < 10; i++)); do
	cat <<'SQL'
CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, c REAL);
WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 400000)
	INSERT INTO t SELECT x, 'row number ' || x, x * 0.5 FROM n;
CREATE INDEX i ON t (b);
SELECT count(*), sum(length(b)) FROM t WHERE b LIKE '%7%';
SELECT substr(b, 12, 2) AS k, group_concat(a) FROM t WHERE a % 3 = 0 GROUP BY k LIMIT 2;
DROP TABLE t;
SQL
done >"$work/load.sql"
cat >"$work/nginx.conf" <<NGINX
daemon off; master_process off; pid $work/nginx.pid; error_log $work/nginx.log;
events { worker_connections 512; }
http { access_log off; client_body_temp_path $work; proxy_temp_path $work; fastcgi_temp_path $work; uwsgi_temp_path $work;
	scgi_temp_path $work; server { listen 127.0.0.1:$port; root $root; } }
NGINX

seq 24000000 >"$work/rows"

alive() {
	(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null
}
# A server under a fixed load, until it is told to end.
redis() { # PREFIX...
	"$@" redis-server --port $port --bind 127.0.0.1 --save '' --appendonly no --dir "$work" &
	wait_for 10 alive
	redis-benchmark -p $port -n 300000 -c 20 -r 20000 -d 200 -t set,get,lpush,lpop -q
	redis-cli -p $port shutdown nosave
	wait
}
nginx_server() { # PREFIX...
	"$@" nginx -c "$work/nginx.conf" &
	wait_for 10 alive
	wrk -t1 -c20 -d5s "http://127.0.0.1:$port/README.md" | awk '$2 == "requests" { print $1 }' >"$work/requests"
	kill -QUIT "$(cat "$work/nginx.pid")"
	wait
}

program() { # NAME PREFIX...: does its work behind the prefix
	case $1 in
	alloc) "${@:2}" "$work/alloc" 360 ;;
	short) for ((run = 0; run < SHORT; run++)); do "${@:2}" "$work/alloc" 1; done ;;
	locks) "${@:2}" "$work/locks" 300000000 ;;
	cgo) "${@:2}" "$work/cgo" 14000000 ;;
	sqlite3) "${@:2}" sqlite3 :memory: ".read $work/load.sql" ;;
	xz) "${@:2}" xz -T2 -1 --block-size=1MiB -c "$work/rows" ;;
	redis) redis "${@:2}" ;;
	nginx) nginx_server "${@:2}" ;;
	esac
}
# CPU seconds and peak KiB of the program behind a measure that writes to a file, since a server's load runs beside it.
under() { # VARIANT NAME
	local measured=("$work/measure" /dev/null /dev/null) tables
	case $1 in
	alone) ;;
	agent | watch | cpu | io | counters | events)
		local -A more=([agent]="" [watch]="watch=10" [cpu]="cpu=99" [io]="io=100" [counters]="counters=100" [events]="offcpu=100,faults=100,system=99")
		tables=$("$redflag" agent env --db "$work/a.db")
		measured+=(env "LD_PRELOAD=$(sed -n "s/^export LD_PRELOAD='\(.*\)'/\1/p" <<<"$tables")" "REDFLAG_AGENT=${more[$1]}" "REDFLAG_SPOOL=$work/a.db.spool")
		;;
	jemalloc) measured+=(env "LD_PRELOAD=$jemalloc" "MALLOC_CONF=prof:true,lg_prof_sample:19,prof_final:true,prof_prefix:$work/jeprof") ;;
	heaptrack) measured+=(heaptrack -o "$work/heaptrack") ;;
	esac
	rm -f "$work/measured"
	echo 100000 >"$work/requests"
	program "$2" bash -c '"$@" >>"$0"' "$work/measured" "${measured[@]}" >/dev/null 2>&1
	awk -v requests="$(cat "$work/requests")" '{ t += $2; m = $3 > m ? $3 : m } END { print t * 100000 / requests, m }' "$work/measured"
	rm -f "$work"/heaptrack* "$work"/jeprof*
}

middle() { # of the numbers in a column: quartile, median, quartile
	sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 3) / 4)], v[int((NR + 1) / 2)], v[int((3 * NR + 3) / 4)] }'
}
row() { # NAME VARIANT
	local cpu memory before ratio
	cpu=$(awk '{ print $1 }' "$work/of.$2" | middle)
	memory=$(awk '{ print $2 }' "$work/of.$2" | middle)
	before=$(awk '{ print $2 }' "$work/of.alone" | middle)
	ratio=$(paste -d' ' "$work/of.alone" "$work/of.$2" | awk '{ print $3 / $1 }' | middle)
	echo "$cpu $ratio $memory $before" | awk -v p="$1" -v w="$2" '{ printf "%-10s %-10s %8.3f %7.4f (%.4f-%.4f) %8.1f %+6.1f\n",
		p, w, $2, $5, $4, $6, $8 / 1024, ($8 - $11) / 1024 }'
}

printf '%-10s %-10s %8s %7s %15s %8s %6s\n' program variant CPU ratio quartiles MiB more
[ $# -gt 0 ] || set -- alloc locks cgo sqlite3 xz redis nginx short
for name in "$@"; do
	variants=(alone agent watch cpu io counters events)
	[ -n "$jemalloc" ] && variants+=(jemalloc)
	command -v heaptrack >/dev/null && variants+=(heaptrack)
	rm -f "$work"/of.*
	[ -z "${VARIANTS:-}" ] || read -ra variants <<<"$VARIANTS"
	for ((i = 0; i < rounds; i++)); do
		for ((n = 0; n < ${#variants[@]}; n++)); do
			variant=${variants[(n + i) % ${#variants[@]}]}
			under "$variant" "$name" >>"$work/of.$variant"
		done
	done
	for variant in "${variants[@]}"; do
		row "$name" "$variant"
	done
done
"$redflag" agent report --db "$work/a.db" >/dev/null 2>&1
