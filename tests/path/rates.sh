#!/usr/bin/env bash
# A device that sends too much in an hour waits, is told for how long, and loses nothing; the others notice nothing.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

D=$WORK/server
KIOSK=kib-kiosk
practice_start
join fleckney staff fleckney
join second staff kibworth
join "$KIOSK" kiosk kibworth
sample_plan fleckney second
kiosk_sync "$KIOSK"
server_stop
jq -c '.limits = {device_pushes_hour: 10}' "$D/server.json" >"$WORK/json"
cp "$WORK/json" "$D/server.json"
server_start

it 'A device pushes as often as it may, and is then told to wait, in words and in the header'
for i in 1 2 3 4 5 6 7 8 9 10; do
	q fleckney action note QIP-02 "Note $i" >/dev/null
	q fleckney sync >/dev/null
done
q fleckney action note QIP-02 'One too many' >/dev/null
refused 'more than 10 times in an hour; nothing is lost, it may again in [0-9]+ seconds|try again later' q fleckney sync
home=$HOMES/fleckney
curl -qsS --max-time 20 --cacert "$home/ca.crt" --cert "$home/device.crt" --key "$home/device.key" -D "$WORK/head" -o "$WORK/page" -X POST \
	-H 'Content-Type: application/x-git-receive-pack-request' --data-binary 0000 "$(history_url)/git-receive-pack"
says '^HTTP/1.1 429' "$(cat "$WORK/head")"
wait_s=$(tr -d '\r' <"$WORK/head" | sed -n 's/^[Rr]etry-[Aa]fter: //p')
((wait_s > 60 && wait_s <= 361)) || die "it is told to wait $wait_s seconds"

it 'It reads as before, and others write as before'
git_as fleckney ls-remote -q "$(history_url)" >"$WORK/refs"
grep -q refs/heads/main "$WORK/refs" || die 'it may not read'
q second action note QIP-02 'From elsewhere' >/dev/null
q second sync >/dev/null
kiosk_start "$KIOSK"
answer good
kiosk_sync "$KIOSK"
stop "$KIOSK"

it 'When the host allows more, what waited goes'
jq -c '.limits = {device_pushes_hour: 1000}' "$D/server.json" >"$WORK/json"
cp "$WORK/json" "$D/server.json"
kill -HUP "${PIDS[server]}"
synced() { sleep 1; q fleckney sync >"$WORK/sync" 2>&1; }
wait_until 20 synced || die "it does not sync: $(cat "$WORK/sync")"
same 'what waits' 0 "$(q fleckney status --json | jq '.waiting // 0')"
q second sync >/dev/null
q second action show QIP-02 --json | grep 'One too many' >/dev/null || die 'the note is lost'
