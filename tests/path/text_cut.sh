#!/usr/bin/env bash
# Free text on a line that breaks: sealed bytes that are cut on their way to the server or from it, and bytes that the server lost the end of. That is
# told, nothing half is kept at either end, the records do not wait for it, and the next sync brings it whole.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$QIP_SOURCE/tests/support/crash.sh"
strike_or_skip

PARTS=${QIP_CRASH_PARTS:-3}
SIZE=600000

# A device talks through the line, which breaks as said, or straight to the server.
over_line() { # HOME [up|down BYTES]
	rm -f "$WORK/proxy.port"
	start proxy "$QIP_TOOLS/cutline" 0 "$SERVER_PORT" "$WORK/proxy.port" "${@:2}" ${2:+dead}
	url_of "$1" "https://localhost:$(started proxy "$WORK/proxy.port")"
}
straight() {
	stop proxy
	url_of "$1" "$URL"
}
url_of() {
	jq --arg url "$2" '.url = $url' "$HOMES/$1/config.json" >"$WORK/config.json"
	cat "$WORK/config.json" >"$HOMES/$1/config.json"
}
waits_at() { find "$HOMES/$1/outbox" -type f | wc -l; }
named_at() { q "$1" show QIP-01 --json | jq -r --arg t "$2" '.evidence[] | select(.title == $t).file.sha256'; }
entry_at() { q "$1" show QIP-01 --json | jq -r --arg t "$2" '.evidence | to_entries[] | select(.value.title == $t).key'; }
at_server() { printf '%s' "$WORK/server/$QIP_ODS/blobs/${1:0:2}/$1"; }
nothing_half() {
	same 'half of it at the server' '' "$(find "$WORK/server/$QIP_ODS/blobs" -path '*/new/*' -type f)"
	same 'half of it here' '' "$(find "$HOMES" -path '*/blobs/*.tmp' -o -path '*/outbox/*.tmp')"
}
# opens HOME TITLE - the very file that was kept.
opens() {
	rm -f "$WORK/got.pdf"
	q "$1" evidence get QIP-01 "$(entry_at "$1" "$2")" --output "$WORK/got.pdf" >/dev/null
	cmp -s "$WORK/rota.pdf" "$WORK/got.pdf" || die 'other bytes than those that were kept'
}
kept() { # TITLE - a new file, at Fleckney
	{ printf '%%PDF-1.7\n'; head -c $((SIZE * 3 / 4)) /dev/urandom | base64 -w 0; } >"$WORK/rota.pdf"
	q fleckney action evidence QIP-01 "$1" --file "$WORK/rota.pdf" >/dev/null
}

practice_start
join fleckney staff fleckney
q "$MANAGER" action add --ref QIP-01 >/dev/null
for home in "$MANAGER" fleckney; do q "$home" sync >/dev/null; done

it 'Cut on its way to the server: the record has arrived, the bytes wait whole, and go with the next sync'
for ((part = 1; part <= PARTS; part++)); do
	kept "Sent $part"
	hash=$(named_at fleckney "Sent $part")
	over_line fleckney up $((60000 + (SIZE - 80000) * part / PARTS))
	q fleckney sync >"$WORK/said" 2>&1 || die "the records wait for it: $(cat "$WORK/said")"
	says 'Not all free text and evidence could be exchanged' "$(cat "$WORK/said")"
	straight fleckney
	[ ! -e "$(at_server "$hash")" ] || die 'the line was cut too late'
	same 'what waits' 1 "$(waits_at fleckney)"
	wait_until 10 nothing_half || nothing_half
	q "$MANAGER" sync >/dev/null
	same 'the record has come' "$hash" "$(named_at "$MANAGER" "Sent $part")"
	refused 'not (here|come|arrived)|yet' q "$MANAGER" evidence get QIP-01 "$(entry_at "$MANAGER" "Sent $part")" --output "$WORK/not.pdf"
	q fleckney sync >/dev/null
	same 'what waits' 0 "$(waits_at fleckney)"
	q "$MANAGER" sync >/dev/null
	opens "$MANAGER" "Sent $part"
done

it 'The server is killed while it takes the bytes: they wait, and nothing half is left once it has started'
kept 'Server killed'
server_stop
server_start_struck --only write --under "$WORK/server/$QIP_ODS/blobs" --nth 4 --do kill-before
q fleckney sync >"$WORK/said" 2>&1 || die "the records wait for it: $(cat "$WORK/said")"
server_was_killed || die 'the server was not killed'
[ -n "$(find "$WORK/server/$QIP_ODS/blobs" -path '*/new/*' -type f)" ] || die 'the server had none of it yet'
server_start
nothing_half
q fleckney sync >/dev/null
q "$MANAGER" sync >/dev/null
opens "$MANAGER" 'Server killed'

it 'Cut on its way from the server: what came stays, the rest comes with the next sync'
for ((part = 1; part <= PARTS; part++)); do
	kept "Fetched $part"
	hash=$(named_at fleckney "Fetched $part")
	q fleckney sync >/dev/null
	over_line "$MANAGER" down $((60000 + (SIZE - 80000) * part / PARTS))
	q "$MANAGER" sync >"$WORK/said" 2>&1 || die "the records wait for it: $(cat "$WORK/said")"
	says 'Not all free text and evidence could be exchanged' "$(cat "$WORK/said")"
	straight "$MANAGER"
	same 'the record has come' "$hash" "$(named_at "$MANAGER" "Fetched $part")"
	[ ! -e "$HOMES/$MANAGER/blobs/$hash" ] || die 'the line was cut too late'
	nothing_half
	q "$MANAGER" sync >/dev/null
	opens "$MANAGER" "Fetched $part"
done

it 'The server has lost the end of it: that is told, not kept, and comes once the server has it again'
kept 'Truncated'
hash=$(named_at fleckney 'Truncated')
q fleckney sync >/dev/null
cp "$(at_server "$hash")" "$WORK/whole"
truncate -s 300000 "$(at_server "$hash")"
q "$MANAGER" sync >"$WORK/said" 2>&1 || true
says 'other bytes' "$(cat "$WORK/said")"
[ ! -e "$HOMES/$MANAGER/blobs/$hash" ] || die 'it is kept'
cp "$WORK/whole" "$(at_server "$hash")"
q "$MANAGER" sync >/dev/null
opens "$MANAGER" 'Truncated'
q "$MANAGER" audit >/dev/null
