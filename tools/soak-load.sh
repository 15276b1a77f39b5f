# shellcheck shell=bash
# tools/soak-load.sh - for sourcing by tools/soak: three practices, and all who are at work in them until the file `over` is there.
#
# Each is a background process of this shell, and ends with another status than 0 when something fails that should not.

PRACTICES=(C82901 C82902 C82903)
STAFF=(fleckney great-glen)
TOP=$WORK
declare -A KIOSK_URLS=()
AT_WORK=()

# practice_of ODS - from here on it is the one that the functions of lib.sh speak of.
practice_of() {
	QIP_ODS=$1
	HOMES=$TOP/homes/$1
	mkdir -p "$HOMES" "$TOP/work/$1"
}

working() { [ ! -e "$TOP/over" ]; }
# pause SECONDS - or less if the work is over.
pause() {
	local i
	for ((i = 0; i < $1 * 4; i++)); do
		working || return 0
		sleep 0.25
	done
}
# in_time COMMAND… - what does not come through is tried again, as a device does; not for ever.
in_time() {
	for _ in 1 2 3; do
		"$@" >/dev/null 2>>"$TOP/logs/devices.log" && return
		sleep 1
	done
	die "'$*' of $QIP_ODS fails again and again: $(tail -n 3 "$TOP/logs/devices.log")"
}

# ---- a practice ----

practice_add() {
	qip-server practice add "$TOP/server" "$QIP_ODS" --name "Practice $QIP_ODS (sample)" >"$TOP/work/$QIP_ODS/first-code"
}

practice_joins() {
	local device
	q "$MANAGER" join "$URL" "$(code_in "$(cat "$TOP/work/$QIP_ODS/first-code")")" >/dev/null
	q "$MANAGER" site add kibworth --name Kibworth >/dev/null
	q "$MANAGER" site add fleckney --name Fleckney >/dev/null
	q "$MANAGER" site add great-glen --name 'Great Glen' >/dev/null
	q "$MANAGER" import "$QIP_SOURCE/tests/data/qip-sample.csv" --effective 2022-06-06 >/dev/null
	q "$MANAGER" sync >/dev/null
	for device in "${STAFF[@]}"; do
		join "$device" staff kibworth
	done
	join kib-kiosk kiosk kibworth
	kiosk_sync kib-kiosk
	start "kiosk-$QIP_ODS" qip-kiosk run --home "$HOMES/kib-kiosk" --listen 127.0.0.1:0 --port-file "$TOP/work/$QIP_ODS/kiosk.port"
	KIOSK_URLS[$QIP_ODS]=http://127.0.0.1:$(started "kiosk-$QIP_ODS" "$TOP/work/$QIP_ODS/kiosk.port")
}

# ---- who is at work ----

# Fields of two action points of its own, one that both sites set, now and then a note.
staff_writes() {
	local device=$1 own=$2 n
	for ((n = 1; ; n++)); do
		working || return 0
		q "$device" action set "$own" "owner_role=Role $n of $device" >/dev/null
		[ $((n % 5)) -ne 0 ] || q "$device" action set QIP-07 "status=$([ $((n % 2)) -eq 0 ] && echo amber || echo green)" >/dev/null
		[ $((n % 20)) -ne 0 ] || q "$device" action note QIP-08 "Note $n of $device." >/dev/null
		in_time q "$device" sync
		echo "$device $n" >>"$TOP/work/$QIP_ODS/edits"
		pause 1
	done
}

# Patients answer, with a comment every other time; the kiosk sends by itself too.
patients_answer() {
	local n options=(good poor neither)
	# shellcheck disable=SC2034 # for tools/lib.sh
	KIOSK_URL=${KIOSK_URLS[$QIP_ODS]}
	WORK=$TOP/work/$QIP_ODS # for the page that it is answered with
	for ((n = 1; ; n++)); do
		working || return 0
		if [ $((n % 2)) -eq 0 ]; then
			answer "${options[n % 3]}" "The waiting room was cold on day $n."
		else
			answer "${options[n % 3]}"
		fi
		echo "$n" >>"$WORK/answers"
		[ $((n % 5)) -ne 0 ] || in_time kiosk_sync kib-kiosk
		pause 1
	done
}

# A device joins, writes, is revoked, and what it still sends is dropped; a comment is erased.
manager_works() {
	local n guest code id
	for ((n = 1; ; n++)); do
		working || return 0
		guest=guest-$n
		code=$(invite "$guest" staff kibworth)
		in_time q "$guest" join "$URL" "$code"
		in_time q "$guest" sync
		q "$guest" action set QIP-09 "owner_role=Guest $n" >/dev/null
		in_time q "$guest" sync
		q "$MANAGER" revoke "$guest" --reason 'The agency took it back' >/dev/null
		in_time q "$MANAGER" sync
		q "$guest" action set QIP-10 "owner_role=Too late $n" >/dev/null
		refused 'kept aside' q "$guest" sync
		id=$(q "$MANAGER" adopt list --json | jq -r '.[0].number')
		in_time q "$MANAGER" adopt show "$id"
		in_time q "$MANAGER" adopt drop "$id"
		rm -rf "${HOMES:?}/$guest"
		id=$(q "$MANAGER" comments list --json | jq -r '.[0].id // ""')
		[ -z "$id" ] || q "$MANAGER" comments erase "$id" --reason 'the patient asked for it' >/dev/null
		in_time q "$MANAGER" sync
		echo "$guest" >>"$TOP/work/$QIP_ODS/guests"
		pause 20
	done
}

# Clones by stock git, in both versions of its protocol, and a fetch into each.
git_clones() {
	local copy=$TOP/work/$QIP_ODS/copy.git home=$HOMES/fleckney n
	local certificate=(-c http.sslCert="$home/device.crt" -c http.sslKey="$home/device.key" -c http.sslCAInfo="$home/ca.crt")
	for ((n = 0; ; n++)); do
		working || return 0
		rm -rf "$copy"
		in_time git "${certificate[@]}" -c protocol.version=$((n % 2 * 2)) clone -q --bare "$URL/$QIP_ODS/history.git" "$copy"
		pause 4
		in_time git "${certificate[@]}" -C "$copy" fetch -q origin '+refs/heads/main:refs/heads/main'
		echo "$n" >>"$TOP/work/$QIP_ODS/clones"
		pause 15
	done
}

# Connections that say nothing and end, that end in the middle of a request, and whole ones without a certificate.
connections_come_and_go() {
	local n fd
	for ((n = 0; ; n++)); do
		working || return 0
		exec {fd}<>"/dev/tcp/127.0.0.1/$SERVER_PORT"
		[ $((n % 2)) -eq 0 ] || printf '\026\003\001\002\000\001' >&"$fd"
		exec {fd}>&-
		in_time curl -qsS --max-time 20 --cacert "$TOP/server/ca.crt" -o "$TOP/work/health" "$URL/healthz"
		sleep 0.5
	done
}

settings_are_read_again() {
	while working; do
		pause 10
		kill -HUP "${PIDS[server]}"
	done
}

# ---- all of them ----

at_work() {
	"$@" >>"$TOP/logs/load.out" 2>>"$TOP/logs/load.log" &
	AT_WORK+=($!)
}

load_start() {
	local ods
	for ods in "${PRACTICES[@]}"; do
		practice_of "$ods"
		at_work staff_writes fleckney QIP-02
		at_work staff_writes great-glen QIP-03
		at_work patients_answer
		at_work manager_works
		at_work git_clones
	done
	at_work connections_come_and_go
	at_work settings_are_read_again
}

# sampled_for SECONDS [PLANTED] - 60 to 600 samples, evenly; ends early when one at work has failed.
sampled_for() {
	local begin=$SECONDS every=$(($1 / 360 + 1)) pid fd n
	while [ $((SECONDS - begin)) -lt "$1" ]; do
		for pid in "${AT_WORK[@]}"; do
			is_gone "$pid" && die "one of those at work ended: $(tail -n 5 "$TOP/logs/load.log")"
		done
		if [ "${2:-}" = connections ]; then
			for ((n = 0; n < 40; n++)); do
				exec {fd}<>"/dev/tcp/127.0.0.1/$SERVER_PORT"
			done
		fi
		sample $((SECONDS - begin)) >>"$SAMPLES"
		sleep "$every"
	done
}

load_end() {
	local pid failed=0
	touch "$TOP/over"
	for pid in "${AT_WORK[@]}"; do
		wait "$pid" || failed=1
	done
	[ "$failed" -eq 0 ] || die "one of those at work failed: $(tail -n 5 "$TOP/logs/load.log")"
	say "edits $(cat "$TOP"/work/*/edits | wc -l), answers $(cat "$TOP"/work/*/answers | wc -l), devices that came and went" \
		"$(cat "$TOP"/work/*/guests | wc -l), clones $(cat "$TOP"/work/*/clones | wc -l), settings read" \
		"$(grep -c 'were read again' "$TOP/logs/server.log" || true) times, packs joined $(grep -c 'packs joined' "$TOP/logs/server.log" || true) times"
}

# All answers are there once, the last edit of each site stands, and the history passes its checks.
practice_sound() {
	kiosk_sync kib-kiosk
	stop "kiosk-$QIP_ODS"
	same "answers of $QIP_ODS" "$(wc -l <"$TOP/work/$QIP_ODS/answers")" \
		"$(git -C "$(server_history)" ls-tree -r --name-only refs/heads/main feedback/ | wc -l)"
	q "$MANAGER" sync >/dev/null
	same "the last edit of $QIP_ODS" "Role $(sed -n 's/^fleckney //p' "$TOP/work/$QIP_ODS/edits" | tail -n 1) of fleckney" \
		"$(q "$MANAGER" action show QIP-02 --json | jq -r .owner_role)"
	q "$MANAGER" audit >/dev/null || die "the audit of $QIP_ODS finds faults"
	fsck "$(server_history)"
}
