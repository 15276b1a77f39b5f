#!/usr/bin/env bash
# Kiosks whose clock stands at 1970 or 2099: they join, take answers, deliver, and never say more about the time than they know.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start

at_ready
at() { "$WORK/at" "$@"; }
# record DEVICE SEQ - as the server holds it.
record() { git -C "$(server_history)" cat-file blob "main:feedback/$1/0/0/$2.json"; }

# wrong_clock KIOSK TIME
wrong_clock() {
	local kiosk=$1 when=$2 code now i
	code=$(invite "$kiosk" kiosk kibworth)
	at "$when" qip-kiosk join "$URL" "$code" --home "$HOMES/$kiosk" >/dev/null
	server_stop
	kiosk_start "$kiosk" "$WORK/at" "$when"
	answer good
	answer poor
	stop "$kiosk"
	server_start
	at "$when" qip-kiosk sync --home "$HOMES/$kiosk" >/dev/null
	# And again after the clock was set right.
	kiosk_start "$kiosk"
	answer neither
	kiosk_sync "$kiosk"
	stop "$kiosk"
	now=$(date -u +%Y-%m-%dT%H:%M:%S.999Z)
	for i in 1 2 3; do
		record "$kiosk" "$i" >"$WORK/record.json"
		jq -e --arg now "$now" '.recorded | .earliest <= $now and .latest >= "2024" and .earliest <= .latest' "$WORK/record.json" >/dev/null ||
			die "the time of answer $i cannot be: $(cat "$WORK/record.json")"
		[ "$i" -eq 3 ] || jq -e '.recorded.quality != "synchronised"' "$WORK/record.json" >/dev/null || die "answer $i is surer of its time than it can be"
	done
}

it 'A kiosk at 1970'
wrong_clock early '1970-01-01 00:03:00'

it 'A kiosk at 2099'
wrong_clock late '2099-12-31 23:50:00'

it 'All answers are there once, and the audit passes'
same 'answers' 6 "$(answers_on_main)"
q "$MANAGER" sync >/dev/null
q "$MANAGER" audit >/dev/null
same 'gaps' 0 "$(q "$MANAGER" feedback stats --json | jq .gaps)"

it 'A staff device whose clock is decades off changes no order: the graph decides'
join fleckney staff fleckney
q "$MANAGER" action add --ref QIP-60 --finding 'Found' --action 'Do' --effective 2022-06-06 >/dev/null
q "$MANAGER" sync >/dev/null
q fleckney sync >/dev/null
at '2099-01-01 12:00:00' qip --home "$HOMES/fleckney" action set QIP-60 status=green --effective 2022-09-01 >/dev/null
at '2099-01-01 12:00:00' qip --home "$HOMES/fleckney" sync >/dev/null
q "$MANAGER" sync >/dev/null
q "$MANAGER" action set QIP-60 status=amber --effective 2022-09-02 >/dev/null
q "$MANAGER" sync >/dev/null
q fleckney sync >/dev/null
same 'the later edit' amber "$(q fleckney action show QIP-60 --json | jq -r .status)"
same 'conflicts' '[]' "$(q fleckney conflicts --json | jq -c .)"
server_stop
fsck "$(server_history)" "$HOMES"/*/history.git
