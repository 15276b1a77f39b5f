#!/usr/bin/env bash
# What a revoked device hands over, and what managers make of it, while the server is killed, loses power or finds its disk bad or full at calls that may
# change the disk: what was acknowledged stays, what was not is sent again, nothing is half there, and what is taken over is in the log once. Short: a spread
# of the calls; QIP_CRASH_STEP=1 strikes at all of them.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$QIP_SOURCE/tests/support/crash.sh"

# As for the journey of bad disks.
export LSAN_OPTIONS=suppressions=$QIP_SOURCE/tests/support/leaks.supp:print_suppressions=0

STEP=${QIP_CRASH_STEP:-4}
CASES=${QIP_CRASH_CASES:-keep keep-power keep-fault keep-full drop drop-power drop-fault take take-client}
strike_or_skip

calls=(--only changes --under "$WORK/server")
action_at() { [ $((($1 - 1) / STEP % 2)) -eq 0 ] && echo kill-before || echo kill-after; }
error_at() { [ $((($1 - 1) / STEP % 2)) -eq 0 ] && echo EIO || echo ENOSPC; }

practice_start
join fleckney staff fleckney
sample_plan "$MANAGER" fleckney
q fleckney action set QIP-07 status=amber --effective 2022-09-02 >/dev/null
q "$MANAGER" revoke fleckney --reason 'Stolen from a car' >/dev/null
q "$MANAGER" sync >/dev/null
refused 'kept aside' q fleckney sync
LESS=$(git -C "$HOMES/fleckney/history.git" rev-parse refs/qip/work)
q fleckney action note QIP-05 'Fleckney audited; two points open' --effective 2022-09-03 >/dev/null
MORE=$(git -C "$HOMES/fleckney/history.git" rev-parse refs/qip/work)
q "$MANAGER" adopt show 1 >/dev/null
server_stop
cp -a "$WORK/server" "$WORK/server.before"
cp -a "$HOMES" "$HOMES.before"

heads() { q "$MANAGER" adopt list --json | jq -r '.[].head'; }
hands_over() {
	q fleckney sync >"$WORK/said.fleckney" 2>&1 || true
	grep -q 'what waits here is kept aside at the server' "$WORK/said.fleckney"
}
sound() {
	nothing_piles_up
	qip-server fsck "$WORK/server" >"$WORK/fsck.said" 2>&1 || die "$(cat "$WORK/fsck.said")"
	fsck "$(server_history)"
}

# kept_once KEPT - it is kept, if it was acknowledged, or at least what was before; sent again, it is kept once, under a number that was never given.
kept_once() {
	local now
	now=$(heads)
	[ "$1" = no ] || same 'what is kept' "$MORE" "$(sed '/^'"$LESS"'$/d' <<<"$now")"
	[ -n "$now" ] || die 'nothing is kept any more'
	hands_over || die "it is not kept when it is sent again: $(cat "$WORK/said.fleckney")"
	same 'what is kept in the end' "$MORE" "$(heads)"
	[ "$(q "$MANAGER" adopt list --json | jq '.[0].number')" -gt 1 ] || die 'a number was given twice'
}

# killed N WHAT - WHAT while the server is killed at its N-th call, then it starts again; ACKNOWLEDGED. False if it was over before.
killed() {
	crash_rewind
	server_start_struck --nth "$1" --do "$(action_at "$1")" "${calls[@]}"
	ACKNOWLEDGED=no
	if "$2"; then ACKNOWLEDGED=yes; fi
	if ! server_was_killed; then return "$NO_MORE"; fi
	say "  $(action_at "$1") $(struck_where)"
	server_start
	sound
}
# The same, and all is lost that was not fsynced; at the latest once it is over.
lost_power() {
	crash_rewind
	server_start_struck --nth "$1" --do kill-before --lose names "${calls[@]}"
	ACKNOWLEDGED=no
	if "$2"; then ACKNOWLEDGED=yes; fi
	kill -HUP "${PIDS[server]}" 2>/dev/null || true
	server_was_killed || die 'the server survived a power cut'
	was_struck && say "  power cut, without $(sed -n 's,^lost ,,p' "$STRUCK") unwritten things, at $(struck_where)"
	server_start
	sound
}
# failed N WHAT [OPTION] - the call fails, and the server goes on.
failed() {
	crash_rewind
	server_start_struck --nth "$1" --do "$(error_at "$1")" "${@:3}" "${calls[@]}"
	ACKNOWLEDGED=no
	if "$2"; then ACKNOWLEDGED=yes; fi
	if ! was_struck; then
		server_was_killed || return "$NO_MORE"
	fi
	say "  $(error_at "$1") $(struck_where)"
	is_gone "${PIDS[server]}" && die 'the server ended'
	[ "$#" -lt 3 ] || kill -USR2 "${PIDS[server]}"
}

keep_killed() {
	killed "$1" hands_over || return
	kept_once "$ACKNOWLEDGED"
	server_stop
}
keep_without_power() {
	lost_power "$1" hands_over
	kept_once "$ACKNOWLEDGED"
	server_stop
	was_struck || return "$NO_MORE"
}
keep_failed() {
	failed "$1" hands_over || return
	kept_once "$ACKNOWLEDGED"
	server_was_killed && die 'the server ended by itself'
	server_start
	sound
	server_stop
}
# From this call on the disk is full, until there is room.
keep_full() {
	error_at() { echo ENOSPC; }
	failed "$1" hands_over --on || return
	[ "$ACKNOWLEDGED" = yes ] || says 'disk is full' "$(cat "$WORK/said.fleckney")"
	kept_once "$ACKNOWLEDGED"
	server_was_killed && die 'the server ended by itself'
	server_start
	sound
	server_stop
}

drops() { q "$MANAGER" adopt drop 1 >"$WORK/said.$MANAGER" 2>&1; }
# dropped - it stays dropped, or is dropped when that is said again.
dropped() {
	if [ "$ACKNOWLEDGED" = yes ]; then
		same 'what is kept' '' "$(heads)"
	elif ! drops; then
		says 'nothing is kept aside under No 1' "$(said "$MANAGER")"
	fi
	same 'what is kept in the end' '' "$(heads)"
	same 'what the manager holds of it' '' "$(git -C "$HOMES/$MANAGER/history.git" for-each-ref refs/kept)"
	same 'what is left of it' "$WORK/server/$QIP_ODS/quarantine/next.json" "$(find "$WORK/server/$QIP_ODS/quarantine" -type f)"
}
drop_killed() {
	killed "$1" drops || return
	dropped
	server_stop
}
drop_without_power() {
	lost_power "$1" drops
	dropped
	server_stop
	was_struck || return "$NO_MORE"
}
drop_failed() {
	failed "$1" drops || return
	dropped
	server_was_killed && die 'the server ended by itself'
	return 0
}

takes() { q "$MANAGER" adopt take 1 >"$WORK/said.$MANAGER" 2>&1; }
# taken_once - taking it over again goes through, and the log has it once.
taken_once() {
	takes || says 'not looked at here yet' "$(said "$MANAGER")"
	q "$MANAGER" sync >/dev/null
	same 'commits of the log that name one of the revoked device' 1 \
		"$(git -C "$(server_history)" log --format='%(trailers:key=Qip-Adopts,valueonly)' main | grep -c '^[0-9a-f]\{40\}$')"
	same 'the status' amber "$(q "$MANAGER" action show QIP-07 --json | jq -r .status)"
	same 'conflicts' null "$(q "$MANAGER" action show QIP-07 --json | jq -c .conflicts)"
	same 'what the manager holds of it' '' "$(git -C "$HOMES/$MANAGER/history.git" for-each-ref refs/kept)"
}
take_killed() {
	killed "$1" takes || return
	taken_once
	server_stop
}
# The manager's device is killed, and loses power at every other call.
take_killed_at_client() {
	local lose=()
	[ $((($1 - 1) / STEP % 2)) -eq 0 ] || lose=(--lose names)
	crash_rewind
	server_start
	rm -f "$STRUCK"
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 "$STRIKE" --report "$STRUCK" --only changes --under "$HOMES/$MANAGER" --nth "$1" --do kill-after "${lose[@]}" \
		qip --home "$HOMES/$MANAGER" adopt take 1 >"$WORK/said.$MANAGER" 2>&1 || true
	if ! was_struck; then
		server_stop
		return "$NO_MORE"
	fi
	say "  kill-after${lose:+, power lost}: $(struck_where)"
	taken_once
	server_stop
}

for case in $CASES; do
	case $case in
	keep)
		it 'Killed while it keeps what a revoked device sends'
		at_each "$STEP" keep_killed
		;;
	keep-power)
		it 'Without power while it keeps what a revoked device sends'
		at_each "$STEP" keep_without_power
		;;
	keep-fault)
		it 'The disk fails once while it keeps what a revoked device sends'
		at_each "$STEP" keep_failed
		;;
	keep-full)
		it 'The disk is full from some call on: the device is told, and sends again when there is room'
		at_each "$STEP" keep_full
		;;
	drop)
		it 'Killed while a manager drops it'
		at_each 1 drop_killed
		;;
	drop-power)
		it 'Without power while a manager drops it'
		at_each 1 drop_without_power
		;;
	drop-fault)
		it 'The disk fails once while a manager drops it'
		at_each 1 drop_failed
		;;
	take)
		it 'Killed while a manager takes it over'
		at_each "$STEP" take_killed
		;;
	take-client)
		it 'The manager'\''s device is killed while it takes it over'
		at_each $((STEP * 2)) take_killed_at_client
		;;
	*) die "no case is named $case" ;;
	esac
done
no_findings
