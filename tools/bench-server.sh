# shellcheck shell=bash
# tools/bench-server.sh - for sourcing by tools/bench: the figures of the server.

LOAD=$QIP_SOURCE/build/release/bench/server_load
FLAT=$WORK/flat.tsv

# median FILE COLUMN
median() { cut -d ' ' -f "$2" "$1" | sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# milliseconds COMMAND… - that it took; what it printed goes to the log.
milliseconds() {
	local begin=${EPOCHREALTIME/[.,]/} end
	"$@" >&2
	end=${EPOCHREALTIME/[.,]/}
	awk -v us=$((end - begin)) 'BEGIN { printf "%.3f", us / 1000 }'
}

# A practice with that many kiosks.
practice_with() {
	local i
	practice_start
	for ((i = 1; i <= $1; i++)); do
		join "kiosk-$i" kiosk kibworth
	done
}
# The same, and a copy of it on the other side.
two_sides() {
	practice_with "$1"
	git_copy
	git_start
}

# grow KIOSK prepare|thin NUMBER… - its branch and the log grow behind the server's back.
grow() {
	local kiosk=$HOMES/$1 way=$2
	shift 2
	server_stop
	"$LOAD" "$way" "$kiosk" "$@"
	"$LOAD" adopt "$WORK/server/$QIP_ODS" "$kiosk"
	server_start
}

# Signatures by 8 known keys that one processor checks in a second, beside mbedTLS alone.
check_rounds() { "$QIP_SOURCE/build/release/bench/signature_check" "$ROUNDS"; }

# ---- pushes ----

# Pushes a second, 8 devices at once, each on a connection that it keeps.
push_resumed_rounds() {
	local kiosks ours=30 theirs=15 lines=$WORK/lines before
	[ -z "$long" ] || ours=250 theirs=125
	two_sides 8
	kiosks=("$HOMES"/kiosk-*)
	before=$(ticks_of "${PIDS[server]}")
	"$LOAD" push "$ROUNDS" --before "sh $GIT_TIDY" "kept:$ours=$URL" "kept:$theirs=$GIT_URL" "resumed:$ours=$URL" "resumed:$theirs=$GIT_URL" \
		-- "${kiosks[@]}" >"$lines"
	cut -d ' ' -f 1,2 "$lines"
	note "push.resumed.8: connections kept: qip-server $(median "$lines" 1)/s, git http-backend $(median "$lines" 2)/s;" \
		"a new connection and a resumed session for each push: $(median "$lines" 3)/s, $(median "$lines" 4)/s"
	# two modes; the load's warm-up is a fifth of a round and one
	note "push.resumed.8: qip-server used $((($(ticks_of "${PIDS[server]}") - before) * 10000 / (16 * (ROUNDS * ours + ours / 5 + 1)))) us of the" \
		"processor for a push"
}

# Milliseconds a push with a full handshake takes the two machines that are one here, and what the bare handshake takes them: both as one over
# the rate at which 8 devices get them through.
push_full_rounds() {
	local kiosks ours=15 theirs=8 lines=$WORK/lines
	[ -z "$long" ] || ours=60 theirs=30
	two_sides 8
	kiosks=("$HOMES"/kiosk-*)
	"$LOAD" push "$ROUNDS" --before "sh $GIT_TIDY" "full:$ours=$URL" "shake:$ours=$URL" "full:$theirs=$GIT_URL" "shake:$ours=$GIT_URL" \
		-- "${kiosks[@]}" >"$lines"
	awk '{ print 1000 / $1, 1000 / $2 }' "$lines"
	note "push.full.8: qip-server $(median "$lines" 1) pushes/s, $(median "$lines" 2) bare handshakes/s;" \
		"git http-backend behind nginx $(median "$lines" 3) pushes/s, $(median "$lines" 4) bare handshakes/s"
}

# ---- fetching ----

# Rate at which a staff device that lacks 20 records lists the refs and fetches them, in a practice of 10,000 records.
fetch_rounds() {
	local have lines=$WORK/lines
	practice_with 1
	join staff-1 staff
	grow kiosk-1 prepare 500 20
	have=$(git -C "$(server_history)" rev-parse refs/heads/main)
	"$LOAD" sync "$HOMES/kiosk-1" 20 1 >"$WORK/visit"
	git_copy
	git_start
	"$LOAD" fetch "$ROUNDS" 40 "$HOMES/staff-1" "$have" "$URL" "$GIT_URL" >"$lines"
	awk '{ print 1000 / $1, 1000 / $2 }' "$lines"
}

stock_clone() {
	rm -rf "$WORK/clone"
	GIT_SSL_CAINFO=$WORK/server/ca.crt GIT_SSL_CERT=$HOMES/staff-1/device.crt GIT_SSL_KEY=$HOMES/staff-1/device.key \
		git clone -q --bare "$1/$QIP_ODS/history.git" "$WORK/clone"
}

# Rate of stock git's clone of 100,000 records in 5,000 pushes.
clone_rounds() {
	local round ours theirs
	practice_with 1
	join staff-1 staff
	grow kiosk-1 prepare 5000 20
	git_copy
	git_start
	for ((round = 0; round <= ROUNDS; round++)); do
		ours=$(milliseconds stock_clone "$URL")
		theirs=$(milliseconds stock_clone "$GIT_URL")
		[ "$round" -eq 0 ] || awk -v a="$ours" -v b="$theirs" 'BEGIN { print 1000 / a, 1000 / b }'
	done
	same 'the clone' "$(git -C "$(server_history)" rev-parse refs/heads/main)" "$(git -C "$WORK/clone" rev-parse refs/heads/main)"
}

# ---- 2,000 offline answers ----

# write_answers FOLDER FIRST COUNT - files like a kiosk's, where it would have put them.
write_answers() {
	awk -v folder="$1" -v first="$2" -v count="$3" 'BEGIN {
		for (seq = first; seq < first + count; seq++) {
			dir = sprintf("%s/feedback/kiosk-1/%d/%d", folder, seq / 65536, seq / 256 % 256)
			if (dir != last) system("mkdir -p " dir)
			last = dir
			file = sprintf("%s/%d.json", dir, seq)
			printf "{\"answers\":{\"experience\":\"good\"},\"device\":\"kiosk-1\",\"id\":\"01920000-0000-7000-8000-%012x\",\"language\":\"en\",\"mode\":\"kiosk\",\"recorded\":{\"at\":\"2026-01-01T00:00:00.%03dZ\",\"earliest\":\"2026-01-01T00:00:00.%03dZ\",\"latest\":\"2026-01-01T00:00:00.%03dZ\",\"quality\":\"synchronised\"},\"schema\":\"feedback/1\",\"seq\":%d,\"site\":\"kibworth\",\"survey\":{\"id\":\"fft\",\"version\":1}}", seq, seq % 1000, seq % 1000, seq % 1000, seq >file
			close(file)
		}
	}'
}

git_deliver() {
	git -C "$WORK/tree" add -A
	git -C "$WORK/tree" -c user.name=kiosk-1 -c user.email=kiosk-1@example.invalid commit -q -m Answers
	git -C "$WORK/tree" push -q origin HEAD:refs/devices/git-1
}

# A work tree whose user commits all that waits at once and pushes it, durably and fast.
git_user() {
	git init -q -b main "$WORK/tree"
	git -C "$WORK/tree" remote add origin "$GIT_URL/$QIP_ODS/history.git"
	git_client_settings "$WORK/tree"
	export GIT_SSL_CAINFO=$WORK/server/ca.crt GIT_SSL_CERT=$HOMES/kiosk-1/device.crt GIT_SSL_KEY=$HOMES/kiosk-1/device.key
}

# Rate of journal to receipt.
sync_git_rounds() {
	local round ours theirs
	two_sides 1
	git_user
	for ((round = 0; round <= ROUNDS; round++)); do
		"$LOAD" capture "$HOMES/kiosk-1" 2000
		ours=$(milliseconds kiosk_sync kiosk-1)
		write_answers "$WORK/tree" $((round * 2000 + 1)) 2000
		theirs=$(milliseconds git_deliver)
		[ "$round" -eq 0 ] || awk -v a="$ours" -v b="$theirs" 'BEGIN { print 1000 / a, 1000 / b }'
	done
	same 'answers that wait' 0 "$(kiosk_says kiosk-1 waiting)"
}

sync_pouchdb_rounds() {
	local round ours theirs
	practice_with 1
	pouchdb_install
	pouchdb_start
	for ((round = 0; round <= ROUNDS; round++)); do
		"$LOAD" capture "$HOMES/kiosk-1" 2000
		ours=$(milliseconds kiosk_sync kiosk-1)
		theirs=$(pouchdb_sync 2000)
		[ "$round" -eq 0 ] || awk -v a="$ours" -v b="$theirs" 'BEGIN { print 1000 / a, 1000 / b }'
	done
	same 'answers that wait' 0 "$(kiosk_says kiosk-1 waiting)"
}

# ---- what a push costs on a long history and on a short one ----

# flat_world FOLDER prepare|thin NUMBER… - a practice of its own.
flat_world() {
	local own=$WORK/$1
	local WORK=$own HOMES=$own/homes
	mkdir -p "$HOMES" "$WORK/logs"
	shift
	# shellcheck disable=SC2034 # of server_start: a port of its own
	SERVER_PORT=0
	practice_with 1
	grow kiosk-1 "$@"
	server_stop
}

# flat_serve FOLDER - at the port that its kiosk knows.
flat_serve() {
	local port
	port=$(jq -r .url "$WORK/$1/homes/kiosk-1/config.json" | sed 's/.*://')
	rm -f "$WORK/$1.port"
	start "$1" qip-server serve "$WORK/$1/server" --listen "127.0.0.1:$port" --port-file "$WORK/$1.port"
	started "$1" "$WORK/$1.port" >"$WORK/$1.started"
}

# flat_visit FOLDER - a line: milliseconds and bytes of one delivery of 20 answers, and the most memory of the client in kB.
flat_visit() { "$LOAD" sync "$WORK/$1/homes/kiosk-1" 20 1 | paste -sd ' '; }

# flat_result FOLDER - medians of the visits of a round, and the most memory of the server in kB.
flat_result() {
	local visits=$WORK/$1.visits
	printf '%s %s %s %s\n' "$(median "$visits" 1)" "$(median "$visits" 2)" "$(kb_of "${PIDS[$1]}" VmHWM)" "$(median "$visits" 3)"
}

flat_round() {
	local which i
	for which in long short; do
		echo 5 >"/proc/${PIDS[$which]}/clear_refs" # the peak starts anew
		: >"$WORK/$which.visits"
	done
	for i in 1 2 3 4 5 6; do
		for which in long short; do
			flat_visit "$which" >>"$WORK/$which.visits"
		done
	done
	printf '%s %s\n' "$(flat_result long)" "$(flat_result short)"
}

# Lines of FLAT: the eight values of a round, long before short. Measured once for all four figures.
flat_run() {
	local round last=100000 commits=200
	[ -z "$long" ] || last=1000000 commits=2000
	flat_world long prepare "$commits" 500
	flat_world short thin "$last"
	flat_serve long
	flat_serve short
	flat_visit long >"$WORK/visit"
	flat_visit short >"$WORK/visit"
	for ((round = 1; round <= ROUNDS; round++)); do
		flat_round
	done >"$FLAT.new"
	mv "$FLAT.new" "$FLAT"
}

# flat_rounds COLUMN
flat_rounds() {
	[ -s "$FLAT" ] || flat_run
	cut -d ' ' -f "$1,$(($1 + 4))" "$FLAT"
}

# ---- memory ----

# kB for each of 1,000 connections that have had one answer and rest.
connection_rounds() {
	local round pid before count=1000 idle
	ulimit -n "$(ulimit -H -n)"
	practice_with 1
	server_stop
	for ((round = 1; round <= ROUNDS; round++)); do
		server_start
		pid=${PIDS[server]}
		kiosk_sync kiosk-1
		quiet "$pid" || die 'the server does not come to rest'
		before=$(kb_of "$pid" VmRSS)
		coproc IDLE { "$LOAD" idle "$count" "$HOMES/kiosk-1" "$URL"; }
		# shellcheck disable=SC2153 # the coprocess's descriptors
		read -r idle <&"${IDLE[0]}"
		[ "$idle" = open ] || die 'connections cannot be opened'
		quiet "$pid" || die 'the server does not come to rest'
		awk -v a="$before" -v b="$(kb_of "$pid" VmRSS)" -v n="$count" 'BEGIN { print (b - a) / n, "-" }'
		eval "exec ${IDLE[1]}>&-"
		# shellcheck disable=SC2154 # named by coproc
		wait "$IDLE_PID"
		server_stop
	done
}

# kB at rest after many pushes, and after the first few hundred.
after_rounds() {
	local round pid kiosks warm=25 more=150 before
	[ -z "$long" ] || more=1042 # 10,000 with the load's own warm-up
	practice_with 8
	server_stop
	kiosks=("$HOMES"/kiosk-*)
	for ((round = 1; round <= ROUNDS; round++)); do
		server_start
		pid=${PIDS[server]}
		"$LOAD" push 1 "kept:$warm=$URL" -- "${kiosks[@]}" >&2
		quiet "$pid" || die 'the server does not come to rest'
		before=$(kb_of "$pid" VmRSS)
		kiosks_catch_up
		"$LOAD" push 1 "kept:$more=$URL" -- "${kiosks[@]}" >&2
		quiet "$pid" || die 'the server does not come to rest'
		printf '%s %s\n' "$(kb_of "$pid" VmRSS)" "$before"
		note "memory.after: RssAnon $(kb_of "$pid" RssAnon) kB"
		kiosks_catch_up
		server_stop
	done
}
# What the load pushed is known to the homes again.
kiosks_catch_up() {
	local kiosk
	for kiosk in "$HOMES"/kiosk-*; do
		kiosk_sync "$(basename "$kiosk")"
	done
}
