#!/usr/bin/env bash
# Free text on its way to the server, and its erasure, with the server killed at a system call or with a disk that fails there: what was acknowledged is
# there, what was erased is nowhere once the server has started again, and trying again always ends well. Short: every third call; QIP_CRASH_STEP=1: each.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$QIP_SOURCE/tests/support/crash.sh"

STEP=${QIP_CRASH_STEP:-3}
read -ra ACTIONS <<<"${QIP_CRASH_ACTIONS:-kill-before kill-after EIO ENOSPC}" # in turn
TEXT='what the patient wrote'
BLOBS=$WORK/server/$QIP_ODS/blobs
calls=(--only changes --under "$BLOBS")
first_calls=(--only changes --under "$WORK/server/$QIP_ODS") # while there is no folder for blobs

action_at() { printf '%s' "${ACTIONS[$((($1 - 1) / STEP % ${#ACTIONS[@]}))]}"; }

# curl_as DEVICE ARGUMENT… - prints the status, 000 without an answer; the body is in answer.
curl_as() {
	local home=$HOMES/$1
	shift
	curl -qsS --max-time 30 --cert "$home/device.crt" --key "$home/device.key" --cacert "$home/ca.crt" -o "$WORK/answer" -w '%{http_code}' "$@" \
		2>>"$WORK/logs/curl.log" || true
}
put() { curl_as "$1" -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$2" "$URL/$QIP_ODS/blobs/$(name_of "$2")"; }
name_of() { sha256sum <"$1" | cut -d ' ' -f 1; }

# is_given FILE - staff are given just these bytes.
is_given() {
	same 'the status of a request for free text' 200 \
		"$(curl_as "$STAFF" -H 'Content-Type: application/json' -d "{\"blobs\":[\"$(name_of "$1")\"]}" "$URL/$QIP_ODS/blobs/get")"
	same 'the line before the bytes' "$(name_of "$1") $(stat -c %s "$1")" "$(head -n 1 "$WORK/answer")"
	tail -n +2 "$WORK/answer" | cmp -s - "$1" || die 'other bytes than those that were sent'
}

nothing_on_its_way() { same 'what is left on its way' '' "$(find "$BLOBS/new" -type f 2>/dev/null)"; }
is_nowhere() { ! grep -rqF "$TEXT" "$WORK/server" || die "what was erased is in $(grep -rlF "$TEXT" "$WORK/server")"; }

# over N - the server has met its call N; false if there was none. A server that was killed is started again.
over() {
	local action
	action=$(action_at "$1")
	case $action in
	kill-*)
		# the client may know before strike has written what it did: whoever ends the server waits for that
		server_was_killed || return 1
		was_struck || die 'the server ended by itself'
		server_start
		;;
	*)
		! is_gone "${PIDS[server]}" || die 'the server ended'
		was_struck || return 1
		;;
	esac
	say "  $action $(struck_where)"
}

put_struck() {
	local code
	crash_rewind
	server_start_struck --nth "$1" --do "$(action_at "$1")" "${first_calls[@]}"
	code=$(put "$KIOSK" "$WORK/comment")
	over "$1" || return "$NO_MORE"
	case $code in
	201) is_given "$WORK/comment" ;;
	000 | 503 | 507) ;;
	*) die "the kiosk was told $code: $(cat "$WORK/answer")" ;;
	esac
	[ -z "$(find "$BLOBS/new" -type f 2>/dev/null)" ] || [ "$code" != 201 ] || die 'something is left of what was taken'
	says '^20[01]$' "$(put "$KIOSK" "$WORK/comment")"
	is_given "$WORK/comment"
	server_stop
	server_start
	nothing_on_its_way
	is_given "$WORK/comment"
	server_stop
}

# The manager's erasure, pushed; false if it was not accepted, which only a server that was killed may do.
erase() { push_as "$MANAGER" "$REPO" "$ERASURE" "refs/devices/$DEVICE" 2>>"$WORK/logs/push.log"; }

is_erased_for_good() {
	is_nowhere
	same 'the status of what was erased and comes again' 410 "$(put "$KIOSK" "$WORK/comment")"
	nothing_on_its_way
	is_given "$WORK/other"
}

erase_struck() {
	local accepted=yes action
	action=$(action_at "$1")
	crash_rewind
	cp -a "$WORK/blobs.before" "$BLOBS"
	server_start_struck --nth "$1" --do "$action" "${calls[@]}"
	erase || accepted=no
	over "$1" || return "$NO_MORE"
	case $action in
	kill-*) ;;
	*)
		same 'an erasure whose disk failed is accepted' yes "$accepted"
		push_of "$STAFF" || die "the next push fails: $(said "$STAFF")"
		;;
	esac
	is_erased_for_good
	server_stop
	server_start
	is_erased_for_good
	server_stop
}

# A crash came right after main moved; the start that makes up for it is killed as well.
start_struck() {
	local killed=no
	rm -rf "$WORK/server"
	cp -a "$WORK/server.cut" "$WORK/server"
	rm -f "$STRUCK" "$WORK/server.port"
	start server "$STRIKE" --report "$STRUCK" --nth "$1" --do "$([ $(($1 % 2)) -eq 0 ] && echo kill-before || echo kill-after)" "${calls[@]}" \
		qip-server serve "$WORK/server" --listen "127.0.0.1:$SERVER_PORT" --port-file "$WORK/server.port"
	wait_until 30 test -s "$WORK/server.port" -o -s "$STRUCK" || die 'the server neither starts nor is killed'
	server_was_killed && killed=yes
	[ "$killed" = yes ] || return "$NO_MORE"
	say "  killed $(struck_where)"
	server_start
	is_erased_for_good
	server_stop
}

crash_practice
head -c 30000 /dev/urandom >"$WORK/comment"
printf '%s' "$TEXT" >>"$WORK/comment"
echo 'what another one wrote' >"$WORK/other"

it 'A kiosk brings free text, and the server is killed or its disk fails'
at_each "$STEP" put_struck

crash_rewind
server_start
DEVICE=$(manager_device)
REPO=$WORK/manager.git
git init -q --bare -b nothing "$REPO"
git_as "$MANAGER" -C "$REPO" fetch -q "$(history_url)" '+refs/heads/main:refs/heads/main'
ID=$(uuid7)
jq -ncSj --arg id "$ID" --arg d "$DEVICE" --arg at "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" --arg b "$(name_of "$WORK/comment")" \
	'{schema: "erasure/1", id: $id, device: $d, at: $at, reason: "The patient asked for it.", blobs: [$b]}' >"$WORK/erasure.json"
ERASURE=$(forge_head "$REPO" "$(forge_tree "$REPO" main "erasures/${ID:34:2}/$ID.json=$WORK/erasure.json")" "$(device_key "$MANAGER")" "$DEVICE" \
	'Erase a comment' main)
says '^201$' "$(put "$KIOSK" "$WORK/comment")"
says '^201$' "$(put "$KIOSK" "$WORK/other")"
server_stop
mv "$BLOBS" "$WORK/blobs.before"

it 'A manager has it erased, and the server is killed or its disk fails'
at_each "$STEP" erase_struck

it 'The server is killed again while it makes up for an erasure that a crash cut off'
crash_rewind
cp -a "$WORK/blobs.before" "$BLOBS"
server_start_struck --nth 1 --do kill-before "${calls[@]}"
erase && die 'the server was not killed'
server_was_killed || die 'the server erased nothing'
grep -rqF "$TEXT" "$WORK/server" || die 'the server was killed too late'
cp -a "$WORK/server" "$WORK/server.cut"
at_each "$STEP" start_struck
no_findings

it 'The audit passes with an erasure in the log'
rm -rf "$WORK/server"
cp -a "$WORK/server.cut" "$WORK/server"
server_start
q "$STAFF" sync >/dev/null
q "$STAFF" audit >/dev/null
git -C "$HOMES/$STAFF/history.git" ls-tree -r --name-only refs/heads/main | grep '^erasures/' >/dev/null || die 'staff do not have the erasure'
