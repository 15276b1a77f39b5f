#!/usr/bin/env bash
# The server's disk is really full, with this or that many blocks left: pushes either arrive whole or fail in words that say so, reading goes on, and once
# there is room again everything arrives. On a small tmpfs of this test's own, so it needs to be root or to be allowed a user namespace.
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
. "$QIP_SOURCE/tests/support/crash.sh"

KIB=3072 # of the file system

# leave_free BLOCKS - fill the disk until so many blocks of 4 KiB are left.
leave_free() {
	local ballast=$WORK/server/ballast
	dd if=/dev/zero of="$ballast" bs=4096 status=none 2>/dev/null || true
	truncate -s "$(($(stat -c %s "$ballast") / 4096 * 4096 - $1 * 4096))" "$ballast"
}
make_room() { rm "$WORK/server/ballast"; }

reading_goes_on() {
	rm -rf "$WORK/copy.git"
	git_as "$STAFF" clone -q --bare "$(history_url)" "$WORK/copy.git" || die 'git cannot clone from a server whose disk is full'
	same 'the log of a copy' "$(git -C "$(server_history)" rev-parse main)" "$(git -C "$WORK/copy.git" rev-parse main)"
}

# full_with BLOCKS - all three push, with so much room left.
full_with() {
	local device failed=0
	rm -rf "$HOMES"
	cp -a "$HOMES.before" "$HOMES"
	find "$WORK/server" -mindepth 1 -delete
	cp -a "$WORK/server.before/." "$WORK/server/"
	server_start
	leave_free "$1"
	push_together "$KIOSK" "$STAFF" "$MANAGER"
	reading_goes_on
	for device in "$KIOSK" "$STAFF" "$MANAGER"; do
		was_pushed "$device" && continue
		not_refused "$device"
		says 'disk is full' "$(said "$device")"
		failed=$((failed + 1))
	done
	acknowledged_is_there "$KIOSK" "$STAFF" "$MANAGER"
	all_there_once "${PUSHED[@]}"
	fsck "$(server_history)"
	nothing_piles_up
	say "  $1 blocks left: $failed of 3 have to wait"
	make_room
	for device in "$KIOSK" "$STAFF" "$MANAGER"; do
		push_of "$device" || die "$device cannot push once there is room: $(said "$device")"
	done
	all_there_once "$KIOSK" "$STAFF" "$MANAGER"
	derived_refs_follow
	nothing_piles_up
	fsck "$(server_history)"
	server_stop
	WAITED=$((WAITED + failed))
}

crash_practice
mount -t tmpfs -o "size=${KIB}k" tmpfs "$WORK/server"
trap 'status=$?; set +e; umount -l "$WORK/server"; (exit "$status"); cleanup' EXIT

it 'The disk is full, or nearly'
WAITED=0
for blocks in 0 1 3 4 5 6 8 11 20; do
	full_with "$blocks"
done
[ "$WAITED" -gt 5 ] || die "only $WAITED pushes had to wait: is the disk not full?"

it 'The server starts on a full disk, and serves'
server_start
leave_free 0
server_stop
server_start
reading_goes_on
make_room
server_stop

it 'A large push for which there is no room is told so, and is gone from the disk before its sender has come to its end'
server_start
leave_free 160
"$QIP_TOOLS/bad_push" tiny "refs/devices/$STAFF" "$(printf '0%.0s' {1..40})" "$(printf '1%.0s' {1..40})" >"$WORK/large"
head -c 4000000 /dev/zero >>"$WORK/large"
large=(curl -qs --max-time 60 --cacert "$HOMES/$STAFF/ca.crt" --cert "$HOMES/$STAFF/device.crt" --key "$HOMES/$STAFF/device.key" -o "$WORK/page" -w '%{http_code}'
	-H 'Content-Type: application/x-git-receive-pack-request' --data-binary "@$WORK/large" "$(history_url)/git-receive-pack")
blocks() { stat -f -c %a "$WORK/server"; }
before=$(blocks)
same 'its status' 507 "$("${large[@]}")"
says 'disk is full' "$(cat "$WORK/page")"
same 'blocks that are free' "$before" "$(blocks)"
start large "${large[@]}" --limit-rate 200k
is_kept() { [ "$(blocks)" -lt "$before" ]; }
is_let_go() { [ "$(blocks)" -eq "$before" ]; }
wait_until 20 is_kept || die 'it is not kept on the disk'
wait_until 20 is_let_go || die "$(blocks) of $before blocks are free"
is_gone "${PIDS[large]}" && die 'it came to its end before'
crash large
make_room
server_stop
