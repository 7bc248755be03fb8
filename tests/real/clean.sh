#!/usr/bin/env bash
# The own suites of public modules that are clean: under `redflag test` no finding, and each package passes or fails as it
# does under stock `go test -race`.
#
#	tests/real/clean.sh [--quick] [MODULE@VERSION...]
#
#	--quick   three small modules
. "$(dirname "$0")/../lib.sh"

small=(github.com/google/uuid@v1.6.0 github.com/valyala/bytebufferpool@v1.0.0 golang.org/x/sync@v0.16.0)
more=(
	github.com/go-chi/chi/v5@v5.2.1
	github.com/gorilla/mux@v1.8.1
	github.com/gorilla/websocket@v1.5.3
	github.com/jackc/puddle/v2@v2.2.2
	github.com/oklog/ulid/v2@v2.1.0
	github.com/rs/zerolog@v1.34.0
	github.com/sourcegraph/conc@v0.3.0
	go.uber.org/atomic@v1.11.0
	go.uber.org/multierr@v1.11.0
	golang.org/x/time@v0.12.0
)
case ${1:-} in
--quick) modules=("${small[@]}") ;;
-*) echo "clean.sh: no option $1; see the head of the script" >&2 && exit 2 ;;
'') modules=("${small[@]}" "${more[@]}") ;;
*) modules=("$@") ;;
esac
suite_seconds_max=600 # a suite that hangs ends here
rounds_max=3          # some suites depend on time by themselves; both must agree in one of so many rounds

db=$work/clean.db

# A writable copy of the module as the go command has it in its cache.
unpack() ( # MODULE@VERSION
	local dir
	dir=$(go mod download -json "$1" 2>/dev/null | sed -nE 's/^\s*"Dir": "(.*)",$/\1/p')
	rm -rf "$work/module"
	[ -n "$dir" ] && cp -r "$dir" "$work/module" && chmod -R u+w "$work/module" || return
	cd "$work/module" || return
	[ -f go.mod ] || go mod init "${1%@*}" # a module from before there were go.mod files; the cache has none either
	go mod download
)

# What go test says of each package: ok, FAIL or ? (no test files).
verdicts() { # LOG
	grep -E '^(ok|FAIL|\?) *[[:space:]]' "$1" | awk 'NF > 1 { print $1, $2 }' | LC_ALL=C sort -u
}

# One round: stock, then redflag; every round's findings go to the one database.
run_suite() {
	rounds=$((rounds + 1))
	(cd "$work/module" && timeout $suite_seconds_max go test -race -count=1 ./...) >"$work/stock.log" 2>&1
	(cd "$work/module" && timeout $suite_seconds_max "$redflag" test --db "$db" -count=1 ./...) >"$work/redflag.log" 2>&1
	stock=$(verdicts "$work/stock.log")
	ours=$(verdicts "$work/redflag.log")
}

run_module() { # MODULE@VERSION
	rm -rf "$db"*
	rounds=0 stock=stock ours=redflag
	while [ "$stock" != "$ours" ] && [ "$rounds" -lt $rounds_max ]; do
		run_suite
	done
	check "$1: $(grep -c '^ok' <<<"$stock") packages pass, each as under stock" equal "$stock" "$ours"
	check "$1: packages were tested" grep -q '^ok' <<<"$stock"
	check "$1: no finding" equal "$rounds runs" "$(sqlite3 "$db" "SELECT count(*) || ' runs' FROM v_runs;
		SELECT id, title, test_a, test_b FROM v_findings")"
}

for module in "${modules[@]}"; do
	if unpack "$module" >"$work/log" 2>&1; then
		run_module "$module"
	else
		skip "$module" "the go command can't fetch it here"
	fi
done
finish
