#!/usr/bin/env bash
# "qip refused retry" and "qip refused drop" are killed at every call that may change the disk, and lose power there: what was refused is made again once or
# is dropped, never lost, never both, and never twice.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

STRIKE=$QIP_TOOLS/strike
STEP=${QIP_CRASH_STEP:-3} # 1: every call
strike_or_skip

practice_start
join fleckney staff fleckney
sample_plan "$MANAGER" fleckney

# An edit with a fault in its numbering, and a note: both in one commit.
home=$HOMES/fleckney
repo=$home/history.git
record=qip/$(q fleckney action show QIP-04 --json | jq -r .id).json
git -C "$repo" cat-file blob "refs/qip/work:$record" |
	jq -cSj --arg edit "$(uuid7)" --arg note "$(uuid7)" '{device: "fleckney", by: "staff", effective: "2023-01-01", at: "2023-01-01T00:00:00.000Z"} as $stamp |
	  .status = "amber" | .edits.status = [$stamp + {id: $edit, n: 900}] | .notes[$note] = $stamp + {text: "Checked each day"}' >"$WORK/action.json"
commit=$(forge_head "$repo" "$(forge_tree "$repo" 'refs/qip/work^{tree}' "$record=$WORK/action.json")" "$(device_key fleckney)" fleckney 'Set the status' \
	refs/qip/work)
git -C "$repo" update-ref refs/qip/work "$commit"
q fleckney sync >/dev/null 2>&1 || true
same 'what was refused' open "$(q fleckney refused --json | jq -r '.[0].state')"
cp -a "$home" "$WORK/before"

rewind() {
	rm -rf "$home"
	cp -a "$WORK/before" "$home"
}
state() { q fleckney refused --json | jq -r '.[0].state'; }
waiting() { q fleckney status --json | jq .waiting; }

# struck N ACTION LOSS WORD… - false if the command was over before its N-th call.
struck() {
	local n=$1 action=$2 lose=$3 options=()
	shift 3
	[ -z "$lose" ] || options=(--lose "$lose")
	rm -f "$WORK/struck"
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 "$STRIKE" --report "$WORK/struck" --only changes --under "$home" --nth "$n" --do "$action" "${options[@]}" qip --home "$home" refused "$@" \
		>"$WORK/logs/struck.log" 2>&1 || true
	grep -q '^struck ' "$WORK/struck"
}

# What has to hold once it was made again: one edit waits, and it says both once.
made_once() {
	local shown
	same "the state after $1" made "$(state)"
	same "what waits after $1" 1 "$(waiting)"
	shown=$(q fleckney action show QIP-04 --json)
	same "the status after $1" amber "$(jq -r .status <<<"$shown")"
	same "conflicts after $1" null "$(jq -c .conflicts <<<"$shown")"
	same "notes after $1" 1 "$(jq '.notes | length' <<<"$shown")"
}
dropped_whole() {
	same "the state after $1" dropped "$(state)"
	same "what waits after $1" 0 "$(waiting)"
	same "words after $1" 2 "$(jq '.would_have | length' "$home/refused/1.json")"
	same "the status after $1" red "$(q fleckney action show QIP-04 --json | jq -r .status)"
}

# retry_or_drop WHAT - after a retry that was killed: whoever drops it then either is told that it is made, or drops it.
drop_after() {
	if q fleckney refused drop 1 --reason 'Not wanted' >"$WORK/logs/drop.log" 2>&1; then
		dropped_whole "$1"
	else
		made_once "$1"
	fi
}

at_each() {
	local check=$1 n action lose cases=0
	shift
	for ((n = 1; ; n += STEP)); do
		for action in kill-before kill-after; do
			for lose in '' names; do
				[ "$action$lose" != kill-beforenames ] || continue
				rewind
				struck "$n" "$action" "$lose" "$@" || break 3
				"$check" "call $n, $action${lose:+, power lost}"
				cases=$((cases + 1))
			done
		done
	done
	[ "$cases" -gt 8 ] || die "only $cases cases of: $*"
}

it 'A retry that was killed is made once when it is repeated'
retry_again() {
	q fleckney refused retry 1 >/dev/null
	made_once "$1"
}
at_each retry_again retry 1

it 'A retry that was killed is dropped, or is known to be made: never both'
at_each drop_after retry 1

it 'A drop that was killed is dropped with all its words when it is repeated'
drop_again() {
	q fleckney refused drop 1 --reason 'Not wanted' >"$WORK/logs/drop.log" 2>&1 || says 'was dropped before' "$(cat "$WORK/logs/drop.log")"
	dropped_whole "$1"
}
at_each drop_again drop 1 --reason 'Not wanted'

it 'After a drop that was killed, a retry makes it again or is told that it is dropped'
retry_after() {
	if q fleckney refused retry 1 >"$WORK/logs/retry.log" 2>&1; then
		made_once "$1"
	else
		dropped_whole "$1"
	fi
}
at_each retry_after drop 1 --reason 'Not wanted'

it 'A retry that was killed and is left alone is sent or made again by a person, and arrives once'
for n in 2 6 10 14 18; do
	rewind
	server_stop
	rm -rf "$WORK/server.now"
	cp -a "$WORK/server" "$WORK/server.now"
	server_start
	struck "$n" kill-after '' retry 1 || continue
	q fleckney sync >/dev/null
	[ "$(state)" = 'done' ] || { q fleckney refused retry 1 >/dev/null && q fleckney sync >/dev/null; }
	same "the state after call $n" 'done' "$(state)"
	git -C "$(server_history)" cat-file blob "main:$record" >"$WORK/there.json"
	same "claims after call $n" '["fleckney"]' "$(jq -c '[.edits.status[].device]' "$WORK/there.json")"
	same "notes after call $n" 1 "$(jq '.notes | length' "$WORK/there.json")"
	server_stop
	rm -rf "$WORK/server"
	mv "$WORK/server.now" "$WORK/server"
	server_start
done

server_stop
fsck "$(server_history)" "$HOMES"/*/history.git
