#!/usr/bin/env bash
# Every page of the kiosk in a browser: nothing for axe-core to find, large enough, in contrast, in reach, by keys alone too. In short every page in
# Chromium in every language, and the main ones in each WebKit that is here, in a language of each script; tools/screen-test does all in all.
# QIP_BROWSERS names browsers (chromium webkitgtk wpe), QIP_LANGUAGES languages (en,ur), QIP_SCREENSHOTS a folder for pictures; QIP_SCREENS=long: all of it.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

declare -A SHARE=([webkitgtk]='pl,ur,gu,pa' [wpe]='so,ar,hi,bn')

# WebKitGTK wants a display. The pointer stands in the middle of it, and the window under the pointer has the focus.
display_start() {
	start display Xvfb -displayfd 3 -screen 0 1280x880x24 -nolisten tcp 3>"$WORK/display"
	DISPLAY=:$(started display "$WORK/display")
	export DISPLAY
}

is_here() {
	case $1 in
	webkitgtk) command -v WebKitWebDriver >/dev/null && command -v Xvfb >/dev/null ;;
	wpe) command -v WPEWebDriver >/dev/null && command -v cog >/dev/null ;;
	*) return 0 ;;
	esac
}

# screens BROWSER PART
screens() {
	local options=(--browser "$1" --part "$2") languages=${QIP_LANGUAGES:-}
	if [ "${QIP_SCREENS:-}" = long ]; then
		options+=(--long)
	elif [ "$1" != chromium ]; then
		options+=(--brief)
		languages=${languages:-${SHARE[$1]}}
	fi
	node "$QIP_SOURCE/tests/web/screens.mjs" "$KIOSK_URL/" "${options[@]}" ${languages:+--languages "$languages"} \
		${QIP_SCREENSHOTS:+--screenshots "$QIP_SCREENSHOTS"} || die "pages in $1: $2"
}

browsers=()
for browser in ${QIP_BROWSERS:-chromium webkitgtk wpe}; do
	if is_here "$browser"; then
		browsers+=("$browser")
	else
		[ -z "${QIP_BROWSERS:-}" ] || die "$browser is not installed: tools/setup screens"
		say "  ($browser is not installed)"
	fi
done
[[ ${browsers[*]} != *webkitgtk* ]] || display_start

practice_start
join kib-kiosk kiosk kibworth
web_tests_ready
kiosk_sync kib-kiosk
kiosk_start kib-kiosk
for browser in "${browsers[@]}"; do
	it "A kiosk with one language and no PIN is within everybody's reach in $browser"
	screens "$browser" alone
done
stop kib-kiosk

for survey in visit suggestion; do
	q "$MANAGER" survey put "$QIP_SOURCE/tests/data/survey-$survey.json" >/dev/null
done
q "$MANAGER" site kiosk kibworth --drafts on --pin <<<194837 >/dev/null
q "$MANAGER" sync >/dev/null
kiosk_sync kib-kiosk
kiosk_start kib-kiosk

it 'What a patient meets beyond what pages look like: weight, keys alone, the keyboard on the screen, silence, and no way back'
node "$QIP_SOURCE/tests/web/patient.mjs" "$KIOSK_URL/" || die 'the pages do not behave'

for browser in "${browsers[@]}"; do
	it "Every page is within everybody's reach in $browser"
	screens "$browser" patients
	screens "$browser" staff
done
for browser in "${browsers[@]}"; do
	it "The keypad's page after wrong PINs is, too, in $browser"
	screens "$browser" locked
done

mv "$HOMES/kib-kiosk/journal" "$WORK/journal"
: >"$HOMES/kib-kiosk/journal"
for browser in "${browsers[@]}"; do
	it "A screen that cannot keep answers says so in the patient's language, in $browser"
	screens "$browser" broken
done
