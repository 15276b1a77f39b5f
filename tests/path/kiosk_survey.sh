#!/usr/bin/env bash
# A patient at the screen, page by page, over HTTP as a browser asks: a further survey with conditions, a version put meanwhile, a language of their own.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
join kib-kiosk kiosk kibworth
lift=$QIP_SOURCE/tests/data/survey-lift.json
put() { q "$MANAGER" survey put "$1" >/dev/null && q "$MANAGER" sync >/dev/null; }
# Until the running kiosk has synced, and so shows what the practice has changed before.
synced_since() { [[ $(kiosk_says kib-kiosk last_sync) > $1 ]]; }
renewed() {
	local since
	since=$(date -u +%FT%T.%3NZ)
	wait_until 60 synced_since "$since" || die 'the kiosk does not sync by itself'
}

# touch_and PATTERN FIELD=VALUE… - one form of the page that is shown; then it shows this.
page=$WORK/kiosk-page.html
touch_and() {
	local pattern=$1 status state
	shift
	state=$(kiosk_state "$page") || die 'the page leads nowhere'
	status=$(kiosk_step "$state" "$@")
	same "$*" 200 "$status"
	says "$pattern" "$(cat "$page")"
}
first_page() { curl -qsS --max-time 20 -o "$page" "$KIOSK_URL/"; }

# the_answer SEQ - as the practice has it.
the_answer() {
	q "$MANAGER" sync >/dev/null
	q "$MANAGER" feedback list --json | jq -cS --argjson n "$1" '.[] | select(.seq == $n) | [.survey.id, .survey.version, .language, .answers, .comment != null]'
}

it 'After the thanks a further survey is offered, asked question by question with its conditions, and kept as an answer of its own'
put "$lift"
kiosk_sync kib-kiosk
start kib-kiosk qip-kiosk run --home "$HOMES/kib-kiosk" --listen 127.0.0.1:0 --port-file "$WORK/kib-kiosk.port" --sync-every 2
KIOSK_URL=http://127.0.0.1:$(started kib-kiosk "$WORK/kib-kiosk.port")
first_page
touch_and 'Question 2 of 2' answer=good
touch_and 'Our new lift' go=without
says 'a few more questions' "$(cat "$page")"
touch_and 'Did you use the lift today' survey=lift
says 'Question 1 of 4' "$(cat "$page")"
touch_and 'How long did you wait' answer=yes
says '1: Far too long.*5: Not at all|Far too long' "$(cat "$page")"
touch_and 'Did you use the lift' go=back
touch_and 'Would you use it next time' answer=stairs
touch_and 'Why not' answer=no
touch_and 'kiosk-page--thanks' comment='Too slow' go=send
if grep -q 'Our new lift' "$page"; then
	die 'a survey is offered again to who has just answered it'
fi
kiosk_sync kib-kiosk
same 'the first' '["fft",1,"en",{"experience":"good"},false]' "$(the_answer 1)"
same 'the second' '["lift",1,"en",{"again":false,"used":"stairs"},true]' "$(the_answer 2)"

it 'Who began under a version that was replaced meanwhile ends under it; the next is asked the new one'
first_page
touch_and 'Question 2 of 2' answer=poor
touch_and 'Our new lift' go=without
same 'two buttons at once' 400 "$(kiosk_step "$(kiosk_state "$page")" survey=lift answer=yes)"
first_page
touch_and 'Question 2 of 2' answer=poor
touch_and 'Our new lift' go=without
touch_and 'Did you use the lift' survey=lift
touch_and 'How long did you wait' answer=yes
jq '.title.en.text = "The lift, again" | .questions[1].text.en.text = "How was the wait?"' "$lift" >"$WORK/second.json"
put "$WORK/second.json"
renewed
touch_and 'Would you use it next time' answer=4
touch_and 'kiosk-page--thanks' answer=yes
first_page
touch_and 'Question 2 of 2' answer=poor
touch_and 'The lift, again' go=without
touch_and 'Did you use the lift' survey=lift
touch_and 'How was the wait' answer=yes
touch_and 'Would you use it next time' go=skip
touch_and 'kiosk-page--thanks' answer=yes
kiosk_sync kib-kiosk
last=$(kiosk_says kib-kiosk last)
same 'begun under the first version' '["lift",1,"en",{"again":true,"used":"yes","wait":4},false]' "$(the_answer $((last - 2)))"
same 'under the second' '["lift",2,"en",{"again":true,"used":"yes"},false]' "$(the_answer "$last")"

it 'Drafts are shown once the practice turned them on: then the language is asked for first, and the answer names it'
q "$MANAGER" site kiosk kibworth --languages en,ur --drafts on >/dev/null
q "$MANAGER" sync >/dev/null
renewed
first_page
says 'Choose your language' "$(cat "$page")"
touch_and '<html lang="ur" dir="rtl"' language=ur
touch_and '<textarea' answer=very-good
touch_and 'kiosk-page--language' comment=شکریہ go=languages
touch_and '<html lang="en" dir="ltr"' language=en
says 'شکریہ</textarea>' "$(cat "$page")"
touch_and 'kiosk-page--language' comment=شکریہ go=languages
touch_and '<html lang="ur"' language=ur
touch_and 'kiosk-page--thanks' comment=شکریہ go=send
says '<html lang="ur" dir="rtl"' "$(cat "$page")"
kiosk_sync kib-kiosk
same 'in Urdu' '["fft",1,"ur",{"experience":"very-good"},true]' "$(the_answer $((last + 1)))"

it 'What a patient saw and did is a history that holds'
q "$MANAGER" sync >/dev/null
q "$MANAGER" audit --all >/dev/null
stop kib-kiosk
server_stop
