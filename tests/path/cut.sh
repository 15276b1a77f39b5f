#!/usr/bin/env bash
# The other end fails: a device is killed at system calls of its sync, and the line breaks after so many bytes either way, in the middle of a pack or between
# pack and receipt. After the next sync all is there once. Short: a spread; tools/crash-test goes in small steps.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$QIP_SOURCE/tests/support/crash.sh"

STEP=${QIP_CRASH_STEP:-11}  # system calls; 1: every call
PARTS=${QIP_CRASH_PARTS:-4} # places at which each line is cut, evenly over all bytes, and the last bytes
CASES=${QIP_CRASH_CASES:-device up down}
DEVICES=${QIP_CRASH_DEVICES:-"$KIOSK $MANAGER"}

# once_everything DEVICE - it syncs again, and all is there once at both ends.
once_everything() {
	acknowledged_is_there "$1"
	was_pushed "$1" && all_there_once "$1"
	push_of "$1" || die "$1 cannot sync afterwards: $(said "$1")"
	all_there_once "$1"
	derived_refs_follow
	fsck "$(server_history)" "$HOMES/$1/history.git"
	same 'locks left in the home' '' "$(find "$HOMES/$1/history.git" -name '*.lock')"
	same 'packs on their way in the home' '' "$(find "$HOMES/$1/history.git" -path '*/incoming/*')"
	server_was_killed && die 'the server ended by itself'
	return 0
}

# device_killed_at N DEVICE - in its sync, before or after the N-th call that may change its folder.
device_killed_at() {
	local n=$1 device=$2 action=kill-before status=0 command=(qip sync)
	[ $((n / STEP % 2)) -eq 0 ] || action=kill-after
	[ "$device" != "$KIOSK" ] || command=(qip-kiosk sync)
	crash_rewind
	server_start
	# a program that is traced to its end cannot be searched for leaks
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 "$STRIKE" --report "$STRUCK" --only changes --under "$HOMES/$device" --nth "$n" --do "$action" \
		"${command[@]}" --home "$HOMES/$device" >"$WORK/said.$device" 2>&1 || status=$?
	PUSHED=()
	if [ "$status" -eq 0 ]; then
		return "$NO_MORE"
	fi
	same "the status of a sync that was killed ($(said "$device"))" 137 "$status"
	say "  $device: $action $(struck_where)"
	once_everything "$device"
}

# The server is reached through a line that takes its port; the server has another one.
HOME_PORT=''
line_start() { # [up|down BYTES [dead]]
	rm -f "$WORK/line.port" "$WORK/logs/line.out"
	start line "$QIP_TOOLS/cutline" "$HOME_PORT" "$SERVER_PORT" "$WORK/line.port" "$@"
	started line "$WORK/line.port" >/dev/null
}
# How many bytes went "up" or "down" through a line that was stopped.
went() { awk -v way="$1" '{for (i = 1; i < NF; i++) if ($i == way) print $(i + 1)}' "$WORK/logs/line.out"; }

# line_cut DEVICE up|down BYTES [dead] - the line works again at once, or not before the next sync.
line_cut() {
	crash_rewind
	server_start
	line_start "${@:2}"
	push_together "$1"
	stop line
	say "  $1: cut after $3 bytes $2${4:+, for good}: told as $(was_pushed "$1" && echo 'done' || echo failed)"
	was_pushed "$1" || not_refused "$1" 'reach|connect|network|line|broke|ended|closed|try again'
	line_start
	once_everything "$1"
	stop line
}

# line_cuts DEVICE up|down - at PARTS places, and at the last bytes, for good and not in turn.
line_cuts() {
	local all n dead=(dead)
	crash_rewind
	server_start
	line_start
	push_of "$1"
	stop line
	server_stop
	all=$(went "$2")
	for ((n = 0; n < PARTS; n++)); do
		line_cut "$1" "$2" $((all * n / PARTS)) "${dead[@]:$((n % 2))}"
	done
	line_cut "$1" "$2" $((all - 40))
	line_cut "$1" "$2" $((all - 1)) dead
}

crash_practice
HOME_PORT=$SERVER_PORT

for case in $CASES; do
	for device in $DEVICES; do
		case $case in
		device)
			it "$device is killed while it syncs"
			SERVER_PORT=$HOME_PORT
			at_each "$STEP" device_killed_at "$device"
			;;
		up | down)
			it "The line of $device breaks, after so many bytes $case"
			SERVER_PORT=0
			line_cuts "$device" "$case"
			;;
		*) die "no case is named $case" ;;
		esac
	done
done
no_findings
