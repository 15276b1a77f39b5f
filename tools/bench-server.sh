# shellcheck shell=bash
# tools/bench-server.sh - for sourcing by tools/bench: the figures of the server.

LOAD=$QIP_SOURCE/build/release/bench/server_load

# median FILE COLUMN
median() { cut -d ' ' -f "$2" "$1" | sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# A practice with that many kiosks, and the same on the other side.
two_sides() {
	local i
	practice_start
	for ((i = 1; i <= $1; i++)); do
		join "kiosk-$i" kiosk kibworth
	done
	git_copy
	git_start
}

# Pushes a second, 8 devices at once: each keeps its connection.
push_resumed_rounds() {
	local kiosks ours=30 theirs=15 lines=$WORK/lines
	[ -z "$long" ] || ours=250 theirs=125
	two_sides 8
	kiosks=("$HOMES"/kiosk-*)
	"$LOAD" push "$ROUNDS" --before "sh $GIT_TIDY" "kept:$ours=$URL" "kept:$theirs=$GIT_URL" "resumed:$ours=$URL" "resumed:$theirs=$GIT_URL" \
		-- "${kiosks[@]}" >"$lines"
	cut -d ' ' -f 1,2 "$lines"
	note "push.resumed.8: connections kept: qip-server $(median "$lines" 1)/s, git http-backend $(median "$lines" 2)/s;" \
		"a new connection and a resumed session for each push: $(median "$lines" 3)/s, $(median "$lines" 4)/s"
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
