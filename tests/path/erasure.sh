#!/usr/bin/env bash
# What is erased is in no file of any role, neither in the open nor sealed: comments, all that was released of them, evidence and a name. Old copies that are
# put back are erased again before anybody is given them.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

KIOSK=hand
STAFF=("$MANAGER" fleckney second)
mkdir "$WORK/texts" "$WORK/sealed"
# text NAME TEXT - typed by somebody; its file is what is searched for.
text() { printf '%s' "$2" >"$WORK/texts/$1"; }
text comment 'Zoë at the desk told my neighbour about the biopsy I had in March'
text other 'વેઇટિંગ રૂમમાં ખૂબ ઠંડી હતી અને કોઈએ હીટર ચાલુ ન કર્યું'
text first 'Reception was overheard at Kibworth'
text replaced 'We heard that conversations carry to the queue'
text apart 'Somebody could listen in while others spoke'
text evidence 'Rota of the reception desk with the mobile numbers of everybody on it'
text name 'Bartholomew Featherstonehaugh'

sync_all() {
	local home
	kiosk_sync "$KIOSK"
	for home in "${STAFF[@]}" qk1-icb; do
		q "$home" sync >/dev/null 2>"$WORK/said"
		! grep 'not all gone' "$WORK/said" || die "$home cannot carry out an erasure"
	done
}
# nowhere WHEN - neither a text nor what it was sealed to is in a file.
nowhere() {
	local file places=("$HOMES" "$WORK/server" "$WORK"/clone-*.git) # of each role, and of anybody who cloned
	for file in "$WORK/texts"/*; do
		"$QIP_TOOLS/seek" "$file" "${places[@]}" >"$WORK/found" || die "$1, ${file##*/} can be read: $(head -n 5 "$WORK/found")"
	done
	for file in "$WORK/sealed"/*; do
		"$QIP_TOOLS/seek" --sealed "$file" "${places[@]}" >"$WORK/found" || die "$1, sealed bytes are left: $(head -n 5 "$WORK/found")"
	done
}
# is_at HASH PLACE - a search that finds nothing could be a search that finds nothing ever.
is_at() { ! "$QIP_TOOLS/seek" --sealed "$WORK/sealed/$1" "$2" >"$WORK/found" || die "the search does not see $1 in $2"; }
clone() {
	q qk1-icb git-config --write "$WORK/icb.gitconfig" >/dev/null
	GIT_CONFIG_GLOBAL=$WORK/icb.gitconfig git clone -q --bare "$URL/$QIP_ODS/history.git" "$WORK/clone-$1.git"
}
audits_pass() {
	local home
	for home in "${STAFF[@]}" qk1-icb; do q "$home" audit >/dev/null || die "$1, the audit at $home fails"; done
	bash "$QIP_SOURCE/tools/verify-history" --root "$(root_key)" "$HOMES/qk1-icb/history.git" >/dev/null || die "$1, the checker fails"
}
id_of() { q "$MANAGER" comments list --json | jq -r --arg t "$(cat "$WORK/texts/$1")" '.[] | select(.text == $t).feedback.id'; }
# Reads the text from the file, as an editor's user would keep none.
release() { q "$1" comments release "$(id_of comment)" --text - --yes <"$WORK/texts/$2" >/dev/null; }

practice_start
join "$KIOSK" kiosk kibworth
join fleckney staff fleckney
join second manager great-glen
join qk1-icb icb
sync_all
q "$MANAGER" action add --ref QIP-01 >/dev/null

it 'A day: patients write, staff release, replace and differ, keep evidence and a name'
kiosk_start "$KIOSK"
answer poor "$(cat "$WORK/texts/comment")" publish
answer very-poor "$(cat "$WORK/texts/other")"
answer good 'The new chairs are comfortable'
stop "$KIOSK"
sync_all
release "$MANAGER" first
sync_all
release "$MANAGER" replaced
release fleckney apart
sync_all
sync_all
same 'texts that differ' 1 "$(q "$MANAGER" conflicts --json | jq length)"
mkdir "$WORK/outside"
{ printf '%%PDF-1.7\n'; cat "$WORK/texts/evidence"; } >"$WORK/outside/rota.pdf"
q fleckney action evidence QIP-01 Rota --file "$WORK/outside/rota.pdf" >/dev/null
PERSON=$(q "$MANAGER" people add - --job receptionist --json <"$WORK/texts/name" | jq -r .id)
sync_all
sync_all

it 'All of it is sealed, and the search finds what is sealed where it belongs'
{
	q "$MANAGER" comments list --json | jq -r '.[] | select(.text != "The new chairs are comfortable") | .feedback.comment.sha256'
	git -C "$HOMES/$MANAGER/history.git" log --format= -p refs/heads/main -- triage | grep -oE '"sha256":"[0-9a-f]{64}"' | cut -d '"' -f 4
	q "$MANAGER" show QIP-01 --json | jq -r '.evidence[].file.sha256'
	q "$MANAGER" people list --json | jq -r '.[].name.sha256'
} | sort -u >"$WORK/hashes"
same 'pieces' 7 "$(wc -l <"$WORK/hashes")"
while read -r hash; do
	cp "$HOMES/$MANAGER/blobs/$hash" "$WORK/sealed/$hash"
	for place in "$HOMES/$MANAGER" "$HOMES/fleckney" "$HOMES/second" "$WORK/server"; do is_at "$hash" "$place"; done
done <"$WORK/hashes"
for name in comment other; do
	is_at "$(q "$MANAGER" comments list --json | jq -r --arg t "$(cat "$WORK/texts/$name")" '.[] | select(.text == $t).feedback.comment.sha256')" "$HOMES/$KIOSK/journal"
done
clone before
audits_pass 'before'
qip-server backup "$WORK/server" "$WORK/backup" >/dev/null
cp -a "$HOMES" "$WORK/homes.old"
cp -a "$WORK/server/$QIP_ODS/blobs" "$WORK/blobs.old"

it 'Erased, no file of any role has it, and every audit passes'
COMMENT=$(id_of comment)
q "$MANAGER" comments erase "$COMMENT" --reason 'The patient asked for it' >/dev/null
q second comments erase "$(id_of other)" --reason 'It tells who it is' >/dev/null
q second evidence erase QIP-01 "$(q second show QIP-01 --json | jq -r '.evidence | keys[0]')" --reason 'Telephone numbers' >/dev/null
q "$MANAGER" people erase "$PERSON" --reason 'Asked for it' >/dev/null
sync_all
sync_all
mv "$WORK/homes.old" "$WORK/backup" "$WORK/blobs.old" "$WORK/outside"
clone after
nowhere 'after the erasure'
audits_pass 'after'
same 'what is left' 'The new chairs are comfortable' "$(q fleckney comments list --json | jq -r '.[] | .text // empty')"
same 'who said so' "$KIOSK $(for home in "${STAFF[@]}"; do q "$home" status --json | jq -r .device; done | sort | paste -sd ' ')" \
	"$(q "$MANAGER" erasure "$COMMENT" --json | jq -r 'if type == "array" then .[0] else . end | [.devices[] | select(.erased) | .device] | sort_by(. != "'"$KIOSK"'") | join(" ")')"

it 'A home of staff from before is put back: it is erased again when it is opened or syncs, and gives the server nothing'
for home in fleckney second; do
	rm -rf "${HOMES:?}/$home"
	cp -a "$WORK/outside/homes.old/$home" "$HOMES/$home"
	q "$home" sync >/dev/null
done
nowhere 'after an old home synced'
for home in "$MANAGER" "$KIOSK"; do
	for folder in blobs outbox; do
		mkdir -p "$HOMES/$home/$folder"
		cp "$WORK/sealed"/* "$HOMES/$home/$folder"
	done
done
refused 'erased' q "$MANAGER" comments release "$COMMENT" --yes
refused 'erased' q fleckney comments release "$COMMENT" --text "$WORK/texts/first" --yes
sync_all
nowhere 'after sealed bytes were put back'

it 'The sealed bytes are put back at the server: it gives nobody any, and they are gone before it serves'
server_stop
cp -a "$WORK/outside/blobs.old/." "$WORK/server/$QIP_ODS/blobs"
server_start
nowhere 'once the server serves'
sync_all
nowhere 'after all have synced with it'

it 'The whole server is restored from a backup of before: with the history that devices bring the erasure comes again'
server_stop
rm -rf "$WORK/server"
qip-server restore "$WORK/outside/backup" "$WORK/server" >/dev/null
server_start
refused 'restored from a backup' q "$MANAGER" sync
qip-server reconcile "$WORK/server" --open >/dev/null
sync_all
sync_all
nowhere 'after the restored server has heard of it'
audits_pass 'after the restore'
