#!/usr/bin/env bash
# Forged devices, keys and rights, most of them by a host with its true key: both judges name each with commit, path and reason, where both can.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/forged_lib.sh"

# ---- who belongs ----

forged uninvited 'A device whose invite no manager signed'
key=$(foreign_key ghost)
record=$(forge_device ghost staff "$MANAGER_DEVICE" "$key" "$(foreign_key stranger)")
head=$(forge_head "$R" "$(tree_of '' "devices/ghost.json=$record")" "$key" ghost Enrol)
taken "$head" ghost "devices/ghost.json=$record" >/dev/null
names audit "$head" devices/ghost.json 'not a device'
names checker "$head" devices/ghost.json 'not invited'

forged by-root 'The server lets a manager of its own in, in the name of the root key, which it does not have'
record=$(forge_device ghost manager root "$key" "$(server_key)")
head=$(forge_head "$R" "$(tree_of '' "devices/ghost.json=$record")" "$key" ghost Enrol)
taken "$head" ghost "devices/ghost.json=$record" >/dev/null
names audit "$head" devices/ghost.json 'the signature is by another key'
names checker "$head" devices/ghost.json 'not invited'

forged by-root-again 'The server uses the invite that the root key signed for the first manager, whose code it had made, for another device'
jq -cSj --slurpfile first <(git -C "$R" cat-file blob "main:devices/$MANAGER_DEVICE.json") '.invite = $first[0].invite' "$record" >"$WORK/again.json"
head=$(forge_head "$R" "$(tree_of '' "devices/ghost.json=$WORK/again.json")" "$key" ghost Enrol)
taken "$head" ghost "devices/ghost.json=$WORK/again.json" >/dev/null
names audit "$head" devices/ghost.json 'signature'
names checker "$head" devices/ghost.json 'not invited'

# invited NAME ROLE - by the manager, in due form; its whole record is in RECORD, its enrolment's commit in ENROLMENT.
invited() {
	local head
	RECORD=$(forge_device "$1" "$2" "$MANAGER_DEVICE" "$(foreign_key "$1")" "$(device_key "$MANAGER")")
	jq -cSj 'del(.enrolment)' "$RECORD" >"$WORK/$1-invite.json"
	head=$(forge_head "$R" "$(tree_of 'main^{tree}' "devices/$1.json=$WORK/$1-invite.json")" "$(device_key "$MANAGER")" "$MANAGER_DEVICE" "Invite $1" main)
	taken "$head" "$MANAGER_DEVICE" "devices/$1.json=$WORK/$1-invite.json" >/dev/null
	ENROLMENT=$(forge_head "$R" "$(tree_of '' "devices/$1.json=$RECORD")" "$(foreign_key "$1")" "$1" Enrol)
}

forged invited 'A device in due form is none to name'
invited guest kiosk
taken "$ENROLMENT" guest "devices/guest.json=$RECORD" >/dev/null
sound

forged backdated 'A device wrote before it was enrolled'
invited guest kiosk
head=$(forge_head "$R" "$(tree_of "$ENROLMENT^{tree}" "$(answer_path guest 1)=$(feedback_record guest 1)")" "$(foreign_key guest)" guest 'Add answers' "$ENROLMENT")
taken "$head" guest "devices/guest.json=$RECORD" "$(answer_path guest 1)=$(feedback_record guest 1)" >/dev/null
names audit "$head" devices/guest.json 'enrolment is a commit without parents'
names checker "$head" "$(answer_path guest 1)" 'before it is enrolled'

forged enrolled-by-other 'An enrolment that does not answer to the key of its invite'
invited guest staff
jq -cSj --arg key "$(public_key "$(foreign_key thief)")" '.enrolment.key = $key' "$RECORD" >"$WORK/thief.json"
head=$(forge_head "$R" "$(tree_of '' "devices/guest.json=$WORK/thief.json")" "$(foreign_key thief)" guest Enrol)
taken "$head" guest "devices/guest.json=$WORK/thief.json" >/dev/null
both "$head" devices/guest.json 'signature|signed'

forged raised 'A device raises its own role'
git -C "$R" cat-file blob main:devices/fleckney.json | sed 's/"role":"staff"/"role":"manager"/' >"$WORK/raised.json"
head=$(staff "devices/fleckney.json=$WORK/raised.json")
taken "$head" fleckney "devices/fleckney.json=$WORK/raised.json" >/dev/null
both "$head" devices/fleckney.json 'role, site, key'

forged raised-by-server 'The server raises a role in a merge'
merge=$(taken "$(staff)" fleckney "devices/fleckney.json=$WORK/raised.json")
both "$merge" devices/fleckney.json 'does not follow|nobody entitled'

# ended DEVICE HOME FILE [CHANGE…] - Fleckney's record as in the file, by that manager, on main as it was at first; the changes are the merge's. Its commit.
ended() {
	local head
	head=$(forge_head "$R" "$(tree_of "$MAIN^{tree}" "devices/fleckney.json=$3")" "$(device_key "$2")" "$1" 'End fleckney' "$MAIN")
	taken "$head" "$1" "${@:4}" >/dev/null
	printf '%s' "$head"
}
at=2022-09-01T09:00:00.000Z
git -C "$(server_history)" cat-file blob main:devices/fleckney.json | jq -cSj --arg by "$MANAGER_DEVICE" --arg at "$at" '.revoked = {by: $by, at: $at}' >"$WORK/revoked.json"
git -C "$(server_history)" cat-file blob main:devices/fleckney.json | jq -cSj --arg at "$at" '.retired = {by: "second", at: $at}' >"$WORK/retired.json"
jq -cSj --slurpfile retired "$WORK/retired.json" '.retired = $retired[0].retired' "$WORK/revoked.json" >"$WORK/both.json"

forged revoked 'A device goes on after it was revoked'
ended "$MANAGER_DEVICE" "$MANAGER" "$WORK/revoked.json" "devices/fleckney.json=$WORK/revoked.json" >/dev/null
sound
head=$(staff)
taken "$head" fleckney >/dev/null
both "$head" devices/fleckney.json 'revoked'

forged ended-twice 'A device that one manager revokes and another retires, who did not know, is none to name'
ended "$MANAGER_DEVICE" "$MANAGER" "$WORK/revoked.json" "devices/fleckney.json=$WORK/revoked.json" >/dev/null
ended second second "$WORK/retired.json" "devices/fleckney.json=$WORK/both.json" >/dev/null
sound

forged ended-once 'The server keeps the milder of the two alone'
ended "$MANAGER_DEVICE" "$MANAGER" "$WORK/revoked.json" "devices/fleckney.json=$WORK/revoked.json" >/dev/null
ended second second "$WORK/retired.json" "devices/fleckney.json=$WORK/retired.json" >/dev/null
both "$(git -C "$R" rev-parse main)" devices/fleckney.json 'does not follow|nobody entitled'

forged unrevoked 'The server takes a revocation back'
ended "$MANAGER_DEVICE" "$MANAGER" "$WORK/revoked.json" >/dev/null
both "$(git -C "$R" rev-parse main)" devices/fleckney.json 'does not follow|holds something else'

forged self-ended 'A device that is no manager ends another'
jq -cSj --arg at "$at" '.retired = {by: "fleckney", at: $at}' <(git -C "$R" cat-file blob main:devices/second.json) >"$WORK/second.json"
head=$(staff "devices/second.json=$WORK/second.json")
taken "$head" fleckney "devices/second.json=$WORK/second.json" >/dev/null
names audit "$head" devices/second.json 'only managers retire or revoke'
names checker "$head" devices/second.json 'may not write there'

# second_key BY DEVICE KEY - the practice's comment key as one more generation, in the name of BY, added by that device. Its commit.
second_key() {
	local head
	git -C "$R" cat-file blob main:keys/1.json | jq -cSj --arg by "$1" '.generation = 2 | .by = $by' >"$WORK/key.json"
	head=$(forge_head "$R" "$(tree_of "$MAIN^{tree}" "keys/2.json=$WORK/key.json")" "$3" "$2" 'Add key' main)
	taken "$head" "$2" "keys/2.json=$WORK/key.json" >/dev/null
	printf '%s' "$head"
}

forged comment-key 'The server adds a comment key of its own'
head=$(second_key server server "$(server_key)")
both "$head" keys/2.json 'may not write'

forged comment-key-stolen 'A comment key that the manager in whose name it is did not sign'
head=$(second_key "$MANAGER_DEVICE" "$MANAGER_DEVICE" "$(device_key "$MANAGER")")
names audit "$head" keys/2.json 'the signature is by another key'
names checker "$head" keys/2.json 'the comment key is not signed'

# ---- rights ----

forged hidden 'A break of policy in a commit that the server merged as if it were none'
printf '{"id":"new","name":"New","schema":"site/1"}' >"$WORK/site.json"
head=$(staff "sites/new.json=$WORK/site.json")
taken "$head" fleckney "sites/new.json=$WORK/site.json" >/dev/null
both "$head" sites/new.json 'may not write'

forged hidden-later 'A break of policy that a later commit of the same head takes back'
head=$(staff "sites/new.json=$WORK/site.json")
later=$(forge_head "$R" "$MAIN^{tree}" "$(device_key fleckney)" fleckney 'Edit actions' "$head")
taken "$later" fleckney >/dev/null
both "$head" sites/new.json 'may not write'

# surveys/extra.json of three kinds: each manager's, made apart, and the server's.
for by in "$MANAGER_DEVICE" second server; do
	git -C "$R" cat-file blob main:surveys/fft.json | jq -cSj --arg by "$by" '.id = "extra" | .questions[0].text.en.text = $by' >"$WORK/survey.$by"
done

forged both-began 'The server puts a record of its own where two managers began one of the same name'
head=$(forge_head "$R" "$(tree_of "$MAIN^{tree}" "surveys/extra.json=$WORK/survey.$MANAGER_DEVICE")" "$(device_key "$MANAGER")" "$MANAGER_DEVICE" 'Add survey' "$MAIN")
taken "$head" "$MANAGER_DEVICE" "surveys/extra.json=$WORK/survey.$MANAGER_DEVICE" >/dev/null
sound
head=$(forge_head "$R" "$(tree_of "$MAIN^{tree}" "surveys/extra.json=$WORK/survey.second")" "$(device_key second)" second 'Add survey' "$MAIN")
taken "$head" second "surveys/extra.json=$WORK/survey.server" >/dev/null
names audit "$head" surveys/extra.json 'the survey was changed meanwhile'
names checker "$(git -C "$R" rev-parse main)" surveys/extra.json 'two devices wrote the record apart'

forged adopted 'A device that is no manager takes over what a revoked device sent'
head=$(forge_commit "$R" "$MAIN^{tree}" "$(device_key fleckney)" fleckney "Adopt"$'\n\n'"Qip-Adopts: $HAND"$'\n'"Qip-Device: fleckney" "$MAIN")
taken "$head" fleckney >/dev/null
both "$head" - '[Oo]nly (a )?managers? takes? over what a revoked device sent'

# shellcheck disable=SC2016 # jq's variables
stamp='{id: $id, device: "second", n: ([.edits[][].n] | max + 1), by: "manager", effective: "2022-09-01", at: "2022-09-01T09:00:00.000Z"}'
changed() {
	git -C "$R" cat-file blob "main:$ACTION" | jq -cSj --arg id "$(uuid7)" "$1" >"$WORK/changed.json"
	printf '%s' "$WORK/changed.json"
}

forged claim-made 'A claim in the name of another device'
changed ".edits.status = [$stamp] | .status = \"green\"" >/dev/null
head=$(staff "$ACTION=$WORK/changed.json")
taken "$head" fleckney "$ACTION=$WORK/changed.json" >/dev/null
names audit "$head" "$ACTION" 'not in the name of fleckney'
blind 'it does not look into records, where the claims are'

forged claim-removed 'A claim of another device is removed, and none made in its place'
changed 'del(.edits.status) | del(.status)' >/dev/null
head=$(staff "$ACTION=$WORK/changed.json")
taken "$head" fleckney "$ACTION=$WORK/changed.json" >/dev/null
names audit "$head" "$ACTION" 'status: an edit was removed without a new one in its place'
blind 'it does not look into records, where the claims are'

# return_record TOTAL [DAY] - June's return by Fleckney, submitted on that day; its path is printed.
return_record() {
	jq -ncSj --argjson n "$1" --arg day "${2:-}" --arg totals "$(uuid7)" --arg submitted "$(uuid7)" '
		def stamp($id; $n): {id: $id, device: "fleckney", n: $n, by: "staff", effective: "2022-07-08", at: "2022-07-08T09:00:00.000Z"};
		{schema: "return/1", month: "2022-06", edits: {totals: [stamp($totals; 1)]},
		 totals: {options: {"very-good": $n, good: 0, neither: 0, poor: 0, "very-poor": 0, "dont-know": 0},
			  modes: {kiosk: $n, handwritten: 0, telephone: 0, sms: 0, online: 0, other: 0}}}
		| if $day == "" then . else .submitted = $day | .edits.submitted = [stamp($submitted; 2)] end' >"$WORK/return.$1${2:-}"
	printf '%s' "$WORK/return.$1${2:-}"
}
return=returns/fft/2022-06.json

forged locked 'A return is counted anew after it was submitted'
record=$(return_record 7 2022-07-08)
head=$(staff "$return=$record")
taken "$head" fleckney "$return=$record" >/dev/null
audit "$R" >/dev/null || die "the audit finds: $(audit "$R")"
git -C "$R" cat-file blob "main:$return" | jq -cSj --arg id "$(uuid7)" '.edits.totals[0].id = $id | .edits.totals[0].n = 3 | .totals.options["very-good"] = 9 | .totals.modes.kiosk = 9' >"$WORK/again"
head=$(forge_head "$R" "$(tree_of 'main^{tree}' "$return=$WORK/again")" "$(device_key fleckney)" fleckney 'Count anew' main)
taken "$head" fleckney "$return=$WORK/again" >/dev/null
names audit "$head" "$return" 'submitted on 2022-07-08 and is locked'
blind 'it does not look into records'

forged locked-apart 'A return is counted anew by one who did not see that it was submitted'
record=$(return_record 7)
taken "$(staff "$return=$record")" fleckney "$return=$record" >/dev/null
seen=$(git -C "$R" rev-parse main)
git -C "$R" cat-file blob "main:$return" | jq -cSj --arg id "$(uuid7)" '.submitted = "2022-07-08" | .edits.submitted = [.edits.totals[0] | .id = $id | .n = 2]' >"$WORK/submitted"
head=$(forge_head "$R" "$(tree_of 'main^{tree}' "$return=$WORK/submitted")" "$(device_key fleckney)" fleckney 'Submit' main)
taken "$head" fleckney "$return=$WORK/submitted" >/dev/null
audit "$R" >/dev/null || die "the audit finds: $(audit "$R")"
git -C "$R" cat-file blob "$seen:$return" | jq -cSj --arg id "$(uuid7)" '.edits.totals = [.edits.totals[0] | .id = $id | .n = 2 | .device = "second" | .by = "manager"] | .totals.options["very-good"] = 9 | .totals.modes.kiosk = 9' >"$WORK/again"
head=$(forge_head "$R" "$(tree_of "$seen^{tree}" "$return=$WORK/again")" "$(device_key second)" second 'Count anew' "$seen")
taken "$head" second >/dev/null
names audit "$head" "$return" 'submitted meanwhile and is locked'

forged other-log 'A device followed another log than this one: the server shows different ones to different readers'
other=$(forge_merge "$R" "$(tree_of "$MAIN^{tree}")" "$(staff)" fleckney)
git -C "$R" update-ref refs/heads/main "$MAIN"
jq -ncSj --arg main "$other" --argjson index "$(git -C "$R" log -1 --format=%B "$other" | sed -n 's/^Qip-Index: //p')" \
	'{schema: "checkpoint/1", device: "fleckney", main: $main, index: $index, at: "2022-07-08T09:00:00.000Z"}' >"$WORK/checkpoint"
head=$(staff "checkpoints/fleckney.json=$WORK/checkpoint")
taken "$head" fleckney "checkpoints/fleckney.json=$WORK/checkpoint" >/dev/null
names audit "$head" checkpoints/fleckney.json 'is not number [0-9]+ of the log'

