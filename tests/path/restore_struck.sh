#!/usr/bin/env bash
# backup, restore and reconcile lose power, are killed or find the disk full at system calls of theirs: nothing half looks whole, and trying again goes through.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

POINTS=${QIP_CRASH_POINTS:-4} # of each command and each kind of failure
STRIKE=$QIP_TOOLS/strike

# strike OPTION… COMMAND… - leaks cannot be looked for in a process that is traced.
strike() { ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 "$STRIKE" --only changes --under "$WORK" "$@"; }

practice_start
join fleckney staff fleckney
join kib-kiosk kiosk kibworth
kiosk_sync kib-kiosk
q fleckney sync >/dev/null
server_stop
cp -a "$WORK/server" "$WORK/server.before"

# struck BEFORE COMMAND… - at a spread of its calls; BEFORE makes the state anew each time, and AFTER, a function, judges what is left.
struck() {
	local before=$1 total n point action i=0
	shift
	"$before"
	strike --report "$WORK/struck" "$@" >/dev/null
	total=$(sed -n 's/^counted //p' "$WORK/struck")
	[ "$total" -gt 10 ] || die "'$*' changes too little to be struck: $total calls"
	for action in kill-before kill-after ENOSPC EIO; do
		for ((point = 0; point < POINTS; point++)); do
			# each action at other calls
			i=$((i + 1))
			n=$((1 + (point * total + i * 7) / POINTS % total))
			"$before"
			if [ "$action" = ENOSPC ] || [ "$action" = EIO ]; then
				strike --nth "$n" --do "$action" "$@" >"$WORK/logs/struck.log" 2>&1 || true
			else
				strike --nth "$n" --do "$action" --lose names "$@" >"$WORK/logs/struck.log" 2>&1 || true
			fi
			AT="$action at call $n of $total"
			"$AFTER"
		done
	done
}

it 'A backup is whole or not there, and the next one clears up'
no_backup() { rm -rf "$WORK/copy" "$WORK/copy.tmp" "$WORK/try"; }
backup_is_whole_or_not_there() {
	if [ ! -e "$WORK/copy" ]; then
		qip-server backup "$WORK/server" "$WORK/copy" >/dev/null || die "no backup after $AT"
	fi
	[ ! -e "$WORK/copy.tmp" ] || die "half a backup lies about after $AT"
	qip-server restore "$WORK/copy" "$WORK/try" >/dev/null || die "a backup that is not whole after $AT"
}
AFTER=backup_is_whole_or_not_there
struck no_backup qip-server backup "$WORK/server" "$WORK/copy"
qip-server fsck "$WORK/server" >/dev/null

it 'A run of an encrypted backup counts when it is whole; what was cut short goes with the next one, and nothing that is there suffers'
age-keygen -o "$WORK/safe.key" 2>/dev/null
RUNS=$WORK/runs TO=(--recipient "$(age-keygen -y "$WORK/safe.key")")
qip-server backup "$WORK/server" "$RUNS" "${TO[@]}" >/dev/null
cp -a "$RUNS" "$WORK/runs.before"
one_run() {
	rm -rf "$RUNS" "$WORK/try"
	cp -a "$WORK/runs.before" "$RUNS"
}
runs_are_whole() {
	qip-server restore "$RUNS" "$WORK/try" --identity "$WORK/safe.key" >/dev/null || die "runs that are not whole after $AT"
	qip-server backup "$WORK/server" "$RUNS" "${TO[@]}" >/dev/null || die "no backup after $AT"
	same "half runs after $AT" '' "$(find "$RUNS" -name '*tmp*')"
	same "runs and indexes after $AT" "$(find "$RUNS" -name '*.age' | wc -l)" "$(find "$RUNS" -name '*.index' | wc -l)"
}
AFTER=runs_are_whole
struck one_run qip-server backup "$WORK/server" "$RUNS" "${TO[@]}"

it 'What is opened for a restore is gone after the next one, whatever happened'
opened_goes() {
	if [ -e "$WORK/try/server.json" ]; then
		qip-server fsck "$WORK/try" >/dev/null || die "a restored folder that is not whole after $AT"
		rm -rf "$WORK/try"
	fi
	qip-server restore "$RUNS" "$WORK/try" --identity "$WORK/safe.key" >/dev/null || die "it cannot be restored again after $AT"
	! compgen -G "$WORK/try.opened*" >/dev/null || die "an opened backup lies about after $AT"
}
AFTER=opened_goes
struck one_run qip-server restore "$RUNS" "$WORK/try" --identity "$WORK/safe.key"

it 'A restored folder is whole and closed, or no server folder and made by the next try'
no_restored() { rm -rf "$WORK/try"; }
restored_is_closed_or_not_there() {
	if [ -e "$WORK/try/server.json" ]; then
		qip-server fsck "$WORK/try" >/dev/null || die "a restored folder that is not whole after $AT"
		[ -e "$WORK/try/$QIP_ODS/closed.json" ] || die "a restored practice that is open after $AT"
	else
		refused 'no server folder' qip-server fsck "$WORK/try"
		qip-server restore "$WORK/copy" "$WORK/try" >/dev/null || die "it cannot be restored again after $AT"
	fi
}
AFTER=restored_is_closed_or_not_there
struck no_restored qip-server restore "$WORK/copy" "$WORK/try"

it 'A practice is opened with the best offer, or is closed and opened by the next try, and the loss is told once'
server_start
q "$MANAGER" site add thurnby --name Thurnby >/dev/null
q "$MANAGER" sync >/dev/null
newest=$(git -C "$(server_history)" rev-parse refs/heads/main)
server_stop
rm -rf "$WORK/server"
qip-server restore "$WORK/copy" "$WORK/server" >/dev/null
server_start
refused 'restored from a backup' q "$MANAGER" sync
server_stop
rm -rf "$WORK/server.before"
cp -a "$WORK/server" "$WORK/server.before"
closed_again() {
	rm -rf "$WORK/server"
	cp -a "$WORK/server.before" "$WORK/server"
}
opened_or_closed() {
	if [ -e "$WORK/server/$QIP_ODS/closed.json" ]; then
		qip-server reconcile "$WORK/server" --open >/dev/null || die "it cannot be opened after $AT"
	fi
	[ ! -e "$WORK/server/$QIP_ODS/closed.json" ] || die "it stays closed after $AT"
	same "what it went on from after $AT" "$newest" "$(git -C "$(server_history)" rev-parse refs/heads/main^1)"
	same "incidents after $AT" 1 "$(git -C "$(server_history)" ls-tree --name-only refs/heads/main incidents/ | wc -l)"
	qip-server fsck "$WORK/server" >"$WORK/logs/fsck.log" || die "damage after $AT: $(cat "$WORK/logs/fsck.log")"
}
AFTER=opened_or_closed
struck closed_again qip-server reconcile "$WORK/server" --open

server_start
q "$MANAGER" sync >/dev/null
kiosk_sync kib-kiosk
q fleckney sync >/dev/null
q fleckney audit >/dev/null
server_stop
