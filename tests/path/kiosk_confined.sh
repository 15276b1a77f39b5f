#!/usr/bin/env bash
# The kiosk under its own unit's list of system calls: all that it does still works, and it may ask whether the clock is kept right.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

export LC_ALL=C
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 # looking for leaks is tracing, which no service may
calls=$(calls_of "$QIP_SOURCE/kiosk/appliance/qip-kiosk.service")
confined=("$QIP_TOOLS/confined" "$calls")
status=0
"$QIP_TOOLS/confined" "$calls" true || status=$?
if [ "$status" = 77 ]; then
	echo '- skipped: a filter of system calls cannot be set here'
	exit 0
fi

it 'It may ask whether the clock is kept right, and may not change its owner or priority'
same 'true' 0 "$status"
"${confined[@]}" || die 'the clock may not be asked'
if "${confined[@]}" chown 65534 "$WORK/numbers" 2>/dev/null; then die 'it may give files away'; fi
says 'not permitted' "$("${confined[@]}" nice -n 5 true 2>&1)"

it 'It starts, asks, keeps, sends and ends'
practice_start
join kib-kiosk kiosk kibworth
kiosk_start kib-kiosk "${confined[@]}"
answer good
sent() { [ "$(answers_on_main)" = 1 ]; }
"${confined[@]}" qip-kiosk sync --home "$HOMES/kib-kiosk" >/dev/null
wait_until 20 sent || die 'the answer does not arrive'
same 'clock' "$(kiosk_says kib-kiosk clock.quality)" "$("${confined[@]}" qip-kiosk status --home "$HOMES/kib-kiosk" --json | jq -r .clock.quality)"

if [ -x /usr/bin/espeak-ng ]; then
	it 'It reads aloud'
	curl -qsS "$KIOSK_URL/" -o "$WORK/page.html"
	say=$(grep -Eo '/say/[^"]*' "$WORK/page.html")
	same 'sound' 200 "$(curl -qsS -o /dev/null -w '%{http_code}' "$KIOSK_URL$say")"
fi
stop kib-kiosk
