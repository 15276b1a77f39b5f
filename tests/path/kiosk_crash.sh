#!/usr/bin/env bash
# A kiosk's day, struck: it starts, takes three answers, syncs, takes another and stops, and at each of its writes, fsyncs, renames and sends in turn it is
# killed, or loses power, or its disk fails. Started again, or once the disk is well again, it goes on; and in the end the server has every
# thanked answer once, in order. Short: a spread of the calls; tools/crash-test strikes at all of them.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$QIP_SOURCE/tests/support/crash.sh"

STEP=${QIP_CRASH_STEP:-29}            # 1: every call
sparse=$((STEP == 1 ? 1 : STEP * 2)) # where a strike takes longer
ACTIONS=${QIP_CRASH_ACTIONS:-in-turn} # or kill-before, kill-after
ERRORS=${QIP_CRASH_ERRORS:-in-turn}   # or EIO, ENOSPC, EROFS
CASES=${QIP_CRASH_CASES:-kill send power dead}
LOSE=${QIP_CRASH_LOSE:-names}         # in a power cut: "names" that were not fsynced and bytes, or "bytes" alone

on_disk=(--only changes --under "$HOMES/$KIOSK")
in_turn() { shift $((($1 - 1) / STEP % ($# - 1) + 1)) && echo "$1"; }
action_at() { [ "$ACTIONS" = in-turn ] && in_turn "$1" kill-before kill-after || echo "$ACTIONS"; }
error_at() { [ "$ERRORS" = in-turn ] && in_turn "$1" EIO ENOSPC EROFS || echo "$ERRORS"; }

# ---- what patients did, and what the server has of it ----

SAID=() # "<option> thanked" or "<option> maybe": an error, or no reply

patient() {
	if (answer "$1") >"$WORK/patient.log" 2>&1; then
		SAID+=("$1 thanked")
	else
		SAID+=("$1 maybe")
	fi
}

server_answers() { git -C "$(server_history)" archive refs/heads/main feedback | tar -xO | jq -cs 'sort_by(.seq)'; }

# Every thanked answer once and in order, those without thanks at most once, no number missing, nothing void or lost.
all_thanked_once() {
	local records entry option at=0 got
	records=$(server_answers)
	same 'numbers' "$(jq -c '[range(1; length + 1)]' <<<"$records")" "$(jq -c 'map(.seq)' <<<"$records")"
	same 'what is no answer' '[]' "$(jq -c 'map(select(.schema != "feedback/1"))' <<<"$records")"
	same 'ids' "$(jq length <<<"$records")" "$(jq 'map(.id) | unique | length' <<<"$records")"
	mapfile -t got < <(jq -r '.[].answers.experience' <<<"$records")
	for entry in "${SAID[@]}"; do
		option=${entry% *}
		if [ "${got[at]:-}" = "$option" ]; then
			at=$((at + 1))
		elif [ "${entry#* }" = thanked ]; then
			die "the server does not have '$option', thanked for: it has ${got[*]} of ${SAID[*]}"
		fi
	done
	same 'answers that nobody gave' '' "${got[*]:at}"
}

# ---- the day ----

# begin STRIKE-OPTION… - everything as before the day, the server up, the kiosk under strike; false if it does not come up.
begin() {
	crash_rewind
	SAID=('very-good thanked' 'good thanked')
	server_start
	rm -f "$STRUCK" "$WORK/kiosk.port"
	# leaks cannot be looked for in a program that is traced when it ends
	start kiosk env ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0" "$STRIKE" --report "$STRUCK" "$@" \
		qip-kiosk run --home "$HOMES/$KIOSK" --listen 127.0.0.1:0 --sync-every 1 --port-file "$WORK/kiosk.port"
	wait_until 60 come_up
	[ -s "$WORK/kiosk.port" ] && KIOSK_URL=http://127.0.0.1:$(cat "$WORK/kiosk.port")
}
come_up() { [ -s "$WORK/kiosk.port" ] || is_gone "${PIDS[kiosk]}"; }
alive() { ! is_gone "${PIDS[kiosk]}"; }
arrived() { [ "$(answers_on_main)" -ge "$1" ] || is_gone "${PIDS[kiosk]}"; }

# the_day SECONDS - how long to wait for its syncs.
the_day() {
	patient neither
	patient poor
	patient very-poor
	wait_until "$1" arrived 5 || true
	patient dont-know
	wait_until "$1" arrived 6 || true
}

# end_kiosk - STATUS: how it ended.
end_kiosk() {
	local pid=${PIDS[kiosk]}
	STATUS=0
	kill -TERM "$pid" 2>/dev/null || true
	wait_until 60 is_gone "$pid" || die 'the kiosk does not stop'
	unset 'PIDS[kiosk]'
	wait "$pid" || STATUS=$?
}

# The kiosk by itself again: it takes an answer and delivers all.
goes_on() {
	kiosk_start "$KIOSK"
	patient good
	same 'the patient after it' 'good thanked' "${SAID[-1]}"
	kiosk_sync "$KIOSK" || kiosk_sync "$KIOSK" || die 'the kiosk cannot sync'
	stop "$KIOSK"
	same 'answers that wait' 0 "$(kiosk_says "$KIOSK" waiting)"
	all_thanked_once
	fsck "$HOMES/$KIOSK/history.git"
	server_stop
}

# killed_in_day N STRIKE-OPTION… - false if the day was over before its N-th call.
killed_in_day() {
	local n=$1
	shift
	if begin --nth "$n" --do "$(action_at "$n")" "$@"; then
		the_day 30
	fi
	end_kiosk
	case $STATUS in
	137) was_struck || die 'the kiosk was killed by somebody else' ;;
	0) ;;
	*) die "the kiosk ended with status $STATUS" ;;
	esac
	was_struck && say "  $(action_at "$n") $(struck_where)"
	goes_on
	was_struck || return "$NO_MORE"
}

power_cut_in_day() {
	local n=$1
	if begin --nth "$n" --do kill-before --lose "$LOSE" "${on_disk[@]}"; then
		the_day 30
	fi
	end_kiosk
	was_struck && say "  power cut, without $(sed -n 's,^lost ,,p' "$STRUCK") unwritten things, at $(struck_where)"
	goes_on
	was_struck || return "$NO_MORE"
}

# From its N-th call on the disk does nothing any more; then it is well again, and the same kiosk takes answers without being started anew.
disk_dies_in_day() {
	local n=$1
	if begin --on --nth "$n" --do "$(error_at "$n")" "${on_disk[@]}"; then
		the_day 1
		was_struck && say "  $(error_at "$n") from $(struck_where) on; ${#SAID[@]} patients: $(grep -c thanked < <(printf '%s\n' "${SAID[@]}")) thanked"
		kill -USR2 "${PIDS[kiosk]}"
		patient good
		[ "${SAID[-1]}" = 'good thanked' ] || patient good # the first may find out that the disk is well
		same 'the patient after the disk is well' 'good thanked' "${SAID[-1]}"
		wait_until 5 no_disk_trouble || die "the kiosk still says: $(curl -qsS --max-time 20 "$KIOSK_URL/status.json")"
	fi
	end_kiosk
	case $STATUS in
	0) ;;
	1) [ ! -s "$WORK/kiosk.port" ] || die 'the kiosk ended for its disk, after it had started' ;;
	*) die "the kiosk ended with status $STATUS" ;;
	esac
	goes_on
	was_struck || return "$NO_MORE"
}
no_disk_trouble() { curl -qsS --max-time 20 "$KIOSK_URL/status.json" | jq -e '.troubles | any(startswith("disk")) | not' >/dev/null; }

# A day has a past: one answer that arrived, one that waits.
kiosk_practice() {
	strike_or_skip
	practice_start
	join "$KIOSK" kiosk kibworth
	kiosk_sync "$KIOSK"
	kiosk_start "$KIOSK"
	answer very-good
	kiosk_sync "$KIOSK"
	answer good
	stop "$KIOSK"
	server_stop
	cp -a "$WORK/server" "$WORK/server.before"
	cp -a "$HOMES" "$HOMES.before"
}

kiosk_practice

for case in $CASES; do
	case $case in
	kill)
		it 'Killed at what changes its disk'
		at_each "$STEP" killed_in_day "${on_disk[@]}"
		;;
	send)
		it 'Killed at what it sends, to the browser and to the server'
		at_each $(((STEP + 1) / 2)) killed_in_day --only send
		;;
	power)
		it 'The power fails, and takes what was not fsynced'
		at_each "$sparse" power_cut_in_day
		;;
	dead)
		it 'The disk fails for good, is full, or becomes read-only, and is well again later'
		at_each "$sparse" disk_dies_in_day
		;;
	*) die "no case is named $case" ;;
	esac
done
no_findings
