# shellcheck shell=bash disable=SC2154
# A database to look at, and a server on it: for tests of `redflag serve`. Sourced after lib.sh.
#
#	make_sample DIRECTORY    a module with findings of every sort in DIRECTORY, its database in DIRECTORY/.redflag
#	serve DIRECTORY [ARGUMENTS…]   starts a server there: $url, $token, $server; ended by end_serve, at the latest with the script
#
# Findings are of real processes (owners, labels, switches) and of made-up streams: 300 of them over some days and runs, suppressed
# and silenced ones, and names that try to break out of every place that they are shown in.

make_sample() {
	local at=$1 today day
	today=$(date -u +%s)
	mkdir -p "$at" && cp -r "$root/docs/demo/." "$at" && mkdir "$at/evil" || return
	cat >"$at/evil/evil_test.go" <<-'END'
		package evil

		import (
			"context"
			"runtime/pprof"
			"sync"
			"testing"
		)

		// One a name: of one and the same race the detector tells once.
		var counters [6]int
		var adders = [6]func(){
			func() { counters[0]++ }, func() { counters[1]++ }, func() { counters[2]++ },
			func() { counters[3]++ }, func() { counters[4]++ }, func() { counters[5]++ },
		}

		func TestNames(t *testing.T) {
			for i, name := range []string{"<script>alert('test')</script>", "\"><img src=x onerror=alert(1)>", "javascript:alert(1)",
				"\u202e\u200bdesrever", "' OR 1=1; DROP TABLE findings; --", "%s%n%x&lt;&#0;"} {
				t.Run(name, func(t *testing.T) {
					pprof.Do(context.Background(), pprof.Labels("tag", name, "other<b>", name), func(context.Context) {
						var wg sync.WaitGroup
						for range 2 {
							wg.Add(1)
							go func() { defer wg.Done(); adders[i]() }()
						}
						wg.Wait()
					})
				})
			}
		}
	END
	cat >"$at/.redflag.supp" <<-END
		# owner=shop reason=only counts, and may be off by one
		race:^example.com/shop/p0.F00*$
		# expires=2025-01-31 reason=an old one
		race:shop/p9.F299
		# reason=<script>alert("reason")</script>
		race:nothing<b>has"this
	END
	(
		cd "$at" || exit
		unset REDFLAG_DB
		for run in 1 2; do
			"$redflag" test --trace-id "build-$run" -count=1 ./... >"$work/sample.out" 2>&1
			[ $? -le 66 ] || exit
		done
		for run in 3 4 5 6 7; do
			day=$(date -u -d "@$((today - (7 - run) * 2 * 86400))" +%Y-%m-%d)
			python3 "$root/tests/serve_sample.py" "$PWD" "$day" $run | "$redflag" report --trace-id "build-$run" >"$work/sample.out" 2>&1
		done
		# redflag takes no such trace ID; another program that writes to the database may.
		sqlite3 .redflag/redflag.db "UPDATE runs SET trace_id = '<script>alert(\"run\")</script>' WHERE trace_id = 'build-6'"
		[ "$(sqlite3 .redflag/redflag.db 'SELECT count(*) >= 300 FROM findings')" = 1 ]
	)
}

server="" url="" token=""
serve() {
	local at=$1
	shift
	end_serve
	: >"$work/serve.out"
	(cd "$at" && exec "$redflag" serve --addr 127.0.0.1:0 "$@") >"$work/serve.out" 2>"$work/serve.err" &
	server=$!
	for _ in $(seq 200); do
		[ "$(wc -l <"$work/serve.out" 2>/dev/null)" = 2 ] && break
		kill -0 "$server" 2>/dev/null || break
		sleep 0.05
	done
	url=$(sed -n 's|^Serving \(http://[^ ]*\)/ .*|\1|p' "$work/serve.out")
	token=$(sed -n 's|.*?token=||p' "$work/serve.out")
	[ -n "$url" ] && [ -n "$token" ]
}

end_serve() {
	[ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null
	server=
}
trap 'end_serve; rm -rf "$work"' EXIT
