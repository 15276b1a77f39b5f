#!/usr/bin/env bash
# Members of staff: edits carry an id, what the id is called is sealed, and no file of any role has a name but the sealed bytes.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

NAME='Zoë Amina Khan-Llewellyn of the Kibworth surgery'
SECRET=$WORK/name
printf '%s' "$NAME" >"$SECRET"
# nowhere - no file of any role has the name.
nowhere() {
	"$QIP_TOOLS/seek" "$SECRET" "$HOMES" "$WORK/server" >"$WORK/found" || die "a name can be read: $(head -n 5 "$WORK/found")"
}
sync_all() {
	local device
	for device in "$MANAGER" fleckney qk1-icb; do q "$device" sync >/dev/null; done
}

practice_start
join fleckney staff fleckney
join qk1-icb icb
q "$MANAGER" action add --ref QIP-01 >/dev/null
sync_all

it 'Only a manager adds people, and each has a job; nothing is kept of a name that is refused'
refused 'only a manager' q fleckney people add "$NAME" --job nurse
refused_with 2 'needs a job' q "$MANAGER" people add "$NAME"
refused 'more than 80' q "$MANAGER" people add "$NAME" --job "$(printf '%081d' 0)"
refused 'one line' q "$MANAGER" people add $'Two\nlines' --job nurse
refused 'more than 100' q "$MANAGER" people add "$(printf '%0101d' 0)" --job nurse
refused 'job' q "$MANAGER" people add "$NAME" --job 'nurse, zoe@example.org'
same 'outbox' 0 "$(find "$HOMES" -path '*/outbox/*' -type f | wc -l)"
same 'people' '[]' "$(q "$MANAGER" people list --json | jq -c .)"

it 'The name opens where it was sealed, and is in no file; all names take the same room'
id=$(q "$MANAGER" people add "$NAME" --job 'practice nurse' --json | jq -r .id)
other=$(q "$MANAGER" people add - --job 'practice manager' --json <<<'Li' | jq -r .id)
same 'from the standard input' Li "$(q "$MANAGER" people list --json | jq -r --arg id "$other" '.[] | select(.id == $id).called')"
same 'called' "$NAME" "$(q "$MANAGER" people list --json | jq -r --arg id "$id" '.[] | select(.id == $id).called')"
says "${id:0:13} +$NAME +practice nurse" "$(q "$MANAGER" people list)"
same 'sizes' 1 "$(q "$MANAGER" people list --json | jq '[.[].name.size] | unique | length')"
sync_all
nowhere

it 'What is edited on a device carries the person whose it is, and says so'
says 'name no person' "$(q "$MANAGER" people me)"
says "those of $NAME" "$(q "$MANAGER" people me "${id:0:18}")"
q "$MANAGER" action set QIP-01 status=amber >/dev/null
q "$MANAGER" action note QIP-01 'Done' >/dev/null
same 'note' "$id" "$(q "$MANAGER" show QIP-01 --json | jq -r '.notes[].person')"
same 'edit' "$id" "$(q "$MANAGER" show QIP-01 --json | jq -r '.edits.status[].person')"
says ", $NAME\$" "$(q "$MANAGER" show QIP-01)"
says "$NAME at $(manager_device)" "$(q "$MANAGER" log QIP-01 | tr -s '\n ' ' ')"
same 'log' "$id $NAME" "$(q "$MANAGER" log QIP-01 --json | jq -r '.[-1] | "\(.person) \(.called)"')"
same 'commits' "$(manager_device)" "$(git -C "$HOMES/$MANAGER/history.git" log --format=%an%n%cn refs/qip/work -- qip | sort -u)"

it 'One command, or one session, may be of another person, or of nobody'
q "$MANAGER" action note QIP-01 'By another' --person "$other" >/dev/null
QIP_PERSON=$other q "$MANAGER" action note QIP-01 'By a session' >/dev/null
QIP_PERSON='' q "$MANAGER" action note QIP-01 'By nobody' >/dev/null
who() { q "$MANAGER" show QIP-01 --json | jq -r --arg t "$1" '.notes[] | select(.text == $t) | .person // "nobody"'; }
same 'option' "$other" "$(who 'By another')"
same 'variable' "$other" "$(who 'By a session')"
same 'neither' nobody "$(who 'By nobody')"
refused 'there is no person' q "$MANAGER" action note QIP-01 'x' --person 0190c8a2-7f1e
refused 'there is no person' q "$MANAGER" action note QIP-01 'x' --person "${id:0:7}"
q "$MANAGER" --person 0190c8a2-7f1e status >/dev/null

it 'The ICB sees the job and the id'
sync_all
says 'practice nurse' "$(q qk1-icb show QIP-01)"
says "practice nurse ${id:0:13} at" "$(q qk1-icb log QIP-01 | tr -s '\n ' ' ')"
same 'called' null "$(q qk1-icb people list --json | jq -r '.[0].called')"
refused 'role icb' q qk1-icb people me "$id"
nowhere

it 'Nobody edits in the name of who has left'
q "$MANAGER" people left "$other" 2026-01-31 >/dev/null
refused 'left on 2026-01-31' q "$MANAGER" action note QIP-01 'x' --person "$other"
refused 'left on 2026-01-31' q "$MANAGER" people me "$other"
q "$MANAGER" people left "$id" >/dev/null # the last day is a day of work
q "$MANAGER" action note QIP-01 'On the last day' >/dev/null

it 'A damaged note of whose device it is stops edits, and is said again'
printf 'x' >"$HOMES/$MANAGER/person.json"
refused 'people me ID' q "$MANAGER" action note QIP-01 'x'
q "$MANAGER" sync >/dev/null
q "$MANAGER" people me --none >/dev/null
q "$MANAGER" action note QIP-01 'Nobody again' >/dev/null
same 'neither' nobody "$(who 'Nobody again')"
sync_all
q "$MANAGER" audit >/dev/null

it 'A name that is erased is gone for good; the job stays'
refused_with 2 'reason' q "$MANAGER" people erase "$id"
refused 'only a manager' q fleckney people erase "$id" --reason 'Asked for it'
q "$MANAGER" people erase "$id" --reason 'Asked for it' >/dev/null
refused 'erased' q "$MANAGER" people erase "$id" --reason 'Twice'
sync_all
sync_all
same 'called' erased "$(q "$MANAGER" people list --json | jq -r --arg id "$id" '.[] | select(.id == $id).unopened')"
says "practice nurse ${id:0:13} at" "$(q "$MANAGER" log QIP-01 | tr -s '\n ' ' ')"
hash=$(q "$MANAGER" people list --json | jq -r --arg id "$id" '.[] | select(.id == $id).name.sha256')
same 'sealed bytes' '' "$(find "$HOMES" "$WORK/server" -name "$hash" -type f)"
same 'other' Li "$(q "$MANAGER" people list --json | jq -r --arg id "$other" '.[] | select(.id == $id).called')"
q "$MANAGER" audit >/dev/null
