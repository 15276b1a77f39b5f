#!/usr/bin/env bash
# Encrypted backups: runs that hold what came since the one before, opened with age and tar alone; expiry, a pipe, what is damaged, missing or half, and a
# server that goes on from one.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

command -v age >/dev/null || die 'the package age is needed'
RUNS=$WORK/runs
KEY=$WORK/safe.key # what is not on the server
age-keygen -o "$KEY" 2>/dev/null
age-keygen -o "$WORK/second.key" 2>/dev/null
age-keygen -o "$WORK/other.key" 2>/dev/null
TO=(--recipient "$(age-keygen -y "$KEY")" --recipient "$(age-keygen -y "$WORK/second.key")")

backup() { qip-server backup "$WORK/server" "$RUNS" "${TO[@]}" "$@"; }
runs() { find "$RUNS" -name '*.tar.age' -printf '%f\n' | sort; }
newest() { runs | tail -n 1; }
# what the newest run holds, by stock tools
holds() { age --decrypt --identity "$KEY" "$RUNS/$(newest)" | tar -t; }
# restored [OPTION…] - a new folder out of the runs; sound, and nothing opened lies about.
restored() {
	rm -rf "$WORK/try"
	qip-server restore "$RUNS" "$WORK/try" --identity "$KEY" "$@" >"$WORK/logs/restore.log"
	nothing_opened
	qip-server fsck "$WORK/try" >/dev/null
}
nothing_opened() { ! compgen -G "$WORK/*opened*" >/dev/null || die 'an opened backup lies about'; }
# not_restored PATTERN ARGUMENT… - it fails in words like these, and neither a server nor anything opened is left.
not_restored() {
	rm -rf "$WORK/try"
	refused "$1" qip-server restore "${@:2}"
	[ ! -e "$WORK/try/server.json" ] || die 'a server was made of it'
	nothing_opened
}
main_of() { git -C "$1/$QIP_ODS/history.git" rev-parse refs/heads/main; }
blob_file() { printf '%s/%s/blobs/%s/%s' "$1" "$QIP_ODS" "${2:0:2}" "$2"; }

practice_start
join fleckney staff fleckney
join kib-kiosk kiosk kibworth
sample_plan "$MANAGER" fleckney
kept=$(put_blob 'sealed bytes that stay')
gone=$(put_blob 'sealed bytes that a patient has erased')

it 'The first run holds everything, and stock age and tar open it; without a private key it tells nothing'
says 'it holds everything' "$(backup)"
holds >"$WORK/held"
for name in backup.json server.json ca.key "$QIP_ODS/server.key" "$QIP_ODS/history.pack/00000000" "$QIP_ODS/blobs/${kept:0:2}/$kept"; do
	grep -qxF "$name" "$WORK/held" || die "it does not hold $name"
done
age --decrypt --identity "$WORK/second.key" "$RUNS/$(newest)" | tar -x -O backup.json | jq -e '.schema == "backup/1"' >/dev/null
if grep -rlaE 'PRIVATE KEY|sealed bytes|Harborough' "$RUNS"; then die 'something of it can be read'; fi
same 'who may read it' 600 "$(stat -c %a "$RUNS/$(newest)")"
restored
same 'the log of the first run' "$(main_of "$WORK/server")" "$(main_of "$WORK/try")"
first=$(newest)
first_main=$(main_of "$WORK/server")

it 'The next run, made while devices push, holds only what came since'
q fleckney action note QIP-02 'Between two runs' >/dev/null
start sync q fleckney sync
says "follows ${first%.tar.age}" "$(backup)"
wait "${PIDS[sync]}" || die 'a device cannot sync beside a backup'
unset 'PIDS[sync]'
says 'follows' "$(backup)"
later=$(put_blob 'sealed bytes that came later')
says 'follows' "$(backup)"
holds >"$WORK/held"
grep -q "$later" "$WORK/held" || die 'a new blob is missing'
if grep -qE "$kept|history.pack" "$WORK/held"; then die 'it holds again what was held before'; fi
restored
same 'the log' "$(main_of "$WORK/server")" "$(main_of "$WORK/try")"
for blob in "$kept" "$gone" "$later"; do
	cmp "$(blob_file "$WORK/server" "$blob")" "$(blob_file "$WORK/try" "$blob")"
done

it 'What was erased is not in a server that is restored from a later run'
erase_blob "$gone"
says 'follows' "$(backup)"
restored
[ ! -e "$(blob_file "$WORK/try" "$gone")" ] || die 'erased bytes came back'
cmp "$(blob_file "$WORK/server" "$kept")" "$(blob_file "$WORK/try" "$kept")"

it 'An earlier run is restored when it is named'
restored --run "${first%.tar.age}"
same 'the log of then' "$first_main" "$(main_of "$WORK/try")"
refused 'no run 2001' qip-server restore "$RUNS" "$WORK/none" --identity "$KEY" --run 2001-01-01T000000.000Z

it 'The wrong key, damage, a run that was cut short or is missing: said in words, and no server is made of it'
not_restored 'no identity matched' "$RUNS" "$WORK/try" --identity "$WORK/other.key"
not_restored 'is no backup' "$RUNS" "$WORK/try"
cp -a "$RUNS" "$WORK/runs.before"
again() { rm -rf "$RUNS" && cp -a "$WORK/runs.before" "$RUNS"; }
size=$(stat -c %s "$RUNS/$first")
for at in 3 $((size / 2)) $((size - 3)); do
	printf '\x55\xaa' | dd of="$RUNS/$first" bs=1 seek="$at" conv=notrunc status=none
	not_restored "$first" "$RUNS" "$WORK/try" --identity "$KEY"
	again
done
for at in 0 100 $((size / 2)) $((size - 1)); do
	truncate -s "$at" "$RUNS/$first"
	not_restored "$first" "$RUNS" "$WORK/try" --identity "$KEY"
	again
done
rm "$RUNS/$(runs | sed -n 2p)"
not_restored 'is missing in' "$RUNS" "$WORK/try" --identity "$KEY"
says 'holds everything' "$(backup)"
restored
again
cp "$RUNS/$(newest)" "$WORK/alone.tar.age"
not_restored 'holds only what came after' "$WORK/alone.tar.age" "$WORK/try" --identity "$KEY"
# the right names around another run's bytes
cp "$RUNS/$(runs | sed -n 3p)" "$RUNS/$(runs | sed -n 2p)"
not_restored 'holds only what came after' "$RUNS" "$WORK/try" --identity "$KEY"
again

it 'A run that cannot be written leaves nothing; two at once are not tried'
before=$(find "$RUNS" | sort)
(
	ulimit -f 8
	refused 'age did not do its work' backup
)
same 'the folder after it' "$before" "$(find "$RUNS" | sort)"
refused 'another backup' flock "$RUNS" qip-server backup "$WORK/server" "$RUNS" "${TO[@]}"
refused 'malformed recipient' qip-server backup "$WORK/server" "$RUNS" --recipient age1nothing
same 'the folder after a wrong key' "$before" "$(find "$RUNS" | sort)"
refused 'install the package age' env PATH="$QIP_BIN" "$QIP_BIN/qip-server" backup "$WORK/server" "$RUNS" "${TO[@]}"

it 'Old runs go with --keep; the last two whole ones and what follows them stay'
at_ready
rm -rf "$RUNS"
for day in 01-01 01-11 02-10 02-20 03-22 04-01; do
	PATH=$PATH "$WORK/at" "2031-$day 03:00:00" qip-server backup "$WORK/server" "$RUNS" "${TO[@]}" --keep 45 >>"$WORK/logs/kept.log"
done
same 'what is whole' 3 "$(grep -c 'holds everything' "$WORK/logs/kept.log")"
same 'what was deleted' '2 older runs were deleted' "$(grep deleted "$WORK/logs/kept.log")"
same 'what stays' '2031-02-10 2031-02-20 2031-03-22 2031-04-01 ' "$(runs | cut -c 1-10 | tr '\n' ' ')"
same 'their indexes' 4 "$(find "$RUNS" -name '*.index' | wc -l)"
restored

it 'Through a pipe: whole or an error'
qip-server backup "$WORK/server" - "${TO[@]}" 2>"$WORK/logs/pipe.log" | cat >"$WORK/piped.tar.age"
rm -rf "$WORK/try"
qip-server restore - "$WORK/try" --identity "$KEY" <"$WORK/piped.tar.age" >/dev/null
same 'what came through' "$(main_of "$WORK/server")" "$(main_of "$WORK/try")"
nothing_opened
if qip-server backup "$WORK/server" - "${TO[@]}" 2>"$WORK/logs/pipe.log" >/dev/full; then die 'a full disk behind the pipe is not noticed'; fi
if qip-server backup "$WORK/server" - "${TO[@]}" 2>"$WORK/logs/pipe.log" | head -c 1000 >"$WORK/cut.tar.age"; then die 'a reader that ends early is not noticed'; fi
not_restored 'age did not do its work' "$WORK/cut.tar.age" "$WORK/try" --identity "$KEY"

it 'A server whose disk is lost goes on from the runs, and devices bring what came after the last of them'
rm -rf "$RUNS"
backup >/dev/null
first=$(newest)
q fleckney action note QIP-03 'After the last run' >/dev/null
q fleckney sync >/dev/null
q "$MANAGER" sync >/dev/null
backup >/dev/null
server_stop
rm -rf "$WORK/server"
qip-server restore "$RUNS" "$WORK/server" --identity "$KEY" --run "${first%.tar.age}" >/dev/null
server_start
refused 'restored from a backup' q fleckney sync
qip-server reconcile "$WORK/server" --open >/dev/null
q fleckney sync >/dev/null
q "$MANAGER" sync >/dev/null
says 'After the last run' "$(q "$MANAGER" action show QIP-03 --json)"
q "$MANAGER" audit >/dev/null
[ ! -e "$(blob_file "$WORK/server" "$gone")" ] || die 'erased bytes came back'
says 'follows' "$(backup)" # on a run that knew more than the server that it was restored to
restored
same 'the log' "$(main_of "$WORK/server")" "$(main_of "$WORK/try")"
says 'holds everything' "$(backup --full)"
server_stop
