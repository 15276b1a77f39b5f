#!/usr/bin/env bash
# Other versions of the programs: what an earlier one left is taken over without loss; what a later one wrote is passed over or refused in clear words, and left as it is.
# tools/upgrade-test does it with the programs of both, and back.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

D=$WORK/server
KIOSK=kib-kiosk
tar -C "$WORK" -xzf "$QIP_SOURCE/tests/data/earlier.tar.gz"
before=$(git -C "$(server_history)" rev-parse main)

# homes_at_port - their server listens on another port than it did.
homes_at_port() {
	local file
	for file in "$HOMES"/*/config.json; do
		sed -i "s|https://localhost:[0-9]*|$URL|" "$file"
	done
}
role_of() { q "$1" action show "$2" --json | jq -r .owner_role; }
comments() { q "$MANAGER" comments list --json | jq -r '.[].text' | sort | paste -sd '|'; }
# all_work WANTED-ANSWERS - everybody syncs, the manager edits, and what was acknowledged before is there.
all_work() {
	local text
	text="Manager at $(date +%s%N)"
	kiosk_sync "$KIOSK"
	q fleckney sync >/dev/null
	q "$MANAGER" action set QIP-02 "owner_role=$text" >/dev/null
	q "$MANAGER" sync >/dev/null
	q fleckney sync >/dev/null
	q qk1-icb sync >/dev/null
	same 'the edit' "$text" "$(role_of fleckney QIP-02)"
	same answers "$1" "$(answers_on_main)"
	same 'what waited at fleckney' 'Not sent yet' "$(role_of "$MANAGER" QIP-03)"
	same comments 'The waiting room was cold.|This one waits.' "$(comments)"
	q qk1-icb audit >/dev/null
}

it 'The store of an earlier program is served, and its homes sync: what waited in them arrives'
qip-server check-config "$D" >/dev/null
qip-server fsck "$D" >/dev/null
server_start
homes_at_port
same 'what waits at fleckney' 1 "$(q fleckney status --json | jq .waiting)"
same 'what waits at the kiosk' 1 "$(kiosk_says "$KIOSK" waiting)"
all_work 3

it 'It goes on: a device joins, a patient answers, and each check finds nothing'
join great-glen staff great-glen
kiosk_start "$KIOSK"
answer good
kiosk_sync "$KIOSK"
stop "$KIOSK"
all_work 4
git -C "$(server_history)" merge-base --is-ancestor "$before" main || die 'the log does not go on from what it was'
q qk1-icb audit --all >/dev/null
"$QIP_SOURCE/tools/verify-history" --root "$(root_key)" "$(server_history)" >"$WORK/verified" || die "$(cat "$WORK/verified")"
server_stop
qip-server fsck "$D" >/dev/null
fsck "$(server_history)" "$HOMES"/*/history.git

# What follows begins from here.
cp -a "$D" "$WORK/server.kept"
cp -a "$HOMES" "$WORK/homes.kept"
again() {
	rm -rf "$D" "$HOMES"
	cp -a "$WORK/server.kept" "$D"
	cp -a "$WORK/homes.kept" "$HOMES"
}
small_files() { find "$D" "$HOMES" -name '*.json' -not -path '*.git/*' | sort; }
# changed FILTER FILE - by jq, in the form that the programs write. A checkpoint is signed: a change is forged, whatever it says.
changed() { jq -cSj "$1" "$2" >"$WORK/json" && cp "$WORK/json" "$2"; }

it 'Members that a later program wrote are passed over, in every small file at once'
[ "$(small_files | wc -l)" -ge 20 ] || die "too few files: $(small_files)"
while read -r file; do
	case $file in */server.json | */audit/*) ;; *) changed '.later = {"more": [1, "x"]}' "$file" ;; esac
done < <(small_files)
server_start
all_work 4
server_stop

it 'But in server.json: a setting that this program does not know is named'
changed '.later = true' "$D/server.json"
refused 'server.json: there is no setting "later"' timeout 60 qip-server serve "$D" --listen 127.0.0.1:0
refused 'server.json: there is no setting "later"' qip-server check-config "$D"

# refused_or_works FILE-OF-HOME - of a later form: the home says so and leaves the file as it is, or goes on and makes it anew.
REFUSING=()
refused_or_works() {
	local home=${1%%/*} sum status=0
	again
	changed '.schema |= sub("/1$"; "/2")' "$HOMES/$1"
	sum=$(sha256sum "$HOMES/$1")
	if [ "$home" = "$KIOSK" ]; then
		qip-kiosk sync --home "$HOMES/$home" >"$WORK/said" 2>&1 || status=$?
	else
		q "$home" sync >"$WORK/said" 2>&1 || status=$?
	fi
	if [ "$status" -eq 0 ]; then
		[ "$home" = qk1-icb ] || all_work 4
		return
	fi
	says "${1##*/} was written by a newer version.*nothing is lost" "$(cat "$WORK/said")"
	same "$1 after a refusal" "$sum" "$(sha256sum "$HOMES/$1")"
	REFUSING+=("${1#*/}")
	changed '.schema |= sub("/2$"; "/1")' "$HOMES/$1"
	all_work 4
}

it 'A small file of a later form, of any home: refused and left, or made anew; all work afterwards'
again
server_start
for file in "$HOMES/$MANAGER"/*.json "$HOMES/$MANAGER"/*/*.json "$HOMES/$KIOSK"/*.json; do
	[ ! -e "$file" ] || refused_or_works "${file#"$HOMES/"}"
done
same 'what is refused' 'config.json incarnation.json state.json' "$(printf '%s\n' "${REFUSING[@]}" | sort -u | paste -sd ' ')"
server_stop

it 'A small file of a later form at the server: it says which one it is'
again
changed '.schema |= sub("/1$"; "/2")' "$D/server.json"
refused 'server.json: a newer version of qip-server wrote it' timeout 60 qip-server serve "$D" --listen 127.0.0.1:0

again
changed '.schema |= sub("/1$"; "/2")' "$D/$QIP_ODS/practice.json"
refused 'practice.json: a newer version of qip-server wrote it' qip-server check-config "$D"
server_start # for its other practices
grep -q 'practice cannot be served.*practice.json: a newer version of qip-server wrote it' "$WORK/logs/server.log" || die 'the log does not say so'
refused '.' q fleckney sync
server_stop
changed '.schema |= sub("/2$"; "/1")' "$D/$QIP_ODS/practice.json"
server_start
all_work 4

changed '.schema |= sub("/1$"; "/2")' "$D/$QIP_ODS/certificates/fleckney.json"
sum=$(sha256sum "$D/$QIP_ODS/certificates/fleckney.json")
all_work 4
same 'the certificate after that' "$sum" "$(sha256sum "$D/$QIP_ODS/certificates/fleckney.json")"
server_stop
