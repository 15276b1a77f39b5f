#!/usr/bin/env bash
# Kills and cuts: the server, the kiosk and the link each fail at many moments; nothing thanked or saved is lost, nothing is there twice.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
sample_plan "$MANAGER"

# The kiosk and Fleckney reach the server through a proxy that can cut the line.
proxy_start
join kib-kiosk kiosk kibworth
join fleckney staff fleckney
kiosk_sync kib-kiosk
kiosk_start kib-kiosk

answers=0 notes=0
# more - one more answer and one more note.
more() {
	answer good
	q fleckney action note QIP-02 "Note $((notes + 1))." >/dev/null
	answers=$((answers + 1)) notes=$((notes + 1))
}
notes_on_main() {
	git -C "$(server_history)" ls-tree -r --name-only main qip/ | while read -r path; do git -C "$(server_history)" cat-file blob "main:$path"; echo; done |
		jq -r 'select(.ref == "QIP-02") | .notes // {} | .[].text' | sort -u | wc -l
}
# all_there - after a sync of both, the server's log holds each answer and each note once.
all_there() {
	kiosk_sync kib-kiosk
	q fleckney sync >/dev/null
	same 'answers on the server' "$answers" "$(answers_on_main)"
	same 'notes on the server' "$notes" "$(notes_on_main)"
	same 'what waits' 0 "$(kiosk_says kib-kiosk waiting)"
}
# Syncs that may fail, but do not say that they succeeded unless the server holds everything.
kiosk_tries() {
	if kiosk_sync kib-kiosk 2>/dev/null; then
		same 'answers of which the kiosk says that they arrived' "$answers" "$(answers_on_main)"
	fi
}
staff_tries() {
	if q fleckney sync >/dev/null 2>&1; then
		same 'notes of which Fleckney was told that they arrived' "$notes" "$(notes_on_main)"
	fi
}
more
all_there
answer good
answers=$((answers + 1))
before=$(date +%s%3N)
kiosk_sync kib-kiosk
usual_ms=$(($(date +%s%3N) - before))

it 'The server is killed during pushes'
for tenth in 0 2 3 4 5 6 7 8 9 11; do
	more
	kiosk_tries &
	kiosk_pid=$!
	staff_tries &
	staff_pid=$!
	sleep "$(printf '0.%03d' $((usual_ms * tenth / 10 % 1000)))"
	crash server
	wait "$kiosk_pid"
	wait "$staff_pid"
	server_start
	all_there
	fsck "$(server_history)"
done

it 'A killed program leaves lock files and half a pack behind, which bother nobody'
more
stop kib-kiosk
server_stop
for repo in "$(server_history)" "$HOMES/kib-kiosk/history.git" "$HOMES/fleckney/history.git"; do
	while read -r ref; do
		mkdir -p "$repo/${ref%/*}"
		: >"$repo/$ref.lock"
	done < <(git -C "$repo" for-each-ref --format='%(refname)')
	: >"$repo/packed-refs.lock"
	mkdir -p "$repo/incoming/killed"
	echo half >"$repo/incoming/killed/tmp_pack"
done
server_start
kiosk_start kib-kiosk
more
all_there
for repo in "$(server_history)" "$HOMES/kib-kiosk/history.git" "$HOMES/fleckney/history.git"; do
	same "what is left behind in $repo" '' "$(find "$repo" -name '*.lock' -o -name tmp_pack)"
done

it 'The receipt is lost'
# How many bytes of replies a usual sync of one answer takes.
proxy_stop
proxy_start
answer good
answers=$((answers + 1))
kiosk_sync kib-kiosk
proxy_stop
usual_bytes=$REPLIED
for cut in $((usual_bytes - 1)) $((usual_bytes - 40)) $((usual_bytes - 90)) $((usual_bytes * 3 / 4)) $((usual_bytes / 2)) $((usual_bytes / 4)) 1; do
	more
	proxy_start "$cut"
	kiosk_tries
	proxy_stop
	proxy_start "$cut"
	staff_tries
	proxy_stop
	proxy_start
	all_there
	proxy_stop
done
proxy_start

it 'A sync without a link fails in words and is repeated later'
more
proxy_stop
refused 'reach|connect|network|server' q fleckney sync
refused 'reach|connect|network|server' qip-kiosk sync --home "$HOMES/kib-kiosk"
proxy_start
all_there

it 'The kiosk is killed while patients answer'
for delay in 0.02 0.05 0.09 0.13 0.18 0.24 0.31 0.4; do
	: >"$WORK/thanked"
	(
		trap - EXIT
		while state=$(kiosk_state 2>/dev/null) && [ "$(kiosk_post "$state" good 2>/dev/null)" = 200 ]; do
			echo thanked >>"$WORK/thanked"
		done
	) &
	patients=$!
	sleep "$delay"
	crash kib-kiosk
	wait "$patients" || true
	kiosk_start kib-kiosk
	last=$(kiosk_says kib-kiosk last)
	thanked=$(wc -l <"$WORK/thanked")
	# The one that was on its way may be kept without its thanks having arrived.
	if [ "$last" -lt $((answers + thanked)) ] || [ "$last" -gt $((answers + thanked + 1)) ]; then
		die "$answers answers before, $thanked thanked since, but the kiosk has $last"
	fi
	answers=$last
done
all_there

it 'A device that is killed while it syncs'
for tenth in 1 3 5 7 9; do
	more
	qip-kiosk sync --home "$HOMES/kib-kiosk" >/dev/null 2>&1 &
	kiosk_pid=$!
	qip --home "$HOMES/fleckney" sync >/dev/null 2>&1 &
	staff_pid=$!
	sleep "$(printf '0.%03d' $((usual_ms * tenth / 10 % 1000)))"
	kill -KILL "$kiosk_pid" "$staff_pid" 2>/dev/null || true
	wait "$kiosk_pid" 2>/dev/null || true
	wait "$staff_pid" 2>/dev/null || true
	all_there
done

it 'The history of all this passes the audit'
# shellcheck disable=SC2034 # read by the functions of lib.sh
URL=$DIRECT_URL
q "$MANAGER" sync >/dev/null
q "$MANAGER" audit >/dev/null
same 'gaps' 0 "$(q "$MANAGER" feedback stats --json | jq .gaps)"
stop kib-kiosk
server_stop
fsck "$(server_history)" "$HOMES"/*/history.git
