#!/usr/bin/env bash
# A push that the server refuses: it is told in words and kept, the rest of the work goes through, and so does all that follows.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
join fleckney staff fleckney
join kib-kiosk kiosk kibworth
q "$MANAGER" import "$QIP_SOURCE/tests/data/qip-sample.csv" --effective 2022-06-06 >/dev/null
q "$MANAGER" sync >/dev/null
q fleckney sync >/dev/null

# slip_in DEVICE SUBJECT PARENT CHANGE… - a commit that the programs themselves would not make, as the end of a home's own work.
slip_in() {
	local device=$1 subject=$2 parent=$3 repo=$HOMES/$1/history.git commit
	shift 3
	commit=$(forge_head "$repo" "$(forge_tree "$repo" "$parent^{tree}" "$@")" "$(device_key "$device")" "$device" "$subject" "$parent")
	git -C "$repo" update-ref refs/qip/work "$commit"
}
shows() { q "$1" action show "$2" --json; }

it 'Staff: what was refused is told, what was good before and after it arrives'
q fleckney action note QIP-01 'Written before' >/dev/null
printf '{"id":"new","name":"New","schema":"site/1"}' >"$WORK/site.json"
slip_in fleckney 'Add a site' refs/qip/work "sites/new.json=$WORK/site.json"
q fleckney action note QIP-02 'Written after' >/dev/null
q fleckney action set QIP-03 status=amber >/dev/null
said=$(q fleckney sync 2>&1) || true
says 'refused' "$said"
refused=$(q fleckney refused --json)
same 'refusals' 1 "$(jq length <<<"$refused")"
same 'the path' sites/new.json "$(jq -r '.[0].path' <<<"$refused")"
says 'sites/new.json' "$(q fleckney refused)"
q fleckney sync >/dev/null
q "$MANAGER" sync >/dev/null
says 'Written before' "$(shows "$MANAGER" QIP-01)"
says 'Written after' "$(shows "$MANAGER" QIP-02)"
same 'the status set after' amber "$(shows "$MANAGER" QIP-03 | jq -r .status)"
if git -C "$(server_history)" cat-file -e main:sites/new.json 2>/dev/null; then
	die 'the refused site is in the log'
fi

it 'Staff: nothing of the refused work is lost'
git -C "$HOMES/fleckney/history.git" cat-file blob refs/refused/1:sites/new.json | cmp - "$WORK/site.json"

it 'Staff: work goes on as ever, and nothing is sent twice'
q fleckney action note QIP-02 'And a day later' >/dev/null
q fleckney sync >/dev/null
q "$MANAGER" sync >/dev/null
same 'notes' 2 "$(shows "$MANAGER" QIP-02 | jq '.notes | length')"
same 'refusals' 1 "$(q fleckney refused --json | jq length)"

it 'Staff: what would be refused again is told at once; what nobody wants is dropped, in words'
refused 'would be refused again' q fleckney refused retry 1
refused 'there is no No 9' q fleckney refused retry 9
said=$(q fleckney refused drop 1 2>&1) || true
says 'please say why' "$said"
q fleckney refused drop 1 --reason 'A manager adds it' >/dev/null
says 'dropped: A manager adds it' "$(q fleckney refused list --json | jq -r '.[0] | .state + ": " + .why')"
says 'sites/new.json' "$(jq -r '.would_have[]' "$HOMES/fleckney/refused/1.json")"
same 'refusals that wait for somebody' 0 "$(q fleckney status --json | jq .refused)"
refused 'nothing was ever refused' q "$MANAGER" refused retry 1

it 'Staff: an edit that was refused for a fault in its numbering is made again, once, and accepted'
record=qip/$(shows fleckney QIP-04 | jq -r .id).json
git -C "$HOMES/fleckney/history.git" cat-file blob "refs/qip/work:$record" |
	jq -cSj --arg id "$(uuid7)" '.status = "amber" | .edits.status = [{at: "2023-01-01T00:00:00.000Z", by: "staff", device: "fleckney",
	  effective: "2023-01-01", id: $id, n: 900}]' >"$WORK/action.json"
slip_in fleckney 'Set the status' refs/qip/work "$record=$WORK/action.json"
q fleckney sync >/dev/null 2>&1 || true
q "$MANAGER" action set QIP-04 owner_role='Practice nurse' >/dev/null
q "$MANAGER" sync >/dev/null
(q fleckney refused retry 2 & q fleckney refused retry 2 & wait) >/dev/null
same 'what waits' 1 "$(q fleckney status --json | jq .waiting)"
q fleckney sync >/dev/null
says 'settled' "$(q fleckney refused retry 2)"
q "$MANAGER" sync >/dev/null
same 'the status' amber "$(shows "$MANAGER" QIP-04 | jq -r .status)"
same 'the owner' 'Practice nurse' "$(shows "$MANAGER" QIP-04 | jq -r .owner_role)"

it 'Kiosk: a refused answer leaves a void record of its number, and later answers arrive'
kiosk_start kib-kiosk
answer good
kiosk_sync kib-kiosk
accepted=$(git -C "$HOMES/kib-kiosk/history.git" rev-parse refs/qip/work)
answer poor
server_stop
qip-kiosk sync --home "$HOMES/kib-kiosk" >/dev/null 2>&1 || true
slip_in kib-kiosk 'Add answers' "$accepted" "feedback/kib-kiosk/0/0/2.json=$(feedback_record kib-kiosk 2 '.answers.experience = "Not An Option"')"
answer very-good
server_start
qip-kiosk sync --home "$HOMES/kib-kiosk" >/dev/null 2>&1 || true
kiosk_sync kib-kiosk
same 'records' 3 "$(answers_on_main)"
same 'the second' void/1 "$(git -C "$(server_history)" cat-file blob main:feedback/kib-kiosk/0/0/2.json | jq -r .schema)"
same 'the third' very-good "$(git -C "$(server_history)" cat-file blob main:feedback/kib-kiosk/0/0/3.json | jq -r .answers.experience)"
answer neither
kiosk_sync kib-kiosk
same 'records' 4 "$(answers_on_main)"
stop kib-kiosk

q "$MANAGER" sync >/dev/null
same 'gaps' 0 "$(q "$MANAGER" feedback stats --json | jq .gaps)"
q "$MANAGER" audit >/dev/null
server_stop
fsck "$(server_history)" "$HOMES"/*/history.git
