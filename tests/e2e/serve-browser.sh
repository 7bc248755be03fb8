#!/usr/bin/env bash
# The pages of `redflag serve` in a real browser: every page, wide and as narrow as a phone, light and dark, by keyboard and by
# clicking, with names in the database that try to break out of them. RF_SCREENSHOTS=DIRECTORY keeps the pictures.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../serve-sample.sh"

chromedriver=$(command -v chromedriver)
if [ -z "$chromedriver" ] || ! command -v chromium >/dev/null; then
	skip "the pages in a browser" "chromium and chromedriver are not installed (chromium, chromium-driver)"
	finish
fi
check "a database to look at" make_sample "$work/m"
serve "$work/m"
check "the server starts" [ $? = 0 ]
results=0
mkdir "$work/browser"
while IFS=$'\t' read -r result name why; do
	check "$name" equal "ok " "$result $why"
	: $((results += 1))
done < <(python3 "$root/tests/e2e/serve_browser.py" "$url" "$token" "$work/m/.redflag/redflag.db" "$work/m/.redflag.supp" \
	"$work/browser" 2>&1 || echo "FAIL	the program that drives the browser	it ended with an error")
check "every check was made" [ "$results" -ge 30 ]
check "the server has complained about nothing" equal "" "$(cat "$work/serve.err")"
finish
