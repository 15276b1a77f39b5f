# shellcheck shell=bash
# tests/support/attack.sh - for sourcing after tests/path/lib.sh: a server that is watched while it is attacked, and honest devices beside that sync.

D=$WORK/server
ROUNDS=${QIP_ATTACK_ROUNDS:-5}
MEMORY_MIB=${QIP_ATTACK_MEMORY_MIB:-64} # that attacks may cost
declare -A USUAL=()			 # honest device -> the milliseconds of its sync
BUSY=0					 # programs that are at work beside the server usually, too

# The honest have a processor of their own, if there are two, as they would elsewhere: what is measured is what the server lets them wait.
mapfile -t CPUS < <(sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status | tr , '\n' | sed 's/-/ /; s/^[0-9]*$/& &/' | xargs -L 1 seq)
taskset -cp "${CPUS[-1]}" $$ >/dev/null
[ "${#CPUS[@]}" -eq 1 ] || unset 'CPUS[-1]'
ELSEWHERE=(taskset -c "$(IFS=,; echo "${CPUS[*]}")") # in front of a command: on the other processors

# serve_watched FILTER - the server anew, its settings changed by a filter of jq. ADMIN: where its figures are.
serve_watched() {
	server_stop
	jq -c '.admin = "127.0.0.1:0" | '"$1" "$D/server.json" >"$WORK/json"
	cp "$WORK/json" "$D/server.json"
	: >"$WORK/logs/server.log"
	# freed memory is to be seen as freed, under the sanitizer too
	start server "${ELSEWHERE[@]}" env ASAN_OPTIONS="${ASAN_OPTIONS:-}:quarantine_size_mb=1" qip-server serve "$D"
	wait_until 30 grep -q 'msg=serving' "$WORK/logs/server.log" || die 'the server does not start'
	ADMIN=http://$(sed -n 's/.*msg=metrics address="\{0,1\}\([0-9.:]*\).*/\1/p' "$WORK/logs/server.log")
}

value() {
	curl -qsS --max-time 20 "$ADMIN/metrics" |
		awk -v name="$1" '{ v = $NF; sub(/ [^ ]*$/, "") } $0 == name { print v; found = 1 } END { if (!found) print 0 }'
}

# What a device does before each sync that is timed.
before_sync() { :; }
# sync_ms DEVICE - the median of its sync's milliseconds.
sync_ms() {
	local begin n
	for ((n = 0; n < ROUNDS; n++)); do
		before_sync "$1"
		begin=${EPOCHREALTIME/[.,]/}
		q "$1" sync >/dev/null
		echo $(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
	done | sort -n | sed -n "$((ROUNDS / 2 + 1))p"
}
# usual_ms DEVICE - the same when nobody attacks.
usual_ms() {
	local n
	for ((n = 0; n < BUSY; n++)); do start "busy-$n" "${ELSEWHERE[@]}" sh -c 'ulimit -t 60; while :; do :; done'; done
	sync_ms "$1"
	for ((n = 0; n < BUSY; n++)); do crash "busy-$n"; done
}
leftovers() { find "$D" -name '*.tmp*' -o -path '*/quarantine/*' -o -path '*/blobs/new/*' -o -name 'tmp_*' -o -path '*/incoming/*'; }
# What is under way when whoever sent it leaves comes to its end.
rest() {
	[ "$(value qip_connections)" -le "$connections" ] && [ "$(value process_open_fds)" -le "$((descriptors + 2))" ] &&
		[ "$(value qip_jobs_waiting)" -eq 0 ] && [ "$(value qip_push_disk_bytes)" -eq 0 ] && [ -z "$(leftovers)" ]
}
# What an attack must not change.
left_behind() { leftovers; }

# honest DEVICE… - how long they take when nobody attacks.
honest() {
	local device
	for device in "$@"; do
		q "$device" sync >/dev/null
		USUAL[$device]=$(usual_ms "$device")
		say "  usually a sync of $device takes ${USUAL[$device]} ms"
	done
	connections=$(value qip_connections)
	descriptors=$(value process_open_fds)
	resident=$(value process_resident_memory_bytes)
	state=$(left_behind)
}

# costs - MEMORY: how many MiB more the server takes than before all attacks, within bounds.
costs() {
	MEMORY=$((($(value process_resident_memory_bytes) - resident) / 1048576))
	[ "$MEMORY" -le "$MEMORY_MIB" ] || die "it costs $MEMORY MiB"
}
# under NAME - the attack that runs as NAME is under way: what holds meanwhile, and after it. Other work on this machine slows a sync as well: one that is
# too slow is timed once more, and compared with what is usual afterwards, too.
under() {
	local again device usual
	declare -A ms=()
	for device in "${!USUAL[@]}"; do
		ms[$device]=$(sync_ms "$device")
		[ "${ms[$device]}" -le "$((3 * USUAL[$device]))" ] && continue
		again=$(sync_ms "$device")
		ms[$device]=$((again < ms[$device] ? again : ms[$device]))
	done
	costs
	for device in "${!USUAL[@]}"; do say "  $device: ${ms[$device]} ms, $MEMORY MiB more"; done
	kill -TERM "${PIDS[$1]}" 2>/dev/null || true
	wait "${PIDS[$1]}" 2>/dev/null || true
	unset "PIDS[$1]"
	wait_until 60 rest || die "left behind: $(value qip_connections) connections, $(value process_open_fds) descriptors (before: $connections, $descriptors)," \
		"$(value qip_push_disk_bytes) bytes of pushes, $(leftovers)"
	same 'what is in the folder' "$state" "$(left_behind)"
	costs
	for device in "${!USUAL[@]}"; do
		usual=${USUAL[$device]}
		[ "${ms[$device]}" -le "$((3 * usual))" ] && continue
		again=$(usual_ms "$device")
		[ "${ms[$device]}" -le "$((3 * (again > usual ? again : usual)))" ] || die "a sync of $device takes ${ms[$device]} ms, usually $usual, afterwards $again"
	done
}
