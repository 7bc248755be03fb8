#!/usr/bin/env bash
# `redflag serve` as a user meets it: starting and ending, what it says when it can't, its pages and headers, who may write, and a
# database that changes below it. The pages themselves in a browser: serve-browser.sh; attacks: serve-attack.sh.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../serve-sample.sh"

mkdir "$work/m" && cd "$work/m" || exit
printf 'module example.com/shop\n' >go.mod
db=$work/m/races.db
take_in() { "$redflag" ingest --db "$db" --trace-id "$1" "$root/tests/corpus/$2.txt" >/dev/null 2>&1; }
take_in build-1 map-clear && take_in build-2 map-clear && take_in build-2 slice-copy || exit

ends() { # WANT COMMAND...: its exit status; what it says is in $work/said
	local want=$1 got=0
	shift
	timeout 20 "$@" >"$work/said" 2>&1 || got=$?
	equal "$want" "$got" || { cat "$work/said"; return 1; }
}
says() { grep -qF -- "$1" "$work/said" || { cat "$work/said"; return 1; }; }
# http WANT [curl options] PATH: the status; the answer is in $work/said, headers first.
http() {
	local want=$1
	shift
	equal "$want" "$(curl -s --max-time 20 -o "$work/said" -D "$work/head" -w '%{http_code}' "${@:1:$#-1}" "$url${*: -1}")" || return
	cat "$work/said" >>"$work/head"
}
has() { grep -qF -- "$1" "$work/head" || { cat "$work/head"; return 1; }; }
hasnt() { ! has "$1" >/dev/null; }

# --- starting, and why not
check "another machine's address is refused" ends 2 "$redflag" serve --db "$db" --addr 0.0.0.0:7878
check "with what to do instead" says 'ssh -L'
check "a wrong address" ends 2 "$redflag" serve --db "$db" --addr 127.0.0.1:http
check "words are no options" ends 2 "$redflag" serve --db "$db" 8080
check "no database" ends 3 "$redflag" serve --db "$work/none.db" --addr 127.0.0.1:0
check "says how to make one" says 'There is no database'
printf 'not a database, but long enough to be looked at as one, which takes some bytes\n' >"$work/text.db"
check "a file that is none" ends 3 "$redflag" serve --db "$work/text.db" --addr 127.0.0.1:0
check "says so" says 'is no SQLite database'
cp "$db" "$work/newer.db" && sqlite3 "$work/newer.db" 'PRAGMA user_version = 999'
check "a newer one" ends 3 "$redflag" serve --db "$work/newer.db" --addr 127.0.0.1:0
check "says which redflag" says 'use the newer redflag'

serve "$work/m" --db "$db"
check "starts on a free port and says where" [ -n "$url" ]
check "the port is taken for another" ends 3 "$redflag" serve --db "$db" --addr "${url#http://}"
check "which is told" says 'is in use'

# --- pages
for page in / /findings /findings/1 /runs /runs/1 '/compare?a=build-1&b=build-2' /suppressions /health /health.json /style.css \
	/favicon.svg; do
	check "GET $page" http 200 "$page"
done
check "health for programs" sh -c 'curl -s "$1/health.json" | python3 -c "import json, sys; h = json.load(sys.stdin)
assert h[\"status\"] == \"ok\" and h[\"findings\"] > 1 and h[\"events\"] >= h[\"findings\"], h"' - "$url"
check "HEAD has headers and no body" sh -c '[ -z "$(curl -sI "$1/findings" | sed "1,/^.\$/d")" ]' - "$url"
check "nothing there" http 404 /findings/1/2
check "no such finding" http 404 /findings/999
check "no way to ask" http 405 -X DELETE /findings
check "which ways there are" has 'Allow: GET, HEAD'
check "forms are no pages" http 405 /suppressions/add
http 200 /findings
for header in "Content-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'" \
	'X-Content-Type-Options: nosniff' 'X-Frame-Options: DENY' 'Referrer-Policy: same-origin' 'Cache-Control: no-store' \
	'Cross-Origin-Resource-Policy: same-origin'; do
	check "header ${header%%:*}" has "$header"
done
check "no script, no style within, nothing from elsewhere" sh -c \
	'! grep -qiE "<script|<iframe|<link[^>]*//| style=|src=|@import|url\(" "$1"' - "$work/said"
check "a name that points here is refused" http 403 -H 'Host: rebound.example:80' /findings
check "without the findings" hasnt TestMap
check "a request line too long" http 414 "/findings?q=$(printf '%030000d' 0)"
check "headers too long" http 431 -H "X-A: $(printf '%030000d' 0)" /findings
check "a form too long" http 413 -H 'Content-Type: application/x-www-form-urlencoded' --data-binary "@$redflag" /sign-in

# --- reading leaves the database alone
before=$(sqlite3 "$db" '.dump' | sha256sum)
for page in / '/findings?q=map&sort=events&status=new' '/findings?q=%22%29%3B%20DROP%20TABLE%20findings%3B--' '/runs?page=2' /health; do
	http 200 "$page"
done
check "the same rows as before" equal "$before" "$(sqlite3 "$db" '.dump' | sha256sum)"

# --- writing
form() { curl -s "$@" "$url/suppressions" | grep -o 'name="form" value="[0-9a-f]*"' | head -n 1 | grep -o '[0-9a-f]\{32\}'; }
check "no form without the token" equal "" "$(form)"
check "a wrong token" http 403 '/?token=00000000000000000000000000000000'
check "the token gives a cookie" http 303 -c "$work/jar" "/?token=$token"
check "which scripts and other sites don't get" has 'HttpOnly; SameSite=Strict'
secret=$(form -b "$work/jar")
add=(-b "$work/jar" --data-urlencode 'reason=tolerated, for now' -d 'finding=1&owner=shop&expires=2199-12-31')
check "no cookie, no entry" http 403 -d "form=$secret&finding=1&reason=x" /suppressions/add
check "no secret of the form, no entry" http 403 "${add[@]}" /suppressions/add
check "from another site, no entry" http 403 "${add[@]}" -d "form=$secret" -H 'Origin: http://evil.example' /suppressions/add
check "nor by Sec-Fetch-Site" http 403 "${add[@]}" -d "form=$secret" -H 'Sec-Fetch-Site: same-site' /suppressions/add
check "there is no list yet" [ ! -e .redflag.supp ]
check "an entry is added" http 303 "${add[@]}" -d "form=$secret" -H "Origin: $url" /suppressions/add
check "twice is refused" http 400 "${add[@]}" -d "form=$secret" /suppressions/add
check "redflag suppressions knows it" sh -c '"$1" suppressions --db "$2" | grep -q "owner shop  until 2199-12-31  reason tolerated, for now"' \
	- "$redflag" "$db"
line=$(grep -n '^race:' .redflag.supp | cut -d: -f1) text=$(grep '^race:' .redflag.supp)
check "another entry's line is refused" http 400 -b "$work/jar" -d "form=$secret&line=$line" --data-urlencode "text=race:x" /suppressions/expire
check "it is ended" http 303 -b "$work/jar" -d "form=$secret&line=$line" --data-urlencode "text=$text" /suppressions/expire
check "and has expired" sh -c '"$1" suppressions --db "$2" | grep -q "expired  race:"' - "$redflag" "$db"
check "the whole file is checked" http 200 -b "$work/jar" -d "form=$secret" /health/check
check "and sound" has 'found the database sound'

# --- while others write, move and lock it
take_in build-3 slice-append
check "what was stored since is there" http 200 /runs/build-3
python3 -c 'import sqlite3, sys, time
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
time.sleep(2)' "$db" >"$work/locked" &
locker=$!
until [ -s "$work/locked" ] || ! kill -0 $locker 2>/dev/null; do sleep 0.05; done
check "a writer's lock stops no reader" http 200 /findings
check "while it was locked" kill -0 $locker
wait $locker
mv "$db" "$work/aside.db"
check "gone: a sentence" http 503 /findings
check "which says what" has 'There is no database'
check "for programs, too" sh -c 'curl -s "$1/health.json" | grep -q "\"status\": \"error\""' - "$url"
"$redflag" ingest --db "$db" --trace-id other "$root/tests/corpus/json-marshal.txt" >/dev/null 2>&1
check "another one in its place" http 200 /runs/other
check "and nothing of the old one" http 404 /runs/build-1

# --- ending
for signal in INT TERM; do
	[ $signal = INT ] || serve "$work/m" --db "$db"
	kill -$signal "$server"
	status=0
	wait "$server" || status=$?
	server=
	check "SIG$signal ends it in order" equal 0 $status
done
check "it had nothing to complain about" equal "" "$(cat "$work/serve.err")"
finish
