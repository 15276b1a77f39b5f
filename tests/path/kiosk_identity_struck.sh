#!/usr/bin/env bash
# A copied kiosk is killed, or loses power, at calls that may change its disk while it takes a new name: told again, it ends with that name, and every answer
# arrives once. Short: a spread of the calls; QIP_CRASH_STEP=1 strikes at all of them.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

STEP=${QIP_CRASH_STEP:-23}
CASES=${QIP_CRASH_CASES:-before after power}
STRIKE=$QIP_TOOLS/strike
strike_or_skip

KIOSK=$HOMES/kib-kiosk
on() { "$WORK/on" "$@"; }
joins() { on b "$@" qip-kiosk join "$URL" "$CODE" --home "$KIOSK" >"$WORK/said" 2>&1; }

hardware_ready
box a
box b
practice_start
CODE=$(invite kib-kiosk kiosk kibworth)
on a qip-kiosk join "$URL" "$CODE" --home "$KIOSK" >/dev/null
kiosk_start kib-kiosk "$WORK/on" a
answer good
on a qip-kiosk sync --home "$KIOSK" >/dev/null
answer poor # on both cards, and sent by nobody
stop kib-kiosk
kiosk_start kib-kiosk "$WORK/on" b
answer neither 'The doors are heavy.'
stop kib-kiosk
CODE=$(invite kib-copy kiosk kibworth)
server_stop
cp -a "$WORK/server" "$WORK/server.before"
cp -a "$HOMES" "$HOMES.before"

# struck N OPTION… - the join is struck at its N-th call, and done again; false once there is no such call.
struck() {
	local nth=$1 where
	shift
	rm -rf "$WORK/server" "$HOMES" "$WORK/struck"
	cp -a "$WORK/server.before" "$WORK/server"
	cp -a "$HOMES.before" "$HOMES"
	server_start
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 joins "$STRIKE" --report "$WORK/struck" --only changes --under "$KIOSK" --nth "$nth" "$@" || true
	where=$(sed -n 's,^struck ,,p' "$WORK/struck")
	if [ -n "$where" ]; then
		say "  $* at ${where//"$WORK"/}"
		on b qip-kiosk status --home "$KIOSK" >/dev/null || die 'it does not open'
		joins || die "the same command does not go on: $(cat "$WORK/said")"
		on b qip-kiosk sync --home "$KIOSK" >/dev/null
		same 'its name' kib-copy "$(on b qip-kiosk status --home "$KIOSK" --json | jq -r .device)"
		same 'answers' 3 "$(answer_ids | uniq | wc -l)"
		same 'records' 3 "$(answers_on_main)"
		same 'what is left behind' "$KIOSK/former.git" "$(find "$KIOSK" -maxdepth 1 '(' -name 'rejoin*' -o -name 'former*' -o -name '*.tmp' -o -name joining.json ')')"
		fsck "$KIOSK/history.git"
	fi
	server_stop
	[ -n "$where" ]
}
everywhere() { # OPTION…
	local nth=${QIP_CRASH_FROM:-1}
	while struck "$nth" "$@"; do
		nth=$((nth + STEP))
	done
	[ "$nth" -gt "${QIP_CRASH_FROM:-1}" ] || die 'nothing was struck'
}

for case in $CASES; do
	case $case in
	before)
		it 'Killed before a call'
		everywhere --do kill-before
		;;
	after)
		it 'Killed after a call'
		everywhere --do kill-after
		;;
	power)
		it 'Power is lost, with all that was not made durable'
		everywhere --do kill-before --lose names
		;;
	esac
done
