#!/usr/bin/env bash
# The server is killed before and after system calls of pushes: it starts again by itself, holds what was acknowledged, and the devices' retries make it
# whole. Short: a spread of the calls that may change the disk. tools/crash-test runs it at all of them, or at all calls whatever they do.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$QIP_SOURCE/tests/support/crash.sh"

STEP=${QIP_CRASH_STEP:-7}             # 1: every call; of three pushes at once every third of those
ONLY=${QIP_CRASH_ONLY:-changes}       # kinds of calls, as strike names them; "all" also those that concern no file of the server's
ACTIONS=${QIP_CRASH_ACTIONS:-in-turn} # or kill-before, kill-after
CASES=${QIP_CRASH_CASES:-kiosk manager together start power}
LOSE=${QIP_CRASH_LOSE:-names}         # in a power cut: "names" that were not fsynced and bytes, or "bytes" alone

calls=(--only "$ONLY")
[ "$ONLY" = all ] || calls+=(--under "$WORK/server")

# The state after a call is mostly the one before the next, so that in turn is nearly as good as both.
action_at() {
	case $ACTIONS in
	in-turn) [ $((($1 - 1) / STEP % 2)) -eq 0 ] && echo kill-before || echo kill-after ;;
	*) echo "$ACTIONS" ;;
	esac
}

# sound DEVICE… - what has to hold of a server that was just started again.
sound() {
	fsck "$(server_history)"
	derived_refs_follow
	nothing_piles_up
	acknowledged_is_there "$@"
}

# whole_again DEVICE… - the devices, of which those in PUSHED have their receipts, try again.
whole_again() {
	local device
	sound "$@"
	all_there_once "${PUSHED[@]}"
	for device in "$@"; do
		if ! was_pushed "$device" && head_in_log "$device"; then
			asked_again "$device"
		fi
		push_of "$device" || die "$device cannot push after the crash: $(said "$device")"
	done
	all_there_once "$@"
	sound "$@"
	if server_was_killed; then
		die 'the server ended by itself'
	fi
}

# killed_in_push N DEVICE… - false if the pushes were over before their N-th call.
killed_in_push() {
	local n=$1
	shift
	crash_rewind
	server_start_struck --nth "$n" --do "$(action_at "$n")" "${calls[@]}"
	push_together "$@"
	if ! server_was_killed; then
		same "those who pushed before call $n" "$*" "${PUSHED[*]}"
		return "$NO_MORE"
	fi
	say "  $(action_at "$n") $(struck_where)"
	server_start
	whole_again "$@"
}

# power_cut_in_push N DEVICE… - the same, and all is lost that was not fsynced; at the latest when all pushes are over.
power_cut_in_push() {
	local n=$1 pid
	shift
	crash_rewind
	server_start_struck --nth "$n" --do kill-before --lose "$LOSE" "${calls[@]}"
	push_together "$@"
	pid=${PIDS[server]}
	kill -HUP "$pid" 2>/dev/null || true
	server_was_killed || die 'the server survived a power cut'
	was_struck && say "  power cut, without $(sed -n 's,^lost ,,p' "$STRUCK") unwritten things, at $(struck_where)"
	was_struck || say "  power cut, without $(sed -n 's,^lost ,,p' "$STRUCK") unwritten things, after the push"
	server_start
	whole_again "$@"
	was_struck || return "$NO_MORE"
}

# What devices were shown before a power cut holds after it: they go on from there.
seen_before_power_cut() {
	local device
	crash_rewind
	server_start_struck --lose "$LOSE" "${calls[@]}"
	push_together "$MANAGER"
	push_together "$KIOSK" "$STAFF"
	same 'those who pushed' "$KIOSK $STAFF" "${PUSHED[*]}"
	kill -HUP "${PIDS[server]}"
	server_was_killed || die 'the server survived a power cut'
	server_start
	sound "$KIOSK" "$STAFF" "$MANAGER"
	all_there_once "$KIOSK" "$STAFF" "$MANAGER"
	q "$MANAGER" site add kilby --name Kilby >/dev/null
	for device in "$MANAGER" "$KIOSK" "$STAFF"; do
		push_of "$device" || die "$device cannot go on: $(said "$device")"
	done
	sound "$KIOSK" "$STAFF" "$MANAGER"
	server_stop
}

# killed_at_start N - the server is killed in a push, and again while it clears that up. False if it had started before its N-th call.
killed_at_start() {
	local killed=no
	rm -rf "$WORK/server" "$HOMES"
	cp -a "$WORK/server.cut" "$WORK/server"
	cp -a "$HOMES.cut" "$HOMES"
	PUSHED=()
	rm -f "$STRUCK" "$WORK/server.port"
	start server "$STRIKE" --report "$STRUCK" --nth "$1" --do "$(action_at "$1")" "${calls[@]}" \
		qip-server serve "$WORK/server" --listen "127.0.0.1:$SERVER_PORT" --port-file "$WORK/server.port"
	wait_until 30 test -s "$WORK/server.port" -o -s "$STRUCK" || die 'the server neither starts nor is killed'
	server_was_killed && killed=yes
	[ "$killed" = yes ] || return "$NO_MORE"
	say "  $(action_at "$1") $(struck_where)"
	server_start
	whole_again "$KIOSK" "$MANAGER"
}

# A server's folder as it is after a crash right after main moved, and with a quarantine left behind.
cut_in_push() {
	crash_rewind
	server_start_struck --only rename --under "$(server_history)/refs/heads/main" --nth 1 --do kill-after
	push_together "$MANAGER"
	server_was_killed || die 'main does not move by a rename or link'
	mkdir -p "$(server_history)/incoming/killed"
	echo half >"$(server_history)/incoming/killed/tmp_pack"
	cp -a "$WORK/server" "$WORK/server.cut"
	cp -a "$HOMES" "$HOMES.cut"
}

crash_practice

for case in $CASES; do
	case $case in
	kiosk)
		it 'Killed while a kiosk pushes answers'
		at_each "$STEP" killed_in_push "$KIOSK"
		;;
	staff)
		it 'Killed while a member of staff pushes an edit'
		at_each "$STEP" killed_in_push "$STAFF"
		;;
	manager)
		it 'Killed while a manager pushes what changes the configuration of kiosks'
		at_each "$STEP" killed_in_push "$MANAGER"
		;;
	join)
		it 'Killed while a device joins'
		at_each "$STEP" killed_in_push "$NEWCOMER"
		;;
	together)
		it 'Killed while three push at once'
		at_each $((STEP * 3)) killed_in_push "$KIOSK" "$STAFF" "$MANAGER"
		;;
	power)
		it 'The power fails while a manager pushes, and takes what was not fsynced'
		at_each "$STEP" power_cut_in_push "$MANAGER"
		it 'What devices have seen is there after a power cut'
		seen_before_power_cut
		;;
	power-together)
		it 'The power fails while three push at once, and takes what was not fsynced'
		at_each "$STEP" power_cut_in_push "$KIOSK" "$STAFF" "$MANAGER"
		;;
	start)
		it 'Killed again while it clears up after a crash'
		cut_in_push
		at_each $(((STEP + 3) / 4)) killed_at_start
		;;
	*) die "no case is named $case" ;;
	esac
done
no_findings
