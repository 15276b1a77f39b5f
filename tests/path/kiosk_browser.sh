#!/usr/bin/env bash
# A browser that hangs without ending is noticed: the kiosk ends, for the service manager to start both anew. With Chromium, and no display.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

chromium=${CHROMIUM:-/usr/bin/chromium}
[ -x "$chromium" ] || {
	echo 'skipped: there is no Chromium'
	exit 77
}
practice_start
join kib-kiosk kiosk kibworth
kiosk_sync kib-kiosk

# As the service manager would run it, but that a look comes after a second and not after ten minutes; the first page asks for itself every three.
serve() { start kiosk env WATCHDOG_USEC=1100000 qip-kiosk run --home "$HOMES/kib-kiosk" --listen 127.0.0.1:0 --port-file "$WORK/kiosk.port" --screen 3; }
browse() { start browser setsid "$chromium" --headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update \
	--user-data-dir="$WORK/chromium" --remote-debugging-port=0 "http://127.0.0.1:$1/"; }

it 'The first page asks for itself again, for whoever shows it'
serve
port=$(started kiosk "$WORK/kiosk.port")
says '^Refresh: 3; url=/' "$(curl -qsSi "http://127.0.0.1:$port/" | tr -d '\r')"
browse "$port"
kiosk=${PIDS[kiosk]} browser=${PIDS[browser]}

it 'While the browser lives the kiosk goes on, though nobody touches it'
sleep 15
if is_gone "$kiosk"; then die 'the kiosk ended under a browser that lives'; fi

it 'A browser that hangs ends it with a failure that says why'
kill -STOP -- "-$browser"
wait_until 30 is_gone "$kiosk" || die 'the kiosk goes on before a dead screen'
says 'no browser has asked for a page' "$(cat "$WORK/logs/kiosk.log")"
kill -KILL -- "-$browser"
server_stop
