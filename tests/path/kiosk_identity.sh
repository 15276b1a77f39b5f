#!/usr/bin/env bash
# A kiosk's card is copied, set back, put into another box: whoever is in doubt goes on collecting, takes a new name, and all answers arrive once.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

hardware_ready
practice_start
thanked=0
doubled=0 # void records in the place of what another copy has sent

# give KIOSK OPTION… - patients, one after the other.
give() {
	local option
	KIOSK_URL=http://127.0.0.1:$(cat "$WORK/$1.port")
	shift
	for option in "$@"; do
		answer "$option"
		thanked=$((thanked + 1))
	done
}
# on BOX COMMAND… - with that box's machine and card.
on() { "$WORK/on" "$@"; }
sync_on() { on "$1" qip-kiosk sync --home "$HOMES/$2" >/dev/null; }
rejoin() { on "$1" qip-kiosk join "$URL" "$3" --home "$HOMES/$2"; } # BOX HOME CODE
doubt() { on "$1" qip-kiosk status --home "$HOMES/$2" --json | jq -r .doubt; }
in_doubt() { q "$MANAGER" sync >/dev/null && q "$MANAGER" status --json | jq -r '.kiosks[] | select(.doubt) | .device + " " + .doubt' | xargs; } # as the practice sees it
copy() { cp -a "$HOMES/$1" "$HOMES/$2"; } # as a card is: at rest, or as it lies there after a power cut

# Each answer that was thanked for is there once, no number is missing, and nobody finds a forgery.
all_once() {
	local audit
	same 'answers, each once' "$thanked" "$(answer_ids | uniq | wc -l)"
	same 'answers' "$thanked" "$(answer_ids | wc -l)"
	same 'numbers' "$((thanked + doubled))" "$(answers_on_main)"
	q "$MANAGER" sync >/dev/null
	audit=$(q "$MANAGER" audit --all --json)
	same 'findings' '[]' "$(jq -c .findings <<<"$audit")"
	"$QIP_SOURCE/tools/verify-history" --root "$(root_key)" "$(server_history)" >"$WORK/verified" || die "$(cat "$WORK/verified")"
}
numbers() { git -C "$(server_history)" ls-tree -r --name-only main "feedback/$1/" | sed 's|.*/||; s|\.json||' | sort -n | xargs; } # DEVICE

box a
box b
rejoin a kib-kiosk "$(invite kib-kiosk kiosk kibworth)" >/dev/null

it 'A code for somebody else is refused, and still good for whom it was made'
code=$(invite fleckney staff fleckney)
refused 'role staff, not kiosk.*not used up' qip-kiosk join "$URL" "$code" --home "$HOMES/wrong"
q fleckney join "$URL" "$code" >/dev/null

it 'A box set up anew on the same card, and a card moved to another box, go on under their name'
kiosk_start kib-kiosk "$WORK/on" a
give kib-kiosk good poor
sync_on a kib-kiosk
stop kib-kiosk
printf 'another system' >"$WORK/hardware/a/machine"
same 'doubt' null "$(doubt a kib-kiosk)"
sync_on a kib-kiosk
rm "$WORK/hardware/a/card" # this reader tells no serial number; the system is the one that is known by now
same 'doubt' null "$(doubt a kib-kiosk)"
box a
same 'doubt' null "$(doubt a kib-kiosk)"
all_once

it 'A copied card notices, goes on collecting, and sends nothing'
kiosk_start kib-kiosk "$WORK/on" a
give kib-kiosk good # sent by nobody yet, and on both cards
stop kib-kiosk
copy kib-kiosk copied
server_stop
kiosk_start copied "$WORK/on" b
give copied very-good neither
says 'another machine or card' "$(doubt b copied)"
same 'trouble' true "$(on b qip-kiosk status --home "$HOMES/copied" --json | jq '.troubles | index("clone") != null')"
# with nobody to tell, it is in doubt all the same
refused 'qip-kiosk join URL CODE.*new name' on b qip-kiosk sync --home "$HOMES/copied"
server_start
same 'told' '' "$(in_doubt)"
before=$(server_state)
refused 'qip-kiosk join URL CODE.*new name' on b qip-kiosk sync --home "$HOMES/copied"
same 'the server' "$before" "$(server_state)"
says 'nothing is sent.*a code under a new name' "$(on b qip-kiosk status --home "$HOMES/copied")"

it 'The practice hears of it with its next sync, and what to do; asked again and again, the host writes it down once'
same 'told' 'kib-kiosk hardware' "$(in_doubt)"
says 'kib-kiosk: a box that has its name is another.*qip invite NEW-NAME --role kiosk --site kibworth' "$(q "$MANAGER" status)"
says 'kib-kiosk .*clone' "$(q "$MANAGER" status)"
noted=$(stat -c '%i %y' "$WORK/server/$QIP_ODS/doubts.json")
refused 'new name' on b qip-kiosk sync --home "$HOMES/copied"
same 'the note' "$noted" "$(stat -c '%i %y' "$WORK/server/$QIP_ODS/doubts.json")"
refused_with 22 403 curl -fsS --cert "$HOMES/$MANAGER/device.crt" --key "$HOMES/$MANAGER/device.key" --cacert "$HOMES/$MANAGER/ca.crt" \
	-H 'Content-Type: application/json' --data '{"by":"head"}' "$URL/$QIP_ODS/doubt"
server_stop
server_start
same 'told' 'kib-kiosk hardware' "$(in_doubt)"

it 'Back in its place, it is itself again'
same 'doubt' null "$(doubt a copied)"
says 'another machine or card' "$(doubt b copied)"

it 'Under a new name it sends what waits, numbered from 1; a running screen goes on meanwhile'
refused 'for practice .*another' on b qip-kiosk join "$URL" "$(code_in "$(qip-server practice add "$WORK/server" C82998 --name 'Elsewhere')")" \
	--home "$HOMES/copied"
code=$(invite kib-copy kiosk kibworth)
rejoin b copied "$code" >/dev/null
same 'numbers of the copy' '1 2 3' "$(numbers kib-copy)"
give copied poor
sync_on b copied
same 'numbers of the copy' '1 2 3 4' "$(numbers kib-copy)"
same 'told' '' "$(in_doubt)"
same 'its name' kib-copy "$(on b qip-kiosk status --home "$HOMES/copied" --json | jq -r .device)"
rejoin b copied "$code" >/dev/null # the same command again
[ -e "$HOMES/copied/former.git/receipts.json" ] || die 'the old history is not kept until its answers are safe'
all_once

it 'The first card, which still had what the copy has sent, is told to take a new name, and sends nothing twice'
kiosk_start kib-kiosk "$WORK/on" a
give kib-kiosk poor good
refused 'kib-copy goes on with the answers of kib-kiosk.*new name' on a qip-kiosk sync --home "$HOMES/kib-kiosk"
rejoin a kib-kiosk "$(invite kib-first kiosk kibworth)" >/dev/null
same 'numbers of the first' '1 2' "$(numbers kib-first)"
give kib-kiosk very-good
sync_on a kib-kiosk
all_once
audit=$(q "$MANAGER" audit)
says 'kib-copy goes on with the answers of kib-kiosk, under whose name nothing more is taken' "$audit"
says 'kib-first goes on with the answers of kib-kiosk' "$audit"
same 'state of the old name' replaced "$(q "$MANAGER" devices --json | jq -r '.[] | select(.device == "kib-kiosk") | .state')"

it 'A copy that shares nothing unsent leaves the first alone: both run on'
stop kib-kiosk
stop copied
rm -rf "$HOMES/copied"
copy kib-kiosk second
kiosk_start second "$WORK/on" b
kiosk_start kib-kiosk "$WORK/on" a
give kib-kiosk good
give second poor neither
sync_on a kib-kiosk
rejoin b second "$(invite kib-second kiosk kibworth)" >/dev/null
give second good
give kib-kiosk good
sync_on b second
sync_on a kib-kiosk
same 'numbers of the first' '1 2 3 4 5' "$(numbers kib-first)"
same 'numbers of the second' '1 2 3' "$(numbers kib-second)"
all_once
stop second

it 'An older image on the same card is noticed by what the server holds: no number is used twice, and nothing is lost'
give kib-kiosk good poor # 6 and 7, of which the image holds the first as not yet sent
stop kib-kiosk
copy kib-kiosk image
kiosk_start kib-kiosk "$WORK/on" a
give kib-kiosk neither
sync_on a kib-kiosk
stop kib-kiosk
rm -rf "$HOMES/kib-kiosk"
mv "$HOMES/image" "$HOMES/kib-kiosk"
kiosk_start kib-kiosk "$WORK/on" a
give kib-kiosk dont-know very-good
head=$(git -C "$(server_history)" rev-parse refs/devices/kib-first)
refused 'same name.*older state.*qip-kiosk join' on a qip-kiosk sync --home "$HOMES/kib-kiosk"
same "the server's head" "$head" "$(git -C "$(server_history)" rev-parse refs/devices/kib-first)"
give kib-kiosk good
says 'older state' "$(doubt a kib-kiosk)"
same 'told' 'kib-first head' "$(in_doubt)"
says 'set back to an older state' "$(q "$MANAGER" status)"
rejoin a kib-kiosk "$(invite kib-third kiosk fleckney)" >/dev/null
same 'numbers' '1 2 3' "$(numbers kib-third)"
all_once
same 'where they were given' 'kibworth kibworth kibworth' "$(for n in 1 2 3; do git -C "$(server_history)" show "main:feedback/kib-third/0/0/$n.json" | jq -r .site; done | xargs)"
stop kib-kiosk
kiosk_start kib-kiosk "$WORK/on" a # or its own next sync: from then on the screen knows its site
give kib-kiosk good
sync_on a kib-kiosk
same 'where it is now' fleckney "$(git -C "$(server_history)" show main:feedback/kib-third/0/0/4.json | jq -r .site)"
all_once

it 'Killed anywhere while it joins again, and told again, it ends the same'
give kib-kiosk good poor
stop kib-kiosk
copy kib-kiosk whole
code=$(invite kib-fourth kiosk kibworth)
thanked_before=$thanked
for tenth in 1 2 3 4 6 8 11 14; do
	on b qip-kiosk join "$URL" "$code" --home "$HOMES/kib-kiosk" >/dev/null 2>&1 &
	pid=$!
	sleep "$(awk "BEGIN {print $tenth / 20}")"
	kill -KILL "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	on b qip-kiosk status --home "$HOMES/kib-kiosk" >/dev/null
done
kiosk_start kib-kiosk "$WORK/on" b
give kib-kiosk very-good
rejoin b kib-kiosk "$code" >/dev/null
sync_on b kib-kiosk
[ "$thanked" -gt "$thanked_before" ] && all_once
same 'its name' kib-fourth "$(on b qip-kiosk status --home "$HOMES/kib-kiosk" --json | jq -r .device)"

it 'Copies that are joined again before either has sent, and then send in one moment, send each answer once'
give kib-kiosk good poor
stop kib-kiosk
copy kib-kiosk twin
on a qip join "$URL" "$(invite kib-fifth kiosk kibworth)" --home "$HOMES/twin" >/dev/null
on b qip join "$URL" "$(invite kib-sixth kiosk kibworth)" --home "$HOMES/kib-kiosk" >/dev/null
same 'sent before' ' ' "$(numbers kib-fifth) $(numbers kib-sixth)"
kiosk_start twin "$WORK/on" a
kiosk_start kib-kiosk "$WORK/on" b
give twin good
give kib-kiosk neither
sync_on a twin &
one=$!
sync_on b kib-kiosk
wait "$one"
doubled=2
same 'numbers' '1 2 3 1 2 3' "$(numbers kib-fifth) $(numbers kib-sixth)"
all_once
stop twin

it 'Who took a card and a code silences the kiosk until a manager revokes the new name, and no longer'
sync_on b kib-kiosk
copy kib-kiosk stolen
rejoin b stolen "$(invite kib-thief kiosk kibworth)" >/dev/null
give kib-kiosk good
refused 'kib-thief goes on with the answers of kib-sixth' on b qip-kiosk sync --home "$HOMES/kib-kiosk"
q "$MANAGER" sync >/dev/null
q "$MANAGER" revoke kib-thief >/dev/null
q "$MANAGER" sync >/dev/null
sync_on b kib-kiosk
all_once
refused 'revoked' on b qip-kiosk sync --home "$HOMES/stolen"

stop kib-kiosk
fsck "$(server_history)" "$HOMES/kib-kiosk/history.git"
server_stop
