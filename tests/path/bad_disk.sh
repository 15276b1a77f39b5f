#!/usr/bin/env bash
# Each write, fsync, rename, open and the like of pushes fails in turn, as on a disk that is bad or full: the server goes on, says that it is at fault and not
# the push, keeps what it acknowledged, and takes the same push when it is tried again. Short: a spread of the calls; tools/crash-test fails all of them.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$QIP_SOURCE/tests/support/crash.sh"

# libgit2 forgets a list of names or two when a directory cannot be read; no memory of ours hangs on it.
export LSAN_OPTIONS=suppressions=$QIP_SOURCE/tests/support/leaks.supp:print_suppressions=0

STEP=${QIP_CRASH_STEP:-13} # 1: every call
ONLY=${QIP_CRASH_ONLY:-changes,open}
ERRORS=${QIP_CRASH_ERRORS:-in-turn} # or EIO, ENOSPC
CASES=${QIP_CRASH_CASES:-kiosk manager together dead}

calls=(--only "$ONLY" --under "$WORK/server")

error_at() {
	case $ERRORS in
	in-turn) [ $((($1 - 1) / STEP % 2)) -eq 0 ] && echo EIO || echo ENOSPC ;;
	*) echo "$ERRORS" ;;
	esac
}

# goes_on DEVICE… - the server that met a fault serves on: what was acknowledged is there, and the devices' retries succeed.
goes_on() {
	local device
	is_gone "${PIDS[server]}" && die 'the server ended'
	acknowledged_is_there "$@"
	for device in "$@"; do
		was_pushed "$device" || not_refused "$device"
	done
	all_there_once "${PUSHED[@]}"
	for device in "$@"; do
		push_of "$device" || die "$device cannot push after the fault: $(said "$device")"
		push_of "$device" || die "$device cannot sync after the fault: $(said "$device")"
	done
	all_there_once "$@"
	acknowledged_is_there "$@"
	# refs that derive from main may wait for the next push, whoever makes it
	q "$MANAGER" action note QIP-03 'Written after the fault.' >/dev/null
	push_of "$MANAGER" || die "the next push fails: $(said "$MANAGER")"
	derived_refs_follow
	fsck "$(server_history)"
	if server_was_killed; then
		die 'the server ended by itself'
	fi
	# what could not be removed is removed at the next start
	if ! (nothing_piles_up) 2>/dev/null; then
		server_start
		nothing_piles_up
		server_was_killed || true
	fi
}

# fails_in_push N DEVICE… - false if the pushes were over before their N-th call.
fails_in_push() {
	local n=$1
	shift
	crash_rewind
	server_start_struck --nth "$n" --do "$(error_at "$n")" "${calls[@]}"
	push_together "$@"
	if ! was_struck; then
		same "those who pushed before call $n" "$*" "${PUSHED[*]}"
		server_was_killed || return "$NO_MORE"
	fi
	say "  $(error_at "$n") $(struck_where); ${#PUSHED[@]} of $# accepted"
	goes_on "$@"
}

# From its N-th call on the disk does nothing any more, until it is well again.
dies_in_push() {
	local n=$1
	shift
	crash_rewind
	server_start_struck --on --nth "$n" --do "$(error_at "$n")" "${calls[@]}"
	push_together "$@"
	if ! was_struck; then
		same "those who pushed before call $n" "$*" "${PUSHED[*]}"
		server_was_killed || return "$NO_MORE"
	fi
	say "  $(error_at "$n") from $(struck_where) on; ${#PUSHED[@]} of $# accepted"
	kill -USR2 "${PIDS[server]}"
	goes_on "$@"
}

crash_practice

for case in $CASES; do
	case $case in
	kiosk)
		it 'The disk fails once while a kiosk pushes answers'
		at_each "$STEP" fails_in_push "$KIOSK"
		;;
	staff)
		it 'The disk fails once while a member of staff pushes an edit'
		at_each "$STEP" fails_in_push "$STAFF"
		;;
	manager)
		it 'The disk fails once while a manager pushes what changes the configuration of kiosks'
		at_each "$STEP" fails_in_push "$MANAGER"
		;;
	join)
		it 'The disk fails once while a device joins'
		at_each "$STEP" fails_in_push "$NEWCOMER"
		;;
	together)
		it 'The disk fails once while three push at once'
		at_each $((STEP * 3)) fails_in_push "$KIOSK" "$STAFF" "$MANAGER"
		;;
	dead)
		it 'The disk fails for good in the middle of a push, and is well again later'
		at_each $((STEP * 2)) dies_in_push "$MANAGER"
		;;
	*) die "no case is named $case" ;;
	esac
done
no_findings
