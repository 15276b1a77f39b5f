#!/usr/bin/env bash
# Forged histories, most of them by a host with its true key: `qip audit` names each with commit, path and reason, and so does the independent
# checker tools/verify-history, which needs no more than stock git and ssh-keygen. QIP_SHOW=1 prints their sentences.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
join hand kiosk kibworth
join fleckney staff fleckney
join second manager great-glen
join qk1-icb icb
q "$MANAGER" import "$QIP_SOURCE/tests/data/qip-sample.csv" --effective 2022-06-06 >/dev/null
q "$MANAGER" sync >/dev/null
q fleckney sync >/dev/null
q fleckney action set QIP-07 status=amber >/dev/null
q fleckney sync >/dev/null
MANAGER_DEVICE=$(manager_device)
ROOT=$(root_key)

answer_path() { printf 'feedback/%s/0/0/%s.json' "$1" "$2"; }
# answers FIRST LAST - the kiosk's next commit of answers, sent like any other.
answers() {
	local repo head changes=() i
	repo=$(forge_repo hand)
	head=$(git -C "$repo" rev-parse own)
	for ((i = $1; i <= $2; i++)); do
		cp "$(feedback_record hand "$i")" "$WORK/answer.$i"
		changes+=("$(answer_path hand "$i")=$WORK/answer.$i")
	done
	push_as hand "$repo" "$(forge_head "$repo" "$(forge_tree "$repo" "$head^{tree}" "${changes[@]}")" "$(device_key hand)" hand 'Add answers' "$head")"
}
answers 1 3
answers 4 6
server_stop

# ---- two judges ----

audit() { qip audit --repo "$1" --ods "$QIP_ODS" --root "$ROOT"; }
checker() { bash "$QIP_SOURCE/tools/verify-history" --root "$ROOT" "$1"; }

# forged NAME - a copy of the history to work on, in R; it and the kiosk's and the staff's last commits have names.
forged() {
	R=$WORK/$1.git
	cp -a "$(server_history)" "$R"
	MAIN=$(git -C "$R" rev-parse main)
	HAND=$(git -C "$R" rev-parse refs/devices/hand)
	it "$2"
}
# names JUDGE COMMIT PATH WORDS - it finds a fault at that commit and path ('-' for none), for a reason in words like these.
names() {
	local status=0 out
	out=$("$1" "$R" 2>"$WORK/judge.err") || status=$?
	[ "$status" -eq 1 ] || die "$1 ended with status $status: $out $(cat "$WORK/judge.err")"
	grep -Eq -- "^$2 $3( [a-z0-9-]+)?: .*($4)" <<<"$out" || die "$1: wanted '$2 $3: …$4…', got: $out $(cat "$WORK/judge.err")"
	[ -z "${QIP_SHOW:-}" ] || say "  $1: $(grep -E -m 1 -- "^$2 $3( [a-z0-9-]+)?: .*($4)" <<<"$out")"
}
# both COMMIT PATH WORDS - both judges name it there.
both() {
	names audit "$@"
	names checker "$@"
}
# blind WHY - what the checker cannot see; it finds nothing, else it can.
blind() {
	checker "$R" >"$WORK/blind.txt" || die "the checker sees it: $(cat "$WORK/blind.txt")"
	say "  (not seen by the checker: $1)"
}

tree_of() { forge_tree "$R" "$@"; }
# staff CHANGE… - Fleckney's next commit on the end of the log. kiosk CHANGE… - the kiosk's.
staff() { forge_head "$R" "$(tree_of "$MAIN^{tree}" "$@")" "$(device_key fleckney)" fleckney 'Edit actions' "$MAIN"; }
kiosk() { forge_head "$R" "$(tree_of "$HAND^{tree}" "$@")" "$(device_key hand)" hand 'Add answers' "$HAND"; }
# taken HEAD DEVICE CHANGE… - the server takes it, with these changes of main's tree.
taken() {
	local head=$1 device=$2
	shift 2
	forge_merge "$R" "$(tree_of 'main^{tree}' "$@")" "$head" "$device"
}
# back - main before its last merge, which is to be made anew; its head is in LAST_HEAD.
back() {
	LAST_HEAD=$(git -C "$R" rev-parse main^2)
	git -C "$R" update-ref refs/heads/main main^
}

forged honest 'The honest history is sound to both'
audit "$R" >/dev/null || die 'the audit finds something'
checker "$R" >/dev/null || die "the checker finds: $(checker "$R")"
refused_with 2 usage bash "$QIP_SOURCE/tools/verify-history"
refused_with 2 usage bash "$QIP_SOURCE/tools/verify-history" "$WORK/nowhere"
refused_with 2 usage bash "$QIP_SOURCE/tools/verify-history" --root nonsense "$R"

forged other-root 'Another root key than the one in the safe'
same 'the checker' 1 "$(status=0; bash "$QIP_SOURCE/tools/verify-history" --root "SHA256:$(head -c 32 /dev/zero | base64 | tr -d =)" "$R" >/dev/null || status=$?; echo "$status")"

# ---- answers ----

forged altered 'An answer is altered in the log by the server'
git -C "$R" cat-file blob "main:$(answer_path hand 2)" | sed 's/"good"/"poor"/' >"$WORK/altered.json"
back
merge=$(forge_merge "$R" "$(tree_of "$MAIN^{tree}" "$(answer_path hand 2)=$WORK/altered.json")" "$LAST_HEAD" hand)
both "$merge" "$(answer_path hand 2)" 'does not follow|none of its commits|something else'

forged altered-commit 'An answer is altered in the commit of the device, whose signature is left as it was'
tree=$(tree_of "$HAND^{tree}" "$(answer_path hand 5)=$WORK/altered.json")
head=$(git -C "$R" cat-file commit "$HAND" | sed "1s/.*/tree $tree/" | git -C "$R" hash-object -t commit -w --stdin)
back
taken "$head" hand "$(answer_path hand 5)=$WORK/altered.json" >/dev/null
both "$head" - 'not signed'

forged resigned 'A commit is signed anew, by a key that is not of the device'
head=$(forge_head "$R" "$HAND^{tree}" "$(server_key)" hand 'Add answers' "$HAND^")
back
forge_merge "$R" "$MAIN^{tree}" "$head" hand >/dev/null
both "$head" - 'not signed'

forged left-out 'The server leaves out an answer that the kiosk sent'
back
merge=$(forge_merge "$R" "$(tree_of "$MAIN^{tree}" "$(answer_path hand 6)=")" "$LAST_HEAD" hand)
both "$merge" "$(answer_path hand 6)" 'does not follow|leaves the record out'

forged removed 'An answer goes from the log while other work is taken'
head=$(staff)
merge=$(taken "$head" fleckney "$(answer_path hand 2)=")
both "$merge" "$(answer_path hand 2)" 'does not follow|none of its commits'

forged dropped 'A kiosk, or who holds its key, drops a number'
head=$(kiosk "$(answer_path hand 8)=$(feedback_record hand 8)")
taken "$head" hand "$(answer_path hand 8)=$(feedback_record hand 8)" >/dev/null
both "$head" 'feedback(/hand)?' 'without a gap'

forged rewritten 'A kiosk replaces an answer by another of the same number'
feedback_record hand 2 >/dev/null
head=$(kiosk "$(answer_path hand 2)=$WORK/record.json")
taken "$head" hand "$(answer_path hand 2)=$WORK/record.json" >/dev/null
both "$head" "$(answer_path hand 2)" 'never changed|changed after it came'

forged inserted 'The server makes up an answer that no kiosk sent'
head=$(staff)
merge=$(taken "$head" fleckney "$(answer_path hand 7)=$(feedback_record hand 7)")
both "$merge" "$(answer_path hand 7)" 'does not follow|none of its commits'

forged inserted-staff 'An answer in the name of a kiosk comes from another device'
feedback_record hand 7 >/dev/null
head=$(staff "$(answer_path hand 7)=$WORK/record.json")
taken "$head" fleckney "$(answer_path hand 7)=$WORK/record.json" >/dev/null
both "$head" "$(answer_path hand 7)" 'own name|may not write'

forged renumbered 'An answer stands under another number than its own'
feedback_record hand 6 >/dev/null
head=$(kiosk "$(answer_path hand 7)=$WORK/record.json")
taken "$head" hand "$(answer_path hand 7)=$WORK/record.json" >/dev/null
both "$head" "$(answer_path hand 7)" 'otherwise than its path'

# ---- the log ----

forged wrong-tree 'A merge drops what staff changed'
action=$(git -C "$R" diff-tree -r --name-only "$(git -C "$R" log --first-parent --format=%H --grep='^Merge fleckney$' -1 main)^2" "$(git -C "$R" log --first-parent --format=%H --grep='^Merge fleckney$' -1 main)^1" | grep '^qip/' | head -n 1)
before=$(git -C "$R" log --first-parent --format=%H --grep='^Merge fleckney$' -1 main)
head=$(git -C "$R" rev-parse "$before^2")
git -C "$R" update-ref refs/heads/main "$before^"
merge=$(forge_merge "$R" "$before^1^{tree}" "$head" fleckney)
both "$merge" "$action" 'does not follow|something else'

forged cut 'A merge is cut out of the log, and the later ones are made anew'
first=$(git -C "$R" rev-parse 'main^')
git -C "$R" update-ref refs/heads/main "$first^"
forge_merge "$R" "$MAIN^{tree}" "$HAND" hand >/dev/null
git -C "$R" update-ref refs/heads/main "$first^"
head=$(forge_head "$R" "$MAIN^{tree}" "$(device_key fleckney)" fleckney 'Edit actions' "$MAIN")
forge_merge "$R" "$MAIN^{tree}" "$head" fleckney >/dev/null
both "$MAIN" - 'neither in the log|not in the log'

forged gap 'A number of the log is left out'
merge=$(forge_commit "$R" "$(git -C "$R" rev-parse 'main^{tree}')" "$(server_key)" server "$(git -C "$R" log -1 --format=%B main |
	awk '/^Qip-Index: / { $2 += 2 } { print }')" main "$(staff)")
git -C "$R" update-ref refs/heads/main "$merge"
both "$merge" - 'stands at place'

forged no-merge 'A commit that is no merge stands in the log'
merge=$(forge_commit "$R" "$MAIN^{tree}" "$(server_key)" server "$(git -C "$R" log -1 --format=%B main)" main)
git -C "$R" update-ref refs/heads/main "$merge"
both "$merge" - 'no merge'

forged stranger-merge 'A merge is signed by a key that the root did not endorse'
head=$(staff)
merge=$(forge_commit "$R" "$MAIN^{tree}" "$(foreign_key other-server)" server "$(git -C "$R" log -1 --format=%B main | sed 's/hand/fleckney/' |
	awk '/^Qip-Index: / { $2 += 1 } { print }')" main "$head")
git -C "$R" update-ref refs/heads/main "$merge"
both "$merge" - 'not signed'

forged downgraded 'A merge goes by an older version of the rules'
head=$(staff)
merge=$(forge_commit "$R" "$MAIN^{tree}" "$(server_key)" server "$(git -C "$R" log -1 --format=%B main | sed 's/hand/fleckney/; s/^Qip-Rules: [0-9]*/Qip-Rules: 0/' |
	awk '/^Qip-Index: / { $2 += 1 } { print }')" main "$head")
git -C "$R" update-ref refs/heads/main "$merge"
both "$merge" - 'rules 0'

forged fallen-back 'A merge goes back behind rules that were in use'
for version in 2 1; do
	head=$(forge_head "$R" 'main^{tree}' "$(device_key fleckney)" fleckney 'Edit actions' main)
	merge=$(forge_commit "$R" 'main^{tree}' "$(server_key)" server "$(git -C "$R" log -1 --format=%B main | sed "s/hand/fleckney/; s/^Qip-Rules: [0-9]*/Qip-Rules: $version/" |
		awk '/^Qip-Index: / { $2 += 1 } { print }')" main "$head")
	git -C "$R" update-ref refs/heads/main "$merge"
done
both "$merge" - 'back to rules 1'

forged criss-cross 'A device merges by itself'
head=$(forge_head "$R" "$MAIN^{tree}" "$(device_key fleckney)" fleckney 'Edit actions' "$MAIN" "$HAND^")
forge_merge "$R" "$MAIN^{tree}" "$head" fleckney >/dev/null
both "$head" - 'do not merge|did not make'

forged swapped 'A merge has its parents the wrong way round'
head=$(staff)
merge=$(forge_commit "$R" "$MAIN^{tree}" "$(server_key)" server "$(git -C "$R" log -1 --format=%B main | sed 's/hand/fleckney/' |
	awk '/^Qip-Index: / { $2 += 1 } { print }')" "$head" main)
git -C "$R" update-ref refs/heads/main "$merge"
both "$head" - 'no merge'

# ---- who belongs ----

forged uninvited 'A device whose invite no manager signed'
key=$(foreign_key ghost)
record=$(forge_device ghost staff "$MANAGER_DEVICE" "$key" "$(foreign_key stranger)")
head=$(forge_head "$R" "$(tree_of '' "devices/ghost.json=$record")" "$key" ghost Enrol)
taken "$head" ghost "devices/ghost.json=$record" >/dev/null
names audit "$head" devices/ghost.json 'not a device'
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
audit "$R" >/dev/null || die "the audit finds: $(audit "$R")"
checker "$R" >/dev/null || die "the checker finds: $(checker "$R")"

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

forged revoked 'A device goes on after it was revoked'
git -C "$R" cat-file blob main:devices/fleckney.json | jq -cSj --arg by "$MANAGER_DEVICE" '.revoked = {by: $by, at: "2022-09-01T09:00:00.000Z"}' >"$WORK/revoked.json"
head=$(forge_head "$R" "$(tree_of "$MAIN^{tree}" "devices/fleckney.json=$WORK/revoked.json")" "$(device_key "$MANAGER")" "$MANAGER_DEVICE" 'Revoke fleckney' main)
taken "$head" "$MANAGER_DEVICE" "devices/fleckney.json=$WORK/revoked.json" >/dev/null
audit "$R" >/dev/null || die "the audit finds: $(audit "$R")"
checker "$R" >/dev/null || die "the checker finds: $(checker "$R")"
head=$(staff)
taken "$head" fleckney >/dev/null
names audit "$head" devices/fleckney.json 'revoked'
names checker "$head" devices/fleckney.json 'revoked'

forged unrevoked 'The server takes a revocation back'
head=$(forge_head "$R" "$(tree_of "$MAIN^{tree}" "devices/fleckney.json=$WORK/revoked.json")" "$(device_key "$MANAGER")" "$MANAGER_DEVICE" 'Revoke fleckney' main)
merge=$(taken "$head" "$MANAGER_DEVICE")
both "$merge" devices/fleckney.json 'does not follow|leaves|something else'

forged comment-key 'The server adds a comment key of its own'
git -C "$R" cat-file blob main:keys/1.json | jq -cSj '.generation = 2 | .by = "server"' >"$WORK/key.json"
head=$(forge_head "$R" "$(tree_of "$MAIN^{tree}" "keys/2.json=$WORK/key.json")" "$(server_key)" server 'Add key' main)
taken "$head" server "keys/2.json=$WORK/key.json" >/dev/null
both "$head" keys/2.json 'may not write|not signed'

forged comment-key-stolen 'A comment key that the manager in whose name it is did not sign'
git -C "$R" cat-file blob main:keys/1.json | jq -cSj --arg by "$MANAGER_DEVICE" '.generation = 2 | .by = $by' >"$WORK/key.json"
head=$(forge_head "$R" "$(tree_of "$MAIN^{tree}" "keys/2.json=$WORK/key.json")" "$(device_key "$MANAGER")" "$MANAGER_DEVICE" 'Add key' main)
taken "$head" "$MANAGER_DEVICE" "keys/2.json=$WORK/key.json" >/dev/null
both "$head" keys/2.json 'signature|signed'

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

forged adopted 'A device that is no manager takes over what a revoked device sent'
head=$(forge_commit "$R" "$MAIN^{tree}" "$(device_key fleckney)" fleckney "Adopt"$'\n\n'"Qip-Adopts: $HAND"$'\n'"Qip-Device: fleckney" "$MAIN")
taken "$head" fleckney >/dev/null
both "$head" - '[Oo]nly (a )?managers? takes? over what a revoked device sent'

# shellcheck disable=SC2016 # jq's variables
stamp='{id: $id, device: "second", n: ([.edits[][].n] | max + 1), by: "manager", effective: "2022-09-01", at: "2022-09-01T09:00:00.000Z"}'
changed() {
	git -C "$R" cat-file blob "main:$action" | jq -cSj --arg id "$(uuid7)" "$1" >"$WORK/changed.json"
	printf '%s' "$WORK/changed.json"
}

forged claim-made 'A claim in the name of another device'
changed ".edits.status = [$stamp] | .status = \"green\"" >/dev/null
head=$(staff "$action=$WORK/changed.json")
taken "$head" fleckney "$action=$WORK/changed.json" >/dev/null
names audit "$head" "$action" 'not in the name of fleckney'
blind 'it does not look into records, where the claims are'

forged claim-removed 'A claim of another device is removed, and none made in its place'
changed 'del(.edits.status) | del(.status)' >/dev/null
head=$(staff "$action=$WORK/changed.json")
taken "$head" fleckney "$action=$WORK/changed.json" >/dev/null
names audit "$head" "$action" 'removed without|required|is missing|status'
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

# ---- trees that git itself would not make ----

forged mode 'A record becomes a program, or a link'
for mode in 100755 120000; do
	git -C "$R" update-ref refs/heads/main "$MAIN"
	tree=$(GIT_INDEX_FILE=$WORK/mode.index sh -c 'rm -f "$GIT_INDEX_FILE"; git -C "$1" read-tree "$2" &&
		printf "%s %s\t%s\n" "$3" "$(git -C "$1" rev-parse "$2:sites/fleckney.json")" sites/fleckney.json | git -C "$1" update-index --index-info &&
		git -C "$1" write-tree' sh "$R" "$MAIN" "$mode")
	head=$(forge_head "$R" "$tree" "$(device_key "$MANAGER")" "$MANAGER_DEVICE" 'Change site' "$MAIN")
	forge_merge "$R" "$tree" "$head" "$MANAGER_DEVICE" >/dev/null
	names audit "$head" sites 'the entry "fleckney.json" has a mode'
	names checker "$head" sites/fleckney.json 'mode'
done

forged twice 'A directory holds one name twice'
{
	printf '100644 fleckney.json\0'
	printf '%b' "$(git -C "$R" rev-parse "$MAIN:sites/kibworth.json" | sed 's/../\\x&/g')"
	git -C "$R" cat-file tree "$MAIN:sites"
} >"$WORK/twice.tree"
sub=$(git -C "$R" hash-object -w --literally -t tree "$WORK/twice.tree")
tree=$(git -C "$R" ls-tree "$MAIN" | sed "s/^040000 tree [0-9a-f]*\tsites$/040000 tree $sub\tsites/" | git -C "$R" mktree)
head=$(forge_head "$R" "$tree" "$(device_key "$MANAGER")" "$MANAGER_DEVICE" 'Change site' "$MAIN")
forge_merge "$R" "$tree" "$head" "$MANAGER_DEVICE" >/dev/null
names audit "$head" sites 'the entry "fleckney.json" has a mode or place'
names checker "$sub" - 'contains duplicate'

# ---- copies that are damaged: told in words, whatever is missing ----

# told WORDS - the audit ends with a fault (1), or cannot begin (3), in words like these, and the checker with one too.
told() {
	local status=0 out
	out=$(audit "$R" 2>&1) || status=$?
	[ "$status" -eq 1 ] || [ "$status" -eq 3 ] || die "the audit ended with status $status: $out"
	grep -Eq -- "$1" <<<"$out" || die "wanted '$1', got: $out"
	! checker "$R" >/dev/null 2>&1 || die 'the checker finds nothing'
}
# loose OBJECT - a copy in which each object is a file; that one's path.
loose() {
	local hex
	hex=$(git -C "$R" rev-parse "$1")
	[ -z "$(find "$R/objects/pack" -name '*.pack')" ] || {
		mkdir "$R/packed"
		mv "$R"/objects/pack/* "$R/packed"
		local pack
		for pack in "$R"/packed/*.pack; do git -C "$R" unpack-objects -q <"$pack"; done
	}
	printf '%s/objects/%s/%s' "$R" "${hex:0:2}" "${hex:2}"
}

for what in "$(answer_path hand 2)" devices feedback/hand/0 ''; do
	forged "missing" "What stands at '/$what' is missing"
	rm "$(loose "main:$what")"
	told 'missing|is absent|cannot|does not follow|not found'
	rm -rf "$R"
done
for what in main 'main^' 'main^2' 'main~3'; do
	forged "missing" "The commit $what is missing"
	rm "$(loose "$what")"
	told 'cannot be followed|no match|not found|missing'
	rm -rf "$R"
done

forged truncated 'A pack is cut short'
for pack in "$R"/objects/pack/*.pack; do
	chmod u+w "$pack"
	truncate -s 60% "$pack" 2>/dev/null || truncate -s "$(($(stat -c %s "$pack") * 6 / 10))" "$pack"
done
told .

forged not-a-commit 'main is no commit, or nothing'
for what in "$(git -C "$R" rev-parse 'main^{tree}')" 0123456789012345678901234567890123456789 rubbish; do
	printf '%s\n' "$what" >"$R/refs/heads/main"
	told .
done
