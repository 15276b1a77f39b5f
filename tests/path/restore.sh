#!/usr/bin/env bash
# The server's disk is lost and the server restored from a backup: what was acknowledged comes back from the devices; what none of them holds is told.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
join fleckney staff fleckney
join kib-kiosk kiosk kibworth
sample_plan "$MANAGER" fleckney
kiosk_start kib-kiosk
device=$(manager_device)

answers=0
more_answers() {
	local option
	for option in "$@"; do
		answer "$option"
		answers=$((answers + 1))
	done
}
main_index() { git -C "$(server_history)" log -1 --format=%B refs/heads/main | sed -n 's/^Qip-Index: //p'; }
notes_of() { q "$1" action show "$2" --json | jq -r '.notes // {} | .[].text' | sort; }

# disk_lost BACKUP - and the server is started again out of it.
disk_lost() {
	server_stop
	rm -rf "$WORK/server"
	qip-server restore "$1" "$WORK/server" >/dev/null
	server_start
}
waits='restored from a backup.*nothing is lost'

it 'A backup is made while devices push, and is whole'
kept=$(put_blob 'a sealed comment')
erased=$(put_blob 'another sealed comment')
(
	trap - EXIT
	for i in 1 2 3 4 5 6; do
		q fleckney action note QIP-01 "Meanwhile $i" >/dev/null
		q fleckney sync >/dev/null
	done
) &
pushing=$!
more_answers good poor
kiosk_sync kib-kiosk
qip-server backup "$WORK/server" "$WORK/first" >/dev/null
wait "$pushing"
fsck "$WORK/first/$QIP_ODS/history.git"
(cd "$WORK/first" && sha256sum --check --quiet SHA256SUMS && cd "$QIP_ODS" && sha256sum --check --quiet SHA256SUMS)
same 'what others may read of it' '' "$(find "$WORK/first" -perm /077)"
refused 'there already' qip-server backup "$WORK/server" "$WORK/first"
qip-server fsck "$WORK/server" >/dev/null

it 'Life goes on after it: answers, edits at two sites, a new device, an erasure'
more_answers good very-good neither
kiosk_sync kib-kiosk
q fleckney action set QIP-03 status=amber >/dev/null
q fleckney sync >/dev/null
q "$MANAGER" action note QIP-02 'After the backup' >/dev/null
q "$MANAGER" sync >/dev/null
join great-glen staff great-glen
q great-glen action note QIP-02 'By a device that the backup does not know' >/dev/null
q great-glen sync >/dev/null
erase_blob "$erased"
before=$(git -C "$(server_history)" rev-parse refs/heads/main)
head_before=$(git -C "$(server_history)" rev-parse refs/devices/kib-kiosk)

it 'The disk is lost: the restored server is closed, and says so in words'
disk_lost "$WORK/first"
refused "$waits" q fleckney sync
refused "$waits" qip-kiosk sync --home "$HOMES/kib-kiosk"
git_as fleckney ls-remote "$(history_url)" >/dev/null 2>&1 && die 'a closed practice shows its refs'
refused 'closed|restored' qip-server add-auditor "$WORK/server" "$QIP_ODS" nhse-audit

it 'Patients are thanked all the same'
more_answers poor

it 'Devices offer what they hold, also one that the backup does not know'
says 'not heard of since: .*kibworth|not heard of since: .*'"$device" "$(qip-server reconcile "$WORK/server")"
refused "$waits" q great-glen sync
refused "$waits" q "$MANAGER" sync
shown=$(qip-server reconcile "$WORK/server")
says "$device +holds the log up to merge" "$shown"
says 'kib-kiosk +knows of merge' "$shown"
says 'every device was heard' "$shown"

it 'It is opened beside the serving process with the highest main, and what was erased stays erased'
says 'nothing is lost' "$(qip-server reconcile "$WORK/server" --open)"
same 'main' "$before" "$(git -C "$(server_history)" rev-parse refs/heads/main)"
same "the kiosk's head" "$head_before" "$(git -C "$(server_history)" rev-parse refs/devices/kib-kiosk)"
has_blob "$kept" || die 'a blob is lost'
has_blob "$erased" && die 'an erased blob came back'
says 'open' "$(qip-server reconcile "$WORK/server")"

it 'Nothing that was acknowledged is missing, or said to be missing'
kiosk_sync kib-kiosk
for home in fleckney "$MANAGER" great-glen fleckney; do
	q "$home" sync >/dev/null
done
same 'answers' "$answers" "$(answers_on_main)"
same 'notes' 'After the backup
By a device that the backup does not know' "$(notes_of fleckney QIP-02 | grep -v '^$')"
same 'the status' amber "$(q "$MANAGER" action show QIP-03 --json | jq -r .status)"
audit=$(q "$MANAGER" audit --json)
same 'findings' 0 "$(jq '.findings | length' <<<"$audit")"
same 'incidents' 0 "$(jq '.incidents | length' <<<"$audit")"
qip-server fsck "$WORK/server" >/dev/null
fsck "$(server_history)" "$HOMES"/*/history.git

it 'The newest main is lost with the device that had it: a kiosk alone knows that there was more'
qip-server backup "$WORK/server" "$WORK/second" >/dev/null
q fleckney sync >/dev/null
taken=$(main_index)
q "$MANAGER" site add kibworth-annexe --name 'Kibworth Annexe' >/dev/null
q "$MANAGER" sync >/dev/null
q "$MANAGER" audit >/dev/null # up to a merge that will be lost
more_answers good
kiosk_sync kib-kiosk
for i in 1 2 3 4 5 6 7 8; do
	q "$MANAGER" action note QIP-06 "Lost $i" >/dev/null
	q "$MANAGER" sync >/dev/null
done
q "$MANAGER" checkpoint --signed >"$WORK/manager.txt" # of a merge that nobody else knows of
known=$(git -C "$HOMES/kib-kiosk/history.git" log -1 --format=%B refs/kiosk/config | sed -n 's/^Qip-Index: //p')
mv "$HOMES/$MANAGER" "$WORK/away"
disk_lost "$WORK/second"
refused "$waits" q fleckney sync
refused "$waits" q great-glen sync
refused "$waits" qip-kiosk sync --home "$HOMES/kib-kiosk"
opened=$(qip-server reconcile "$WORK/server" --open)
says "lost: merges $((taken + 1)) to $known" "$opened"
says "not heard of since: $device" "$opened"

it 'The kiosk sends its answers again by itself, under their numbers'
kiosk_sync kib-kiosk
same 'answers' "$answers" "$(answers_on_main)"
kiosk_sync kib-kiosk
same 'answers' "$answers" "$(answers_on_main)"

it 'The loss is told in the log, signed by the server, and the audit shows it'
q fleckney sync >/dev/null
q great-glen sync >/dev/null
audit=$(q fleckney audit --json)
same 'findings' 0 "$(jq '.findings | length' <<<"$audit")"
same 'incidents' 1 "$(jq '.incidents | length' <<<"$audit")"
same 'went on from' "$taken" "$(jq '.incidents[0].index' <<<"$audit")"
same 'was known' "$known" "$(jq '.incidents[0].known' <<<"$audit")"
same 'not heard' "$device" "$(jq -r '.incidents[0].unheard[]' <<<"$audit")"
says "merges $((taken + 1)) to $known are lost" "$(q fleckney audit)"
qip-server fsck "$WORK/server" >/dev/null
fsck "$(server_history)"

it 'What a device knew that nobody heard of is not held against the restored server: not by its text, before or after the log reaches that number'
[ "$(sed -n 's/^merge //p' "$WORK/manager.txt")" -gt "$known" ] || die 'the text is not of a later merge than was known'
says 'The next sync compares it' "$(q great-glen checkpoint --check "$WORK/manager.txt")"
q great-glen sync >/dev/null
until [ "$(main_index)" -ge "$(sed -n 's/^merge //p' "$WORK/manager.txt")" ]; do
	q fleckney action note QIP-07 'After the restore' >/dev/null
	q fleckney sync >/dev/null
done
q great-glen sync >/dev/null
refused 'was lost when the server was restored' q great-glen checkpoint --check "$WORK/manager.txt"
for home in great-glen fleckney; do
	same "contradictions found by $home" 0 "$(q "$home" status --json | jq .contradictions)"
done

it 'The device that was away comes back: its edits are made again, and what it knew is kept'
mv "$WORK/away" "$HOMES/$MANAGER"
left=$(git -C "$HOMES/$MANAGER/history.git" rev-parse refs/heads/main)
q "$MANAGER" action note QIP-04 'Written while away' >/dev/null
q "$MANAGER" sync >/dev/null
same 'what it knew' "$left" "$(git -C "$HOMES/$MANAGER/history.git" rev-parse refs/lost/1)"
same 'refused' 0 "$(q "$MANAGER" refused --json | jq length)"
q fleckney sync >/dev/null
says 'Kibworth Annexe' "$(q fleckney site list)"
same 'the note' 'Written while away' "$(notes_of fleckney QIP-04)"
q "$MANAGER" sync >/dev/null
same 'the log' "$(git -C "$(server_history)" rev-parse refs/heads/main)" "$(git -C "$HOMES/$MANAGER/history.git" rev-parse refs/heads/main)"
refused_with 4 'audit --all' q "$MANAGER" audit
says "merges $((taken + 1)) to $known are lost" "$(q "$MANAGER" audit --all)"
q "$MANAGER" audit >/dev/null

it 'A kiosk that was away with the newest configuration goes on from the one that tells of the restore'
qip-server backup "$WORK/server" "$WORK/third" >/dev/null
q "$MANAGER" site add great-glen-annexe --name 'Great Glen Annexe' >/dev/null
q "$MANAGER" sync >/dev/null
more_answers poor good
kiosk_sync kib-kiosk
disk_lost "$WORK/third"
refused "$waits" q fleckney sync
says 'not heard of since:.* kib-kiosk' "$(qip-server reconcile "$WORK/server" --open)"
kiosk_sync kib-kiosk
same 'answers' "$answers" "$(answers_on_main)"
q "$MANAGER" sync >/dev/null
q fleckney sync >/dev/null
says 'Great Glen Annexe' "$(q fleckney site list)"
kiosk_sync kib-kiosk
same 'the configuration' "$(git -C "$(server_history)" rev-parse refs/kiosk/config)" \
	"$(git -C "$HOMES/kib-kiosk/history.git" rev-parse refs/kiosk/config)"
same 'incidents' 2 "$(q "$MANAGER" audit --json | jq '.incidents | length')"

it 'A kiosk whose enrolment itself was lost sends that again, and its answers behind it'
code=$(invite late-kiosk kiosk great-glen)
q fleckney sync >/dev/null
q great-glen sync >/dev/null
kiosk_sync kib-kiosk
qip-server backup "$WORK/server" "$WORK/fourth" >/dev/null
qip-kiosk join "$URL" "$code" --home "$HOMES/late-kiosk" >/dev/null
stop kib-kiosk
kiosk_start late-kiosk
more_answers good neither
kiosk_sync late-kiosk
same 'answers' "$answers" "$(answers_on_main)"
disk_lost "$WORK/fourth"
refused "$waits" qip-kiosk sync --home "$HOMES/late-kiosk"
qip-server reconcile "$WORK/server" --open >/dev/null
same 'answers' "$((answers - 2))" "$(answers_on_main)"
kiosk_sync late-kiosk
same 'answers' "$answers" "$(answers_on_main)"
more_answers poor
kiosk_sync late-kiosk
same 'answers' "$answers" "$(answers_on_main)"
q "$MANAGER" sync >/dev/null
q "$MANAGER" audit >/dev/null
stop late-kiosk

it 'Two servers worked with the same keys: the longer log goes on, and who holds the other makes its edits again'
qip-server backup "$WORK/server" "$WORK/fifth" >/dev/null
q fleckney sync >/dev/null
server_stop
cp -a "$WORK/server" "$WORK/twin"
server_start
q fleckney action note QIP-05 'By the first of the two' >/dev/null
q fleckney sync >/dev/null
server_stop
rm -rf "$WORK/server"
mv "$WORK/twin" "$WORK/server"
server_start
for text in 'By the second' 'By the second again'; do
	q "$MANAGER" action note QIP-05 "$text" >/dev/null
	q "$MANAGER" sync >/dev/null
done
meet=$(($(main_index) - 2))
disk_lost "$WORK/fifth"
refused "$waits" q fleckney sync
refused "$waits" q "$MANAGER" sync
refused "$waits" q great-glen sync
refused "$waits" qip-kiosk sync --home "$HOMES/kib-kiosk"
refused "$waits" qip-kiosk sync --home "$HOMES/late-kiosk"
says "another log after merge $meet: two servers" "$(qip-server reconcile "$WORK/server")"
says 'might lose' "$(qip-server reconcile "$WORK/server")"
says 'make their own edits again' "$(qip-server reconcile "$WORK/server" --open)"
q fleckney sync >/dev/null
q "$MANAGER" sync >/dev/null
same 'notes' 'By the first of the two
By the second
By the second again' "$(notes_of "$MANAGER" QIP-05 | grep -v '^$')"
audit=$(q "$MANAGER" audit --json)
same 'findings' 0 "$(jq '.findings | length' <<<"$audit")"
same 'the place' "$meet" "$(jq '.incidents[-1].index' <<<"$audit")"
q great-glen sync >/dev/null
kiosk_sync kib-kiosk
kiosk_sync late-kiosk
same 'answers' "$answers" "$(answers_on_main)"

it 'None of those restores was taken for a server that contradicts itself'
for home in fleckney great-glen "$MANAGER"; do
	same "contradictions found by $home" 0 "$(q "$home" status --json | jq .contradictions)"
done

it 'A history that was rewritten without a word is refused as ever'
q fleckney sync >/dev/null
server_stop
cp -a "$WORK/server" "$WORK/honest"
forged=$(server_history)
git -C "$forged" update-ref refs/heads/main refs/heads/main~2
forge_merge "$forged" "$(git -C "$forged" rev-parse 'refs/heads/main^{tree}')" "$(git -C "$forged" rev-parse refs/devices/fleckney)" fleckney >/dev/null
server_start
refused_with 5 'another history' q fleckney sync
server_stop
rm -rf "$WORK/server"
mv "$WORK/honest" "$WORK/server"
server_start
q fleckney sync >/dev/null
qip-server fsck "$WORK/server" >/dev/null
fsck "$(server_history)" "$HOMES"/*/history.git
server_stop
