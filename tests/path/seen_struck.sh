#!/usr/bin/env bash
# A home that finds a contradiction is killed, loses power or finds its disk full while it keeps what it found: the next sync tells it again, keeps it once and
# whole, and follows nothing. So are a settlement, and a statement that waits for the log.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

STRIKE=$QIP_TOOLS/strike
STEP=${QIP_CRASH_STEP:-5} # 1: every call
strike_or_skip

practice_start
join fleckney staff fleckney
sample_plan "$MANAGER" fleckney
home=$HOMES/fleckney
repo=$home/history.git
known=$(git -C "$repo" rev-parse refs/heads/main)

# The server goes on with another merge in the place of its last; the text that tells of the true one is at hand.
q "$MANAGER" action note QIP-02 'In the true log alone' >/dev/null
q "$MANAGER" sync >/dev/null
q "$MANAGER" checkpoint --signed >"$WORK/manager.txt"
true_main=$(git -C "$(server_history)" rev-parse refs/heads/main)
server_stop
printf '{}' >"$WORK/theme.json"
git -C "$(server_history)" update-ref refs/heads/main "$known~1"
fork=$(forge_merge "$(server_history)" "$(forge_tree "$(server_history)" "$known~1^{tree}" "themes/$(uuid7).json=$WORK/theme.json")" \
	"$(git -C "$(server_history)" rev-parse "$known~1^2")" "$(manager_device)")
server_start
cp -a "$home" "$WORK/before"

rewind() {
	rm -rf "$home"
	cp -a "$WORK/before" "$home"
}
contradictions() { q fleckney status --json | jq .contradictions; }

# struck N ACTION LOSS WORD… - false if the command was over before its N-th call; its status is in STATUS. LOSS "on": as on a disk that stays full.
struck() {
	local n=$1 action=$2 lose=$3 options=(--only changes)
	shift 3
	case $lose in
	'') ;;
	on) options=(--only 'write,sync,create' --on) ;;
	*) options+=(--lose "$lose") ;;
	esac
	rm -f "$WORK/struck"
	STATUS=0
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 "$STRIKE" --report "$WORK/struck" --under "$home" --nth "$n" --do "$action" "${options[@]}" \
		qip --home "$home" "$@" >"$WORK/logs/struck.log" 2>&1 || STATUS=$?
	grep -q '^struck ' "$WORK/struck"
}

# at_each CHECK WORD… - the command struck at a spread of its calls, in each way; CHECK judges what is left.
at_each() {
	local check=$1 n way action lose cases=0
	shift
	for ((n = 1; ; n += STEP)); do
		for way in kill-before kill-after kill-after,bytes kill-after,names ENOSPC ENOSPC,on EIO; do
			action=${way%,*} lose=${way#"$action"}
			rewind
			struck "$n" "$action" "${lose#,}" "$@" || break 2
			AT="$way at call $n: $(sed -n 's/^struck //p' "$WORK/struck")"
			"$check"
			cases=$((cases + 1))
		done
	done
	say "  $cases cases"
	[ "$cases" -gt 10 ] || die "only $cases cases of: $*"
}

it 'What a sync finds is kept once and whole, whatever happened while it was kept'
kept_once() {
	[ "$STATUS" -ne 0 ] || die "a sync that found it ended well: $AT"
	same "the own copy after $AT" "$known" "$(git -C "$repo" rev-parse refs/heads/main)"
	[ ! -e "$home/seen.json" ] || jq -e .found "$home/seen.json" >/dev/null || die "half a list after $AT"
	refused_with 5 'another history' q fleckney sync
	same "found after $AT" 1 "$(contradictions)"
	same "refs after $AT" "$fork refs/seen/1" "$(git -C "$repo" for-each-ref --format='%(objectname) %(refname)' refs/seen/)"
	same "listed as after $AT" refs/seen/1 "$(q fleckney checkpoint --json | jq -r '.found[0].ref')"
	same "the own copy after $AT" "$known" "$(git -C "$repo" rev-parse refs/heads/main)"
	same "left over after $AT" '' "$(find "$home" -name '*.tmp' -o -name '*.lock' -o -name 'quarantine*')"
	git -C "$repo" fsck --strict >"$WORK/logs/fsck.log" 2>&1 || die "damage after $AT: $(cat "$WORK/logs/fsck.log")"
}
at_each kept_once sync

it 'A disk that is full says so and the contradiction as well'
rewind
n=0
until [ "$n" -gt 200 ] || grep -q 'could not be kept' "$WORK/logs/struck.log"; do
	n=$((n + 1))
	rewind
	struck "$n" ENOSPC '' sync || break
done
says 'another history.*This could not be kept.*(No space|disk is full|full)' "$(cat "$WORK/logs/struck.log")"

it 'What is settled is settled or open, and nothing else of the list changes'
rewind
q fleckney sync >/dev/null 2>&1 || true
rm -rf "$WORK/before"
cp -a "$home" "$WORK/before"
settled_or_open() {
	local found
	found=$(q fleckney checkpoint --json | jq -c '.found[0] | [.ref, .settled]')
	[ "$found" = '["refs/seen/1","A test"]' ] || [ "$found" = '["refs/seen/1",""]' ] || die "it is $found after $AT"
	[ "$STATUS" -ne 0 ] || same "the answer after $AT" '["refs/seen/1","A test"]' "$found"
	q fleckney checkpoint --settle 1 --reason 'A test' >/dev/null
	same "found after $AT" 0 "$(contradictions)"
}
STEP=$(((STEP + 1) / 2)) # these do less
at_each settled_or_open checkpoint --settle 1 --reason 'A test'

it 'A statement that was taken in waits, and is found not to hold once'
server_stop
git -C "$(server_history)" update-ref refs/heads/main "$known"
server_start
rewind
q fleckney checkpoint --settle 1 --reason 'A test' >/dev/null
rm -rf "$WORK/before"
cp -a "$home" "$WORK/before"
waits_or_not() {
	[ "$STATUS" -eq 0 ] || q fleckney checkpoint --check "$WORK/manager.txt" >/dev/null
	refused_with 5 "has signed that merge [0-9]+ of the log is $true_main" q fleckney sync
	same "found after $AT" 1 "$(contradictions)"
}
at_each waits_or_not checkpoint --check "$WORK/manager.txt"
server_stop
