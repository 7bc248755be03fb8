#!/usr/bin/env bash
# Everything behind the quick tier: fuzzing for a few seconds a target, then every end-to-end script. Prints each script's
# checks as they come, the time each took, and the sum on the last line.
#
#	tests/run-all.sh [SCRIPT...]     only these, as paths below tests/
set -uo pipefail
cd "$(dirname "$0")" || exit

scripts=("$@")
if [ ${#scripts[@]} -eq 0 ]; then
	scripts=(fuzz.sh e2e/*.sh real/run.sh real/clean.sh)
fi

passed=0 failed=0 skipped=0 ran=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for script in "${scripts[@]}"; do
	printf '\n== %s\n' "$script"
	start=$SECONDS
	arguments=()
	case $script in real/*) arguments=(--quick) ;; esac
	bash "$script" "${arguments[@]}" 2>&1 | tee "$log"
	status=${PIPESTATUS[0]}
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
	read -r p f s _ <<<"$(sed -E 's/[^0-9]+/ /g' <<<"$line") 0 0 0"
	if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
		printf 'FAIL  %s ended with status %d\n' "$script" "$status"
		f=1
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s)) ran=$((ran + 1))
	printf '== %s: %d s\n' "$script" $((SECONDS - start))
done
printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ] && [ "$ran" -eq ${#scripts[@]} ]
