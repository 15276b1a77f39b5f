#!/usr/bin/env bash
# The server's signing key is replaced while the practice works: endorsed by the root key's paper, taken over by itself, the old one retired; and a lost one.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# host [OPTION…] - what the host's command shows.
host() { qip-server server-key "$WORK/server" "$QIP_ODS" "$@"; }
# fingerprint_of present|next - as the host reads it out.
fingerprint_of() { host | sed -n "s/^$1 *\(SHA256:[^ ]*\).*/\1/p"; }
# signer COMMIT - fingerprint of the key that signed it, by stock git.
signer() { git -C "$(server_history)" -c gpg.ssh.allowedSignersFile="$WORK/nobody" log -1 --format=%GK "$1"; }
# states - of the keys, as a manager's device lists them.
states() { q "$MANAGER" server-key list --json | jq -r '[.[].state] | join(" ")'; }

# all_sound DEVICE - both judges, the host's check, and stock git with the exported signers.
all_sound() {
	local out
	qip-server fsck "$WORK/server" "$QIP_ODS" >"$WORK/fsck.txt" || die "fsck: $(cat "$WORK/fsck.txt")"
	out=$(q "$1" audit --all) || die "the audit finds: $out"
	out=$(bash "$QIP_SOURCE/tools/verify-history" --root "$ROOT" "$HOMES/$1/history.git") || die "the checker finds: $out"
	q "$1" allowed-signers >"$WORK/signers"
	out=$(git -C "$HOMES/$1/history.git" -c gpg.ssh.allowedSignersFile="$WORK/signers" log --format='%G? %H' refs/heads/main | grep -v '^G ' || true)
	[ -z "$out" ] || die "stock git does not trust: $out"
}

: >"$WORK/nobody"
practice_start
ROOT=$(root_key)
PAPER=$(grep -v RECOVERY "$WORK/root-key.txt" | grep -oE '([0-9A-HJKMNP-TV-Z]{5}-){11}[0-9A-HJKMNP-TV-Z]{3}')
printf '%s' "$PAPER" >"$WORK/paper"
join desk staff fleckney
join away staff great-glen
join icb icb
join hall kiosk kibworth
sample_plan "$MANAGER" desk away icb
kiosk_start hall
answer good 'Before'
FIRST=$(fingerprint_of present)

it 'The host makes the next key beside the present one, once, and the server goes on with the present one'
says 'next +none' "$(host)"
says 'made now' "$(host --new)"
NEXT=$(fingerprint_of next)
says 'waits to be endorsed' "$(host --new)"
same 'the next key' "$NEXT" "$(fingerprint_of next)"
same 'its mode' 600 "$(stat -c %a "$WORK/server/$QIP_ODS/server.key.next")"
q desk action set QIP-07 status=amber >/dev/null
q desk sync >/dev/null
same 'the signer' "$FIRST" "$(signer main)"
same 'as a manager sees it' 'in use waits to be endorsed' "$(states)"

it 'Only a manager endorses it, with the right paper and the fingerprint that the host read out'
refused 'only a manager' q desk server-key endorse "$NEXT" --root-key-file "$WORK/paper"
refused 'not what you typed' q "$MANAGER" server-key endorse "$FIRST" --root-key-file "$WORK/paper"
refused_with 2 'by its fingerprint' q "$MANAGER" server-key endorse next --root-key-file "$WORK/paper"
grep RECOVERY "$WORK/root-key.txt" | grep -oE 'RECOVERY-[0-9A-Z-]+' >"$WORK/other"
refused 'recovery key' q "$MANAGER" server-key endorse "$NEXT" --root-key-file "$WORK/other"
q "$MANAGER" server-key endorse "$NEXT" --root-key-file "$WORK/paper" >/dev/null
refused 'endorsed already' q "$MANAGER" server-key endorse "$NEXT" --root-key-file "$WORK/paper"

it 'The merge that brings the endorsement is signed by the present key, the next one by the next; devices and kiosks need nothing'
q "$MANAGER" sync >/dev/null
BROUGHT=$(git -C "$(server_history)" rev-parse main)
same 'the signer' "$FIRST" "$(signer "$BROUGHT")"
q desk action set QIP-07 status=green >/dev/null
q desk sync >/dev/null
same 'the next signer' "$NEXT" "$(signer main)"
[ ! -e "$WORK/server/$QIP_ODS/server.key.next" ] || die 'the next key is still the next'
kiosk_sync hall
same 'answers' 1 "$(answers_on_main)"
same 'waiting' 0 "$(kiosk_says hall waiting)"
q "$MANAGER" sync >/dev/null
q icb sync >/dev/null
same 'as a manager sees it' 'endorsed in use' "$(states)"
all_sound icb
q icb audit --all --json >"$WORK/audit.json"
same 'what the audit tells' "endorsed $NEXT signs $NEXT" "$(jq -r '[.server_keys[] | .what, .fingerprint] | join(" ")' "$WORK/audit.json")"

it 'A device that was offline all the while goes on, with what it had entered'
q away action list --json >/dev/null
q away action set QIP-08 status=amber >/dev/null
q away sync >/dev/null
q away sync >/dev/null
same 'its end of the log' "$(git -C "$(server_history)" rev-parse main)" "$(git -C "$HOMES/away/history.git" rev-parse refs/heads/main)"

it 'The old key is retired by the paper; the one in use, or the last, is not'
refused 'signs with this key' q "$MANAGER" server-key retire "$NEXT" --root-key-file "$WORK/paper"
q "$MANAGER" server-key retire "$FIRST" --root-key-file "$WORK/paper" >/dev/null
q "$MANAGER" sync >/dev/null
refused 'retired already' q "$MANAGER" server-key retire "$FIRST" --root-key-file "$WORK/paper"
same 'as a manager sees it' 'retired in use' "$(states)"
kiosk_sync hall
q away sync >/dev/null
q icb sync >/dev/null
q icb audit --all >"$WORK/audit.txt"
says "$FIRST was retired by the root key on [0-9-]+, merge [0-9]+" "$(cat "$WORK/audit.txt")"
all_sound icb
