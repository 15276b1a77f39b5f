#!/usr/bin/env bash
# The same offline day, synced in every order of its places: the plan comes out the same, byte for byte.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
join fleckney staff fleckney
join great-glen staff great-glen
sample_plan kibworth fleckney great-glen

# Each sets the same status, one field of its own, and an element of one set.
q kibworth action set QIP-07 status=green due_date=2022-11-30 risk_current=1x4 >/dev/null
q fleckney action set QIP-07 status=amber success_measure='Every event discussed within 4 weeks' >/dev/null
q great-glen action set QIP-07 status=red owner_role='Managing partner' risk_current=4x4 >/dev/null
q kibworth action note QIP-08 'From Kibworth' >/dev/null
q fleckney action note QIP-08 'From Fleckney' >/dev/null
server_stop
mkdir "$WORK/morning"
cp -a "$HOMES" "$WORK/server" "$WORK/morning/"

# The tree that the log ends with after syncing in this order, twice.
evening() {
	rm -rf "$HOMES" "$WORK/server"
	cp -a "$WORK/morning/homes" "$WORK/morning/server" "$WORK/"
	server_start
	for place in "$@" "$@"; do
		q "$place" sync >/dev/null
	done
	for place in "$@"; do
		q "$place" sync >/dev/null
		same "the status at $place" red "$(q "$place" action show QIP-07 --json | jq -r .status)"
	done
	server_stop
}
plan() { git -C "$(server_history)" rev-parse main:qip; }

it 'Every order gives the same plan'
evening kibworth fleckney great-glen
wanted=$(plan)
for order in 'kibworth great-glen fleckney' 'fleckney kibworth great-glen' 'fleckney great-glen kibworth' 'great-glen kibworth fleckney' \
	'great-glen fleckney kibworth'; do
	# shellcheck disable=SC2086 # three places
	evening $order
	same "the plan after $order" "$wanted" "$(plan)"
done

it 'Both fields are in conflict with a claim of each place that set them'
claims() { git -C "$(server_history)" cat-file -p main:qip | cut -f 2 | while read -r name; do git -C "$(server_history)" cat-file blob "main:qip/$name"; done |
	jq -r "select(.ref == \"QIP-07\") | .conflicts.$1 | length"; }
same 'claims of status' 3 "$(claims status)"
same 'claims of risk_current' 2 "$(claims risk_current)"
