#!/usr/bin/env bash
# Each command that seals, sends, fetches or erases free text, or changes who can read it, is killed, loses power or finds the disk full at calls that
# may change its home. Done again, it ends as if nothing had been: all is there once and can be read, what was erased is nowhere, the audit passes.
# Short: one call of each; QIP_CRASH_STEP=1 strikes at all.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$QIP_SOURCE/tests/support/crash.sh"

STEP=${QIP_CRASH_STEP:-0}
CASES=${QIP_CRASH_CASES:-send fetch erase carry kiosk release add forget evidence rotate recover protect}
read -ra ACTIONS <<<"${QIP_CRASH_ACTIONS:-kill-before kill-after ENOSPC power}" # in turn
strike_or_skip

KIOSK=hand
SECOND=second
TEXTS='One must not read this|Two may be shown to all|Three was typed last'
mkdir "$WORK/sealed"
printf 'three words apart\n' >"$WORK/passphrase"
export QIP_PASSPHRASE_FILE=$WORK/passphrase # of the case that has one
printf '%%PDF-1.7\nRota of the desk\n' >"$WORK/rota.pdf"

# ---- the practice, of which each strike gets a copy ----

texts() { q "$@" comments list --json | jq -r '[.[] | .text // .unreadable] | sort | join("|")'; }
id_of() { q "$MANAGER" comments list --json | jq -r --arg t "$1" '.[] | select(.text // "" | startswith($t)).feedback.id'; }
hash_of() { q "$MANAGER" comments list --json | jq -r --arg t "$1" '.[] | select(.text // "" | startswith($t)).feedback.comment.sha256'; }
people() { q "$1" people list --json | jq -r '[.[] | .called // .unopened] | sort | join("|")'; }
evidence() { q "$1" show QIP-01 --json | jq -r '.evidence // {} | length'; }
in_use() { q "$1" keys list --json | jq .in_use; }
# Each says what it has, and each hears of it.
sync_all() {
	local home
	q "$MANAGER" sync >/dev/null
	kiosk_sync "$KIOSK"
	for home in fleckney "$MANAGER" "$SECOND" fleckney; do q "$home" sync >/dev/null; done
}

practice_start
grep -oE 'RECOVERY-([0-9A-HJKMNP-TV-Z]{5}-){11}[0-9A-HJKMNP-TV-Z]{3}' "$WORK/root-key.txt" >"$WORK/recovery"
join "$KIOSK" kiosk kibworth
join fleckney staff fleckney
q "$MANAGER" action add --ref QIP-01 >/dev/null
q "$MANAGER" people add 'Ada Stays' --job nurse >/dev/null
PERSON=$(q "$MANAGER" people add 'Bob Wants To Go' --job porter --json | jq -r .id)
q "$MANAGER" sync >/dev/null
kiosk_sync "$KIOSK"
kiosk_start "$KIOSK"
answer poor 'One must not read this'
answer good 'Two may be shown to all' publish
stop "$KIOSK"
kiosk_sync "$KIOSK"
for home in "$MANAGER" fleckney; do q "$home" sync >/dev/null; done
ONE=$(id_of One) TWO=$(id_of Two) ONE_HASH=$(hash_of One)
NAME_HASH=$(q "$MANAGER" people list --json | jq -r --arg id "$PERSON" '.[] | select(.id == $id).name.sha256')
for hash in "$ONE_HASH" "$NAME_HASH"; do cp "$HOMES/$MANAGER/blobs/$hash" "$WORK/sealed/$hash"; done
kiosk_start "$KIOSK"
answer neither 'Three was typed last'
stop "$KIOSK"
join "$SECOND" manager great-glen # and no manager's device has synced since: it can read nothing yet
server_stop
cp -a "$WORK/server" "$WORK/server.before"
cp -a "$HOMES" "$HOMES.before"

# ---- what must hold in the end ----

# gone HASH - no file of any role has the sealed bytes.
gone() { "$QIP_TOOLS/seek" --sealed "$WORK/sealed/$1" "$HOMES" "$WORK/server" >"$WORK/found" || die "erased, and left: $(head -n 3 "$WORK/found")"; }
# whole TEXTS NAMES EVIDENCE - after everybody's syncs; every device of staff reads the same.
whole() {
	local home
	sync_all
	for home in "$MANAGER" fleckney "$SECOND"; do
		same "comments at $home" "$(tr '|' '\n' <<<"$1" | sort | paste -sd '|')" "$(texts "$home")"
		same "names at $home" "$2" "$(people "$home")"
		same "evidence at $home" "$3" "$(evidence "$home")"
		same "what waits at $home" 0 "$(q "$home" status --json | jq .waiting)"
		same "sealed bytes that wait at $home" '' "$(find "$HOMES/$home/outbox" -type f)"
	done
	same 'answers' 3 "$(answers_on_main)"
	same 'sealed bytes that wait on the kiosk' '' "$(find "$HOMES/$KIOSK/outbox" -type f)"
	q "$MANAGER" audit >/dev/null || die 'the audit fails'
	same 'what is left behind' '' "$(find "$HOMES" -name '*.tmp' -o -name '*.new' -o -name '*.part')"
}

ALL_NAMES='Ada Stays|Bob Wants To Go'
all_there() { whole "$TEXTS" "$ALL_NAMES" 0; }

# ---- the cases ----

# AT has the home that is struck. NAME_before: what comes before; NAME_does: the command, run by what it is given; NAME_is_done: it need not be done
# again, as who did it can see; NAME_end: what holds in the end.

declare -A AT=(
	[send]="$KIOSK" [fetch]=fleckney [erase]="$MANAGER" [carry]=fleckney [kiosk]="$KIOSK" [release]=fleckney [add]="$MANAGER" [forget]="$MANAGER"
	[evidence]=fleckney [rotate]="$MANAGER" [recover]="$SECOND" [protect]=fleckney
)
# The call that is struck in the short form: by and large where sealed bytes and keys change their place.
declare -A CALL=(
	[send]=62 [fetch]=42 [erase]=30 [carry]=43 [kiosk]=72 [release]=11 [add]=9 [forget]=32 [evidence]=22 [rotate]=18 [recover]=21 [protect]=6
)
never() { false; } # to be done again whatever was struck

send_before() { :; }
send_does() { "$@" qip-kiosk sync --home "$HOMES/$KIOSK"; }
send_is_done() { never; }
send_end() { all_there; }

fetch_before() { kiosk_sync "$KIOSK"; }
fetch_does() { "$@" qip --home "$HOMES/fleckney" sync; }
fetch_is_done() { never; }
fetch_end() { all_there; }

erase_one() { "$@" qip --home "$HOMES/$MANAGER" comments erase "$ONE" --reason 'The patient asked for it'; }
one_is_gone() {
	whole "${TEXTS/#One*this|/erased|}" "$ALL_NAMES" 0
	gone "$ONE_HASH"
	same 'erasures' 1 "$(q "$MANAGER" erasure list --json | jq length)"
}
erase_before() { :; }
erase_does() { erase_one "$@"; }
erase_is_done() { [ "$(q "$MANAGER" erasure list --json | jq length)" = 1 ]; }
erase_end() { one_is_gone; }

erased_at_the_server() {
	erase_one >/dev/null
	q "$MANAGER" sync >/dev/null
}
carry_before() { erased_at_the_server; }
carry_does() { "$@" qip --home "$HOMES/fleckney" sync; }
carry_is_done() { never; }
carry_end() { one_is_gone; }

kiosk_before() { erased_at_the_server; }
kiosk_does() { "$@" qip-kiosk sync --home "$HOMES/$KIOSK"; }
kiosk_is_done() { never; }
kiosk_end() { one_is_gone; }

release_before() { :; }
release_does() { "$@" qip --home "$HOMES/fleckney" comments release "$TWO" --yes; }
release_is_done() { [ "$(q fleckney comments show "$TWO" --json | jq -r '.released_text // ""')" = 'Two may be shown to all' ]; }
release_end() {
	all_there
	same 'what is shown' 'Two may be shown to all' "$(q "$MANAGER" comments show "$TWO" --json | jq -r .released_text)"
	same 'conflicts' '[]' "$(q "$MANAGER" conflicts --json | jq -c .)"
}

add_before() { :; }
add_does() { "$@" qip --home "$HOMES/$MANAGER" people add 'Cid Comes' --job nurse; }
add_is_done() { people "$MANAGER" | grep Cid >/dev/null; }
add_end() { whole "$TEXTS" "$ALL_NAMES|Cid Comes" 0; }

forget_before() { :; }
forget_does() { "$@" qip --home "$HOMES/$MANAGER" people erase "$PERSON" --reason 'Asked for it'; }
forget_is_done() { ! people "$MANAGER" | grep Bob >/dev/null; }
forget_end() {
	whole "$TEXTS" 'Ada Stays|erased' 0
	gone "$NAME_HASH"
}

evidence_before() { :; }
evidence_does() { "$@" qip --home "$HOMES/fleckney" action evidence QIP-01 Rota --file "$WORK/rota.pdf"; }
evidence_is_done() { [ "$(evidence fleckney)" = 1 ]; }
evidence_end() {
	whole "$TEXTS" "$ALL_NAMES" 1
	rm -f "$WORK/got.pdf"
	q "$MANAGER" evidence get QIP-01 "$(q "$MANAGER" show QIP-01 --json | jq -r '.evidence | keys[0]')" --output "$WORK/got.pdf" >/dev/null
	cmp -s "$WORK/rota.pdf" "$WORK/got.pdf" || die 'the evidence is not what was kept'
}

rotate_before() { :; }
rotate_does() { "$@" qip --home "$HOMES/$MANAGER" keys rotate; }
rotate_is_done() { [ "$(in_use "$MANAGER")" = 2 ]; }
rotate_end() {
	all_there
	same 'the generation in use' 2 "$(in_use "$SECOND")"
}

recover_before() { ! texts "$SECOND" | grep One >/dev/null || die 'it can be read without the paper'; }
recover_does() { "$@" qip --home "$HOMES/$SECOND" keys recover --recovery-key-file "$WORK/recovery"; }
recover_is_done() { never; }
recover_end() {
	same 'texts by the paper' 'One must not read this|Two may be shown to all' "$(texts "$SECOND")"
	all_there
}

protect_before() { :; }
protect_does() { "$@" qip --home "$HOMES/fleckney" keys protect --new-passphrase-file "$WORK/passphrase"; }
protect_is_done() {
	texts fleckney | grep '^One' >/dev/null || die 'the key cannot be used'
	[ "$(q fleckney keys list --json | jq .protected)" = true ]
}
protect_end() {
	same 'the key lies under a passphrase' true "$(q fleckney keys list --json | jq .protected)"
	all_there
}

# ---- strikes ----

under() { ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 "$@"; }
options_of() {
	case $1 in
	power) printf '%s\n' --do kill-before --lose names ;;
	*) printf '%s\n' --do "$1" ;;
	esac
}
rewound() {
	crash_rewind
	server_start
	"${1}_before"
}

# struck N CASE ACTION - what comes after a strike at the command's N-th call; NO_MORE once there is no such call.
struck() {
	local options
	mapfile -t options < <(options_of "$3")
	rewound "$2"
	rm -f "$STRUCK"
	"${2}_does" under "$STRIKE" --report "$STRUCK" --only changes --under "$HOMES/${AT[$2]}" --nth "$1" "${options[@]}" >"$WORK/said" 2>&1 || true
	was_struck || { server_stop; return "$NO_MORE"; }
	say "  $2: $3 at $(struck_where)"
	"${2}_is_done" || "${2}_does" >"$WORK/said" 2>&1 || "${2}_is_done" || die "done again it fails: $(cat "$WORK/said")"
	"${2}_end"
	server_stop
}

# The actions go on from one case to the next, so that each case meets others.
TURN=0
case_struck() {
	local n status strikes=0
	for ((n = STEP > 0 ? 1 : CALL[$1]; ; n += STEP)); do
		status=0
		(
			trap stop_all EXIT
			struck "$n" "$1" "${ACTIONS[$((TURN % ${#ACTIONS[@]}))]}"
		) || status=$?
		[ "$status" -ne "$NO_MORE" ] || break
		[ "$status" -eq 0 ] || FINDINGS=$((FINDINGS + 1))
		strikes=$((strikes + 1)) TURN=$((TURN + 1))
		[ "$STEP" -gt 0 ] || break
	done
	[ "$strikes" -gt 0 ] || die "$1 changes nothing: does strike see the calls?"
}

it 'Whatever is struck, done again it ends as if nothing had been'
for case in $CASES; do case_struck "$case"; done
no_findings
