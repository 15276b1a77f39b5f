#!/usr/bin/env bash
# Every staff device is lost. The root key's paper makes a manager again, by the program as people call it; both judges take it and name it.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
join hand kiosk kibworth
join fleckney staff fleckney
sample_plan "$MANAGER" fleckney
LOST=$(manager_device)
ROOT=$(root_key)
PAPER=$(grep -v RECOVERY "$WORK/root-key.txt" | grep -oE '([0-9A-HJKMNP-TV-Z]{5}-){11}[0-9A-HJKMNP-TV-Z]{3}')
CA=$(openssl x509 -in "$WORK/server/ca.crt" -noout -fingerprint -sha256 | cut -d = -f 2)
rm -rf "${HOMES:?}/$MANAGER" "${HOMES:?}/fleckney"

# by_paper HOME DEVICE [OPTION…] - what is on stdin is typed.
by_paper() {
	local home=$1 device=$2
	shift 2
	q "$home" join "$URL" --root-key --practice "$QIP_ODS" --device "$device" --ca "$CA" "$@"
}

it 'What is mistyped, missing or of another practice is told, and makes no device'
refused_with 2 'goes with --practice' q new join "$URL" --root-key
refused_with 2 'not both' q new join "$URL" ABCDE --root-key
refused_with 2 'please give the join code' q new join "$URL"
refused_with 2 'goes with --root-key' q new join "$URL" ABCDE --device boss
refused_with 2 '64 digits' q new join "$URL" --root-key --practice "$QIP_ODS" --device boss --ca "${CA%?}"
refused_with 2 'there is no root key' by_paper new boss
printf '%s' "${PAPER/-/-0}" >"$WORK/typo"
refused 'too long|typing mistake' by_paper new boss --root-key-file "$WORK/typo"
printf '%s' "$PAPER" >"$WORK/paper"
refused 'no name comes back' by_paper taken "$LOST" --root-key-file "$WORK/paper"
refused 'not the one' q new join "$URL" --root-key-file "$WORK/paper" --practice "$QIP_ODS" --device boss --ca "$(printf '%064d' 0)"

it 'The paper, typed in small letters and with blanks, makes a manager with the whole history'
tr '[:upper:]-' '[:lower:] ' <"$WORK/paper" | by_paper new boss --json >"$WORK/joined.json"
same role manager "$(jq -r .role "$WORK/joined.json")"
same root "$ROOT" "$(jq -r .root_fingerprint "$WORK/joined.json")"
same 'action points' 23 "$(q new action list --json | jq length)"

it 'It manages: it ends the lost devices and invites new ones'
q new revoke "$LOST" >/dev/null
q new revoke fleckney >/dev/null
q new sync >/dev/null
MANAGER=new join desk staff great-glen
q desk sync >/dev/null
q desk action set QIP-07 status=amber >/dev/null
q desk sync >/dev/null
q new sync >/dev/null

it 'The audit passes and names who came in by the paper, when and where, now and at the next one'
q new audit >"$WORK/audit.txt"
says 'boss was let in as a manager by the root key.s paper on [0-9]{4}-[0-9]{2}-[0-9]{2}, merge [0-9]+' "$(cat "$WORK/audit.txt")"
q new audit --json >"$WORK/audit.json"
same 'let in' boss "$(jq -r '.let_in_by_root[].device' "$WORK/audit.json")"
same 'its merge' "$(jq -r '.let_in_by_root[].commit' "$WORK/audit.json")" \
	"$(git -C "$HOMES/new/history.git" log --first-parent --format=%H --grep='^Merge boss$' main | tail -n 1)"

it 'The independent checker passes and lists it, too'
checked=$(bash "$QIP_SOURCE/tools/verify-history" --root "$ROOT" "$HOMES/new/history.git") || die "the checker finds: $checked"
says 'the root key let boss in as a manager' "$checked"

it 'Nothing of the paper is on the server, in the home or in a log'
if grep -rlF -- "${PAPER:6:11}" "$WORK/server" "$HOMES" "$WORK"/*.log 2>/dev/null; then die 'the paper is there'; fi
