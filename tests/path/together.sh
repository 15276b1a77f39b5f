#!/usr/bin/env bash
# Several commands at once on one home wait for each other: all succeed, and nothing of what they wrote is lost.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
join fleckney staff fleckney
sample_plan "$MANAGER" fleckney

it 'Eight edits and four syncs at once'
pids=()
for i in 1 2 3 4 5 6 7 8; do
	q fleckney action note QIP-03 "Note number $i" >>"$WORK/logs/notes.log" 2>&1 &
	pids+=($!)
	if [ $((i % 2)) -eq 0 ]; then
		q fleckney sync >>"$WORK/logs/syncs.log" 2>&1 &
		pids+=($!)
	fi
done
for pid in "${pids[@]}"; do
	wait "$pid" || die 'one of the commands failed'
done
q fleckney sync >/dev/null
q "$MANAGER" sync >/dev/null
notes=$(q "$MANAGER" action show QIP-03 --json)
for i in 1 2 3 4 5 6 7 8; do
	says "Note number $i" "$notes"
done

it 'A command that is killed leaves no lock behind'
for delay in 0.01 0.03 0.05 0.1; do
	q fleckney sync >/dev/null 2>&1 &
	pid=$!
	sleep "$delay"
	kill -KILL "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
done
q fleckney action note QIP-03 'After the kill' >/dev/null
q fleckney sync >/dev/null
q "$MANAGER" sync >/dev/null
says 'After the kill' "$(q "$MANAGER" action show QIP-03 --json)"

it 'Two devices that sync at the same moment both get through'
for i in 1 2 3; do
	q fleckney action note QIP-04 "From Fleckney $i" >/dev/null
	q "$MANAGER" action note QIP-04 "From Kibworth $i" >/dev/null
	q fleckney sync >/dev/null &
	first=$!
	q "$MANAGER" sync >/dev/null &
	second=$!
	wait "$first"
	wait "$second"
done
q fleckney sync >/dev/null
q "$MANAGER" sync >/dev/null
q fleckney sync >/dev/null
same 'both sites' "$(q fleckney action show QIP-04 --json)" "$(q "$MANAGER" action show QIP-04 --json)"
for i in 1 2 3; do
	says "From Fleckney $i" "$(q "$MANAGER" action show QIP-04 --json)"
	says "From Kibworth $i" "$(q "$MANAGER" action show QIP-04 --json)"
done
q "$MANAGER" audit >/dev/null
server_stop
fsck "$(server_history)" "$HOMES"/*/history.git
