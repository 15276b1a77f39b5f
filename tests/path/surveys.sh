#!/usr/bin/env bash
# What patients are asked: a manager puts surveys, they reach the kiosks of their sites on their days, and an answer names the version that it was given to.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
join kib-kiosk kiosk kibworth
join fle-kiosk kiosk fleckney
join kib-desk staff kibworth
lift=$QIP_SOURCE/tests/data/survey-lift.json
day() { date -u -d "$1" +%Y-%m-%d; }
put() { q "$MANAGER" survey put "$1" >/dev/null && q "$MANAGER" sync >/dev/null; }

# screen KIOSK LINE… - each line is what a patient does; prints what comes of it.
screen() {
	local kiosk=$1
	shift
	printf '%s\n' "$@" | "$QIP_TOOLS/capture" "$HOMES/$kiosk"
}
# The screen of a kiosk that stays on while other things happen: on KIOSK; ask LINE prints what comes of it; off.
on() {
	coproc SCREEN { exec "$QIP_TOOLS/capture" "$HOMES/$1"; }
	PIDS[screen]=$SCREEN_PID
}
ask() {
	local reply
	printf '%s\n' "$1" >&"${SCREEN[1]}"
	IFS= read -r -t 30 reply <&"${SCREEN[0]}" || die "the screen does not react to: $1"
	printf '%s' "$reply"
}
off() {
	local pid=$SCREEN_PID
	eval "exec ${SCREEN[1]}>&-"
	unset 'PIDS[screen]'
	wait "$pid" || die 'the screen failed'
}

# answer_names KIOSK SEQ - survey and version of an answer as the practice has it.
answer_names() {
	q "$MANAGER" sync >/dev/null
	q "$MANAGER" feedback list --json | jq -r --arg d "$1" --argjson n "$2" '.[] | select(.device == $d and .seq == $n) | "\(.survey.id)/\(.survey.version)"'
}

it 'What is wrong with a file is named by its place and in words, and nothing of it is taken'
# bad PATTERN JQ-FILTER
bad() {
	jq "$2" "$lift" >"$WORK/bad.json"
	refused "$1" qip survey check "$WORK/bad.json"
	says 'bad\.json: ' "$REFUSAL"
	refused "$1" q "$MANAGER" survey put "$WORK/bad.json"
}
bad '/questions/1/asked_if/question: there is no question "later" before' '.questions[1].asked_if.question = "later"'
bad '/questions/1/asked_if/any_of/0: is no answer that "used" can have' '.questions[1].asked_if.any_of = ["lift"]'
bad '/questions/2/id: "used" is another' '.questions[2].id = "used"'
bad '/questions/0/text/en: is required' 'del(.questions[0].text.en)'
bad '/questions/0/options/1/text/en/status: must be one of' '.questions[0].options[1].text.en.status = "good"'
bad '/questions/3/colour: is not a field' '.questions[3].colour = "red"'
bad '/questions/0: has none of the allowed forms' '.questions[0].kind = "slider"'
bad '/ends: lies before the first day' '.starts = "2026-02-02" | .ends = "2026-02-01"'
bad '/starts: there is no day 2026-02-30' '.starts = "2026-02-30"'
bad '/schema: must be' '.schema = "site/1"'
bad '/questions/0/id: the Friends and Family Test asks' '.id = "fft" | del(.sites)'
head -c 300 "$lift" >"$WORK/bad.json"
refused 'bad\.json: ' q "$MANAGER" survey put "$WORK/bad.json"
: >"$WORK/bad.json"
refused 'bad\.json is empty' q "$MANAGER" survey put "$WORK/bad.json"
refused 'cannot read .*none\.json' q "$MANAGER" survey put "$WORK/none.json"
head -c 300000 /dev/zero | tr '\0' ' ' >"$WORK/bad.json"
refused 'more than 256 kB' q "$MANAGER" survey put "$WORK/bad.json"
jq '.sites = ["kibworth", "nowhere"]' "$lift" >"$WORK/bad.json"
refused '/sites/1: there is no such site; the sites are: fleckney, great-glen, kibworth' q "$MANAGER" survey put "$WORK/bad.json"
refused '/sites/1: there is no such site' q "$MANAGER" survey check "$WORK/bad.json"
jq '.id = "root"' "$lift" >"$WORK/bad.json"
refused '/id: "root"' q "$MANAGER" survey put "$WORK/bad.json"
same 'surveys' 'fft/1' "$(q "$MANAGER" survey list --json | jq -r '.[] | "\(.id)/\(.version)"')"

it 'A good file is told so without a home; its languages too, with what is draft or incomplete'
says 'as it should be: survey lift, 4 questions; languages: en, pl \(incomplete\)' "$(qip survey check "$lift")"

it 'The Friends and Family Test as it comes with the program is what a new practice asks'
qip survey show fft --shipped --json >"$WORK/shipped.json"
same 'versions in it' null "$(jq .version "$WORK/shipped.json")"
says 'version 1 says the same' "$(q "$MANAGER" survey put "$WORK/shipped.json")"
refused 'only the survey fft' qip survey show lift --shipped

it 'Only a manager changes what patients are asked'
refused 'only a manager' q kib-desk survey put "$lift"
refused 'only a manager' q kib-desk survey end fft

it 'A survey that a manager puts at one site is asked there, and at no other'
says 'version 1 added' "$(q "$MANAGER" survey put "$lift")"
says 'version 1 says the same' "$(q "$MANAGER" survey put "$lift")"
q "$MANAGER" sync >/dev/null
for kiosk in kib-kiosk fle-kiosk; do kiosk_sync "$kiosk"; done
same 'at Kibworth' 'fft/1 lift/1' "$(screen kib-kiosk shown)"
same 'at Fleckney' 'fft/1' "$(screen fle-kiosk shown)"
q kib-desk sync >/dev/null
says 'lift +1 +Our new lift +4 +kibworth +always' "$(q kib-desk survey list)"
says 'asked if used is yes' "$(q kib-desk survey show lift)"
says 'Nasza nowa winda \(draft\)' "$(q kib-desk survey show lift --language pl)"
refused 'no survey "stairs"' q kib-desk survey show stairs
same 'the file itself' "$(jq -cS . "$lift")" "$(q kib-desk survey show lift --json | jq -cS 'del(.version)')"

it 'Answers keep to what was to be asked; any question but the first may be left out'
printf '%s\n' 'answer lift 1 {"used":"yes","wait":4,"again":true}' 'answer lift 1 {"used":"stairs"}' 'answer lift 1 {"used":"ground","again":false} It is too slow' \
	'answer lift 1 {"used":"stairs","wait":4}' 'answer lift 1 {"wait":4}' 'answer lift 1 {"used":"yes","again":true} Lovely' 'answer lift 2 {"used":"yes"}' \
	'answer fft 1 {"experience":"good"}' >"$WORK/answers"
mapfile -t lines <"$WORK/answers"
mapfile -t replies < <(screen kib-kiosk "${lines[@]}")
same 'answers' '1 2 3' "${replies[*]:0:3}"
says 'no: "wait" was not to be asked' "${replies[3]}"
says 'no: "wait" was not to be asked|no: the question "used" has no answer' "${replies[4]}"
says 'no: this survey asks for no comment' "${replies[5]}"
says 'no: there is no survey "lift" of this version' "${replies[6]}"
same 'the last' 4 "${replies[7]}"
kiosk_sync kib-kiosk
same 'answers at the server' 4 "$(answers_on_main)"

it 'A version raised while an answer is under way at a kiosk that is offline: that answer arrives, and names the version that it was given to'
on kib-kiosk
same 'shown' 'fft/1 lift/1' "$(ask shown)"
jq '.questions[0].options[0].id = "lift" | .questions[1].asked_if.any_of = ["lift"]' "$lift" >"$WORK/second.json"
put "$WORK/second.json"
same 'offline' 5 "$(ask 'answer lift 1 {"used":"yes","wait":2}')"
kiosk_sync kib-kiosk
same 'reloaded' ok "$(ask reload)"
same 'shown' 'fft/1 lift/2' "$(ask shown)"
same 'begun before, sent after' 6 "$(ask 'answer lift 1 {"used":"yes","wait":1}')"
same 'the new version' 7 "$(ask 'answer lift 2 {"used":"lift","wait":5}')"
says 'no: ' "$(ask 'answer lift 2 {"used":"yes","wait":5}')"
off
kiosk_sync kib-kiosk
same 'answer 5' lift/1 "$(answer_names kib-kiosk 5)"
same 'answer 6' lift/1 "$(answer_names kib-kiosk 6)"
same 'answer 7' lift/2 "$(answer_names kib-kiosk 7)"

it 'A file made from a version that was replaced since is refused; what is put takes the next number, whatever it says'
jq '.version = 1 | .title.en.text = "Lifts"' "$lift" >"$WORK/stale.json"
refused 'made from version 1, and version 2 is in force' q "$MANAGER" survey put "$WORK/stale.json"
q "$MANAGER" survey show lift --json | jq '.title.en.text = "Lifts"' >"$WORK/third.json"
says 'version 3 takes the place of version 2' "$(q "$MANAGER" survey put "$WORK/third.json")"

it 'Days count: before the first and after the last the survey is not shown'
q "$MANAGER" survey show lift --json | jq --arg d "$(day tomorrow)" '.starts = $d' >"$WORK/later.json"
put "$WORK/later.json"
kiosk_sync kib-kiosk
same 'before its first day' 'fft/1' "$(screen kib-kiosk shown)"
q "$MANAGER" survey show lift --json | jq --arg d "$(day today)" '.starts = $d | .ends = $d' >"$WORK/today.json"
put "$WORK/today.json"
kiosk_sync kib-kiosk
says '^fft/1 lift/5$' "$(screen kib-kiosk shown)"

it 'What ended is not asked any more'
refused_with 2 'no day' q "$MANAGER" survey end lift soon
refused 'no survey "stairs"' q "$MANAGER" survey end stairs
refused '/ends: lies before the first day' q "$MANAGER" survey end lift 2020-01-01
q "$MANAGER" survey show lift --json | jq 'del(.starts)' >"$WORK/open.json"
q "$MANAGER" survey put "$WORK/open.json" >/dev/null
says "last time on $(day yesterday)" "$(q "$MANAGER" survey end lift "$(day yesterday)")"
q "$MANAGER" sync >/dev/null
kiosk_sync kib-kiosk
same 'ended' 'fft/1' "$(screen kib-kiosk shown)"
says 'lift .*ended' "$(q "$MANAGER" survey list)"
refused '/ends: the Friends and Family Test is open to everybody' q "$MANAGER" survey end fft

it 'The Friends and Family Test is counted by itself, and every other survey by its versions'
q "$MANAGER" feedback stats --json >"$WORK/stats.json"
same 'of the test' '{"good":1}' "$(jq -c '.options | with_entries(select(.value > 0))' "$WORK/stats.json")"
same 'all' '["fft",1,1]' "$(jq -c '.surveys[] | select(.survey == "fft") | [.survey, .version, .answers]' "$WORK/stats.json")"
same 'question by question' '[["used",5,{"ground":1,"stairs":1,"yes":3}],["wait",3,{"1":1,"2":1,"4":1}],["again",2,{"no":1,"yes":1}]]' \
	"$(jq -cS '.surveys[] | select(.survey == "lift" and .version == 1) | [.questions[] | [.question, .answers, .options]] | sort_by(.[1]) | reverse' "$WORK/stats.json")"
same 'no figures of the test' null "$(jq '.surveys[] | select(.survey == "lift" and .version == 1) | .positive' "$WORK/stats.json")"
says 'kiosk +lift: used stairs' "$(q "$MANAGER" feedback list)"
same 'by version' '[[1,5],[2,1]]' "$(jq -c '[.surveys[] | select(.survey == "lift") | [.version, .answers]] | sort' "$WORK/stats.json")"

it 'Through the pages: a survey after the first is finished as it was begun, though the kiosk syncs and starts again meanwhile'
page=$WORK/kiosk-page.html
jq '.id = "stairs" | del(.sites)' "$lift" >"$WORK/stairs.json"
put "$WORK/stairs.json"
kiosk_sync fle-kiosk
kiosk_start fle-kiosk
answer good
grep -q 'name="survey" value="stairs"' "$page" || die 'the thanks do not offer the survey'
same 'begun' 200 "$(kiosk_step "$(kiosk_state "$page")" survey=stairs)"
same 'first' 200 "$(kiosk_step "$(kiosk_state "$page")" answer=yes)"
says 'How long did you wait' "$(cat "$page")"
begun=$(kiosk_state "$page")
jq '.id = "stairs" | del(.sites) | .questions[0].options[0].id = "walked" | .questions[1].asked_if.any_of = ["walked"]' "$lift" >"$WORK/stairs.json"
put "$WORK/stairs.json"
kiosk_sync fle-kiosk
stop fle-kiosk
kiosk_start fle-kiosk
same 'second' 200 "$(kiosk_step "$begun" answer=2)"
same 'left out' 200 "$(kiosk_step "$(kiosk_state "$page")" go=skip)"
grep -q 'kiosk-page--thanks' "$page" || die 'the answer is not kept'
stop fle-kiosk
kiosk_sync fle-kiosk
same 'the answer names' stairs/1 "$(answer_names fle-kiosk 2)"
same 'what was said' '{"used":"yes","wait":2}' "$(q "$MANAGER" feedback list --json | jq -cS '.[] | select(.device == "fle-kiosk" and .seq == 2) | .answers')"

it 'Two managers change one survey apart: the later is refused, nothing is lost'
join second manager kibworth
q "$MANAGER" survey show fft --json | jq '.title = {en: {text: "One", status: "reviewed"}}' >"$WORK/one.json"
jq '.title.en.text = "Two"' "$WORK/one.json" >"$WORK/two.json"
q "$MANAGER" survey put "$WORK/one.json" >/dev/null
q second survey put "$WORK/two.json" >/dev/null
q "$MANAGER" sync >/dev/null
says 'refused' "$(q second sync 2>&1 || true)"
says 'changed meanwhile' "$(q second refused list)"
same 'in force' One "$(q second survey show fft --json | jq -r .title.en.text)"

it 'The history holds: audit, the script over stock git, and git itself'
q "$MANAGER" sync >/dev/null
q "$MANAGER" audit --all >/dev/null
q kib-desk sync >/dev/null
q kib-desk audit --all >/dev/null
bash "$QIP_SOURCE/tools/verify-history" --root "$(root_key)" "$HOMES/kib-desk/history.git"
server_stop
fsck "$(server_history)" "$HOMES/$MANAGER/history.git"
