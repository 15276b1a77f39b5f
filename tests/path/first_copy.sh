#!/usr/bin/env bash
# A first copy that is cut or killed goes on from the last slice, and ends as whole as any.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
sample_plan "$MANAGER"

# main_of DEVICE - how many merges its copy holds.
main_of() { git -C "$HOMES/$1/history.git" rev-list --first-parent --count main 2>/dev/null || echo 0; }
# code_of DEVICE - invite it; joins DEVICE - with that code, again and again.
code_of() { invite "$1" staff kibworth >"$WORK/$1.code"; }
joins() { q "$1" join "$URL" "$(cat "$WORK/$1.code")"; }
# whole DEVICE - its copy is the server's, and passes all checks.
whole() {
	same "main of $1" "$(git -C "$(server_history)" rev-parse main)" "$(git -C "$HOMES/$1/history.git" rev-parse main)"
	fsck "$HOMES/$1/history.git"
	q "$1" audit >/dev/null
}

join away staff fleckney
# More merges than a first slice has.
for n in $(seq 60); do
	q "$MANAGER" action note QIP-02 "Note $n." >/dev/null
	q "$MANAGER" sync >/dev/null
done
code_of first
code_of second
code_of third

it 'A copy without any trouble, to compare with'
proxy_start
joins first >/dev/null
proxy_stop
all=$REPLIED
whole first
merges=$(main_of first)

it 'The link is lost in the first copy'
proxy_start $((all - 3000))
refused 'server|connection|network' joins second
proxy_stop
kept=$(main_of second)
if [ "$kept" -lt 33 ] || [ "$kept" -ge "$merges" ]; then die "$kept of $merges merges are kept"; fi
proxy_start
joins second >/dev/null
proxy_stop
rest=$REPLIED
[ "$rest" -lt $((all - 3000)) ] || die "of $all bytes, $rest came after $kept of $merges merges were there"
whole second

it 'A device is killed in its first copy, and joins again with the same code'
proxy_start
kept=0
for tenth in 2 4 6 8 9; do
	joins third >/dev/null 2>&1 &
	pid=$!
	sleep "0.$tenth"
	kill -KILL "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	now=$(main_of third)
	[ "$now" -ge "$kept" ] || die "$kept merges were kept, now $now"
	kept=$now
done
[ -e "$HOMES/third/config.json" ] || joins third >/dev/null
whole third

it 'A device that was away for long loses its link, and goes on from there'
proxy_stop
sed -i "s|$DIRECT_URL|https://localhost:$PROXY_PORT|" "$HOMES/away/config.json"
before=$(main_of away)
proxy_start
cp -a "$HOMES/away" "$WORK/away.before"
q away sync >/dev/null
proxy_stop
all=$REPLIED
whole away
rm -rf "$HOMES/away"
cp -a "$WORK/away.before" "$HOMES/away"
proxy_start $((all - 3000))
refused 'server|connection|network' q away sync
proxy_stop
kept=$(main_of away)
if [ "$kept" -lt $((before + 32)) ] || [ "$kept" -ge "$merges" ]; then die "$kept of $merges merges are kept, $before were there"; fi
q away action list >/dev/null
q away action note QIP-03 'Entered meanwhile.' >/dev/null
proxy_start
q away sync >/dev/null
proxy_stop
rest=$REPLIED
[ "$rest" -lt $((all - 3000)) ] || die "of $all bytes, $rest came after $kept of $merges merges were there"
whole away

stop server
fsck "$(server_history)"
