#!/usr/bin/env bash
# Sealing (RFC 9180) beside another hand's: npm's @hpke/core opens what is sealed here, and the reverse; a patient's comment of a real kiosk, too.
# QIP_TEXTS says how many random texts.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
web_tests_ready
hpke() { node "$QIP_SOURCE/tests/web/hpke.mjs" "$@"; }
texts=${QIP_TEXTS:-200}

it "Each opens what the other sealed, $texts texts of up to 20,000 bytes"
same 'texts' "$texts" "$(hpke check "$QIP_TOOLS/hpke_check" "$texts")"

it 'A text that is not what was sealed is found'
line=$(printf '%064d %064d - - %096d -' 1 2 3)
! printf '%s\n' "$line" | "$QIP_TOOLS/hpke_check" 2>"$WORK/said" || die 'it is not'
says 'line 1 does not open' "$(cat "$WORK/said")"

it "A patient's comment opens with what a manager's device holds, and stands on the kiosk in no other form"
practice_start
join desk kiosk kibworth
comment='Ring before 8:30? સવારે નહીં! لا'
printf 'answer fft 1 {"experience":"good"} %s\n' "$comment" | "$QIP_TOOLS/capture" "$HOMES/desk" >"$WORK/number"
q desk sync >/dev/null
git -C "$(server_history)" show main:feedback/desk/0/0/1.json >"$WORK/feedback.json"
git -C "$(server_history)" show main:keys/1.json >"$WORK/key.json"
name=$(jq -r .comment.sha256 "$WORK/feedback.json")
sealed=$(find "$HOMES/desk" -name "$name" -type f | head -n 1)
same 'the text' "$comment" "$(hpke open "$HOMES/$MANAGER/seal.key" "$QIP_ODS" "$(jq -r .device "$HOMES/$MANAGER/config.json")" "$WORK/key.json" "$WORK/feedback.json" "$sealed")"
! grep -rqF 'Ring before' "$HOMES/desk" "$WORK/server" || die 'the text can be read'
