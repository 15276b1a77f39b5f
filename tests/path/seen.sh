#!/usr/bin/env bash
# A server that shows different histories to different readers, freezes one, or drops what it acknowledged, is found at the next exchange; one that
# was restored from a backup in due form is not accused. The lying servers are the real program over copies of its folder, under the same keys.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

at_ready
practice_start
join fleckney staff fleckney
join qk1-icb icb
q "$MANAGER" import "$QIP_SOURCE/tests/data/qip-sample.csv" --effective 2022-06-06 >/dev/null
q "$MANAGER" sync >/dev/null
ROOT=$(root_key)

# days_later N - the server's clock stands so many days from today.
days_later() {
	server_stop
	SERVER_UNDER=("$WORK/at" "$(date -u -d "+$1 days" '+%F %T')")
	server_start
}
main_index() { git -C "$(server_history)" log -1 --format=%B refs/heads/main | sed -n 's/^Qip-Index: //p'; }
main_of() { git -C "$HOMES/$1/history.git" rev-parse refs/heads/main; }
merge_of() { git -C "$HOMES/$1/history.git" rev-list --first-parent --reverse refs/heads/main | sed -n "$(($2 + 1))p"; } # HOME NUMBER
note() { q "$1" action note "$2" "$3" >/dev/null; }
sync_all() {
	local home
	for home in "$MANAGER" fleckney qk1-icb; do q "$home" sync >/dev/null; done
}
on_main() { git -C "$(server_history)" show "refs/heads/main:checkpoints/$1.json"; }
contradictions() { q "$1" status --json | jq .contradictions; }

# copy_as NAME - the server's folder as it is now. serve NAME - that copy is what the server's address leads to from now on.
serving=server
mkdir "$WORK/servers"
copy_as() {
	server_stop
	cp -a "$WORK/server" "$WORK/servers/$1"
	server_start
}
serve() {
	server_stop
	mv "$WORK/server" "$WORK/servers/$serving"
	mv "$WORK/servers/$1" "$WORK/server"
	serving=$1
	server_start
}
# found DEVICE PATTERN - its sync says so, takes nothing over, and audit and status go on saying it.
found() {
	local before
	before=$(main_of "$1")
	refused_with 5 "$2" q "$1" sync
	same 'the own copy' "$before" "$(main_of "$1")"
	says "CONTRADICTS ITSELF.*$2" "$(q "$1" status)"
	refused "$2" q "$1" audit
}
settle() { q "$1" checkpoint --settle "$(q "$1" checkpoint --json | jq '.found | length')" --reason 'A test' >/dev/null; }

it 'Each reader of the log leaves its word in it once a day'
same 'checkpoints on the first day' '' "$(git -C "$(server_history)" ls-tree refs/heads/main checkpoints)"
days_later 1
note "$MANAGER" QIP-01 'On the next day'
report=$(q "$MANAGER" sync --json)
same 'edits sent' 1 "$(jq .commits_sent <<<"$report")"
same 'checkpoint' true "$(jq .checkpoint <<<"$report")"
sync_all
for device in "$(manager_device)" fleckney qk1-icb; do
	record=$(on_main "$device")
	same "the merge that $device names" "$(jq -r .index <<<"$record")" \
		"$(git -C "$(server_history)" log -1 --format=%B "$(jq -r .main <<<"$record")" | sed -n 's/^Qip-Index: //p')"
done
q fleckney sync >/dev/null
says 'qk1-icb +[0-9]+ ' "$(q fleckney checkpoint)"

it 'Idle homes do not answer each other, however often they sync and however many days lie between'
sync_all
sync_all
days_later 3
note "$MANAGER" QIP-01 'The last for long'
q "$MANAGER" sync >/dev/null
days_later 5
q fleckney sync >/dev/null
q qk1-icb sync >/dev/null
end=$(main_index)
for day in 7 9 11; do
	days_later "$day"
	sync_all
done
same 'the log' "$end" "$(main_index)"

it 'Audit and independent checker agree with what is left there'
sync_all
for home in "$MANAGER" fleckney qk1-icb; do
	q "$home" audit >/dev/null
	same "what $home found" 0 "$(contradictions "$home")"
done
bash "$QIP_SOURCE/tools/verify-history" --root "$ROOT" "$(server_history)"

it 'Two histories: who changes from one to the other finds it, loses nothing and sends nothing to the other'
copy_as fork
note fleckney QIP-01 'On the one'
q fleckney sync >/dev/null
serve fork
note "$MANAGER" QIP-01 'On the other'
q "$MANAGER" sync >/dev/null
note fleckney QIP-02 'Waits'
found fleckney "another history.* merge $((end + 1)) .*$(merge_of "$MANAGER" $((end + 1))).*$(merge_of fleckney $((end + 1)))"
same 'kept' "$(main_of "$MANAGER")" "$(git -C "$HOMES/fleckney/history.git" rev-parse refs/seen/1)"
same 'still waits' 1 "$(q fleckney status --json | jq .waiting)"
same 'refused' 0 "$(q fleckney status --json | jq .refused)"
refused_with 5 'another history' q fleckney sync
same 'found once' 1 "$(contradictions fleckney)"

it 'Back at the first, all goes on; what was found is shown until somebody settles it'
serve server
q fleckney sync >/dev/null
same 'waits' 0 "$(q fleckney status --json | jq .waiting)"
refused 'another history' q fleckney audit
settle fleckney
same 'after it was settled' 0 "$(contradictions fleckney)"
says '^No 1, found on .*, settled on .* by fleckney as "A test": .*another' "$(q fleckney audit --certificate "$WORK/settled.json")"
same 'in the certificate' 'passed A test' "$(jq -r '.result + " " + .settled[0].why' "$WORK/settled.json")"
says '^Settled  *1$' "$(q fleckney audit --check-certificate "$WORK/settled.json")"

it 'What was settled and is shown again is found again'
serve fork
found fleckney 'another history'
same 'found again' 1 "$(contradictions fleckney)"
same 'kept where it was' 'refs/seen/1 refs/seen/1' "$(q fleckney checkpoint --json | jq -r '[.found[].ref] | join(" ")')"
serve server
settle fleckney
q fleckney sync >/dev/null

it 'Two readers, each shown its own history always: their signed texts, or a number and a commit by phone, tell'
q fleckney checkpoint --signed >"$WORK/fleckney.txt"
q "$MANAGER" checkpoint --signed >"$WORK/manager.txt"
refused_with 5 "$(manager_device) has signed that merge" q fleckney checkpoint --check "$WORK/manager.txt"
same 'kept' 1 "$(contradictions fleckney)"
settle fleckney
refused_with 5 'is another one here' q fleckney checkpoint --check "$(q "$MANAGER" checkpoint --json | jq -r '"\(.index) \(.main)"')"
same 'not kept' 0 "$(contradictions fleckney)"
q qk1-icb sync >/dev/null
says 'It agrees' "$(q qk1-icb checkpoint --check "$WORK/fleckney.txt")"
says 'It agrees' "$(q qk1-icb checkpoint --check "$(sed 's/$/ \r/' "$WORK/fleckney.txt")")"
refused 'not as fleckney signed it' q qk1-icb checkpoint --check "$(sed 's/^merge .*/merge 1/' "$WORK/fleckney.txt")"
refused 'no device' q qk1-icb checkpoint --check "$(sed 's/^device .*/device stranger/' "$WORK/fleckney.txt")"
refused 'no checkpoint' q qk1-icb checkpoint --check 'about 12'

it 'The text is signed as ssh-keygen alone can check it'
q qk1-icb allowed-signers >"$WORK/signers"
sed '/BEGIN SSH/,$d' "$WORK/fleckney.txt" >"$WORK/lines"
sed -n '/BEGIN SSH/,$p' "$WORK/fleckney.txt" >"$WORK/lines.sig"
ssh-keygen -Y verify -n qip-checkpoint -I "fleckney@${QIP_ODS,,}.qip.invalid" -f "$WORK/signers" -s "$WORK/lines.sig" <"$WORK/lines" >/dev/null

it 'A checkpoint of one reader, merged into the history shown to another, gives it away'
days_later 13
note fleckney QIP-03 'Two days later'
q fleckney sync >/dev/null
on_main fleckney >"$WORK/checkpoint.json"
said=$(jq -r .main "$WORK/checkpoint.json")
head=$(git -C "$(server_history)" rev-parse refs/devices/fleckney)
real=$(server_history)
git -C "$WORK/servers/fork/$QIP_ODS/history.git" fetch -q "$real" refs/devices/fleckney
serve fork
server_stop
fork=$(server_history)
forge_merge "$fork" "$(forge_tree "$fork" 'main^{tree}' "checkpoints/fleckney.json=$WORK/checkpoint.json")" "$head" fleckney >/dev/null
server_start
found "$MANAGER" "fleckney has signed that merge [0-9]+ of the log is $said"
cp -a "$fork" "$WORK/contradicts.git"
names() { grep -q "$2" <<<"$1" || die "wanted '$2' in: $1"; }
names "$(bash "$QIP_SOURCE/tools/verify-history" --root "$ROOT" "$WORK/contradicts.git" || true)" 'checkpoints/fleckney.json: .* and is another here'
names "$(qip audit --repo "$WORK/contradicts.git" --ods "$QIP_ODS" --root "$ROOT" 2>&1 || true)" 'fleckney: it builds on a commit that is neither in the log nor by fleckney'
settle "$MANAGER"
serve server
refused_with 5 'another history' q "$MANAGER" sync # it has followed the other one
rm -rf "${HOMES:?}/$MANAGER" "$WORK/servers/fork"

it 'An older history than the one that was shown is found'
copy_as old
note fleckney QIP-04 'Not in the old one'
q fleckney sync >/dev/null
q qk1-icb sync >/dev/null
known=$(main_of fleckney)
serve old
found fleckney "an older one, that ends with merge [0-9]+ \($(git -C "$(server_history)" rev-parse refs/heads/main)\).*$known"
found qk1-icb 'an older one'
settle fleckney
settle qk1-icb
serve server
q fleckney sync >/dev/null
q qk1-icb sync >/dev/null

it 'A reader that is shown a frozen history finds it by the word of another, at its next sync'
rm -rf "$WORK/servers/old"
copy_as frozen
note fleckney QIP-04 'Kept from the ICB'
q fleckney sync >/dev/null
q fleckney checkpoint --signed >"$WORK/fleckney.txt"
serve frozen
q qk1-icb sync >/dev/null
says 'The next sync compares it' "$(q qk1-icb checkpoint --check "$WORK/fleckney.txt")"
found qk1-icb "fleckney has signed that merge [0-9]+ of the log is $(main_of fleckney).*ends earlier"
serve server
q qk1-icb sync >/dev/null
settle qk1-icb
same 'after it was settled' 0 "$(contradictions qk1-icb)"
q qk1-icb audit >/dev/null

# acknowledged TEXT - a note of Fleckney's that the server acknowledged, its link being lost before the log was asked for; the server before and after
# it are the copies "without" and "server".
acknowledged() {
	rm -rf "$WORK/servers/"*
	serving=server
	note fleckney QIP-05 "$1"
	cp -a "$HOMES/fleckney" "$WORK/fleckney.before"
	copy_as without
	q fleckney sync >/dev/null
	head=$(git -C "$HOMES/fleckney/history.git" rev-parse refs/devices/fleckney)
	rm -rf "$HOMES/fleckney"
	mv "$WORK/fleckney.before" "$HOMES/fleckney"
	git -C "$HOMES/fleckney/history.git" update-ref refs/devices/fleckney "$head"
}
notes() { git -C "$(server_history)" grep -F -h "$1" refs/heads/main -- qip/ | wc -l; }

it 'A link that is lost after the receipt is no reason to doubt'
acknowledged 'Acknowledged and kept'
q fleckney sync >/dev/null
same 'contradictions' 0 "$(contradictions fleckney)"

it 'A push that was acknowledged and dropped is found, and made good'
acknowledged 'Acknowledged and dropped'
serve without
refused_with 5 "acknowledged commit $head of this device" q fleckney sync
same 'it is there again' 1 "$(notes 'Acknowledged and dropped')"
same 'waits' 0 "$(q fleckney status --json | jq .waiting)"
says 'CONTRADICTS ITSELF.*acknowledged' "$(q fleckney status)"
refused "$head .*acknowledged" q fleckney audit
q fleckney sync >/dev/null
settle fleckney
q fleckney audit >/dev/null

it 'So is one that the server lists as taken, but leaves out of the log'
acknowledged 'Taken and left out'
serve without
git -C "$(server_history)" fetch -q "$WORK/servers/server/$QIP_ODS/history.git" "+refs/devices/fleckney:refs/devices/fleckney"
before=$(main_of fleckney)
refused_with 5 "acknowledged commit $head of this device.*($before)" q fleckney sync
settle fleckney
serve server
q fleckney sync >/dev/null

it 'A server that was restored from a backup in due form is not accused, whether it told this device or only the log'
for when in told untold; do
	acknowledged "Before the disk was lost, $when"
	q qk1-icb sync >/dev/null
	serve without
	rm -rf "$WORK/backup" "$WORK/servers/"*
	qip-server backup "$WORK/server" "$WORK/backup" >/dev/null
	server_stop
	rm -rf "$WORK/server"
	qip-server restore "$WORK/backup" "$WORK/server" >/dev/null
	server_start
	[ "$when" = untold ] || refused 'restored from a backup' q fleckney sync
	qip-server reconcile "$WORK/server" --open >/dev/null
	q fleckney sync >/dev/null
	q qk1-icb sync >/dev/null
	same 'it is there again' 1 "$(notes "Before the disk was lost, $when")"
	for home in fleckney qk1-icb; do
		same "contradictions found by $home" 0 "$(contradictions "$home")"
		q "$home" audit >/dev/null
	done
done

it 'A server that does not take a word on its log is told of; no other is sent until that is settled, and then one is'
days_later 20
head=$(git -C "$HOMES/fleckney/history.git" rev-parse refs/qip/work)
jq -ncSj --arg main "$(merge_of fleckney 1)" --argjson index "$(main_index)" \
	'{schema: "checkpoint/1", device: "fleckney", main: $main, index: $index, at: "2026-11-22T10:00:00.000Z"}' >"$WORK/checkpoint.json"
commit=$(forge_head "$HOMES/fleckney/history.git" "$(forge_tree "$HOMES/fleckney/history.git" "$head^{tree}" "checkpoints/fleckney.json=$WORK/checkpoint.json")" \
	"$(device_key fleckney)" fleckney Checkpoint "$head")
git -C "$HOMES/fleckney/history.git" update-ref refs/qip/work "$commit"
found fleckney "does not take this device's word .*\(commit $commit\)"
same 'kind' not-taken "$(q fleckney checkpoint --json | jq -r '.found[-1].kind')"
days_later 21
note fleckney QIP-01 'Sent all the same'
same 'checkpoint' false "$(q fleckney sync --json | jq .checkpoint)"
settle fleckney
note fleckney QIP-01 'And the next'
same 'checkpoint' true "$(q fleckney sync --json | jq .checkpoint)"
fsck "$(server_history)" "$HOMES"/*/history.git
server_stop
