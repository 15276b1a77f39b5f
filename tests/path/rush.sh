#!/usr/bin/env bash
# A morning's rush: eight devices write, four read, and the packs are joined meanwhile; all that was acknowledged is there once. tools/test runs it under
# the thread sanitizer as well. QIP_RUSH_ROUNDS: how often each device writes.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ROUNDS=${QIP_RUSH_ROUNDS:-6}
WRITERS=(staff-1 staff-2 staff-3 staff-4 staff-5)
KIOSKS=(kiosk-1 kiosk-2 kiosk-3)
READERS=(reader-1 reader-2)
declare -A CODES=() KIOSK_URLS=()

# in_time COMMAND… - what does not come through is tried again, as a device does; not for ever.
in_time() {
	for _ in 1 2 3; do
		"$@" && return
	done
	die "'$*' fails again and again"
}

join_with_code() {
	case $1 in
	kiosk-*) qip-kiosk join "$URL" "${CODES[$1]}" --home "$HOMES/$1" >/dev/null && kiosk_sync "$1" ;;
	*) q "$1" join "$URL" "${CODES[$1]}" >/dev/null && q "$1" sync >/dev/null ;;
	esac
}

# all_of PID… - they all succeed.
all_of() {
	local pid
	for pid in "$@"; do
		wait "$pid" || die 'one of those at work failed'
	done
}

staff_writes() {
	local n
	for ((n = 1; n <= ROUNDS; n++)); do
		q "$1" action note QIP-02 "Note $n of $1." >/dev/null
		in_time q "$1" sync >/dev/null
	done
}
kiosk_writes() {
	local n
	KIOSK_URL=${KIOSK_URLS[$1]}
	WORK=$WORK/$1 # for the page that it is answered with
	for ((n = 1; n <= ROUNDS; n++)); do
		answer good
		in_time kiosk_sync "$1"
	done
}

writing() { [ ! -e "$WORK/written" ]; }
device_reads() {
	while writing; do
		in_time q "$1" sync >/dev/null
		q "$1" action list >/dev/null
	done
}
# git_reads PROTOCOL DEVICE - clones, and fetches into the clone that it has.
git_reads() {
	local copy=$WORK/copy-$1.git
	while writing; do
		rm -rf "$copy"
		git_as "$2" -c protocol.version="$1" clone -q --bare "$(history_url)" "$copy"
		git_as "$2" -C "$copy" -c protocol.version="$1" fetch -q "$(history_url)" '+refs/heads/main:refs/heads/main'
		git -C "$copy" cat-file -e main:practice.json
	done
}

practice_start
q "$MANAGER" import "$QIP_SOURCE/tests/data/qip-sample.csv" --effective 2022-06-06 >/dev/null
for device in "${WRITERS[@]}" "${READERS[@]}"; do
	CODES[$device]=$(code_in "$(q "$MANAGER" invite "$device" --role staff --site kibworth)")
done
for device in "${KIOSKS[@]}"; do
	CODES[$device]=$(code_in "$(q "$MANAGER" invite "$device" --role kiosk --site kibworth)")
done
q "$MANAGER" sync >/dev/null

it 'Ten devices join at once'
pids=()
for device in "${!CODES[@]}"; do
	join_with_code "$device" &
	pids+=($!)
done
all_of "${pids[@]}"

it 'Eight devices write, four read'
for device in "${KIOSKS[@]}"; do
	mkdir "$WORK/$device"
	kiosk_start "$device"
	KIOSK_URLS[$device]=$KIOSK_URL
done
writers=() readers=()
for device in "${WRITERS[@]}"; do
	staff_writes "$device" &
	writers+=($!)
done
for device in "${KIOSKS[@]}"; do
	kiosk_writes "$device" &
	writers+=($!)
done
for device in "${READERS[@]}"; do
	device_reads "$device" &
	readers+=($!)
done
for protocol in 0 2; do
	git_reads "$protocol" "$MANAGER" &
	readers+=($!)
done
all_of "${writers[@]}"
touch "$WORK/written"
all_of "${readers[@]}"

it 'All of it is there once, and the audit agrees'
same 'answers' $((${#KIOSKS[@]} * ROUNDS)) "$(answers_on_main)"
same 'notes' $((${#WRITERS[@]} * ROUNDS)) "$(git -C "$(server_history)" grep -ohE 'Note [0-9]+ of staff-[0-9]' main -- qip/ | sort -u | wc -l)"
q "$MANAGER" sync >/dev/null
q "$MANAGER" audit >/dev/null
for device in "${KIOSKS[@]}"; do
	same "what waits at $device" 0 "$(kiosk_says "$device" waiting)"
	stop "$device"
done
fsck "$(server_history)"
server_stop
grep -q 'packs joined' "$WORK/logs/server.log" || die 'no packs were joined meanwhile'
