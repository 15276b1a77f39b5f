#!/usr/bin/env bash
# Devices of a practice that misbehave push what costs the server most, over and over and side by side: packs that unpack to a gigabyte, deltas that make
# large objects or stand in the wrong order, wrong counts, deep and wide trees, evil names, many commands. An honest device of the same practice and one
# of another sync meanwhile within three times their usual time, memory stays within bounds, and nothing is left behind.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$QIP_SOURCE/tests/support/attack.sh"

ENEMIES=(enemy-1 enemy-2 enemy-3)
SIDE_BY_SIDE=4 # pushes of each
ROUNDS=${QIP_ATTACK_ROUNDS:-3}
OTHER_ODS=C82998

practice_start
join fleckney staff fleckney
for enemy in "${ENEMIES[@]}"; do join "$enemy" staff fleckney; done
sample_plan fleckney "${ENEMIES[@]}"
server_stop
code=$(code_in "$(qip-server practice add "$D" "$OTHER_ODS" --name 'Elsewhere')")
server_start
q other join "$URL" "$code" >/dev/null
q other sync >/dev/null
q other action add --ref QIP-02 --finding 'Found' --action 'Do' --effective 2022-06-06 >/dev/null
# how often and how much they may is not what protects the others here; what is under way when they leave is soon over
serve_watched '.listen = ["127.0.0.1:'"$SERVER_PORT"'"] | .limits = {device_pushes_hour: 100000000, device_bytes_hour: 68719476736, push_cpu_ms: 1000, job_threads: 2}'

BUSY=4 # the programs of the enemies, and what the server does for them at once: that those want the processor is not what is measured
before_sync() { q "$1" action note QIP-02 'Again' >/dev/null; }
honest fleckney other

# ---- what is pushed ----

BODIES=$WORK/bodies
mkdir "$BODIES"
repo=$(forge_repo "${ENEMIES[0]}")
main=$(git -C "$repo" rev-parse main)
none=0000000000000000000000000000000000000000

# Every one may push to its own ref alone; their names are of one length.
bad_push() {
	"$QIP_TOOLS/bad_push" "$1" "refs/devices/${ENEMIES[0]}" "$none" "$main" >"$BODIES/${ENEMIES[0]}.$1"
	for enemy in "${ENEMIES[@]:1}"; do sed "s/${ENEMIES[0]}/$enemy/" "$BODIES/${ENEMIES[0]}.$1" >"$BODIES/$enemy.$1"; done
}
# tree_push ENEMY NAME TREE - the tree as the practice's, in a commit that is signed as it should be.
tree_push() {
	local commit line
	commit=$(forge_head "$repo" "$3" "$(device_key "$1")" "$1" 'Edit actions' "$main")
	line="$none $commit refs/devices/$1"
	{
		printf '%04x%s\0report-status0000' "$((${#line} + 4 + 14))" "$line"
		printf '%s\n^%s\n' "$commit" "$main" | git -C "$repo" pack-objects -q --revs --stdout
	} >"$BODIES/$1.$2"
}
hex_of() { printf '%b' "$(fold -w 2 <<<"$1" | sed 's/^/\\x/' | tr -d '\n')"; }
# tree_of MODE NAME ID - one entry, whatever it is called.
tree_of() { { printf '%s %b\0' "$1" "$2"; hex_of "$3"; } | git -C "$repo" hash-object -t tree -w --literally --stdin; }
# beside NAME TREE - main's tree and that.
beside() { { git -C "$repo" ls-tree "$main"; printf '040000 tree %s\t%s\n' "$2" "$1"; } | git -C "$repo" mktree --missing; }

for kind in bomb chain reverse tiny few many thin commands long; do bad_push "$kind"; done
blob=$(printf '{}' | git -C "$repo" hash-object -w --stdin)
deep=$(tree_of 100644 x.json "$blob")
for ((i = 0; i < 40; i++)); do deep=$(tree_of 40000 d "$deep"); done
wide=$(for ((i = 0; i < 60000; i++)); do printf '100644 blob %s\t%08d.json\n' "$blob" "$i"; done | git -C "$repo" mktree)
enemy=${ENEMIES[0]}
tree_push "$enemy" deep "$(beside qip-deep "$deep")"
tree_push "$enemy" wide "$(beside qip-wide "$wide")"
n=0
for name in .git .. . 'a/b' '.GIT ' 'git~1' '\x01' "$(printf 'n%.0s' {1..5000}).json" '../../../server.json' '.git\xe2\x80\x8c'; do
	tree_push "$enemy" "name-$((n++))" "$(beside sites "$(tree_of 100644 "$name" "$blob")")"
done
for mode in 120000 160000 100755 104755 0 177777; do
	tree_push "$enemy" "mode-$mode" "$(beside sites "$(tree_of "$mode" new.json "$blob")")"
done

# ---- who pushes ----

# orders ENEMY FILE… - the pushes, as curl reads them.
orders() {
	local home=$HOMES/$1 body next=''
	for body in "${@:2}"; do
		printf '%surl = "%s/git-receive-pack"\ndata-binary = "@%s"\noutput = "/dev/null"\n' "$next" "$(history_url)" "$body"
		printf 'header = "Content-Type: application/x-git-receive-pack-request"\nheader = "Expect:"\n'
		printf 'cacert = "%s"\ncert = "%s"\nkey = "%s"\nmax-time = 120\nsilent\n' "$home/ca.crt" "$home/device.crt" "$home/device.key"
		next=$'next\n'
	done >"$WORK/orders.$1"
}

# A child is waited for by `wait`, so that the word to stop is heard at once.
assail() {
	trap 'kill $! 2>/dev/null; exit 0' TERM
	while :; do
		"${ELSEWHERE[@]}" curl -q -Z --parallel-max "$SIDE_BY_SIDE" -K "$WORK/orders.$1" 2>/dev/null &
		wait $! || true
	done
}
# assault NAME - by all enemies, until told to stop.
assault() {
	(
		trap 'kill "${assailants[@]}" 2>/dev/null; wait; exit 0' TERM
		assailants=()
		for enemy in "${ENEMIES[@]}"; do
			assail "$enemy" &
			assailants+=($!)
		done
		wait
	) >/dev/null 2>&1 </dev/null &
	PIDS[$1]=$!
	begun() { [ "$(value qip_connections)" -ge "$((connections + SIDE_BY_SIDE))" ]; }
	wait_until 60 begun || die 'the attack does not get going'
}

# push_body ENEMY KIND - as curl sends it; prints the status, the answer is in a file.
push_body() {
	local home=$HOMES/$1
	curl -qs --max-time 120 --cacert "$home/ca.crt" --cert "$home/device.crt" --key "$home/device.key" -o "$WORK/page" -w '%{http_code}' \
		-H 'Content-Type: application/x-git-receive-pack-request' --data-binary "@$BODIES/$1.$2" "$(history_url)/git-receive-pack"
}

it 'Each is refused for what is wrong with it'
refused_for() {
	push_body "${ENEMIES[0]}" "$2" >"$WORK/status"
	says "$3" "$2: $(cat "$WORK/status") $(tr -d '\0' <"$WORK/page")"
	[ "$1" = any ] || same "the answer to $2" "$1" "$(cat "$WORK/status")"
}
refused_for 200 chain 'ng refs/devices/.*(unpack|not a new commit)'
refused_for 200 reverse 'ng refs/devices/.*(unpack|not a new commit)'
refused_for 200 few 'ng refs/devices/.*cannot be read'
refused_for 200 many 'ng refs/devices/.*cannot be read|behind the end'
refused_for 200 thin 'ng refs/devices/.*cannot be read|unpack'
for body in "$BODIES/${ENEMIES[0]}".{deep,wide,name-*,mode-*}; do refused_for 200 "${body##*/"${ENEMIES[0]}".}" 'ng refs/devices/'; done
refused_for any commands 'more than 16|16384 bytes|larger'
refused_for any long 'too long|16384 bytes|larger'

it 'Packs that unpack to a gigabyte, deltas in the wrong order and on nothing, wrong counts, many commands, a long name'
for enemy in "${ENEMIES[@]}"; do orders "$enemy" "$BODIES/$enemy".{bomb,chain,reverse,tiny,few,many,thin,commands,long}; done
assault packs
under packs
[ "$(value 'qip_pushes_total{outcome="told_to_wait"}')" -gt 0 ] || die 'a device may have several large pushes under way'
it 'Trees that are deep, wide, or hold names and modes that a file system would trip over'
orders "${ENEMIES[0]}" "$BODIES/${ENEMIES[0]}".{deep,wide,name-*,mode-*}
assault trees
under trees

it 'An enemy that is revoked while it attacks is refused from then on, before it has sent anything'
assault again
revoked=${ENEMIES[1]}
q "$MANAGER" sync >/dev/null
q "$MANAGER" revoke "$revoked" --reason 'It misbehaves' >/dev/null
q "$MANAGER" sync >/dev/null
for kind in bomb chain few; do
	same "what it is answered to a $kind" 403 "$(push_body "$revoked" "$kind")"
	says 'revoked' "$(cat "$WORK/page")"
done
under again

it 'After all of it nothing of the enemies is in the logs, which are whole, and the honest ones have lost nothing'
for device in fleckney other "$MANAGER"; do
	q "$device" sync >/dev/null
	q "$device" audit >/dev/null
	same "what waits at $device" 0 "$(q "$device" status --json | jq '.waiting // 0')"
done
for enemy in "${ENEMIES[@]}"; do
	same "what $enemy changed" '' "$(git -C "$(server_history)" log --format=%an main -- | grep -x "$enemy" | tail -n +2)"
done
same 'pushes that are told as faults of the server' 0 "$(value 'qip_pushes_total{outcome="failed_here"}')"
server_stop
fsck "$(server_history)" "$D/$OTHER_ODS/history.git"
