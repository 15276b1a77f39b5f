#!/usr/bin/env bash
# Every page of the kiosk, in every language, in a browser: nothing for axe-core to find, large enough, in contrast, in reach.
# QIP_BROWSERS names the browsers (chromium webkitgtk wpe), QIP_LANGUAGES some of the languages, QIP_SCREENSHOTS a folder for pictures.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
join kib-kiosk kiosk kibworth
web_tests_ready
q "$MANAGER" survey put "$QIP_SOURCE/tests/data/survey-visit.json" >/dev/null
q "$MANAGER" site kiosk kibworth --drafts on --pin <<<194837 >/dev/null
q "$MANAGER" sync >/dev/null
kiosk_sync kib-kiosk
kiosk_start kib-kiosk

it 'What a patient meets beyond what pages look like: weight, keys alone, the keyboard on the screen, silence, and no way back'
node "$QIP_SOURCE/tests/web/patient.mjs" "$KIOSK_URL/" || die 'the pages do not behave'

for browser in ${QIP_BROWSERS:-chromium}; do
	it "Every page in every language is within everybody's reach in $browser"
	node "$QIP_SOURCE/tests/web/screens.mjs" "$KIOSK_URL/" --browser "$browser" ${QIP_LANGUAGES:+--languages "$QIP_LANGUAGES"} \
		${QIP_SCREENSHOTS:+--screenshots "$QIP_SCREENSHOTS"} || die "pages in $browser"
done
