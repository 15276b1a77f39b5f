#!/usr/bin/env bash
# A server among enemies: under each attack an honest device syncs within three times its usual time, memory stays within bounds, and nothing is
# left behind. The enemies come by IPv6, the honest one by IPv4: two addresses of this machine.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$QIP_SOURCE/tests/support/attack.sh"

ATTACK=$QIP_TOOLS/attack

if ! has_ipv6; then
	echo 'skipped: this machine has no IPv6'
	exit 77
fi
ulimit -n "$(ulimit -Hn)"
practice_start
join fleckney staff fleckney
join enemy staff fleckney
sample_plan fleckney enemy
serve_watched '.listen = ["127.0.0.1:'"$SERVER_PORT"'", "[::1]:0"]'
ENEMY_PORT=$(sed -n 's/.*msg=serving .*\[::1\]:\([0-9]*\).*/\1/p' "$WORK/logs/server.log")
ATTACK_CA=$(cat "$D/ca.crt")
export ATTACK_CA

left_behind() {
	leftovers
	server_state
}
honest fleckney

attack() {
	start "$1" "${ELSEWHERE[@]}" "$ATTACK" "$1" ::1 "$ENEMY_PORT" "$2"
	ready() { grep -q ready "$WORK/logs/$1.out" 2>/dev/null; }
	wait_until 60 ready "$1" || die "the attack does not get going"
	under "$1"
	rm -f "$WORK/logs/$1.out"
}
# again_and_again NAME COMMAND… - four times side by side, each with its number, until told to stop. That it does what it is meant to is seen before and
# meanwhile.
again_and_again() {
	rm -f "$WORK/rounds"
	"${@:2}" 0 || die 'what the attack does is not answered as it is to be'
	(
		trap 'kill "${loops[@]}" 2>/dev/null; wait; exit 0' TERM
		taskset -cp "${ELSEWHERE[2]}" "$BASHPID"
		loops=()
		for n in 1 2 3 4; do
			(
				trap 'exit 0' TERM
				while :; do "${@:2}" "$n" && echo "$n" >>"$WORK/rounds"; done
			) &
			loops+=($!)
		done
		wait
	) >/dev/null 2>&1 &
	PIDS[$1]=$!
	wait_until 60 [ -s "$WORK/rounds" ] || die 'the attack does not get going'
	under "$1"
}
# answered STATUS OPTION… - what the enemy sends is answered so.
answered() {
	[ "$(curl -qs --max-time 20 --cacert "$HOMES/enemy/ca.crt" --cert "$HOMES/enemy/device.crt" --key "$HOMES/enemy/device.key" -o /dev/null \
		-w '%{http_code}' "${@:2}")" = "$1" ]
}
E6="https://[::1]:$ENEMY_PORT/$QIP_ODS"

it '5,000 connections on which nothing is said'
attack silent 5000
[ "$(value 'qip_connections_refused_total{reason="address"}')" -ge 3000 ] || die 'they are not refused'

it 'Handshakes begun over and over, each of which costs the server its signature'
attack hello 16

it 'What is no TLS'
attack garbage 16

it 'Headers, and bodies, a byte a second'
attack head 40
attack body 40

# From here on the enemies' programs want the processor of the server as much as the server does: that they do is not what is measured.
BUSY=4
USUAL[fleckney]=$(usual_ms fleckney)

it 'Requests that two readers would frame differently'
smuggle() {
	local shape
	for shape in 'Transfer-Encoding: chunked|Content-Length: 5' 'Content-Length: 5|Content-Length: 6' 'Transfer-Encoding: gzip, chunked|X: y'; do
		answered 400 -H "${shape%|*}" -H "${shape#*|}" --data-binary 'hello' -H 'Content-Type: application/json' "$E6/enrol" || return 1
	done
}
again_and_again smuggle smuggle

it 'Gzip bodies that unpack to a gigabyte of a push, and to 90 megabytes of JSON'
line="$(printf '0%.0s' {1..40}) $(git -C "$(server_history)" rev-parse main) refs/devices/enemy"
{
	printf '%04x%s\0report-status0000' "$((${#line} + 4 + 14))" "$line"
	head -c 1000000000 /dev/zero
} | gzip -1 >"$WORK/push.gz"
head -c 90000000 /dev/zero | gzip -9 >"$WORK/json.gz"
bomb() {
	answered 413 -H 'Content-Encoding: gzip' -H 'Content-Type: application/x-git-receive-pack-request' --data-binary "@$WORK/push.gz" \
		"$E6/history.git/git-receive-pack" &&
		answered 413 -H 'Content-Encoding: gzip' -H 'Content-Type: application/json' --data-binary "@$WORK/json.gz" "$E6/blobs/get"
}
again_and_again bomb bomb

it 'Reads of all there is, over and over'
clone() {
	rm -rf "$WORK/nowhere.$1"
	git_as enemy clone -q --bare "$E6/history.git" "$WORK/nowhere.$1"
}
again_and_again clone clone

it 'After all of it the history is whole, and the honest one has lost nothing'
q fleckney action note QIP-02 'After the storm.' >/dev/null
q fleckney sync >/dev/null
q "$MANAGER" sync >/dev/null
q "$MANAGER" audit >/dev/null
git -C "$(server_history)" fsck --strict 2>"$WORK/fsck" || die "$(cat "$WORK/fsck")"
is_gone "${PIDS[server]}" && die 'the server ended'
true
