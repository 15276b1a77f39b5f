#!/usr/bin/env bash
# What decides who can read is killed at calls that may change the disk, loses power there, and meets a full disk: no key is ever lost, none is half made, and
# the same command again comes to the same end. QIP_CRASH_STEP=1 strikes at all of the calls.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

STRIKE=$QIP_TOOLS/strike
STEP=${QIP_CRASH_STEP:-9}
strike_or_skip

texts() { q "$home" comments list --json "$@" | jq -r '.[] | .text // "unreadable"' | paste -sd '|'; }
in_use() { q "$home" keys list --json | jq .in_use; }
all_hold() { same "keys that do not hold after $1" 0 "$(q "$home" keys list --json | jq '[.generations[] | select(.holds | not)] | length')"; }
rewind() {
	rm -rf "$home"
	cp -a "$WORK/before" "$home"
}

# struck N ACTION LOSS WORD… - false if the command was over before its N-th call.
struck() {
	local n=$1 action=$2 lose=$3 options=()
	shift 3
	[ -z "$lose" ] || options=(--lose "$lose")
	rm -f "$WORK/struck"
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 "$STRIKE" --report "$WORK/struck" --only changes --under "$home" --nth "$n" --do "$action" "${options[@]}" \
		qip --home "$home" keys "$@" >"$WORK/logs/struck.log" 2>&1 || true
	grep -q '^struck ' "$WORK/struck"
}

# at_each CHECK WORD… - the command is struck at one call after the other; CHECK has to hold each time.
at_each() {
	local check=$1 n action lose cases=0
	shift
	for ((n = 1; ; n += STEP)); do
		for action in kill-before kill-after ENOSPC; do
			for lose in '' names; do
				[ "$action$lose" = kill-after ] || [ "$action$lose" = kill-afternames ] || [ -z "$lose" ] || continue
				rewind
				struck "$n" "$action" "$lose" "$@" || break 3
				"$check" "call $n, $action${lose:+, power lost}"
				cases=$((cases + 1))
			done
		done
	done
	[ "$cases" -ge "${least:-8}" ] || die "only $cases cases of: $*"
	say "  $cases cases"
}

practice_start
home=$HOMES/$MANAGER
grep -oE 'RECOVERY-([0-9A-HJKMNP-TV-Z]{5}-){11}[0-9A-HJKMNP-TV-Z]{3}' "$WORK/root-key.txt" >"$WORK/recovery"
grep -v RECOVERY "$WORK/root-key.txt" | grep -oE '([0-9A-HJKMNP-TV-Z]{5}-){11}[0-9A-HJKMNP-TV-Z]{3}' >"$WORK/root"
q() { # by its folder's name, or by its path
	local where=$1
	shift
	[ "${where:0:1}" = / ] || where=$HOMES/$where
	qip --home "$where" "$@"
}
join hand kiosk kibworth
kiosk_sync hand
kiosk_start hand
answer good 'Only staff shall read this'
stop hand
kiosk_sync hand
q "$MANAGER" sync >/dev/null
cp -a "$home" "$WORK/before"

printf 'three words apart\n' >"$WORK/passphrase"
protected() {
	local file=$WORK/passphrase
	same "the text after $1" 'Only staff shall read this' "$(texts --passphrase-file "$file")"
	q "$home" keys protect --new-passphrase-file "$file" --passphrase-file "$file" >/dev/null
	same "said after $1" true "$(q "$home" keys list --json | jq .protected)"
	same "the text, protected, after $1" 'Only staff shall read this' "$(texts --passphrase-file "$file")"
	q "$home" keys unprotect --passphrase-file "$file" >/dev/null
	same "the text at last after $1" 'Only staff shall read this' "$(texts)"
}
it 'A key that is being put under a passphrase'
STEP=${QIP_CRASH_STEP:-4} least=4 at_each protected protect --new-passphrase-file "$WORK/passphrase"

rotated() {
	local now
	now=$(in_use)
	all_hold "$1"
	[ "$now" = 1 ] || same "generations after $1" 2 "$now"
	q "$home" keys rotate "${again[@]}" >"$WORK/papers"
	same "generations after $1 and once more" $((now + 1)) "$(in_use)"
	all_hold "$1 and once more"
	same "the text after $1" 'Only staff shall read this' "$(texts)"
}
it 'A new generation'
again=()
at_each rotated rotate
same 'refused' 0 "$(q "$home" sync --json | jq .refused)"
q "$home" audit >/dev/null

it 'A new paper'
again=(--new-paper)
at_each rotated rotate --new-paper

it 'What the recovery key opens, after all devices are lost'
CA=$(openssl x509 -in "$WORK/server/ca.crt" -noout -fingerprint -sha256 | cut -d = -f 2)
q new join "$URL" --root-key-file "$WORK/root" --practice "$QIP_ODS" --device boss-2 --ca "$CA" >/dev/null
home=$HOMES/new
q new sync >/dev/null
rm -rf "$WORK/before"
cp -a "$home" "$WORK/before"
same 'before' unreadable "$(texts)"
recovered() {
	q "$home" keys recover --recovery-key-file "$WORK/recovery" >/dev/null
	same "the text after $1" 'Only staff shall read this' "$(texts)"
	same "who opens the first after $1" true "$(q "$home" keys list --json | jq '.generations[0].readers | any(. == "boss-2")')"
}
at_each recovered recover --recovery-key-file "$WORK/recovery"
same 'refused' 0 "$(q "$home" sync --json | jq .refused)"
q "$home" audit >/dev/null
