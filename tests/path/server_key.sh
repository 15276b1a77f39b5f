#!/usr/bin/env bash
# The server's signing key is replaced while the practice works: endorsed by the root key's paper, taken over by itself whenever the server is killed, the old
# one retired, after which it signs nothing that anybody takes; and a key that was lost.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

SERVER=$WORK/server

# host [OPTION…] - what the host's command shows.
host() { qip-server server-key "$SERVER" "$QIP_ODS" "$@"; }
# fingerprint_of present|next - as the host reads it out.
fingerprint_of() { host | sed -n "s/^$1 *\(SHA256:[^ ]*\).*/\1/p"; }
# signer COMMIT - fingerprint of the key that signed it, by stock git.
signer() { git -C "$(server_history)" -c gpg.ssh.allowedSignersFile="$WORK/nobody" log -1 --format=%GK "$1"; }
# states - of the keys, as a manager's device lists them.
states() { q "$MANAGER" server-key list --json | jq -r '[.[].state] | join(", ")'; }
main() { git -C "$(server_history)" rev-parse refs/heads/main; }
contains() { grep -qF -- "$1" "$2" || die "wanted '$1' in: $(cat "$2")"; }
both_sync() { # DEVICE… - each; fails quietly where the server does
	local device
	for device in "$@"; do q "$device" sync >"$WORK/logs/sync.log" 2>&1 || true; done
}

fsck_is_sound() { qip-server fsck "$SERVER" "$QIP_ODS" >"$WORK/fsck.txt" || die "fsck${1:+ $1}: $(cat "$WORK/fsck.txt")"; }

# all_sound DEVICE - both judges, the host's check, and stock git with the exported signers.
all_sound() {
	local out
	q "$1" sync >/dev/null
	fsck_is_sound
	out=$(q "$1" audit --all --json) || die "the audit finds: $out"
	printf '%s' "$out" >"$WORK/audit.json"
	out=$(bash "$QIP_SOURCE/tools/verify-history" --root "$ROOT" "$HOMES/$1/history.git") || die "the checker finds: $out"
	printf '%s' "$out" >"$WORK/checked.txt"
	q "$1" allowed-signers >"$WORK/signers"
	out=$(git -C "$HOMES/$1/history.git" -c gpg.ssh.allowedSignersFile="$WORK/signers" log --format='%G? %H' refs/heads/main | grep -v '^G ' || true)
	[ -z "$out" ] || die "stock git does not trust: $out"
}

: >"$WORK/nobody"
practice_start
ROOT=$(root_key)
grep -v RECOVERY "$WORK/root-key.txt" | grep -oE '([0-9A-HJKMNP-TV-Z]{5}-){11}[0-9A-HJKMNP-TV-Z]{3}' >"$WORK/paper"
grep -oE 'RECOVERY-[0-9A-Z-]+' "$WORK/root-key.txt" >"$WORK/other"
join desk staff fleckney
join away staff great-glen
join icb icb
join hall kiosk kibworth
sample_plan "$MANAGER" desk away icb
server_stop
kiosk_start hall
answer good 'Before'
stop hall
server_start
FIRST=$(fingerprint_of present)
cp "$SERVER/$QIP_ODS/server.key" "$WORK/stolen.key"
all_sound icb

it 'The host makes the next key beside the present one, once, and the server goes on with the present one'
says 'next +none' "$(host)"
says 'made now' "$(host --new)"
NEXT=$(fingerprint_of next)
says 'waits to be endorsed' "$(host --new)"
same 'the next key' "$NEXT" "$(fingerprint_of next)"
same 'its mode' 600 "$(stat -c %a "$SERVER/$QIP_ODS/server.next.key")"
q desk action set QIP-07 status=amber >/dev/null
q desk sync >/dev/null
same 'the signer' "$FIRST" "$(signer main)"
same 'as a manager sees it' 'in use, waits to be endorsed' "$(states)"
qip-server backup "$SERVER" "$WORK/copy" >/dev/null
cmp "$SERVER/$QIP_ODS/server.next.key" "$WORK/copy/$QIP_ODS/server.next.key"

it 'Only a manager endorses it, with the right paper and the fingerprint that the host read out'
refused 'only a manager' q desk server-key endorse "$NEXT" --root-key-file "$WORK/paper"
refused 'not what you typed' q "$MANAGER" server-key endorse "$FIRST" --root-key-file "$WORK/paper"
refused_with 2 'by its fingerprint' q "$MANAGER" server-key endorse next --root-key-file "$WORK/paper"
refused 'recovery key' q "$MANAGER" server-key endorse "$NEXT" --root-key-file "$WORK/other"
q "$MANAGER" server-key endorse "$NEXT" --root-key-file "$WORK/paper" >/dev/null
refused 'endorsed already' q "$MANAGER" server-key endorse "$NEXT" --root-key-file "$WORK/paper"

if "$QIP_TOOLS/strike" true; then
	it 'Killed anywhere on the way the server has the one key or the other, and each signs what is its to sign'
	q desk action set QIP-07 status=green >/dev/null
	server_stop
	cp -a "$SERVER" "$WORK/server.before"
	cp -a "$HOMES" "$WORK/homes.before"
	rewind() {
		rm -rf "$SERVER" "$HOMES"
		cp -a "$WORK/server.before" "$SERVER"
		cp -a "$WORK/homes.before" "$HOMES"
	}
	serves_or_ended() { [ -s "$WORK/server.port" ] || is_gone "${PIDS[server]}"; }
	# struck OPTION… - the server, through the endorsement and a push after it.
	struck() {
		rm -f "$WORK/server.port"
		start server env "ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0" "$QIP_TOOLS/strike" --only changes --under "$SERVER/$QIP_ODS" "$@" \
			qip-server serve "$SERVER" --listen "127.0.0.1:$SERVER_PORT" --port-file "$WORK/server.port"
		wait_until 30 serves_or_ended || die 'the struck server does not start'
		both_sync "$MANAGER" desk
		kill -TERM "${PIDS[server]}" 2>/dev/null || true
		wait_until 30 is_gone "${PIDS[server]}" || die 'the struck server does not end'
		unset "PIDS[server]"
	}
	struck --log "$WORK/calls"
	total=$(wc -l <"$WORK/calls")
	at=$(grep -n 'server\.next\.key' "$WORK/calls" | cut -d : -f 1 | head -n 1)
	[ "${at:-$total}" -lt "$total" ] || die "the next key was not taken over among $total calls"
	for point in "$at kill-before" "$at kill-after" "$((at + 1)) kill-before" "$((at - 1)) kill-after" "$((at / 2)) kill-after" "$(((at + total) / 2)) kill-after"; do
		rewind
		struck --nth "${point% *}" --do "${point#* }" --lose names
		server_start
		both_sync "$MANAGER" desk
		[ -z "$(q desk status --json | jq '.waiting // 0 | select(. > 0)')" ] || die "desk still waits after $point of $total"
		same "the signers after $point of $total" "$NEXT $FIRST" "$(signer main) $(signer main~1)"
		fsck_is_sound "after $point of $total"
		server_stop
	done
	rewind
	server_start
fi

it 'The merge that brings the endorsement is signed by the present key, the next one by the next; devices and kiosks need nothing'
q "$MANAGER" sync >/dev/null
same 'the signer' "$FIRST" "$(signer main)"
q desk action set QIP-07 status=green >/dev/null
q desk sync >/dev/null
same 'the next signer' "$NEXT" "$(signer main)"
[ ! -e "$SERVER/$QIP_ODS/server.next.key" ] || die 'the next key is still the next'
kiosk_sync hall
same 'answers' 1 "$(answers_on_main)"
same 'waiting' 0 "$(kiosk_says hall waiting)"
q "$MANAGER" sync >/dev/null
same 'as a manager sees it' 'endorsed, in use' "$(states)"
all_sound icb
same 'what the audit tells' "endorsed $NEXT signs $NEXT" "$(jq -r '[.server_keys[] | .what, .fingerprint] | join(" ")' "$WORK/audit.json")"

it 'A device that was offline all the while goes on, with what it had entered'
q away action set QIP-08 status=amber >/dev/null
q away sync >/dev/null
q away sync >/dev/null
same 'its end of the log' "$(main)" "$(git -C "$HOMES/away/history.git" rev-parse refs/heads/main)"

it 'The old key is retired by the paper; the one in use is not'
refused 'signs with this key' q "$MANAGER" server-key retire "$NEXT" --root-key-file "$WORK/paper"
q "$MANAGER" server-key retire "$FIRST" --root-key-file "$WORK/paper" >/dev/null
q "$MANAGER" sync >/dev/null
refused 'retired already' q "$MANAGER" server-key retire "$FIRST" --root-key-file "$WORK/paper"
same 'as a manager sees it' 'retired, in use' "$(states)"
kiosk_sync hall
q desk sync >/dev/null
all_sound icb
contains "retired the server's key $FIRST" "$WORK/checked.txt"
same 'what the audit tells' "endorsed $NEXT signs $NEXT retired $FIRST" "$(jq -r '[.server_keys[] | .what, .fingerprint] | join(" ")' "$WORK/audit.json")"

it 'A server that is restored from a backup of before takes the log of after, and signs with the key that waited in it'
server_stop
rm -rf "$SERVER"
qip-server restore "$WORK/copy" "$SERVER" >/dev/null
server_start
both_sync "$MANAGER" desk away icb
kiosk_sync hall 2>/dev/null || true
says 'nothing is lost' "$(qip-server reconcile "$SERVER" --open)"
q desk action set QIP-07 status=amber >/dev/null
q desk sync >/dev/null
same 'the signer' "$NEXT" "$(signer main)"
kiosk_sync hall
fsck_is_sound 'after a restore'

it 'A merge that the retired key signs is a fault to all: devices refuse it, both judges and the host name it'
q desk action set QIP-09 status=amber >/dev/null
server_stop
cp -a "$SERVER" "$WORK/server.honest"
git -C "$(server_history)" fetch -q "$HOMES/desk/history.git" +refs/qip/work:refs/forged
head=$(git -C "$(server_history)" rev-parse refs/forged)
git -C "$(server_history)" update-ref -d refs/forged
forged=$(forge_merge "$(server_history)" "$head^{tree}" "$head" desk "$(signing_key stolen "$WORK/stolen.key")")
status=0
qip-server fsck "$SERVER" "$QIP_ODS" >"$WORK/fsck.txt" || status=$?
same 'fsck' 1 "$status"
says "$forged of the log is not signed by this server" "$(cat "$WORK/fsck.txt")"
git clone -q --mirror "$(server_history)" "$WORK/forged.git"
refused "$forged .*a server key that the practice had retired" q icb audit --repo "$WORK/forged.git" --ods "$QIP_ODS" --root "$ROOT"
refused "$forged .*by a key of the server that had been retired" bash "$QIP_SOURCE/tools/verify-history" --root "$ROOT" "$WORK/forged.git"
server_start
refused 'bears no signature of a server key' q away sync
refused 'bears no signature of a server key' q icb sync
server_stop
rm -rf "$SERVER"
mv "$WORK/server.honest" "$SERVER"
server_start
q away sync >/dev/null
q desk sync >/dev/null

it 'A lost key: what is there can be read, nothing is taken and nothing is lost until the paper vouches for another'
server_stop
rm "$SERVER/$QIP_ODS/server.key"
server_start
q away sync >/dev/null
q desk action set QIP-10 status=amber >/dev/null
refused 'a fault of its own; nothing was lost' q desk sync
grep -q 'no key of C82999 that counts' "$WORK/logs/server.log" || die 'the log does not say why'
says 'present +lost' "$(host --new)"
THIRD=$(fingerprint_of next)
same 'as a manager sees it' "retired, in use, waits to be endorsed; the present key does not vouch for it" "$(states)"
refused 'does not vouch' q "$MANAGER" server-key endorse "$THIRD" --root-key-file "$WORK/paper"
q "$MANAGER" server-key endorse "$THIRD" --lost --root-key-file "$WORK/paper" >/dev/null
q "$MANAGER" sync >/dev/null
same 'the signer' "$THIRD" "$(signer main)"
q desk sync >/dev/null
same 'the next signer' "$THIRD" "$(signer main)"
same 'the key' "$THIRD" "$(fingerprint_of present)"
kiosk_sync hall
q "$MANAGER" sync >/dev/null
q "$MANAGER" server-key retire "$NEXT" --root-key-file "$WORK/paper" >/dev/null
q "$MANAGER" sync >/dev/null
kiosk_sync hall
q away sync >/dev/null
all_sound icb
