#!/usr/bin/env bash
# Who takes the kiosk, the server's disk or the ICB's clone has nothing of what a patient typed: all files of each are searched for every piece of the
# text in every form that it could have, after each system call of the kiosk that changes its disk, and at the end of the day.
# Short: a spread of the calls; QIP_CRASH_STEP=1 takes all.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$QIP_SOURCE/tests/support/crash.sh"

STEP=${QIP_CRASH_STEP:-19}
TYPED='Ask for Zoë, ask for જ્યોતિ — “the 8:30 scramble” left my mum without her tablets'
SECRET=$WORK/typed

# nothing_of FILES… - not a piece of the text.
nothing_of() { "$QIP_TOOLS/seek" "$SECRET" "$@" >"$WORK/found" || die "what a patient typed can be read: $(head -n 5 "$WORK/found")"; }

# ---- the search can find ----

it 'The search finds the text in whatever form a program might leave it'
printf '%s' "$TYPED" >"$SECRET"
mkdir "$WORK/left"
left() { # NAME - stdin is a file that a thief may find
	cat >"$WORK/left/$1"
	! "$QIP_TOOLS/seek" "$SECRET" "$WORK/left" >"$WORK/found" || die "not found: $1"
	rm "$WORK/left/$1"
}
tail_of_it() { tail -c 45 "$SECRET"; }
{ head -c 5000 /dev/urandom; cat "$SECRET"; } | left 'in other bytes'
tail_of_it | left 'a part of it'
iconv -f UTF-8 -t UTF-16LE "$SECRET" | left UTF-16
iconv -f UTF-8 -t UTF-32BE "$SECRET" | left UTF-32
for skip in 0 1 2; do
	{ head -c "$skip" /dev/zero; cat "$SECRET"; } | base64 -w 0 | left "base64 from $skip"
done
od -An -v -tx1 "$SECRET" | tr -d ' \n' | left hexadecimal
jq -Rs . --ascii-output "$SECRET" | left JSON
jq -Rrs @uri "$SECRET" | left URL
gzip -nc "$SECRET" | tail -c +11 | { printf '\x78\x9c'; cat; } | left 'a zlib stream'
node -e 'const b = require("fs").readFileSync(process.argv[1]); const m = [7, 99, 200, 31, 5, 77, 140, 250]; process.stdout.write(b.map((x, i) => x ^ m[i % 8]))' "$SECRET" |
	left 'under a mask'
printf 'Somebody else wrote this' >"$WORK/left/other"
nothing_of "$WORK/left"

# ---- the day ----

practice_start
join "$KIOSK" kiosk kibworth
join qk1-icb icb
kiosk_sync "$KIOSK"
server_stop
cp -a "$WORK/server" "$WORK/server.before"
cp -a "$HOMES" "$HOMES.before"
strike_or_skip

arrived() { [ "$(answers_on_main)" -ge "$1" ] || is_gone "${PIDS[kiosk]}"; }
come_up() { [ -s "$WORK/kiosk.port" ] || is_gone "${PIDS[kiosk]}"; }

# killed_and_searched N - the kiosk is killed after its N-th change of its disk; false if the day was over before.
killed_and_searched() {
	local status=0 pid
	crash_rewind
	server_start
	rm -f "$STRUCK" "$WORK/kiosk.port"
	start kiosk env ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0" "$STRIKE" --report "$STRUCK" --nth "$1" --do kill-after --only changes --under "$HOMES/$KIOSK" \
		qip-kiosk run --home "$HOMES/$KIOSK" --listen 127.0.0.1:0 --sync-every 1 --port-file "$WORK/kiosk.port"
	wait_until 60 come_up
	if [ -s "$WORK/kiosk.port" ]; then
		KIOSK_URL=http://127.0.0.1:$(cat "$WORK/kiosk.port")
		(answer very-poor "$TYPED") >"$WORK/patient.log" 2>&1 || true
		wait_until 30 arrived 1 || true
	fi
	pid=${PIDS[kiosk]}
	kill -TERM "$pid" 2>/dev/null || true
	wait_until 60 is_gone "$pid" || die 'the kiosk does not stop'
	unset 'PIDS[kiosk]'
	wait "$pid" || status=$?
	was_struck && say "  $(struck_where)"
	nothing_of "$HOMES/$KIOSK" "$WORK/server"
	server_stop
	was_struck || return "$NO_MORE"
}

it 'The kiosk is taken at any moment of the day'
at_each "$STEP" killed_and_searched

it 'All has arrived: the server, and what the ICB and anybody with stock git has'
server_start
kiosk_sync "$KIOSK"
q "$MANAGER" sync >/dev/null
q qk1-icb sync >/dev/null
q qk1-icb git-config --write "$WORK/icb.gitconfig" >/dev/null
GIT_CONFIG_GLOBAL=$WORK/icb.gitconfig git clone -q --bare "$URL/$QIP_ODS/history.git" "$WORK/clone.git"
git -C "$WORK/clone.git" cat-file --batch --batch-all-objects >"$WORK/objects"
grep -aq '"comment"' "$WORK/objects" || die 'there is no comment to look for'
nothing_of "$HOMES/$KIOSK" "$HOMES/qk1-icb" "$HOMES/$MANAGER" "$WORK/server" "$WORK/clone.git" "$WORK/objects" "$WORK/logs"
