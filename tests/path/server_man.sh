#!/usr/bin/env bash
# The server's manual pages name each command, option and setting that the program knows, with its bounds, and no other.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# section PAGE NAME - its lines as a reader sees them, each paragraph on one.
section() {
	MANWIDTH=1000 man -l "$QIP_SOURCE/server/man/$1" 2>"$WORK/man.log" | awk -v name="$2" '/^[A-Z]/ { in_it = $0 == name; next } in_it'
}
# heads PAGE NAME - what its paragraphs are about.
heads() { section "$@" | sed -n 's/^     \([^ ].*\)/\1/p'; }
# plain - usages in small letters, without what --help and a page write differently.
plain() { tr '[:upper:]' '[:lower:]' | sed 's/ *\.\.\.//g; s/  */ /g; s/^ //; s/ $//' | sort; }
# alike WHAT PROGRAM PAGE - the lines of two files are the same.
alike() { same "$1: only one of program (<) and page (>) says" '' "$(diff "$2" "$3" | grep '^[<>]' || true)"; }

it 'Each command of --help is in the synopsis and among the commands, in the same form'
qip-server --help | sed -n 's/^  \(qip-server .*\)/\1/p' | grep -v '^qip-server COMMAND --help' | plain >"$WORK/known"
[ "$(wc -l <"$WORK/known")" -ge 11 ] || die "few commands in --help: $(cat "$WORK/known")"
section qip-server.8 SYNOPSIS | grep -v -e '--help$' -e '--version$' | plain | sed '/^$/d' >"$WORK/synopsis"
alike 'the synopsis' "$WORK/known" "$WORK/synopsis"
heads qip-server.8 COMMANDS | grep '^[a-z]' | sed 's/^/qip-server /' | plain >"$WORK/commands"
alike 'the commands' "$WORK/known" "$WORK/commands"

it 'What a command says of its options is in the page'
section qip-server.8 COMMANDS >"$WORK/text"
cut -d ' ' -f 2 "$WORK/known" | sort -u | while read -r command; do
	qip-server "$command" --help | { grep -oE -e '--[a-z-]+' || true; } | sort -u | while read -r option; do
		grep -qF -e "$option" "$WORK/text" || die "the page lacks $command $option"
	done
done

it 'Each setting is in the page, and no other'
D=$WORK/server
qip-server init "$D" >/dev/null
cp "$D/server.json" "$WORK/first.json"
# refused_setting FILTER - what the program says to such settings.
refused_setting() {
	jq -c "$1" "$WORK/first.json" >"$D/server.json"
	refused 'server.json' qip-server check-config "$D"
}
refused_setting '.surely_not = 1'
sed 's/.*only: \(.*\); see .*/\1/; s/, /\n/g' <<<"$REFUSAL" | sort >"$WORK/known"
heads qip-server.json.5 SETTINGS | sed 's/ .*//' | sort >"$WORK/settings"
alike 'the settings' "$WORK/known" "$WORK/settings"
for name in hosts listen; do
	refused_setting ".$name = []"
	bounds=$(grep -oE 'list of [0-9]+ to [0-9]+' <<<"$REFUSAL")
	section qip-server.json.5 SETTINGS | grep -A 1 "^     $name" | grep "$bounds " >/dev/null || die "the page says of $name other than: $REFUSAL"
done

it 'Each limit is in the page with its safe value, its least and its most'
cp "$WORK/first.json" "$D/server.json"
qip-server check-config "$D" | sed -n 's/^limits\.//p' >"$WORK/safe"
while read -r name safe; do
	refused_setting ".limits.$name = -1"
	printf '%s (%s; %s)\n' "$name" "$safe" "$(grep -oE 'from [0-9]+ to [0-9]+' <<<"$REFUSAL" | sed 's/from //')"
done <"$WORK/safe" | sort >"$WORK/known"
[ "$(wc -l <"$WORK/known")" -ge 20 ] || die "few limits: $(cat "$WORK/known")"
heads qip-server.json.5 LIMITS | grep '; ' | sed 's/), /)\n/g' | sort >"$WORK/limits"
alike 'the limits' "$WORK/known" "$WORK/limits"
