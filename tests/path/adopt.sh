#!/usr/bin/env bash
# What a revoked device still pushes: never in the log, kept aside for managers, and taken over under a manager's own signature or dropped.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
join fleckney staff fleckney
join second manager kibworth
join lost-kiosk kiosk kibworth
sample_plan "$MANAGER" fleckney second
kiosk_sync lost-kiosk
# Of those who join, the first manager's device hands them the keys of patients' comments, which is an edit as others are; all know of it.
keys_handed_on() { q "$MANAGER" sync >/dev/null && q second sync >/dev/null; }
kept() { find "$WORK/server/$QIP_ODS/quarantine" -name '*.kept' 2>/dev/null | wc -l; }
shows() { q "$1" action show "$2" --json; }

# keep_as DEVICE COMMIT [REPO] - hand the server a commit by hand, on what the device had accepted; prints the status and what is said.
keep_as() {
	local repo=${3:-$HOMES/$1/history.git}
	printf '0032head %s\n' "$2" >"$WORK/kept.body"
	printf 0000 >>"$WORK/kept.body"
	printf '%s\n^%s\n' "$2" "refs/devices/$1" | git -C "$repo" pack-objects --revs --stdout -q >>"$WORK/kept.body"
	ask_as "$1" quarantine/keep application/x-qip-kept
}
# ask_as DEVICE WHAT TYPE - with $WORK/kept.body
ask_as() {
	curl -s -m 60 -o "$WORK/kept.said" -w '%{http_code} ' --cert "$HOMES/$1/device.crt" --key "$HOMES/$1/device.key" --cacert "$HOMES/$1/ca.crt" \
		-H "Content-Type: $3" --data-binary "@$WORK/kept.body" "$URL/$QIP_ODS/$2"
	cat "$WORK/kept.said"
}

it 'A revoked device is told that it is shut out, and that what it holds is kept aside'
q fleckney action set QIP-07 status=amber --effective 2022-09-02 >/dev/null
q fleckney action set QIP-07 status=green owner_role='Practice nurse' --effective 2022-09-03 >/dev/null
q fleckney action note QIP-05 'Fleckney audited; two points open' --effective 2022-09-03 >/dev/null
q fleckney action add --ref QIP-60 --finding 'Fridge log had gaps' >/dev/null
q fleckney action set QIP-03 status=amber >/dev/null
q "$MANAGER" action set QIP-03 status=green >/dev/null
q "$MANAGER" revoke fleckney --reason 'Stolen from a car' >/dev/null
q "$MANAGER" sync >/dev/null
main=$(git -C "$(server_history)" rev-parse main)
refused 'revoked.*kept aside at the server, for a manager' q fleckney sync
refused 'revoked.*kept aside' q fleckney sync
same 'what the server keeps' 1 "$(kept)"
same 'the log' "$main" "$(git -C "$(server_history)" rev-parse main)"
same 'what still waits at the device' 5 "$(q fleckney status --json | jq .waiting)"
same 'the server has no object of it in its history' '' \
	"$(git -C "$HOMES/fleckney/history.git" rev-parse refs/qip/work | git -C "$(server_history)" cat-file --batch-check | grep -v missing || true)"

it 'More of it replaces what was kept; nobody but a manager sees it, and only what a revoked device signed is kept'
q fleckney action note QIP-06 'Written after it was stolen' >/dev/null
refused 'kept aside' q fleckney sync
same 'what the server keeps' 1 "$(kept)"
same 'commits' 6 "$(q "$MANAGER" adopt list --json | jq '.[0].commits')"
join staff2 staff fleckney
keys_handed_on
refused 'for managers' q staff2 adopt list
refused 'nothing is kept aside under No 99' q "$MANAGER" adopt show 99
number=$(q "$MANAGER" adopt list --json | jq '.[0].number')

it 'What a revoked device did not sign is not kept'
says '^403 .*syncs as ever' "$(keep_as second "$(git -C "$HOMES/second/history.git" rev-parse refs/qip/work)")"
repo=$HOMES/fleckney/history.git
bad=$(forge_head "$repo" "refs/qip/work^{tree}" "$(foreign_key other)" fleckney 'By another key' refs/qip/work)
says '^4.. .*not signed by the key of fleckney' "$(keep_as fleckney "$bad")"
bad=$(forge_head "$repo" "refs/qip/work^{tree}" "$(device_key fleckney)" fleckney 'Without a parent')
says '^4.. .*a history of its own' "$(keep_as fleckney "$bad")"
printf 'head nothing' >"$WORK/kept.body"
says '^400 ' "$(ask_as fleckney quarantine/keep application/x-qip-kept)"
printf '{}' >"$WORK/kept.body"
says '^403 ' "$(ask_as staff2 quarantine/list application/json)"
says '^403 ' "$(ask_as fleckney quarantine/list application/json)"

it 'Nor what the device had no right to say, says one thing and means another, or goes on without end'
printf '{"id":"new","schema":"site/1"}' >"$WORK/site.json"
bad=$(forge_head "$repo" "$(forge_tree "$repo" "refs/qip/work^{tree}" "sites/new.json=$WORK/site.json")" "$(device_key fleckney)" fleckney 'A site' refs/qip/work)
says '^4.. .*may not write there' "$(keep_as fleckney "$bad")"
record=qip/$(q fleckney action show QIP-04 --json | jq -r .id).json
git -C "$repo" cat-file blob "refs/qip/work:$record" |
	jq -cSj --arg edit "$(uuid7)" '{device: "fleckney", by: "staff", effective: "2022-09-03", at: "2022-09-03T00:00:00.000Z", id: $edit, n: 900, value: "green"} as $claim |
	  .conflicts.status = [(.edits.status[] + {value: "red"}), $claim] | .status = "amber" | del(.edits.status)' >"$WORK/action.json"
bad=$(forge_head "$repo" "$(forge_tree "$repo" "refs/qip/work^{tree}" "$record=$WORK/action.json")" "$(device_key fleckney)" fleckney 'Amber' refs/qip/work)
says '^4.. .*do not agree' "$(keep_as fleckney "$bad")"
many=$(git -C "$repo" hash-object -w --stdin <"$WORK/site.json") mode='100644 blob'
for i in 1 2 3 4 5 6 7; do
	many=$(for name in {100..599}; do printf '%s %s\t%s\n' "$mode" "$many" "$name"; done | git -C "$repo" mktree)
	mode='040000 tree'
done
endless=$(printf '040000 tree %s\tqip\n' "$many" | git -C "$repo" mktree)
bad=$(forge_head "$repo" "$endless" "$(device_key fleckney)" fleckney 'Many' refs/qip/work)
says '^4.. ' "$(keep_as fleckney "$bad")"

it 'A device has a few kept, no more'
for i in 1 2 3; do
	own=$(forge_head "$repo" "refs/devices/fleckney^{tree}" "$(device_key fleckney)" fleckney "Another $i" refs/devices/fleckney)
	says '^200 ' "$(keep_as fleckney "$own")"
done
own=$(forge_head "$repo" "refs/devices/fleckney^{tree}" "$(device_key fleckney)" fleckney 'One too many' refs/devices/fleckney)
says '^413 .*as much as may be is kept' "$(keep_as fleckney "$own")"
same 'what the server keeps' 4 "$(kept)"
q "$MANAGER" adopt list --json | jq -r '.[] | select(.commits == 1) | "\(.number) \(.head)"' >"$WORK/others"
while read -r i head; do q "$MANAGER" adopt drop "$i" --head "$head" >/dev/null; done <"$WORK/others"
same 'what the server keeps' 1 "$(kept)"

it 'A manager reads what it says'
said=$(q "$MANAGER" adopt show "$number")
says 'sent by .*fleckney.* after it was revoked' "$said"
says 'Status changed from red to amber' "$said"
says 'Status changed from amber to green' "$said"
says 'QIP-03' "$said"
says 'Left as it is now: Status of QIP-03, for this device has set it anew since' "$said"
says 'Note added: "Fleckney audited; two points open"' "$said"
says 'QIP-60 \(new\)' "$said"
same 'edits as JSON' '5 records, 1 left' "$(q "$MANAGER" adopt show "$number" --json | jq -r '"\(.edits | length) records, \(.left | length) left"')"
same 'what waits at the manager' 0 "$(q "$MANAGER" status --json | jq .waiting)"

it 'Taken over, it is in the log under the signature of the manager, naming the commit it was made of; what the manager has set since stays'
q second sync >/dev/null
refused 'not looked at here yet' q second adopt take "$number"
refused 'not looked at here yet' q second adopt drop "$number"
q second adopt show "$number" >/dev/null
said=$(q "$MANAGER" adopt take "$number")
says '5 edits with [0-9]+ changes taken over in your name' "$said"
says '1 field left as it is now' "$said"
same 'what the manager keeps of it' '' "$(git -C "$HOMES/$MANAGER/history.git" for-each-ref refs/kept)"
said=$(q "$MANAGER" adopt show "$number")
says "Taken over before by .*$(manager_device)" "$said"
says 'would change nothing now' "$said"
says 'nothing was left to take over' "$(q "$MANAGER" adopt take "$number")"
same 'who takes it over' "$(manager_device)" "$(q second adopt list --json | jq -r '.[0].taken_by')"
refused "the device $(manager_device) is taking No $number over since .* and has not synced yet" q second adopt take "$number"
q fleckney action note QIP-08 'One more' >/dev/null
refused 'kept aside' q fleckney sync
number=$(q second adopt list --json | jq '.[0].number')
q second adopt show "$number" >/dev/null
refused "the device $(manager_device) is taking No $number over since .* and has not synced yet" q second adopt take "$number"
q "$MANAGER" sync >/dev/null
refused "the device $(manager_device) has taken No $number over meanwhile: run qip sync" q second adopt take "$number"
q "$MANAGER" adopt show "$number" >/dev/null
same 'what is left' "1 5 $(manager_device)" "$(q "$MANAGER" adopt take "$number" --json | jq -r '"\(.commits) \(.before) \(.before_by)"')"
q "$MANAGER" sync >/dev/null
q "$MANAGER" adopt show "$number" >/dev/null
says "nothing was left to take over. 6 had been taken over before by $(manager_device)" "$(q "$MANAGER" adopt take "$number")"
q second sync >/dev/null
same 'the status' green "$(shows second QIP-07 | jq -r .status)"
same 'conflicts of it' null "$(shows second QIP-07 | jq -c .conflicts)"
same 'whose claim it is' "$(manager_device)" "$(shows second QIP-07 | jq -r '.edits.status[0].device')"
same 'the day it speaks of' 2022-09-03 "$(shows second QIP-07 | jq -r '.edits.status[0].effective')"
says 'edited it, taking over what' "$(q second log QIP-07)"
same 'the note' 1 "$(shows second QIP-05 | jq '.notes | length')"
same 'the new action' 'Fridge log had gaps' "$(shows second QIP-60 | jq -r .finding)"
same 'what the manager had set' green "$(shows second QIP-03 | jq -r .status)"
adopted=$(git -C "$(server_history)" log --format='%(trailers:key=Qip-Adopts,valueonly)' main | grep -c '^[0-9a-f]\{40\}$')
same 'commits that name one of the revoked device' 6 "$adopted"
first=$(git -C "$(server_history)" log --reverse --format='%(trailers:key=Qip-Adopts,valueonly)' main | awk 'NF && !n++')
git -C "$HOMES/fleckney/history.git" cat-file -e "$first"
if git -C "$(server_history)" cat-file -e "$first" 2>/dev/null; then die 'a commit of the revoked device is in the history'; fi

it 'What one manager has taken over, another does not take again; what somebody else set meanwhile is a conflict like any other'
said=$(q second adopt show "$number")
says "Taken over before by .*$(manager_device)" "$said"
says 'Status changed from green to amber' "$said"
says '! Status would be in conflict with what others have set' "$said"
same 'what the second takes over, and who took the rest' "1 6 $(manager_device)" "$(q second adopt take "$number" --json | jq -r '"\(.commits) \(.before) \(.before_by)"')"
q second sync >/dev/null
same 'what shows' amber "$(shows second QIP-03 | jq -r .status)"
same 'conflicts' 'QIP-03 status' "$(q second conflicts --json | jq -r '.[] | "\(.ref) \(.slot)"')"
same 'notes, still' 1 "$(shows second QIP-05 | jq '.notes | length')"

it 'Whoever audits finds nothing wrong with it'
q second audit >/dev/null
"$QIP_SOURCE/tools/verify-history" --root "$(root_key)" "$HOMES/second/history.git" >/dev/null

it 'A backup holds what is kept, and dropping deletes it'
server_stop
qip-server backup "$WORK/server" "$WORK/copy" >/dev/null
find "$WORK/copy" -name '*.kept' | grep . >/dev/null
(cd "$WORK/copy/$QIP_ODS" && sha256sum --check --quiet SHA256SUMS)
server_start
refused "is not 0123456789" q "$MANAGER" adopt drop "$number" --head 0123456789
q "$MANAGER" adopt show "$number" >/dev/null
q "$MANAGER" adopt drop "$number" >/dev/null
same 'what the manager keeps of it' '' "$(git -C "$HOMES/$MANAGER/history.git" for-each-ref refs/kept)"
same 'what the server keeps' 0 "$(kept)"
refused 'nothing is kept aside' q "$MANAGER" adopt drop "$number"

# plant NUMBER COMMIT - as a server that lies would: kept as sent by fleckney, whatever it is.
plant() {
	printf '%s\n^%s\n' "$2" refs/devices/fleckney | git -C "$repo" pack-objects --revs --stdout -q >"$WORK/planted.pack"
	mkdir -p "$WORK/server/$QIP_ODS/quarantine"
	{
		jq -cnSj --arg head "$2" --arg hash "$(sha256sum <"$WORK/planted.pack" | cut -d ' ' -f 1)" --arg at "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" \
			'{schema: "kept/1", device: "fleckney", head: $head, received: $at, commits: 1, sha256: $hash}'
		printf '\n'
		cat "$WORK/planted.pack"
	} >"$WORK/server/$QIP_ODS/quarantine/$1.kept"
}
# grow_old NUMBER… - they have been kept for 35 days.
grow_old() {
	jq -cnSj --arg at "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" '{schema: "kept-age/1", at: $at, seconds: ($ARGS.positional | map({key: ., value: 3024000}) | from_entries)}' \
		--args "$@" >"$WORK/server/$QIP_ODS/quarantine/age.json"
}
# never_kept NUMBER COMMIT - the manager's device takes none of it in.
never_kept() {
	plant "$1" "$2"
	refused 'is not what fleckney could have sent: do not take it over' q "$MANAGER" adopt show "$1"
	if q "$MANAGER" adopt take "$1" >/dev/null 2>&1; then die "No $1 was taken over"; fi
	if git -C "$HOMES/$MANAGER/history.git" cat-file -e "$2" 2>/dev/null; then die "No $1 is in the manager's home"; fi
	same 'what the manager was shown' '' "$(git -C "$HOMES/$MANAGER/history.git" for-each-ref refs/kept)"
}

it 'A manager takes in nothing that the device could not have sent, whatever a server says'
own=refs/devices/fleckney
never_kept 101 "$(forge_head "$repo" "$own^{tree}" "$(foreign_key other)" fleckney 'By another key' "$own")"
never_kept 102 "$(forge_head "$repo" "$(forge_tree "$repo" "$own^{tree}" "sites/new.json=$WORK/site.json")" "$(device_key fleckney)" fleckney 'A site' "$own")"
never_kept 103 "$(forge_head "$repo" "$(forge_tree "$repo" "$own^{tree}" "$record=$WORK/action.json")" "$(device_key fleckney)" fleckney 'Amber' "$own")"
never_kept 104 "$(forge_head "$repo" "$own^{tree}" "$(device_key fleckney)" second 'As another device' "$own")"
never_kept 105 "$(forge_head "$repo" "$endless" "$(device_key fleckney)" fleckney 'Directories without end' "$own")"
plant 106 "$(forge_head "$repo" "$own^{tree}" "$(device_key fleckney)" fleckney 'Nothing at all' "$own")"
says 'would change nothing now' "$(q "$MANAGER" adopt show 106)"

it 'What stands under a number by now, and is not what was shown, is neither taken over nor dropped'
other=$(forge_head "$repo" "$own^{tree}" "$(device_key fleckney)" fleckney 'Something else' "$own")
plant 106 "$other"
refused 'No 106 at the server is another than the one that was looked at here' q "$MANAGER" adopt take 106
refused 'No 106 at the server is another than the one that was looked at here' q "$MANAGER" adopt drop 106
same 'what the server keeps' 6 "$(kept)"
printf '{"head":"%s","number":106}' "$(git -C "$repo" rev-parse "$own")" >"$WORK/kept.body"
for what in get take drop; do
	says '^409 .*No 106 is another than the one that was looked at' "$(ask_as "$MANAGER" "quarantine/$what" application/json)"
done
printf '{"number":106}' >"$WORK/kept.body"
says '^400 ' "$(ask_as "$MANAGER" quarantine/drop application/json)"

it 'What cannot be read is told of and harms no other; whoever runs the server finds it'
file=$WORK/server/$QIP_ODS/quarantine
printf 'not JSON' >"$file/107.kept"
: >"$file/108.kept"
printf '\0' | dd of="$file/101.kept" bs=1 seek=300 conv=notrunc status=none
said=$(q "$MANAGER" adopt list)
says '2 kept items can not be read: No 107: its first line is damaged; No 108' "$said"
says 'fleckney' "$said"
same 'as JSON' '[101,102,103,104,105,106,107,108]' "$(q "$MANAGER" adopt list --json | jq -c 'map(.number)')"
refused 'the server cannot read No 107' q "$MANAGER" adopt show 107
qip-server fsck "$WORK/server" >"$WORK/fsck.said" 2>&1 && die 'fsck finds nothing'
for i in 101 107 108; do says "quarantine/$i.kept" "$(cat "$WORK/fsck.said")"; done
same 'damages' 3 "$(grep -c 'quarantine/' "$WORK/fsck.said")"
says 'what a revoked device sent cannot be read.*number=107' "$(cat "$WORK"/logs/server*)"
q "$MANAGER" adopt show 106 >/dev/null
q "$MANAGER" adopt drop 106 >/dev/null
grow_old 107 108
rm "$file"/10[1-5].kept
same 'what is listed' '[]' "$(q "$MANAGER" adopt list --json | jq -c .)"
same 'what the server keeps' 0 "$(kept)"

it 'Whoever finds no place is told before a body is taken: a practice that is full, a device that is at it already'
for i in {201..232}; do : >"$file/$i.kept"; done
says '^413 .*as much as may be is kept' "$(keep_as fleckney "$other")"
says 'quarantine/keep.*status=413.*received=0 ' "$(grep 'status=413' "$WORK/logs/server.log" | tail -n 1)"
rm "$file"/2??.kept
mkfifo "$WORK/slow"
curl -s -m 60 -o "$WORK/slow.said" -X POST -T "$WORK/slow" --cert "$HOMES/fleckney/device.crt" --key "$HOMES/fleckney/device.key" --cacert "$HOMES/fleckney/ca.crt" \
	-H 'Content-Type: application/x-qip-kept' "$URL/$QIP_ODS/quarantine/keep" &
exec 7>"$WORK/slow"
is_busy() { grep -q '^503 ' <<<"$(keep_as fleckney "$other")"; }
wait_until 30 is_busy
exec 7>&-
wait "$!"
says 'begins with a packet' "$(cat "$WORK/slow.said")"
says '^200 ' "$(keep_as fleckney "$other")"
rm "$file"/*.kept

it 'What is too old goes when the server starts, and while it looks after its packs, though nobody lists it'
plant 301 "$other"
grow_old 301
server_stop
server_start
same 'what the server keeps' 0 "$(kept)"
plant 302 "$other"
grow_old 302
q "$MANAGER" site add thurnby --name Thurnby >/dev/null
q "$MANAGER" sync >/dev/null
wait_until 30 test ! -e "$file/302.kept"

it 'What a manager had taken over who is revoked before it arrived is taken over once, whichever of the two is shown first'
join third manager fleckney
keys_handed_on
for way in first-sent passed-on; do
	q "$MANAGER" sync >/dev/null
	q third sync >/dev/null
	q fleckney action note QIP-08 "Left behind, $way" >/dev/null
	refused 'kept aside' q fleckney sync
	number=$(q third adopt list --json | jq '.[0].number')
	q third adopt show "$number" >/dev/null
	q third adopt take "$number" >/dev/null
	[ "$way" = first-sent ] || break
	q third sync >/dev/null
done
q second sync >/dev/null
q second adopt show "$number" >/dev/null
refused 'the device third is taking .* has not synced yet; if it cannot any more, revoke it' q second adopt take "$number"
q "$MANAGER" revoke third >/dev/null
q "$MANAGER" sync >/dev/null
q second sync >/dev/null
refused 'kept aside' q third sync
passed_on=$(q second adopt list --json | jq '.[] | select(.device == "third").number')
q second adopt show "$passed_on" >/dev/null
same 'what is taken over of a copy' 1 "$(q second adopt take "$passed_on" --json | jq .commits)"
says 'Taken over before by .*second' "$(q second adopt show "$number" | grep -A 1 'QIP-08' | tail -n 3)"
same 'what is left of the original' 0 "$(q second adopt take "$number" --json | jq .commits)"
q second sync >/dev/null
same 'notes, each once' '["Left behind, first-sent","Left behind, passed-on","One more"]' "$(shows second QIP-08 | jq -c '[.notes[].text] | sort')"
same 'the note of long ago, still' 1 "$(shows second QIP-05 | jq '.notes | length')"
rm "$file"/*.kept "$file"/*.taken

# return_of DEVICE ROLE MONTH N [DAY] - a monthly return with so many answers, submitted on that day; its file.
return_of() {
	jq -ncSj --arg d "$1" --arg by "$2" --arg month "$3" --argjson n "$4" --arg day "${5:-}" --arg totals "$(uuid7)" --arg submitted "$(uuid7)" '
		def stamp($id; $n): {id: $id, device: $d, n: $n, by: $by, effective: "2022-07-08", at: "2022-07-08T09:00:00.000Z"};
		{schema: "return/1", month: $month, edits: {totals: [stamp($totals; 1)]},
		 totals: {options: {"very-good": $n, good: 0, neither: 0, poor: 0, "very-poor": 0, "dont-know": 0},
			  modes: {kiosk: $n, handwritten: 0, telephone: 0, sms: 0, online: 0, other: 0}}}
		| if $day == "" then . else .submitted = $day | .edits.submitted = [stamp($submitted; 2)] end' >"$WORK/return.$1.$3"
	printf '%s' "$WORK/return.$1.$3"
}

# noted DEVICE ROLE REPO TREE RECORD N - the record with so many notes more, of 4,000 characters each; its file.
noted() {
	head -c "$(($6 * 3000))" /dev/urandom | base64 -w 4000 | jq -R . | jq -cs . >"$WORK/notes"
	git -C "$3" cat-file blob "$4:$5" | jq -cSj --slurpfile texts "$WORK/notes" --arg d "$1" --arg by "$2" --arg id "$(uuid7)" '
		.notes += ($texts[0] | to_entries | map({key: ($id[:24] + (100000000000 + .key | tostring)),
			value: {device: $d, by: $by, effective: "2022-09-03", at: "2022-09-03T00:00:00.000Z", text: .value}}) | from_entries)' >"$WORK/noted.$1"
	printf '%s' "$WORK/noted.$1"
}

it 'What a colleague submitted first makes nothing wrong that was made before: that alone is left, with its reason, and the rest is taken over'
seen=$(git -C "$repo" rev-parse refs/heads/main)
first=$(forge_head "$repo" "$(forge_tree "$repo" "$seen^{tree}" "returns/fft/2022-06.json=$(return_of fleckney staff 2022-06 7)")" "$(device_key fleckney)" \
	fleckney 'Count June' "$seen")
last=$(forge_head "$repo" "$(forge_tree "$repo" "$first^{tree}" "returns/fft/2022-05.json=$(return_of fleckney staff 2022-05 9)")" "$(device_key fleckney)" \
	fleckney 'Count May' "$first")
long=qip/$(q fleckney action show QIP-02 --json | jq -r .id).json
last=$(forge_head "$repo" "$(forge_tree "$repo" "$last^{tree}" "$long=$(noted fleckney staff "$repo" "$last" "$long" 40)")" "$(device_key fleckney)" \
	fleckney 'Many words' "$last")
q second sync >/dev/null
theirs=$(forge_repo second)
push_as second "$theirs" "$(forge_head "$theirs" "$(forge_tree "$theirs" "main^{tree}" "returns/fft/2022-06.json=$(return_of second manager 2022-06 8 2022-07-08)" \
	"$long=$(noted second manager "$theirs" main "$long" 40)")" \
	"$(device_key second)" second 'Submit June' main)"
q second sync >/dev/null
q "$MANAGER" sync >/dev/null
says '^200 ' "$(keep_as fleckney "$last")"
number=$(q "$MANAGER" adopt list --json | jq '.[0].number')
said=$(q "$MANAGER" adopt show "$number")
says 'the return was submitted on' "$said"
says 'the record is larger than' "$said"
same 'what is taken over' '1 2' "$(q "$MANAGER" adopt take "$number" --json | jq -r '"\(.commits) \(.left)"')"
q "$MANAGER" sync >/dev/null
same 'May, as the device counted it' 9 "$(git -C "$(server_history)" cat-file blob main:returns/fft/2022-05.json | jq '.totals.options["very-good"]')"
same 'June, as it was submitted' 8 "$(git -C "$(server_history)" cat-file blob main:returns/fft/2022-06.json | jq '.totals.options["very-good"]')"
q second sync >/dev/null
rm "$file"/*.kept "$file"/*.taken

it 'Answers of a revoked kiosk are kept and listed, and nobody can give them out as their own'
q "$MANAGER" revoke lost-kiosk >/dev/null
q "$MANAGER" sync >/dev/null
kiosk_start lost-kiosk # which also syncs by itself, whenever it likes
answer good
answer poor
qip-kiosk sync --home "$HOMES/lost-kiosk" >"$WORK/said" 2>&1 || true
says 'kept aside' "$(cat "$WORK/said")"
number=$(q "$MANAGER" adopt list --json | jq '.[0].number')
says '2 answers of patients: nobody can take them over' "$(q "$MANAGER" adopt show "$number")"
same 'a number that nobody had' "$(jq '.next - 1' "$WORK/server/$QIP_ODS/quarantine/next.json")" "$number"
[ "$number" -gt 7 ] || die "the number $number was given before"
says '2 records stay aside' "$(q "$MANAGER" adopt take "$number")"
same 'answers in the log' 0 "$(answers_on_main)"
same 'what waits at the kiosk' 2 "$(kiosk_says lost-kiosk waiting)"
stop lost-kiosk

it 'What is kept grows too old and is deleted'
file=$(find "$WORK/server/$QIP_ODS/quarantine" -name '*.kept')
grow_old "$(basename "$file" .kept)"
same 'what is listed' '[]' "$(q "$MANAGER" adopt list --json | jq -c .)"
same 'what the server keeps' 0 "$(kept)"

it 'Who does not know yet what other managers took over syncs first: be they revoked since, or the number dropped; what others than managers sent hinders nobody'
q second sync >/dev/null
join fourth manager fleckney
keys_handed_on
q fourth sync >/dev/null
q fleckney action note QIP-09 'Once, of who was revoked' >/dev/null
refused 'kept aside' q fleckney sync
number=$(q second adopt list --json | jq '.[0].number')
q second adopt show "$number" >/dev/null
q fourth adopt show "$number" >/dev/null
q fourth adopt take "$number" >/dev/null
q fourth sync >/dev/null
q "$MANAGER" sync >/dev/null
q "$MANAGER" revoke fourth >/dev/null
q "$MANAGER" sync >/dev/null
refused "since this device synced: run qip sync, then look again: qip adopt show $number" q second adopt take "$number"
q "$MANAGER" adopt show "$number" >/dev/null
q "$MANAGER" adopt drop "$number" >/dev/null
q fleckney action note QIP-09 'And more' >/dev/null
refused 'kept aside' q fleckney sync
number=$(q second adopt list --json | jq '.[0].number')
q second adopt show "$number" >/dev/null
refused 'run qip sync' q second adopt take "$number"
q second sync >/dev/null
q staff2 action note QIP-09 'Of staff' >/dev/null
q staff2 sync >/dev/null
same 'what is left' 1 "$(q second adopt take "$number" --json | jq .commits)"
q second sync >/dev/null
same 'notes, each once' '["And more","Of staff","Once, of who was revoked"]' "$(shows second QIP-09 | jq -c '[.notes[].text] | sort')"
q second adopt show "$number" >/dev/null
q second adopt drop "$number" >/dev/null

it 'While a sync that takes it over has arrived in part alone, nobody else takes the rest over; and nobody drops what is not in the log at all'
q second sync >/dev/null
q fleckney action note QIP-09 'The first half' >/dev/null
q fleckney action note QIP-09 'The second half' >/dev/null
refused 'kept aside' q fleckney sync
number=$(q second adopt list --json | jq '.[0].number')
q second adopt show "$number" >/dev/null
same 'what the second takes over' 2 "$(q second adopt take "$number" --json | jq .commits)"
q "$MANAGER" adopt show "$number" >/dev/null
refused 'the device second is taking .* and has not synced yet: it can be dropped after that' q "$MANAGER" adopt drop "$number"
push_as second "$HOMES/second/history.git" refs/qip/work~1
q "$MANAGER" sync >/dev/null
q "$MANAGER" adopt show "$number" >/dev/null
refused "the device second is taking No $number over since .* and has not synced all of it yet; if it cannot any more, revoke it" q "$MANAGER" adopt take "$number"
q second sync >/dev/null
refused "the device second has taken No $number over meanwhile: run qip sync" q "$MANAGER" adopt take "$number"
q "$MANAGER" sync >/dev/null
same 'what is left' 0 "$(q "$MANAGER" adopt take "$number" --json | jq .commits)"
halves=$(shows "$MANAGER" QIP-09 | jq -c '[.notes[].text | select(endswith("half"))] | sort')
same 'notes, each once' '["The first half","The second half"]' "$halves"

it 'Of what is kept and the copy of a manager who was revoked since, one is taken over at a time'
join fifth manager fleckney
keys_handed_on
q fifth sync >/dev/null
q fleckney action note QIP-09 'Copied' >/dev/null
refused 'kept aside' q fleckney sync
number=$(q fifth adopt list --json | jq '.[0].number')
q fifth adopt show "$number" >/dev/null
q fifth adopt take "$number" >/dev/null
q "$MANAGER" sync >/dev/null
q "$MANAGER" revoke fifth >/dev/null
q "$MANAGER" sync >/dev/null
refused 'kept aside' q fifth sync
q second sync >/dev/null
copy=$(q second adopt list --json | jq '.[] | select(.device == "fifth").number')
q second adopt show "$number" >/dev/null
same 'what the second takes over' 1 "$(q second adopt take "$number" --json | jq .commits)"
q "$MANAGER" adopt show "$copy" >/dev/null
refused "the device second is taking No $number over since .*, which may hold the same, and has not synced yet" q "$MANAGER" adopt take "$copy"
q second sync >/dev/null
refused 'run qip sync' q "$MANAGER" adopt take "$copy"
q "$MANAGER" sync >/dev/null
same 'what is left of the copy' 0 "$(q "$MANAGER" adopt take "$copy" --json | jq .commits)"
same 'the note, once' 1 "$(shows "$MANAGER" QIP-09 | jq '[.notes[].text | select(. == "Copied")] | length')"
q "$MANAGER" adopt show "$copy" >/dev/null
q "$MANAGER" adopt drop "$copy" >/dev/null

it 'What has rotted at the server is kept anew when the device sends it again, in the place of what has rotted; who takes it over still does'
q fleckney action note QIP-10 'Sent twice' >/dev/null
refused 'kept aside' q fleckney sync
number=$(q "$MANAGER" adopt list --json | jq '.[0].number')
q "$MANAGER" sync >/dev/null
q "$MANAGER" adopt show "$number" >/dev/null
q "$MANAGER" adopt take "$number" >/dev/null
file=$WORK/server/$QIP_ODS/quarantine
printf '\0\0\0\0' | dd of="$file/$number.kept" bs=1 seek=400 conv=notrunc status=none
head=$(git -C "$HOMES/fleckney/history.git" rev-parse refs/qip/work)
same 'where it is kept' "200 {\"kept\":$((number + 1))}" "$(keep_as fleckney "$head")"
same 'the same, sent once more' "200 {\"kept\":$((number + 1))}" "$(keep_as fleckney "$head")"
same 'what the server keeps' 1 "$(kept)"
test ! -e "$file/$number.taken"
number=$((number + 1))
same 'who takes it over' "$(manager_device)" "$(q second adopt list --json | jq -r '.[0].taken_by')"
q second adopt show "$number" >/dev/null
refused "the device $(manager_device) is taking No $number over since .* and has not synced yet" q second adopt take "$number"

server_stop
fsck "$(server_history)" "$HOMES"/*/history.git
