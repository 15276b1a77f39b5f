#!/usr/bin/env bash
# A server's name stands for another address: devices find it there with their next connection, a kiosk that runs without a restart. Of several addresses
# of a name the dead ones are passed over.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

NAME=qip.example.org
NAMES=$WORK/hosts # the names, as all that runs under $WORK/named sees them
# Written in place: the file itself is what is mounted there.
named_at() { printf "%s $NAME\n" "$@" >"$NAMES"; }
cat >"$WORK/named" <<END
#!/bin/sh
exec unshare -rm sh -c 'mount --bind "$NAMES" /etc/hosts && exec "\$@"' sh "\$@"
END
chmod +x "$WORK/named"
named_at 127.0.0.1
if [ "$("$WORK/named" getent ahosts "$NAME" 2>/dev/null | cut -d ' ' -f 1 | sort -u)" != 127.0.0.1 ]; then
	echo 'skipped: no program can be given names of its own here'
	exit 77
fi
named() { "$WORK/named" "$@"; }

# serve_at ADDRESS… - and nowhere else, on the port that it always had.
serve_at() {
	local address options=()
	for address in "$@"; do
		options+=(--listen "$address:$SERVER_PORT")
	done
	rm -f "$WORK/server.port"
	start server qip-server serve "$WORK/server" "${options[@]}" --port-file "$WORK/server.port"
	started server "$WORK/server.port" >/dev/null
}
syncs() { grep -c 'msg=synced' "$WORK/logs/kib-kiosk.log" || true; }
synced_more_than() { [ "$(syncs)" -gt "$1" ]; }
arrived() { [ "$(answers_on_main)" -eq "$1" ]; }

practice_start
qip-server certificates "$WORK/server" --renew --host "$NAME" >/dev/null
server_stop
server_start
code=$(invite kib-kiosk kiosk kibworth)
staff_code=$(invite fleckney staff fleckney)
URL=https://$NAME:$SERVER_PORT
named qip-kiosk join "$URL" "$code" --home "$HOMES/kib-kiosk" >/dev/null
named qip --home "$HOMES/fleckney" join "$URL" "$staff_code" >/dev/null
named qip --home "$HOMES/fleckney" sync >/dev/null

it 'The server moves to another address while a kiosk runs: what patients answer arrives, without a restart'
rm -f "$WORK/kib-kiosk.port"
start kib-kiosk "$WORK/named" qip-kiosk run --home "$HOMES/kib-kiosk" --listen 127.0.0.1:0 --port-file "$WORK/kib-kiosk.port" --sync-every 4
KIOSK_URL=http://127.0.0.1:$(started kib-kiosk "$WORK/kib-kiosk.port")
pid=${PIDS[kib-kiosk]}
answer good
wait_until 60 arrived 1 || die 'the first answer does not arrive'
before=$(syncs)
wait_until 60 synced_more_than "$before" || die 'the kiosk does not sync by itself'
server_stop
named_at 127.0.0.2
serve_at 127.0.0.2
answer poor
wait_until 150 arrived 2 || die "the kiosk does not find the server: $(tail -n 5 "$WORK/logs/kib-kiosk.log")"
same 'the kiosk' "$pid" "${PIDS[kib-kiosk]}"
is_gone "$pid" && die 'the kiosk is gone'
named qip --home "$HOMES/fleckney" sync >/dev/null

it 'A name that stands for nothing for a while is told, and the next sync finds it again'
: >"$NAMES"
refused "the address of \"$NAME\" cannot be found" named qip --home "$HOMES/fleckney" sync
named_at 127.0.0.2
named qip --home "$HOMES/fleckney" sync >/dev/null

it 'Of two addresses the first is dead'
named_at 127.0.0.2 127.0.0.3
first=$(named getent ahosts "$NAME" | sed -n 's/ *STREAM.*//p' | head -n 1)
second=$([ "$first" = 127.0.0.2 ] && echo 127.0.0.3 || echo 127.0.0.2)
server_stop
serve_at "$second"
named qip --home "$HOMES/fleckney" sync >/dev/null
answer good
wait_until 150 arrived 3 || die "the kiosk does not try the second address: $(tail -n 5 "$WORK/logs/kib-kiosk.log")"
stop kib-kiosk

it 'Both are dead: it is told, and nothing is lost'
server_stop
kiosk_waits() { named qip-kiosk sync --home "$HOMES/kib-kiosk"; }
refused "cannot reach the server at $NAME port $SERVER_PORT" kiosk_waits
serve_at 127.0.0.2 127.0.0.3
kiosk_waits >/dev/null
same 'answers' 3 "$(answers_on_main)"
fsck "$(server_history)"
