#!/usr/bin/env bash
# A server among enemies: under each attack an honest device syncs within three times its usual time, memory stays within bounds, and nothing is
# left behind. The enemies come by IPv6, the honest one by IPv4: two addresses of this machine.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

D=$WORK/server
ATTACK=$QIP_TOOLS/attack
ROUNDS=5
MEMORY_MIB=${QIP_ATTACK_MEMORY_MIB:-64} # that an attack may cost while it lasts

if ! has_ipv6; then
	echo 'skipped: this machine has no IPv6'
	exit 77
fi
ulimit -n "$(ulimit -Hn)"
practice_start
join fleckney staff fleckney
join enemy staff fleckney
sample_plan fleckney enemy
server_stop
jq -c '.admin = "127.0.0.1:0" | .listen = ["127.0.0.1:'"$SERVER_PORT"'", "[::1]:0"]' "$D/server.json" >"$WORK/json"
cp "$WORK/json" "$D/server.json"
: >"$WORK/logs/server.log"
# freed memory is to be seen as freed, under the sanitizer too
start server env ASAN_OPTIONS="${ASAN_OPTIONS:-}:quarantine_size_mb=1" qip-server serve "$D"
serving() { grep -q 'msg=serving' "$WORK/logs/server.log"; }
wait_until 30 serving || die 'the server does not start'
ADMIN=http://$(sed -n 's/.*msg=metrics address="\{0,1\}\([0-9.:]*\).*/\1/p' "$WORK/logs/server.log")
ENEMY_PORT=$(sed -n 's/.*msg=serving .*\[::1\]:\([0-9]*\).*/\1/p' "$WORK/logs/server.log")
ATTACK_CA=$(cat "$D/ca.crt")
export ATTACK_CA

value() { curl -qsS --max-time 20 "$ADMIN/metrics" | awk -v name="$1" '{ v = $NF; sub(/ [^ ]*$/, "") } $0 == name { print v; found = 1 } END { if (!found) print 0 }'; }
# The median of a sync's milliseconds.
sync_ms() {
	local begin n
	for ((n = 0; n < ROUNDS; n++)); do
		begin=$(date +%s%3N)
		q fleckney sync >/dev/null
		echo $(($(date +%s%3N) - begin))
	done | sort -n | sed -n "$((ROUNDS / 2 + 1))p"
}
rest() {
	[ "$(value qip_connections)" -le "$connections" ] && [ "$(value process_open_fds)" -le "$((descriptors + 2))" ] && [ "$(value qip_jobs_waiting)" -eq 0 ]
}
left_behind() {
	find "$D" -name '*.tmp*' -o -path '*/quarantine/*' -o -path '*/blobs/new/*' -o -name 'tmp_*' -o -path '*/incoming/*'
	server_state
}

q fleckney sync >/dev/null
usual=$(sync_ms)
connections=$(value qip_connections)
descriptors=$(value process_open_fds)
state=$(left_behind)
say "  usually a sync takes $usual ms"

# under NAME - the attack that runs as NAME is under way: what holds meanwhile, and after it.
under() {
	local memory before ms again
	before=$(value process_resident_memory_bytes)
	ms=$(sync_ms)
	memory=$((($(value process_resident_memory_bytes) - before) / 1048576))
	say "  $ms ms, $memory MiB more"
	[ "$memory" -le "$MEMORY_MIB" ] || die "it costs $memory MiB"
	kill -TERM "${PIDS[$1]}" 2>/dev/null || true
	wait "${PIDS[$1]}" 2>/dev/null || true
	unset "PIDS[$1]"
	wait_until 40 rest || die "left behind: $(value qip_connections) connections, $(value process_open_fds) descriptors (before: $connections, $descriptors)"
	same 'what is in the folder' "$state" "$(left_behind)"
	again=$(sync_ms) # other work on this machine slows all of it
	[ "$ms" -le "$((3 * (again > usual ? again : usual)))" ] || die "a sync takes $ms ms, usually $usual, afterwards $again"
}
attack() {
	start "$1" "$ATTACK" "$1" ::1 "$ENEMY_PORT" "$2"
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
