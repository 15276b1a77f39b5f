#!/usr/bin/env bash
# The server as its unit holds it: exposed to little, and within its list of system calls all that it does still works.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

unset QIP_CORE_DUMPS
UNIT=$QIP_SOURCE/server/service/qip-server.service

it 'The unit is well-formed, and its exposure is below 2.0'
mkdir -p "$WORK/units"
# the program is where the package puts it, not on this machine
sed "s|/usr/bin/qip-server|$(command -v qip-server)|" "$UNIT" >"$WORK/units/qip-server.service"
found=$(SYSTEMD_UNIT_PATH="$WORK/units:" systemd-analyze verify --man=no "$WORK/units/qip-server.service" 2>&1 | grep 'qip-server' || true)
same 'faults of the unit' '' "$found"
systemd-analyze security --offline=true --threshold=20 --no-pager "$WORK/units/qip-server.service" >"$WORK/security.txt" 2>&1 ||
	die "the unit is exposed: $(tail -n 1 "$WORK/security.txt")"
say "  $(tail -n 1 "$WORK/security.txt" | sed 's/^[^A-Za-z]*//')"

export LC_ALL=C
calls=$(calls_of "$UNIT")
status=0
ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 "$QIP_TOOLS/confined" "$calls" true || status=$?
if [ "$status" = 77 ]; then
	echo '- skipped: a filter of system calls cannot be set here'
	exit 0
fi

it 'Within its list of system calls it starts, joins devices, merges, takes and erases free text, joins packs, reads settings again and ends'
D=$WORK/server
practice_start
server_stop
jq -c '.admin = "127.0.0.1:0"' "$D/server.json" >"$WORK/json"
cp "$WORK/json" "$D/server.json"
rm -f "$WORK/server.port"
start server env ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" "$QIP_TOOLS/confined" "$calls" qip-server serve "$D" --listen "127.0.0.1:$SERVER_PORT" --port-file "$WORK/server.port"
started server "$WORK/server.port" >/dev/null
join fleckney staff fleckney
join kib-kiosk kiosk kibworth
sample_plan fleckney
kiosk_sync kib-kiosk
kiosk_start kib-kiosk
(answer good 'Ask for Jyoti.')
kiosk_sync kib-kiosk
stop kib-kiosk
for n in $(seq 1 45); do
	q fleckney action note QIP-02 "Note $n" >/dev/null
	q fleckney sync >/dev/null
done
few() { [ "$(find "$(server_history)/objects/pack" -name '*.idx' | wc -l)" -le 35 ]; }
wait_until 30 few || die 'packs are not joined'
q "$MANAGER" sync >/dev/null
id=$(q "$MANAGER" comments list --json | jq -r '.[0].feedback.id')
q "$MANAGER" comments erase "$id" --reason 'Asked for.' >/dev/null
q "$MANAGER" sync >/dev/null
curl -qsS --max-time 10 "http://$(sed -n 's/.*msg=metrics address="\{0,1\}\([0-9.:]*\).*/\1/p' "$WORK/logs/server.log" | tail -n 1)/metrics" | grep '^process_open_fds [1-9]' >/dev/null ||
	die 'no metrics'
kill -HUP "${PIDS[server]}"
reread() { grep -q 'settings and certificates were read again' "$WORK/logs/server.log"; }
wait_until 20 reread || die 'settings are not read again'
q "$MANAGER" audit >/dev/null
server_stop
grep -E 'level=(warn|error)' "$WORK/logs/server.log" | grep -v 'handshake\|first.json' && die 'the server complains'
true
