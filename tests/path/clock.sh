#!/usr/bin/env bash
# Kiosks whose clock stands at 1970 or 2099 or jumps, and one that is alone for two years: they join, take answers, deliver, and never say more about the
# time than they know.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start

at_ready
at() { "$WORK/at" "$@"; }
# record DEVICE SEQ - as the server holds it.
record() { git -C "$(server_history)" cat-file blob "main:feedback/$1/0/0/$2.json"; }

# wrong_clock KIOSK TIME
wrong_clock() {
	local kiosk=$1 when=$2 code now i
	code=$(invite "$kiosk" kiosk kibworth)
	at "$when" qip-kiosk join "$URL" "$code" --home "$HOMES/$kiosk" >/dev/null
	server_stop
	kiosk_start "$kiosk" "$WORK/at" "$when"
	answer good
	answer poor
	stop "$kiosk"
	server_start
	at "$when" qip-kiosk sync --home "$HOMES/$kiosk" >/dev/null
	# And again after the clock was set right.
	kiosk_start "$kiosk"
	answer neither
	kiosk_sync "$kiosk"
	stop "$kiosk"
	now=$(date -u +%Y-%m-%dT%H:%M:%S.999Z)
	for i in 1 2 3; do
		record "$kiosk" "$i" >"$WORK/record.json"
		jq -e --arg now "$now" '.recorded | .earliest <= $now and .latest >= "2024" and .earliest <= .latest' "$WORK/record.json" >/dev/null ||
			die "the time of answer $i cannot be: $(cat "$WORK/record.json")"
		[ "$i" -eq 3 ] || jq -e '.recorded.quality != "synchronised"' "$WORK/record.json" >/dev/null || die "answer $i is surer of its time than it can be"
	done
}

it 'A kiosk at 1970'
wrong_clock early '1970-01-01 00:03:00'

it 'A kiosk at 2099'
wrong_clock late '2099-12-31 23:50:00'

# A kiosk whose clock is moved while it runs: `jump TIME`.
cat >"$WORK/jumping" <<END
#!/bin/sh
export FAKETIME_TIMESTAMP_FILE="$WORK/jump.time" FAKETIME_NO_CACHE=1
exec "$WORK/at" "\$(sed s/^@// "$WORK/jump.time")" env -u FAKETIME "\$@"
END
chmod +x "$WORK/jumping"
jump() { printf '@%s\n' "$1" >"$WORK/jump.new" && mv "$WORK/jump.new" "$WORK/jump.time"; }

it 'A clock that jumps to 2099, to 1970 and back while the kiosk runs'
join jumps kiosk kibworth
jump '2026-05-01 09:00:00'
server_stop
kiosk_start jumps "$WORK/jumping"
answer good
jump '2099-01-01 00:00:00'
answer poor
says '^2099-01-01' "$(kiosk_says jumps last_answer_at)"
jump '1970-01-02 00:00:00'
answer good
says '^1970-01-02' "$(kiosk_says jumps last_answer_at)"
jump '2026-04-01 09:00:00'
answer neither
stop jumps
server_start
kiosk_sync jumps
for i in 1 2 3 4; do
	record jumps "$i" | jq -e --arg now "$(date -u +%Y-%m-%dT%H:%M:%S.999Z)" '.recorded | .earliest <= $now and .earliest <= .latest' >/dev/null ||
		die "the time of answer $i cannot be: $(record jumps "$i")"
done

it 'What the server said of a wrong clock is a record, signed like any other'
q "$MANAGER" sync >/dev/null
git -C "$(server_history)" cat-file blob main:clock/early/0/0/1.json >"$WORK/clock.json"
jq -e '.schema == "clock/1" and .device == "early" and .quality != "synchronised" and .own_time < "1971" and .server_time > "2024"' "$WORK/clock.json" >/dev/null ||
	die "the record of the clock says: $(cat "$WORK/clock.json")"

it 'All answers are there once, and the audit passes'
same 'answers' 10 "$(answers_on_main)"
q "$MANAGER" sync >/dev/null
q "$MANAGER" audit >/dev/null
same 'gaps' 0 "$(q "$MANAGER" feedback stats --json | jq .gaps)"

it 'A staff device whose clock is decades off changes no order: the graph decides'
join fleckney staff fleckney
q "$MANAGER" action add --ref QIP-60 --finding 'Found' --action 'Do' --effective 2022-06-06 >/dev/null
q "$MANAGER" sync >/dev/null
q fleckney sync >/dev/null
at '2099-01-01 12:00:00' qip --home "$HOMES/fleckney" action set QIP-60 status=green --effective 2022-09-01 >/dev/null
at '2099-01-01 12:00:00' qip --home "$HOMES/fleckney" sync >/dev/null
q "$MANAGER" sync >/dev/null
q "$MANAGER" action set QIP-60 status=amber --effective 2022-09-02 >/dev/null
q "$MANAGER" sync >/dev/null
q fleckney sync >/dev/null
same 'the later edit' amber "$(q fleckney action show QIP-60 --json | jq -r .status)"
same 'conflicts' '[]' "$(q fleckney conflicts --json | jq -c .)"

# $WORK/other-boot COMMAND… - as in an earlier boot of the machine, where a container lets a boot have another name.
echo 11111111-2222-4333-8444-555555555555 >"$WORK/boot-id"
cat >"$WORK/other-boot" <<END
#!/bin/sh
unshare -rm true 2>/dev/null || exec "\$@"
exec unshare -rm sh -c 'mount --bind "$WORK/boot-id" /proc/sys/kernel/random/boot_id; exec "\$@"' sh "\$@"
END
chmod +x "$WORK/other-boot"

it 'Two years without the server and with an ended certificate: all is delivered, and the certificate renewed'
join away kiosk kibworth
later() { date -u -d "+$1 days" '+%Y-%m-%d %H:%M:%S'; }
UNSURE=1
# shellcheck disable=SC2016 # for the shell inside
unshare -rm sh -c 'mount --bind "$0" /proc/sys/kernel/random/boot_id' "$WORK/boot-id" 2>/dev/null || UNSURE=''
kiosk_sync away
server_stop
kiosk_start away "$WORK/other-boot" "$WORK/at" "$(later 300)"
answer good
stop away
kiosk_start away "$WORK/other-boot" "$WORK/at" '1970-01-01 00:01:00'
answer poor
stop away
[ "$(openssl x509 -in "$HOMES/away/device.crt" -noout -enddate | cut -d = -f 2 | date -u -f - +%s)" -lt "$(date -d '+730 days' +%s)" ] ||
	die 'the certificate holds for two years'
cp "$HOMES/away/device.crt" "$WORK/ended.crt"
SERVER_UNDER=("$WORK/at" "$(later 730)")
server_start
at '1970-01-01 00:02:00' qip-kiosk sync --home "$HOMES/away" >/dev/null
cmp -s "$WORK/ended.crt" "$HOMES/away/device.crt" && die 'the certificate was not renewed'
same 'answers of the two years' 2 "$(git -C "$(server_history)" ls-tree -r --name-only main feedback/away/ | wc -l)"
at "$(later 731)" qip-kiosk sync --home "$HOMES/away" >/dev/null

it 'An answer that may have been given in one of several months says so'
for i in 1 2; do
	[ -z "$UNSURE" ] || record away "$i" | jq -e '.recorded.quality == "unknown" and (.flags | index("clock-unsure"))' >/dev/null ||
		die "answer $i is sure of its month: $(record away "$i")"
done
server_stop
fsck "$(server_history)" "$HOMES"/*/history.git
