#!/usr/bin/env bash
# What the server takes in: commits made by hand with a device's true key and certificate, each with one thing wrong, are refused by name.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
join hand kiosk kibworth
join other kiosk kibworth
join fleckney staff fleckney
sample_plan "$MANAGER" fleckney

# ---- a kiosk ----
repo=$(forge_repo hand)
key=$(device_key hand)
head=$(git -C "$repo" rev-parse own)

# kiosk_head CHANGE… - a commit on the kiosk's head.
kiosk_head() { forge_head "$repo" "$(forge_tree "$repo" "$head^{tree}" "$@")" "$key" hand 'Add answers' "$head"; }
answer_path() { printf 'feedback/%s/0/0/%s.json' "$1" "$2"; }

it 'An answer in due form is accepted, although stock git and ssh-keygen made the commit'
enrolled=$head
head=$(kiosk_head "$(answer_path hand 1)=$(feedback_record hand 1)")
push_as hand "$repo" "$head"
same 'answers' 1 "$(answers_on_main)"

it 'The same push again changes nothing'
before=$(server_state)
push_as hand "$repo" "$head" >/dev/null 2>&1 || true
same 'the server' "$before" "$(server_state)"

it 'A kiosk writes nowhere but in its own folders'
for path in practice.json sites/new.json surveys/fft.json devices/new.json devices/other.json "qip/$(uuid7).json" "$(answer_path other 1)" \
	keys/2.json README.md feedback/stray.json feedback/hand/0/stray.json 'inspections/x.json'; do
	push_refused "$path" hand "$repo" "$(kiosk_head "$path=$(feedback_record hand 2)")"
done

it 'An answer cannot be changed, dropped, doubled or left out'
push_refused "$(answer_path hand 1)" hand "$repo" "$(kiosk_head "$(answer_path hand 1)=$(feedback_record hand 1)")"
push_refused "$(answer_path hand 1)" hand "$repo" "$(kiosk_head "$(answer_path hand 1)=")"
push_refused 'without a gap' hand "$repo" "$(kiosk_head "$(answer_path hand 3)=$(feedback_record hand 3)")"
push_refused "$(answer_path hand 2)" hand "$repo" "$(kiosk_head "$(answer_path hand 2)=$(feedback_record hand 1)")"
push_refused "$(answer_path hand 2)" hand "$repo" "$(kiosk_head "$(answer_path hand 2)=$(feedback_record other 2)")"

it 'A record that breaks its schema is refused, with the place of the fault'
broken() { push_refused "$1" hand "$repo" "$(kiosk_head "$(answer_path hand 2)=$(feedback_record hand 2 "$2")")"; }
broken 'answers' '.answers.experience = "Free text with Names"'
broken 'answers' 'del(.answers)'
broken 'mode' '.mode = "carrier-pigeon"'
broken 'comment|text' '. + {text: "hello"}'
broken 'comment' '.comment = {sha256: "abc", size: 3, publish: true, key: 1}'
broken 'id' '.id = "not-an-id"'

it 'A record of a newer form than the practice has agreed on is refused'
broken 'feedback/2|newer|version|level' '.schema = "feedback/2"'

it 'JSON that is not in canonical form is refused'
jq . "$(feedback_record hand 2)" >"$WORK/pretty.json"
push_refused "$(answer_path hand 2)" hand "$repo" "$(kiosk_head "$(answer_path hand 2)=$WORK/pretty.json")"
printf '{"schema":"feedback/1","schema":"feedback/1"}' >"$WORK/double.json"
push_refused "$(answer_path hand 2)" hand "$repo" "$(kiosk_head "$(answer_path hand 2)=$WORK/double.json")"

it 'Links, programs and submodules are refused'
blob=$(git -C "$repo" hash-object -w "$(feedback_record hand 2)")
for mode in 120000 100755 160000; do
	object=$blob
	[ "$mode" = 160000 ] && object=$head
	export GIT_INDEX_FILE=$WORK/modes.index
	git -C "$repo" read-tree "$head^{tree}"
	printf '%s %s\t%s\n' "$mode" "$object" "$(answer_path hand 2)" | git -C "$repo" update-index --index-info
	tree=$(git -C "$repo" write-tree)
	unset GIT_INDEX_FILE
	push_refused 'mode|entry|form|tree|not allowed' hand "$repo" "$(forge_head "$repo" "$tree" "$key" hand 'Add answers' "$head")"
done

it 'A commit that is not signed, or not by the device, is refused'
tree=$(forge_tree "$repo" "$head^{tree}" "$(answer_path hand 2)=$(feedback_record hand 2)")
push_refused 'sign' hand "$repo" "$(forge_head "$repo" "$tree" '' hand 'Add answers' "$head")"
push_refused 'sign|key' hand "$repo" "$(forge_head "$repo" "$tree" "$(foreign_key stranger)" hand 'Add answers' "$head")"
push_refused 'sign|key' hand "$repo" "$(forge_head "$repo" "$tree" "$(device_key other)" hand 'Add answers' "$head")"
push_refused 'name|device|author|message' hand "$repo" "$(forge_head "$repo" "$tree" "$key" other 'Add answers' "$head")"
push_refused 'Qip-Device|message' hand "$repo" "$(forge_commit "$repo" "$tree" "$key" hand 'Add answers' "$head")"

it 'An older head, or one that leaves out what was accepted, is refused'
good=$(kiosk_head "$(answer_path hand 2)=$(feedback_record hand 2)")
push_refused 'accepted before' hand "$repo" "$enrolled"
sibling=$(forge_head "$repo" "$(forge_tree "$repo" "$enrolled^{tree}" "$(answer_path hand 1)=$(feedback_record hand 1)")" "$key" hand 'Add answers' "$enrolled")
push_refused 'contain|accepted|last|behind' hand "$repo" "$sibling"

it 'No ref but the own one, and no deleting'
for ref in refs/heads/main refs/devices/other refs/devices/fleckney refs/kiosk/config refs/tags/v1 refs/heads/new refs/devices/nobody; do
	push_refused 'ref|not allowed|own' hand "$repo" "$good" "$ref"
done
push_refused 'rejected' hand "$repo" ''

it 'After all those refusals the next good answer goes in'
push_as hand "$repo" "$good"
same 'answers' 2 "$(answers_on_main)"
push_refused 'older|newer|behind|accepted' hand "$repo" "$head"

it 'A kiosk reads its own ref and what kiosks need, not the history'
refs=$(git_as hand ls-remote "$(history_url)" | cut -f 2)
says 'refs/kiosk/config' "$refs"
if grep -Eq 'refs/heads/main|refs/devices/(other|fleckney)' <<<"$refs"; then
	die "a kiosk sees: $refs"
fi
main=$(git -C "$(server_history)" rev-parse main)
if git_as hand -C "$repo" fetch -q "$(history_url)" "$main" >/dev/null 2>&1; then
	die 'a kiosk may fetch the log by its id'
fi

# ---- staff ----
repo=$(forge_repo fleckney)
key=$(device_key fleckney)
head=$(git -C "$repo" rev-parse main)
action=$(git -C "$repo" ls-tree --name-only "$head" qip/ | head -n 1)

# staff_head CHANGE… - a commit on main.
staff_head() { forge_head "$repo" "$(forge_tree "$repo" "$head^{tree}" "$@")" "$key" fleckney 'Edit actions' "$head"; }
# The action as the filter makes it.
changed() {
	git -C "$repo" cat-file blob "$head:$action" | jq -cSj --arg id "$(uuid7)" --arg at "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" "$1" >"$WORK/changed.json"
	printf '%s' "$WORK/changed.json"
}

it 'Staff change an action in their own name only'
# shellcheck disable=SC2016 # jq's variables
stamp='{id: $id, device: "fleckney", n: 2, by: "staff", effective: "2022-09-01", at: $at}'
push_refused "$action" fleckney "$repo" "$(staff_head "$action=$(changed '.status = "green"')")"
push_refused "$action" fleckney "$repo" "$(staff_head "$action=$(changed '.status = "green" | .edits.status = [.edits.status[0]]')")"
push_refused "$action" fleckney "$repo" "$(staff_head "$action=$(changed ".status = \"green\" | .edits.status = [$stamp | .device = \"other\"]")")"
push_refused "$action" fleckney "$repo" "$(staff_head "$action=$(changed ".status = \"green\" | .edits.status = [$stamp | .by = \"manager\"]")")"
push_refused "$action" fleckney "$repo" "$(staff_head "$action=$(changed 'del(.status) | del(.edits.status)')")"

it 'Staff change no sites, surveys, keys or devices, and no answers'
printf '{"id":"new","name":"New","schema":"site/1"}' >"$WORK/site.json"
push_refused 'sites/new.json' fleckney "$repo" "$(staff_head "sites/new.json=$WORK/site.json")"
push_refused 'devices/hand.json' fleckney "$repo" "$(staff_head 'devices/hand.json=')"
push_refused "$(answer_path hand 1)" fleckney "$repo" "$(staff_head "$(answer_path hand 1)=")"

it 'A device makes no merges'
merge=$(forge_head "$repo" "$head^{tree}" "$key" fleckney 'Merge' "$head" "$(git -C "$repo" rev-parse own)")
push_refused 'parent|merge' fleckney "$repo" "$merge"

it 'The same change in due form is accepted'
push_as fleckney "$repo" "$(staff_head "$action=$(changed "([.edits[][].n] | max) as \$n | .status = \"green\" | .edits.status = [$stamp | .n = \$n + 1]")")"

q "$MANAGER" sync >/dev/null
q "$MANAGER" audit >/dev/null
server_stop
fsck "$(server_history)" "$HOMES/$MANAGER/history.git"
