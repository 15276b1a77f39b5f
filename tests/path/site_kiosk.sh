#!/usr/bin/env bash
# How the kiosks of a site are set up: each setting merges by itself, reaches the kiosks, and what is no setting is refused.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
join second manager fleckney
join kib-desk staff kibworth
join kib-kiosk kiosk kibworth
kiosk_of() { q "$1" site kiosk kibworth --json | jq -cS '.kiosk'; }
sync_both() {
	q "$MANAGER" sync >/dev/null
	q second sync >/dev/null
	q "$MANAGER" sync >/dev/null
}

it 'Without settings it says how a kiosk is by itself'
says 'Languages +all that there are' "$(q "$MANAGER" site kiosk Kibworth)"
says 'PIN +not set' "$(q kib-desk site kiosk kibworth)"

it 'What is no setting is refused, and only managers set'
refused 'no site "nowhere"' q "$MANAGER" site kiosk nowhere --drafts on
refused_with 2 '"on" or "off"' q "$MANAGER" site kiosk kibworth --drafts perhaps
for hours in mon mon=8:00-18:00 mon=08:00-24:00 mon=18:00-08:00 fri-mon=08:00-18:00 day=08:00-18:00 mon-=08:00-18:00 mon=08:00-18:001 mon=08x00-18:00; do
	refused_with 2 'as mon-fri=08:00-18:30' q "$MANAGER" site kiosk kibworth --hours "$hours"
done
refused 'kiosk/languages/1: must be a language tag' q "$MANAGER" site kiosk kibworth --languages en,Polish
refused 'languages' q "$MANAGER" site kiosk kibworth --languages en,en
refused_with 2 'not both' q "$MANAGER" site kiosk kibworth --pin --no-pin
refused 'only a manager' q kib-desk site kiosk kibworth --drafts on
for pin in 1234 12345678901234 123456 777777 letters; do
	if q "$MANAGER" site kiosk kibworth --pin <<<"$pin" >/dev/null 2>&1; then die "the PIN $pin was taken"; fi
done
same 'settings' null "$(kiosk_of "$MANAGER")"

it 'Different settings made at two places at once are both kept'
says 'Languages +en, xx' "$(q "$MANAGER" site kiosk kibworth --languages en,xx --hours mon-fri=08:00-18:30 --hours sat=09:00-12:00)"
says 'PIN +set' "$(q second site kiosk kibworth --drafts on --read-aloud off --pin <<<'271828')"
sync_both
same 'settings' "$(kiosk_of "$MANAGER")" "$(kiosk_of second)"
same 'all of them' '["drafts","hours","languages","pin","read_aloud"]' "$(kiosk_of second | jq -c 'keys')"
says 'Open +mon-fri 08:00-18:30, sat 09:00-12:00' "$(q second site kiosk kibworth)"
says 'no wording in this language' "$(q "$MANAGER" site kiosk kibworth --drafts on)"
same 'no PIN in the clear' '' "$(grep -rl 271828 "$HOMES/second" || true)"

it 'One setting made differently at two places is a conflict, with both values kept, until somebody chooses'
q "$MANAGER" site kiosk kibworth --hours mon-fri=08:00-18:30 --drafts off >/dev/null
q second site kiosk kibworth --hours mon-sun=07:00-20:00 --drafts on >/dev/null
sync_both
says 'Look at' "$(q second site kiosk kibworth)"
same 'conflicts' '["kiosk/drafts","kiosk/hours"]' "$(q second conflicts --json | jq -c '[.[].slot] | sort')"
says 'set it to mon-sun 07:00-20:00' "$(q second conflicts)"
q second resolve kibworth kiosk/hours --claim 1 >/dev/null
q second resolve kibworth kiosk/drafts --value no >/dev/null
sync_both
same 'conflicts' 0 "$(q "$MANAGER" conflicts --json | jq length)"
same 'drafts' false "$(kiosk_of "$MANAGER" | jq .drafts)"
same 'settings' "$(kiosk_of "$MANAGER")" "$(kiosk_of second)"

it 'A setting can be taken away'
q "$MANAGER" site kiosk kibworth --hours off --languages all --no-pin >/dev/null
same 'what is left' '["drafts","read_aloud"]' "$(kiosk_of "$MANAGER" | jq -c keys)"
sync_both

it 'The settings reach the kiosk with its sync'
kiosk_sync kib-kiosk
same 'at the kiosk' "$(kiosk_of "$MANAGER")" "$(kiosk_of kib-kiosk)"

it 'The history holds'
q "$MANAGER" audit --all >/dev/null
bash "$QIP_SOURCE/tools/verify-history" --root "$(root_key)" "$HOMES/$MANAGER/history.git"
server_stop
