#!/usr/bin/env bash
# Who can read what patients wrote, as people decide it with the program: a device shut out, a new key, a passphrase, all devices lost and the two papers.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

KIOSK=hand
# texts HOME [OPTION…] - what of the comments can be read there.
texts() { q "$@" comments list --json | jq -r '.[] | .text // "unreadable"' | sort | paste -sd '|'; }
readers() { q "$MANAGER" keys list --json | jq -r --argjson n "$1" '.generations[] | select(.generation == $n) | .readers | join(" ")'; }
in_use() { q "$1" keys list --json | jq .in_use; }
# A patient writes; it goes to the server, and to the staff from there.
writes() {
	kiosk_sync "$KIOSK"
	kiosk_start "$KIOSK"
	answer good "$1"
	stop "$KIOSK"
	kiosk_sync "$KIOSK"
}
sync_all() {
	local home
	for home in "$@"; do q "$home" sync >/dev/null; done
}

practice_start
FIRST_BOSS=$(manager_device)
grep -oE 'RECOVERY-([0-9A-HJKMNP-TV-Z]{5}-){11}[0-9A-HJKMNP-TV-Z]{3}' "$WORK/root-key.txt" >"$WORK/recovery"
grep -v RECOVERY "$WORK/root-key.txt" | grep -oE '([0-9A-HJKMNP-TV-Z]{5}-){11}[0-9A-HJKMNP-TV-Z]{3}' >"$WORK/root"
join "$KIOSK" kiosk kibworth
join fleckney staff fleckney
sync_all "$MANAGER" fleckney

it 'Each paper is shown once, says what it is, and is in no file of any role'
same 'papers' 2 "$(cat "$WORK/root" "$WORK/recovery" | wc -l)"
says 'Root key of the practice, SHA256:' "$(cat "$WORK/root-key.txt")"
says 'Recovery key of the practice.s comments' "$(cat "$WORK/root-key.txt")"
for paper in root recovery; do
	"$QIP_TOOLS/seek" "$WORK/$paper" "$HOMES" "$WORK/server" >"$WORK/found" || die "the $paper key is in a file: $(head -n 3 "$WORK/found")"
done

it 'Staff read what was written, and the list says who can'
writes 'The first comment'
sync_all "$MANAGER" fleckney
same 'manager' 'The first comment' "$(texts "$MANAGER")"
same 'staff' 'The first comment' "$(texts fleckney)"
same 'in use' 1 "$(in_use fleckney)"
says "fleckney, $FIRST_BOSS|$FIRST_BOSS, fleckney" "$(q fleckney keys list)"

it 'Staff cannot decide; a device that is shut out reads nothing new, whoever syncs, until it is granted'
refused 'only a manager' q fleckney keys rotate
refused 'only a manager' q fleckney keys revoke "$FIRST_BOSS"
refused 'no device' q "$MANAGER" keys revoke nobody
refused 'reads no free text' q "$MANAGER" keys revoke "$KIOSK"
says 'fleckney reads nothing' "$(q "$MANAGER" keys revoke fleckney)"
refused 'already' q "$MANAGER" keys revoke fleckney
sync_all "$MANAGER"
writes 'The second comment'
sync_all "$MANAGER" fleckney "$MANAGER" fleckney
same 'manager' 'The first comment|The second comment' "$(texts "$MANAGER")"
same 'staff' 'The first comment|unreadable' "$(texts fleckney)"
says 'Shut out on purpose: fleckney' "$(q "$MANAGER" keys list)"
same 'readers of 2' "$FIRST_BOSS" "$(readers 2)"
says 'can read 1 generation more' "$(q "$MANAGER" keys grant fleckney)"
says 'every generation already' "$(q "$MANAGER" keys grant fleckney)"
sync_all "$MANAGER" fleckney
same 'staff' 'The first comment|The second comment' "$(texts fleckney)"

it 'Under a passphrase the device syncs as before, and reads with it alone'
printf 'three words apart\n' >"$WORK/passphrase"
printf 'three words apard\n' >"$WORK/wrong"
printf 'short\n' >"$WORK/short"
refused 'has 12 to 1024' q fleckney keys protect --new-passphrase-file "$WORK/short"
q fleckney keys protect --new-passphrase-file "$WORK/passphrase" >/dev/null
same 'mode' 600 "$(stat -c %a "$HOMES/fleckney/seal.key")"
sync_all fleckney
refused 'passphrase' q fleckney comments list </dev/null
refused 'not the passphrase' q fleckney comments list --passphrase-file "$WORK/wrong"
same 'with a file' 'The first comment|The second comment' "$(texts fleckney --passphrase-file "$WORK/passphrase")"
same 'with the variable' 'The first comment|The second comment' "$(QIP_PASSPHRASE_FILE=$WORK/passphrase texts fleckney)"
same 'said' true "$(q fleckney keys list --json | jq .protected)"
refused 'passphrase' q fleckney keys unprotect </dev/null
q fleckney keys unprotect --passphrase-file "$WORK/passphrase" >/dev/null
same 'without' 'The first comment|The second comment' "$(texts fleckney)"

it 'A paper that was lost is replaced: the new one opens what comes, the old one what was there'
q "$MANAGER" keys rotate --new-paper >"$WORK/newer.txt"
grep -oE 'RECOVERY-([0-9A-HJKMNP-TV-Z]{5}-){11}[0-9A-HJKMNP-TV-Z]{3}' "$WORK/newer.txt" >"$WORK/newer"
sync_all "$MANAGER"
writes 'The third comment'
sync_all "$MANAGER" fleckney

it 'All devices of staff are lost: the root key makes a manager, and the recovery keys let it read'
ROOT=$(root_key)
CA=$(openssl x509 -in "$WORK/server/ca.crt" -noout -fingerprint -sha256 | cut -d = -f 2)
rm -rf "${HOMES:?}/$MANAGER" "${HOMES:?}/fleckney"
q new join "$URL" --root-key-file "$WORK/root" --practice "$QIP_ODS" --device boss-2 --ca "$CA" >/dev/null
MANAGER=new
sync_all new
same 'before' 'unreadable|unreadable|unreadable' "$(texts new)"
refused 'that is the root key' q new keys recover --recovery-key-file "$WORK/root"
printf 'RECOVERY-%s' "$(cut -c 10- "$WORK/recovery" | tr 0-8 1-9)" >"$WORK/typo"
refused 'typing mistake' q new keys recover --recovery-key-file "$WORK/typo"
printf 'RECOVERY-ABCDE' >"$WORK/typo"
refused 'too short' q new keys recover --recovery-key-file "$WORK/typo"
says 'opens 2 generations' "$(q new keys recover <"$WORK/recovery")"
same 'the first paper' 'The first comment|The second comment|unreadable' "$(texts new)"
says 'this device opens 1 more' "$(q new keys recover --recovery-key-file "$WORK/newer")"
same 'both' 'The first comment|The second comment|The third comment' "$(texts new)"
q new revoke "$FIRST_BOSS" >/dev/null
q new revoke fleckney >/dev/null
sync_all new
join desk staff great-glen
writes 'The fourth comment'
sync_all new desk new desk
same 'who joins now' 'The first comment|The fourth comment|The second comment|The third comment' "$(texts desk)"
same 'who reads what comes' 'boss-2 desk' "$(readers "$(in_use desk)")"
says 'could open' "$(q new keys recover --recovery-key-file "$WORK/newer")"

it 'The audit and the independent checker pass'
q new audit >/dev/null
bash "$QIP_SOURCE/tools/verify-history" --root "$ROOT" "$HOMES/new/history.git" >/dev/null
