#!/usr/bin/env bash
# Files kept as evidence: known by their bytes, sealed beside the history, and opened again; neither they nor their names lie anywhere in the open.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

SECRET=$WORK/secret
mkdir "$WORK/typed"
FILE=$WORK/typed/rota-of-the-kibworth-nurses.pdf
{ printf '%%PDF-1.7\n'; tee "$SECRET" <<<'Rota of the nurses in Kibworth: nobody else is to read this'; } >"$FILE"
get() { q "$MANAGER" evidence get QIP-01 "$@"; }

practice_start
join qk1-icb icb
q "$MANAGER" action add --ref QIP-01 >/dev/null
q "$MANAGER" sync >/dev/null
q qk1-icb sync >/dev/null

it 'What is no PDF and no picture is refused, whatever it is called, and nothing of it is kept'
printf 'MZ program' >"$WORK/typed/program.pdf"
: >"$WORK/typed/empty.pdf"
{ printf '%%PDF-1.7\n'; head -c 16777216 /dev/zero; } >"$WORK/typed/large.pdf"
refused 'neither a PDF nor a picture' q "$MANAGER" action evidence QIP-01 Rota --file "$WORK/typed/program.pdf"
refused 'is empty' q "$MANAGER" action evidence QIP-01 Rota --file "$WORK/typed/empty.pdf"
refused 'more than 16 MiB' q "$MANAGER" action evidence QIP-01 Rota --file "$WORK/typed/large.pdf"
refused 'cannot read' q "$MANAGER" action evidence QIP-01 Rota --file "$WORK/typed/none.pdf"
refused 'role icb' q qk1-icb action evidence QIP-01 Rota --file "$FILE"
refused 'title' q "$MANAGER" action evidence QIP-01 'Sent by zoe@example.org' --file "$FILE"
same 'entries' null "$(q "$MANAGER" show QIP-01 --json | jq .evidence)"
same 'outbox' 0 "$(find "$HOMES" -path '*/outbox/*' -type f | wc -l)"

it 'A file comes back as it was, at another place, for its owner alone, and over no other'
says 'noted of its author' "$(q "$MANAGER" action evidence QIP-01 Rota --file "$FILE")"
entry=$(q "$MANAGER" show QIP-01 --json | jq -r '.evidence | keys[0]')
same 'type' application/pdf "$(q "$MANAGER" show QIP-01 --json | jq -r '.evidence[].file.type')"
says "PDF: qip evidence get .* $entry" "$(q "$MANAGER" show QIP-01)"
says 'PDF, 69 bytes' "$(get "${entry:0:13}" --output "$WORK/typed/again.pdf")"
cmp "$FILE" "$WORK/typed/again.pdf"
same 'mode' 600 "$(stat -c %a "$WORK/typed/again.pdf")"
printf 'Mine' >"$WORK/typed/other"
refused 'there already' get "$entry" --output "$WORK/typed/other"
same 'other' Mine "$(cat "$WORK/typed/other")"
ln -s "$WORK/typed/nowhere" "$WORK/typed/link"
refused 'there already' get "$entry" --output "$WORK/typed/link"
refused 'there is no file' get "${entry:0:7}" --output "$WORK/typed/x"
refused 'there is no file' get 0190c8a2-7f1e --output "$WORK/typed/x"
refused_with 2 'say where' get "$entry"

it 'A full disk leaves no part of a file behind'
(ulimit -f 0; trap '' XFSZ; refused 'cannot write' get "$entry" --output "$WORK/typed/part") 2>/dev/null || die 'no refusal'
[ ! -e "$WORK/typed/part" ] || die 'a part of a file'

it 'Neither the file nor its name is in any file of any role, and the ICB cannot open it'
q "$MANAGER" sync >/dev/null
q qk1-icb sync >/dev/null
refused 'not here' q qk1-icb evidence get QIP-01 "$entry" --output "$WORK/typed/icb"
[ ! -e "$WORK/typed/icb" ] || die 'a file'
basename "$FILE" .pdf >>"$SECRET"
"$QIP_TOOLS/seek" "$SECRET" "$HOMES" "$WORK/server" >"$WORK/found" || die "the file can be read: $(head -n 5 "$WORK/found")"
q "$MANAGER" audit >/dev/null

it 'Erased, it is gone for good, and its entry stays'
refused_with 2 'reason' q "$MANAGER" evidence erase QIP-01 "$entry"
refused 'role icb' q qk1-icb evidence erase QIP-01 "$entry" --reason 'Not ours'
q "$MANAGER" evidence erase QIP-01 "${entry:0:18}" --reason 'Names a patient' >/dev/null
refused 'erased' get "$entry" --output "$WORK/typed/erased"
refused 'erased' q "$MANAGER" evidence erase QIP-01 "$entry" --reason 'Twice'
q "$MANAGER" sync >/dev/null
q "$MANAGER" sync >/dev/null
hash=$(q "$MANAGER" show QIP-01 --json | jq -r '.evidence[].file.sha256')
same 'sealed bytes' '' "$(find "$HOMES" "$WORK/server" -name "$hash" -type f)"
q "$MANAGER" audit >/dev/null
