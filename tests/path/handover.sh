#!/usr/bin/env bash
# A revoked device asks what the server keeps of it, gives what is missing there, as much as a server takes, and says what is on it alone.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
join fleckney staff fleckney
sample_plan "$MANAGER" fleckney
for i in 71 72 73 74 75 76; do q fleckney action add --ref "QIP-$i" --finding 'Found on a walk round' >/dev/null; done
q fleckney sync >/dev/null
aside=$WORK/server/$QIP_ODS/quarantine
repo=$HOMES/fleckney/history.git
own=refs/devices/fleckney
kept() { find "$aside" -name '*.kept' 2>/dev/null | wc -l; }
# sent - bytes of the last body that was to be kept.
sent() { grep 'path=[^ ]*quarantine/keep' "$WORK/logs/server.log" | tail -n 1 | sed 's/.* received=\([0-9]*\) .*/\1/'; }
commits() { q "$MANAGER" adopt list --json | jq '.[0].commits'; }

# alone - what waits and is on the device alone, as it says itself.
alone() { q fleckney status --json | jq .handed.alone; }

it 'What is kept is asked after, not sent again; the device knows by itself what it has alone'
same 'alone, of who is not revoked' null "$(alone)"
q fleckney action note QIP-05 'Written before it was stolen' >/dev/null
q "$MANAGER" revoke fleckney >/dev/null
q "$MANAGER" sync >/dev/null
refused 'what waits here is kept aside at the server, for a manager' q fleckney sync
[ "$(sent)" -gt 200 ] || die "only $(sent) bytes were sent"
refused 'what waits here is kept aside at the server, for a manager' q fleckney sync
same 'bytes that ask after it' 54 "$(sent)"
same 'what the server keeps' 1 "$(kept)"
same 'alone' 0 "$(alone)"
says 'Revoked +what waits is kept aside at the server' "$(q fleckney status)"
q fleckney action note QIP-05 'Written later' >/dev/null
same 'alone' 1 "$(alone)"
says '1 edit of what waits is ON THIS DEVICE ALONE: the server did not keep it aside' "$(q fleckney status)"
refused 'what waits here is kept aside at the server, for a manager' q fleckney sync
same 'alone' 0 "$(alone)"

it 'What the server lost is handed over again, and what rotted there'
rm "$aside"/*.kept
refused 'what waits here is kept aside at the server, for a manager' q fleckney sync
same 'what the server keeps' 1 "$(kept)"
number=$(q "$MANAGER" adopt list --json | jq '.[0].number')
printf '\0' | dd of="$aside/$number.kept" bs=1 seek=300 conv=notrunc status=none
refused 'what waits here is kept aside at the server, for a manager' q fleckney sync
same 'what the server keeps' 1 "$(kept)"
same 'edits of it' 2 "$(commits)"

it 'Where a practice has no room left, the device says what is on it alone'
rm "$aside"/*.kept
for i in {201..232}; do : >"$aside/$i.kept"; done
refused 'what waits here is on this device alone, for the server does not keep it aside: .*as much as may be is kept' q fleckney sync
same 'alone' 2 "$(alone)"
says '2 edits of what waits are ON THIS DEVICE ALONE: .*: .*as much as may be is kept' "$(q fleckney status)"
rm "$aside"/2??.kept
refused 'what waits here is kept aside at the server, for a manager' q fleckney sync
same 'what the server keeps' 1 "$(kept)"

# noted COMMIT RECORD - with 58 notes of 4,000 characters that nothing makes much shorter; its file.
noted() {
	head -c 174000 /dev/urandom | base64 -w 4000 | jq -R . | jq -cs . >"$WORK/notes"
	git -C "$repo" cat-file blob "$1:$2" | jq -cSj --slurpfile texts "$WORK/notes" --arg id "$(uuid7)" '
		.notes += ($texts[0] | to_entries | map({key: ($id[:24] + (100000000000 + .key | tostring)),
			value: {device: "fleckney", by: "staff", effective: "2022-09-03", at: "2022-09-03T00:00:00.000Z", text: .value}}) | from_entries)' >"$WORK/noted"
	printf '%s' "$WORK/noted"
}

it 'Of more than a server takes the oldest edits are kept that fit, and the device says so'
at=$(git -C "$repo" rev-parse refs/qip/work)
while read -r record; do
	at=$(forge_head "$repo" "$(forge_tree "$repo" "$at^{tree}" "$record=$(noted "$at" "$record")")" "$(device_key fleckney)" fleckney 'Many words' "$at")
done < <(git -C "$repo" ls-tree -r --name-only "$own" qip/)
git -C "$repo" update-ref refs/qip/work "$at"
all=$(q fleckney status --json | jq .waiting)
refused "of the $all edits that wait here the oldest [0-9]+ are kept aside at the server, .* on this device alone" q fleckney sync
part=$(commits)
if [ "$part" -le 20 ] || [ "$part" -ge "$all" ]; then die "$part edits are kept of $all"; fi
same 'alone' "$((all - part))" "$(alone)"
refused "of the $all edits that wait here the oldest $part are kept aside" q fleckney sync
same 'bytes that ask after it' 54 "$(sent)"
same 'what the server keeps' 1 "$(kept)"
number=$(q "$MANAGER" adopt list --json | jq '.[0].number')
q "$MANAGER" adopt show "$number" >/dev/null
same 'what is taken over' "$part" "$(q "$MANAGER" adopt take "$number" --json | jq .commits)"
same 'what still waits at the device' "$all" "$(q fleckney status --json | jq .waiting)"

server_stop
fsck "$(server_history)" "$HOMES"/*/history.git
