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
# again_and_again NAME COMMAND… - in the background, until it is told to stop.
again_and_again() {
	(
		trap 'exit 0' TERM
		while :; do "${@:2}" >/dev/null 2>&1 || true; done
	) &
	PIDS[$1]=$!
	sleep 1
	under "$1"
}
enemy_curl() {
	curl -qsS --max-time 20 --cacert "$HOMES/enemy/ca.crt" --cert "$HOMES/enemy/device.crt" --key "$HOMES/enemy/device.key" -o /dev/null "$@"
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

it 'Requests that two readers would frame differently'
smuggle() {
	enemy_curl -H 'Transfer-Encoding: chunked' -H 'Content-Length: 5' --data-binary 'hello' -H 'Content-Type: application/json' "$E6/enrol"
	enemy_curl -H 'Content-Length: 5' -H 'Content-Length: 6' --data-binary 'hello' -H 'Content-Type: application/json' "$E6/enrol"
	enemy_curl -H 'Transfer-Encoding: gzip, chunked' --data-binary 'hello' -H 'Content-Type: application/json' "$E6/enrol"
}
again_and_again smuggle smuggle

it 'A gzip body of a gigabyte'
head -c 1000000000 /dev/zero | gzip -1 >"$WORK/bomb.gz"
bomb() { enemy_curl -H 'Content-Encoding: gzip' -H "Content-Type: $1" --data-binary "@$WORK/bomb.gz" "$E6/$2"; }
again_and_again bomb bomb application/x-git-receive-pack-request history.git/git-receive-pack
again_and_again bomb bomb application/json blobs/get

it 'Reads of all there is, over and over'
again_and_again clone git_as enemy clone -q --bare "$E6/history.git" "$WORK/nowhere/\$RANDOM"

it 'After all of it the history is whole, and the honest one has lost nothing'
q fleckney action note QIP-02 'After the storm.' >/dev/null
q fleckney sync >/dev/null
q "$MANAGER" sync >/dev/null
q "$MANAGER" audit >/dev/null
git -C "$(server_history)" fsck --strict 2>"$WORK/fsck" || die "$(cat "$WORK/fsck")"
is_gone "${PIDS[server]}" && die 'the server ended'
true
