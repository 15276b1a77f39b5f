# shellcheck shell=bash
# tests/support/crash.sh - for sourcing after tests/path/lib.sh: a practice whose devices have something to push, again and again from the same state;
# a server that is struck at a system call of one's choice; and what has to hold of the server afterwards.

STRIKE=$QIP_TOOLS/strike

# What the devices have to push once crash_practice is done.
KIOSK=kib-kiosk STAFF=fleckney
NEWCOMER=great-glen NEWCOMER_CODE='' # has a join code and no home yet
ANSWERS=0 # that the server's log holds when all are through

# crash_practice - the sample practice; the kiosk has three answers, Fleckney a note, the manager a new site that the server does not have; Great Glen may
# join.
crash_practice() {
	local status=0
	"$STRIKE" true || status=$?
	if [ "$status" -ne 0 ]; then
		echo "skipped: programs cannot be traced here"
		exit 77
	fi
	practice_start
	q "$MANAGER" import "$QIP_SOURCE/tests/data/qip-sample.csv" --effective 2022-06-06 >/dev/null
	q "$MANAGER" sync >/dev/null
	join "$KIOSK" kiosk kibworth
	join "$STAFF" staff fleckney
	kiosk_sync "$KIOSK"
	kiosk_start "$KIOSK"
	answer good
	kiosk_sync "$KIOSK"
	answer very-good
	answer poor
	answer good
	ANSWERS=4
	stop "$KIOSK"
	NEWCOMER_CODE=$(invite "$NEWCOMER" staff great-glen)
	q "$STAFF" action note QIP-02 'Written before the crash.' >/dev/null
	q "$MANAGER" site add thurnby --name Thurnby >/dev/null
	server_stop
	cp -a "$WORK/server" "$WORK/server.before"
	cp -a "$HOMES" "$HOMES.before"
}

# All folders as crash_practice left them.
crash_rewind() {
	rm -rf "$WORK/server" "$HOMES"
	cp -a "$WORK/server.before" "$WORK/server"
	cp -a "$HOMES.before" "$HOMES"
}

# server_start_struck OPTION… - a server under strike, which counts from now on. What happened will be in STRUCK.
STRUCK=$WORK/struck
server_start_struck() {
	rm -f "$STRUCK"
	SERVER_UNDER=("$STRIKE" --wait --report "$STRUCK" "$@")
	server_start
	SERVER_UNDER=()
	kill -USR1 "${PIDS[server]}"
}
was_struck() { grep -q '^struck ' "$STRUCK" 2>/dev/null; }

# server_was_killed - end the server, if it still runs; true if it had been killed before.
server_was_killed() {
	local pid=${PIDS[server]} status=0
	unset 'PIDS[server]'
	kill -TERM "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || status=$?
	case $status in
	137) return 0 ;;
	0) return 1 ;;
	*) die "the server ended with status $status" ;;
	esac
}

join_newcomer() {
	[ -e "$HOMES/$NEWCOMER/config.json" ] || q "$NEWCOMER" join "$URL" "$NEWCOMER_CODE" || return
	q "$NEWCOMER" sync
}

# push_of DEVICE - what a device holds goes to the server; fails if that fails. What it says is left in said.DEVICE.
push_of() {
	case $1 in
	"$KIOSK") qip-kiosk sync --home "$HOMES/$1" ;;
	"$NEWCOMER") join_newcomer ;;
	*) q "$1" sync ;;
	esac >"$WORK/said.$1" 2>&1
}
said() { cat "$WORK/said.$1"; }

# push_together DEVICE… - all at once; PUSHED has those that were told that it succeeded.
PUSHED=()
push_together() {
	local device pids=()
	for device in "$@"; do
		push_of "$device" &
		pids+=($!)
	done
	PUSHED=()
	for device in "$@"; do
		if wait "${pids[0]}"; then
			PUSHED+=("$device")
		fi
		pids=("${pids[@]:1}")
	done
}

# The device's own ref, its head as the server had it before, and what it wants to push since.
own_ref() { git -C "$HOMES.before/$1/history.git" for-each-ref --format='%(refname)' refs/devices/; }
old_head() { git -C "$HOMES.before/$1/history.git" rev-parse "$(own_ref "$1")"; }
new_head() { git -C "$HOMES/$1/history.git" rev-parse refs/qip/work; }

# head_in_log DEVICE - what it wants to push is in the log.
head_in_log() { [ -d "$HOMES.before/$1" ] && git -C "$(server_history)" merge-base --is-ancestor "$(new_head "$1")" refs/heads/main 2>/dev/null; }

# asked_again DEVICE - its push is repeated as by a client that got no receipt: now it gets one.
asked_again() {
	local home=$HOMES/$1 ref head command
	ref=$(own_ref "$1")
	head=$(new_head "$1")
	command="$(old_head "$1") $head $ref"
	{
		printf '%04x%s\0 report-status0000' $((4 + ${#command} + 15)) "$command"
		printf '%s\n^%s\n' "$head" "$(old_head "$1")" | git -C "$home/history.git" pack-objects --revs --stdout -q
	} >"$WORK/push.body"
	curl -qsS --max-time 30 --cert "$home/device.crt" --key "$home/device.key" --cacert "$home/ca.crt" -o "$WORK/push.answer" \
		-H 'Content-Type: application/x-git-receive-pack-request' --data-binary "@$WORK/push.body" "$(history_url)/git-receive-pack"
	grep -aq "ok $ref" "$WORK/push.answer" || die "the receipt for $head cannot be had again: $(tr -d '\0' <"$WORK/push.answer")"
}

# acknowledged_is_there DEVICE… - what the device holds a receipt for is in the server's log.
acknowledged_is_there() {
	local home device tip
	for home in "$@"; do
		[ -d "$HOMES/$home/history.git" ] || continue
		while read -r device tip; do
			git -C "$(server_history)" merge-base --is-ancestor "$tip" refs/heads/main 2>/dev/null ||
				die "$home has a receipt for $tip, which is not in the log"
		done < <(git -C "$HOMES/$home/history.git" for-each-ref --format='%(refname) %(objectname)' refs/devices/)
	done
}

# The heads that the log holds, newest of each device, as "refs/devices/<device> <commit>".
heads_in_log() {
	git -C "$(server_history)" log --first-parent --format='%(trailers:key=Qip-Device,valueonly,separator=%x20) %P' refs/heads/main |
		awk 'NF == 3 && !seen[$1]++ {print "refs/devices/" $1, $3}' | LC_ALL=C sort
}

# derived_refs_follow - every ref that derives from main says what main says.
derived_refs_follow() {
	local git
	git=$(server_history)
	same 'the devices'\'' heads' "$(heads_in_log)" "$(git -C "$git" for-each-ref --format='%(refname) %(objectname)' refs/devices/ | LC_ALL=C sort)"
	same 'what kiosks may read' "$(git -C "$git" ls-tree -r refs/heads/main practice.json sites surveys keys erasures)" \
		"$(git -C "$git" ls-tree -r refs/kiosk/config practice.json sites surveys keys erasures)"
}

# nothing_piles_up - no half-done work is left in the server's folder. What is left of a certificate goes when it is asked for again.
nothing_piles_up() {
	same 'what is left behind' '' "$(find "$WORK/server" -name certificates -prune -o \
		\( -path '*/incoming/*' -o -name '*.lock' ! -name serve.lock -o -iname '*tmp*' -o -name '*.new' -o -name '*.part' \) -print)"
}

# all_there_once - the server's log holds each answer, the note and the site once, as far as they were pushed by the devices named.
all_there_once() {
	local home git
	git=$(server_history)
	for home in "$@"; do
		case $home in
		"$KIOSK")
			same 'answers in the log' "$ANSWERS" "$(answers_on_main)"
			same 'answers that wait' 0 "$(kiosk_says "$KIOSK" waiting)"
			;;
		"$STAFF")
			same 'notes in the log' 1 "$(git -C "$git" grep -ohF 'Written before the crash.' main -- qip/ | wc -l)"
			same 'what waits at Fleckney' 0 "$(q "$STAFF" status --json | jq .waiting)"
			;;
		"$NEWCOMER")
			same 'the newcomer'\''s key' 1 "$(git -C "$git" cat-file blob "main:devices/$NEWCOMER.json" | grep -c '"enrolment"')"
			same 'certificates of the newcomer' 1 "$(find "$WORK/server" -path "*/certificates/$NEWCOMER*" | wc -l)"
			same 'what waits at Great Glen' 0 "$(q "$NEWCOMER" status --json | jq .waiting)"
			;;
		"$MANAGER")
			same 'the new site' 1 "$(git -C "$git" ls-tree --name-only main sites/thurnby.json | wc -l)"
			same 'what waits at Kibworth' 0 "$(q "$MANAGER" status --json | jq .waiting)"
			;;
		esac
	done
}

# not_refused DEVICE [PATTERN] - its push failed, but not for what it holds: nothing is put aside as refused, and the words do not blame it.
not_refused() {
	says "${2:-disk is full|fault of its own|busy|try again|join again}" "$(said "$1")"
	[ -d "$HOMES/$1/history.git" ] || return 0
	same "what $1 put aside as refused" '' "$(git -C "$HOMES/$1/history.git" for-each-ref refs/refused)"
	[ "$1" = "$KIOSK" ] || return 0
	same "voids in the branch of $1" '' "$(git -C "$HOMES/$1/history.git" grep -l 'void/1' refs/qip/work -- feedback || true)"
}

was_pushed() { grep -qw -- "$1" <<<"${PUSHED[*]}"; }

# ---- one strike after the other ----

NO_MORE=3  # what a strike's function returns when there is no such call any more
FINDINGS=0 # strikes after which something did not hold

# at_each STEP FUNCTION [ARGUMENT…] - with 1, 1 + STEP and so on, until it says NO_MORE. What does not hold after one is told, and the next is tried.
at_each() {
	local n status strikes=0
	for ((n = 1; ; n += $1)); do
		status=0
		(
			trap stop_all EXIT
			"$2" "$n" "${@:3}"
		) || status=$?
		case $status in
		0) strikes=$((strikes + 1)) ;;
		"$NO_MORE") break ;;
		*)
			say "  ^ call $n: see above"
			FINDINGS=$((FINDINGS + 1))
			was_struck || break
			;;
		esac
	done
	say "  struck $strikes times"
	[ "$strikes" -gt 1 ] || die 'that is too few: does strike see the calls?'
}
no_findings() { same 'strikes after which something did not hold' 0 "$FINDINGS"; }
struck_where() { sed -n 's,^struck ,,p' "$STRUCK" | sed "s,$WORK/,,g"; }
