#!/usr/bin/env bash
# The server's file system turns read-only, as Linux makes one whose disk fails: reading goes on, a push waits at its device with a reason, a backup and a check
# can be made, a start serves what is there; once it can be written to again everything arrives. On a file system of this test's own.
set -euo pipefail
if [ "${1:-}" != inside ]; then
	options=(--mount)
	[ "$(id -u)" -eq 0 ] || options+=(--user --map-root-user)
	if ! why=$(unshare "${options[@]}" mount -t tmpfs -o size=4m tmpfs /mnt 2>&1); then
		echo "skipped: a small file system cannot be mounted here: $why"
		exit 77
	fi
	exec unshare "${options[@]}" bash "${BASH_SOURCE[0]}" inside
fi
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# From then on what is opened below it is on a file system that cannot be written to.
turn_read_only() { mount --bind "$WORK/server" "$WORK/server" && mount -o remount,bind,ro "$WORK/server"; }
turn_back() { umount -l "$WORK/server"; }

mkdir "$WORK/server"
mount -t tmpfs -o size=64m tmpfs "$WORK/server"
trap 'status=$?; set +e; umount -l "$WORK/server" "$WORK/server" 2>/dev/null; (exit "$status"); cleanup' EXIT
practice_start
server_stop
jq -c '.admin = "127.0.0.1:0"' "$WORK/server/server.json" >"$WORK/json"
cp "$WORK/json" "$WORK/server/server.json"
server_start
join fleckney staff fleckney
join kib-kiosk kiosk kibworth
sample_plan "$MANAGER" fleckney
kiosk_start kib-kiosk
answer good
kiosk_sync kib-kiosk
notes() { git -C "$(server_history)" cat-file blob "main:$(git -C "$(server_history)" grep -l QIP-02 main -- qip | cut -d : -f 2)" | grep -c 'While it cannot be written' || true; }
failed_here() {
	local address
	address=$(sed -n 's/.*msg=metrics address="\{0,1\}\([0-9.:]*\).*/\1/p' "$WORK/logs/server.log" | tail -n 1)
	curl -qsS --max-time 10 "http://$address/metrics" | sed -n 's/^qip_pushes_total{outcome="failed_here"} //p'
}

# all_wait - nothing is taken, and devices are told that it is the server's fault and that nothing is lost; what is there is read.
all_wait() {
	local before
	before=$(server_state)
	refused 'fault of its own; nothing was lost' q fleckney sync
	refused 'fault of its own; nothing was lost' qip-kiosk sync --home "$HOMES/kib-kiosk"
	[ "$(failed_here)" -gt 0 ] || die 'no alarm would tell of it'
	says 'Read-only file system' "$(grep status=503 "$WORK/logs/server.log" | tail -n 1)"
	q "$MANAGER" sync >/dev/null
	q "$MANAGER" audit >/dev/null
	rm -rf "$WORK/copy.git"
	git_as fleckney clone -q --bare "$(history_url)" "$WORK/copy.git"
	same 'the server' "$before" "$(server_state)"
}

it 'It turns read-only under a server that runs: pushes wait, reading goes on'
turn_read_only
q fleckney action note QIP-02 'While it cannot be written' >/dev/null
answer poor 'Long wait'
all_wait

it 'It can be checked and backed up; what would have to write says why it does not'
qip-server fsck "$WORK/server" >/dev/null
qip-server check-config "$WORK/server" >/dev/null
qip-server backup "$WORK/server" "$WORK/plain" >/dev/null 2>"$WORK/logs/backup.log"
says 'backup is whole, but' "$(cat "$WORK/logs/backup.log")"
qip-server restore "$WORK/plain" "$WORK/try" >/dev/null
same 'the log in the backup' "$(git -C "$(server_history)" rev-parse main)" "$(git -C "$WORK/try/$QIP_ODS/history.git" rev-parse main)"
refused 'Read-only file system' qip-server practice add "$WORK/server" C82998 --name 'Another'
refused 'Read-only file system' qip-server certificates "$WORK/server" --renew

it 'A server started on it serves what is there'
server_stop
server_start
all_wait

it 'Once it can be written to again everything arrives, once'
server_stop
turn_back
server_start
q fleckney sync >/dev/null
kiosk_sync kib-kiosk
same 'the note' 1 "$(notes)"
same 'answers' 2 "$(answers_on_main)"
q "$MANAGER" sync >/dev/null
q "$MANAGER" audit >/dev/null
qip-server fsck "$WORK/server" >/dev/null
stop kib-kiosk
server_stop
