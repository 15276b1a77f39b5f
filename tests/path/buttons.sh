#!/usr/bin/env bash
# A panel of five buttons: what an input device reports becomes answers, without a screen. The device is a pipe that carries the kernel's records.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# report TYPE CODE VALUE - one struct input_event of a little-endian machine, its time left empty, in one piece.
TIME_BYTES=$((2 * $(getconf LONG_BIT) / 8))
report() {
	{
		head -c "$TIME_BYTES" /dev/zero
		# shellcheck disable=SC2059 # the bytes
		printf "$(printf '\\x%02x\\x00\\x%02x\\x00\\x%02x\\x00\\x00\\x00' "$@")"
	} >"$WORK/event"
	cat "$WORK/event" >"$WORK/panel"
}
EV_KEY=1 KEY_1=2 KEY_5=6 KEY_ESC=1
press() {
	report "$EV_KEY" "$1" 1
	report "$EV_KEY" "$1" 0
}
answers() { kiosk_says kib-kiosk last; }
answers_are() { [ "$(answers)" = "$1" ]; }

practice_start
join kib-kiosk kiosk kibworth

it 'A panel that is not there is told of, and the screen beside it works'
start kib-kiosk qip-kiosk run --home "$HOMES/kib-kiosk" --listen 127.0.0.1:0 --port-file "$WORK/kib-kiosk.port" --buttons "$WORK/panel"
started kib-kiosk "$WORK/kib-kiosk.port" >"$WORK/started"
same 'page' 200 "$(curl -qsS -o /dev/null -w '%{http_code}' "http://127.0.0.1:$(cat "$WORK/kib-kiosk.port")/")"
says 'the buttons are not there' "$(cat "$WORK/logs/kib-kiosk.log")"
crash kib-kiosk

it 'A press is an answer, durable at once; other keys and a key that bounces are none'
mkfifo "$WORK/panel"
exec 9<>"$WORK/panel"
rm -f "$WORK/kib-kiosk.port"
start kib-kiosk qip-kiosk run --home "$HOMES/kib-kiosk" --listen 127.0.0.1:0 --port-file "$WORK/kib-kiosk.port" --buttons "$WORK/panel"
started kib-kiosk "$WORK/kib-kiosk.port" >"$WORK/started"
press "$KEY_ESC"
press "$KEY_1"
press "$KEY_1"
wait_until 20 answers_are 1 || die "wanted 1 answer, got $(answers)"
sleep 1
press "$KEY_5"
wait_until 20 answers_are 2 || die "wanted 2 answers, got $(answers)"
crash kib-kiosk

it 'After a power cut both arrive, once, with the options that the buttons stand for'
kiosk_sync kib-kiosk
same 'answers on the server' 2 "$(answers_on_main)"
q kibworth sync >/dev/null
found=$(q kibworth feedback list)
says 'very-good|very good' "$found"
says 'very-poor|very poor' "$found"
server_stop
fsck "$(server_history)" "$HOMES/kib-kiosk/history.git"
