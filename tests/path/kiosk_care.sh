#!/usr/bin/env bash
# A kiosk is looked after: answers that want a second look, the staff's page behind a PIN, its own word on its health, and what the practice sees of it.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

PIN=194837
practice_start
join kib-kiosk kiosk kibworth
kiosk_start kib-kiosk
status_of() { curl -qsS --max-time 30 -o "$WORK/page.html" -w '%{http_code}' "$@"; }
try_pin() { status_of --data "pin=$1&go=open" "$KIOSK_URL/staff/open"; }
practice_says() { q "$MANAGER" sync >/dev/null && q "$MANAGER" status --json | jq -r "$1"; }

it 'Until a manager sets a PIN, the page tells whether the kiosk works, and no more'
answer good
same 'status' 200 "$(status_of "$KIOSK_URL/staff")"
says 'answers are kept' "$(cat "$WORK/page.html")"
says 'No PIN is set' "$(cat "$WORK/page.html")"
if grep -q 'kib-kiosk' "$WORK/page.html"; then die 'anybody may read all of it'; fi
same 'status' 200 "$(try_pin "$PIN")"
if grep -q 'kib-kiosk' "$WORK/page.html"; then die 'a PIN that nobody set opens it'; fi

it 'A PIN that a manager sets arrives with a sync, and is nowhere in the clear'
q "$MANAGER" site kiosk kibworth --pin <<<"$PIN" >/dev/null
q "$MANAGER" sync >/dev/null
kiosk_sync kib-kiosk
crash kib-kiosk
kiosk_start kib-kiosk
same 'status' 200 "$(status_of "$KIOSK_URL/staff")"
says 'PIN of this site' "$(cat "$WORK/page.html")"
same 'key' 200 "$(status_of --data 'pin=19483&go=7' "$KIOSK_URL/staff/open")"
says 'value="194837"' "$(cat "$WORK/page.html")"
same 'status' 200 "$(try_pin "$PIN")"
says 'kib-kiosk' "$(cat "$WORK/page.html")"
says 'number 1,' "$(cat "$WORK/page.html")"
if grep -rq "$PIN" "$HOMES" "$WORK/logs"; then die 'the PIN is written somewhere'; fi

it 'Five wrong PINs make even the right one wait, and answers go on'
for i in 1 2 3 4; do same "try $i" 403 "$(try_pin 111112)"; done
same 'the fifth' 429 "$(try_pin 111112)"
same 'the right one' 429 "$(try_pin "$PIN")"
if grep -q 'kib-kiosk' "$WORK/page.html"; then die 'it opens during the wait'; fi
answer good

it 'The first sync of a running kiosk tells the practice how it is'
for _ in $(seq 100); do
	[ "$(practice_says '.kiosks[0].health.number // 0')" != 0 ] && break
	sleep 0.3
done
same 'number' 1 "$(practice_says '.kiosks[0].health.number')"
same 'silent' false "$(practice_says '.kiosks[0].silent')"
same 'languages' en "$(practice_says '.kiosks[0].health.languages | join(",")')"
says '^kib-kiosk +kibworth +.* ago' "$(q "$MANAGER" status)"

it 'Many answers in a row and one while the site is closed are flagged, counted all the same, and shown to staff'
for _ in 1 2 3 4; do answer good; done
other_day=$(LC_ALL=C date -u -d '3 days' +%a | tr '[:upper:]' '[:lower:]') # whatever England's clocks say, it is not today
q "$MANAGER" site kiosk kibworth --hours "$other_day=08:00-18:30" >/dev/null
q "$MANAGER" sync >/dev/null
kiosk_sync kib-kiosk
crash kib-kiosk
kiosk_start kib-kiosk
answer good
kiosk_sync kib-kiosk
q "$MANAGER" sync >/dev/null
same 'total' 7 "$(q "$MANAGER" feedback stats --json | jq .total)"
says 'rapid-repeat' "$(q "$MANAGER" feedback list)"
same 'the last' out-of-hours "$(q "$MANAGER" feedback list --json | jq -r 'max_by(.seq).flags - ["clock-unsure"] | join(",")')"

it 'qip-kiosk status tells it beside the running kiosk'
same 'last' 7 "$(kiosk_says kib-kiosk last)"
same 'languages' en "$(kiosk_says kib-kiosk 'languages[0]')"
says '[0-9]+' "$(kiosk_says kib-kiosk free_bytes)"
says '^(synchronised|estimated)$' "$(kiosk_says kib-kiosk clock.quality)"
same 'answers kept' true "$(curl -qsS "$KIOSK_URL/status.json" | jq .keeping)"

it 'A kiosk that cannot reach the server says so at the screen and in its status page'
server_stop
crash kib-kiosk
kiosk_start kib-kiosk
failing() { curl -qsS "$KIOSK_URL/status.json" | jq -e '.troubles | index("sync-failing")' >/dev/null; }
wait_until 30 failing || die 'it does not say that it cannot sync'
same 'answers kept' true "$(curl -qsS "$KIOSK_URL/status.json" | jq .keeping)"
status_of "$KIOSK_URL/status" >/dev/null
says 'cannot reach the server' "$(cat "$WORK/page.html")"
same 'status' 200 "$(try_pin "$PIN")"
says 'Sync fails' "$(cat "$WORK/page.html")"
