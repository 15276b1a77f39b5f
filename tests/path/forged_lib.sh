# shellcheck shell=bash
# shellcheck disable=SC2034 # for the journeys
# tests/path/forged_lib.sh - for sourcing by the journeys of forged histories: a practice whose history is copied and forged, and the two judges that have to
# name each forgery: qip audit, and tools/verify-history, which needs no more than stock git and ssh-keygen. QIP_SHOW=1 prints their sentences.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
join hand kiosk kibworth
join fleckney staff fleckney
join second manager great-glen
join qk1-icb icb
q "$MANAGER" import "$QIP_SOURCE/tests/data/qip-sample.csv" --effective 2022-06-06 >/dev/null
q "$MANAGER" sync >/dev/null
q fleckney sync >/dev/null
q fleckney action set QIP-07 status=amber >/dev/null
q fleckney sync >/dev/null
MANAGER_DEVICE=$(manager_device)
ROOT=$(root_key)

answer_path() { printf 'feedback/%s/0/0/%s.json' "$1" "$2"; }
# answers FIRST LAST - the kiosk's next commit of answers, sent like any other.
answers() {
	local repo head changes=() i
	repo=$(forge_repo hand)
	head=$(git -C "$repo" rev-parse own)
	for ((i = $1; i <= $2; i++)); do
		cp "$(feedback_record hand "$i")" "$WORK/answer.$i"
		changes+=("$(answer_path hand "$i")=$WORK/answer.$i")
	done
	push_as hand "$repo" "$(forge_head "$repo" "$(forge_tree "$repo" "$head^{tree}" "${changes[@]}")" "$(device_key hand)" hand 'Add answers' "$head")"
}
answers 1 3
answers 4 6
server_stop
# Fleckney's merge before those answers, and the action that it is about.
EDITED=$(git -C "$(server_history)" log --first-parent --format=%H --grep='^Merge fleckney$' -1 main)
ACTION=$(git -C "$(server_history)" diff-tree -r --name-only "$EDITED^2" "$EDITED^1" | grep '^qip/' | head -n 1)

# ---- two judges ----

audit() { qip audit --repo "$1" --ods "$QIP_ODS" --root "$ROOT"; }
checker() { bash "$QIP_SOURCE/tools/verify-history" --root "$ROOT" "$1"; }

# forged NAME - a copy of the history to work on, in R; it and the kiosk's and the staff's last commits have names.
forged() {
	R=$WORK/$1.git
	cp -a "$(server_history)" "$R"
	MAIN=$(git -C "$R" rev-parse main)
	HAND=$(git -C "$R" rev-parse refs/devices/hand)
	it "$2"
}
# names JUDGE COMMIT PATH WORDS - it finds a fault at that commit and path ('-' for none), for a reason in words like these.
names() {
	local status=0 out
	out=$("$1" "$R" 2>"$WORK/judge.err") || status=$?
	[ "$status" -eq 1 ] || die "$1 ended with status $status: $out $(cat "$WORK/judge.err")"
	grep -Eq -- "^$2 $3( [a-z0-9-]+)?: .*($4)" <<<"$out" || die "$1: wanted '$2 $3: …$4…', got: $out $(cat "$WORK/judge.err")"
	[ -z "${QIP_SHOW:-}" ] || say "  $1: $(grep -E -m 1 -- "^$2 $3( [a-z0-9-]+)?: .*($4)" <<<"$out")"
}
# both COMMIT PATH WORDS - both judges name it there.
both() {
	names audit "$@"
	names checker "$@"
}
# blind WHY - what the checker cannot see; it finds nothing, else it can.
blind() {
	checker "$R" >"$WORK/blind.txt" || die "the checker sees it: $(cat "$WORK/blind.txt")"
	say "  (not seen by the checker: $1)"
}

tree_of() { forge_tree "$R" "$@"; }
# staff CHANGE… - Fleckney's next commit on the end of the log. kiosk CHANGE… - the kiosk's.
staff() { forge_head "$R" "$(tree_of "$MAIN^{tree}" "$@")" "$(device_key fleckney)" fleckney 'Edit actions' "$MAIN"; }
kiosk() { forge_head "$R" "$(tree_of "$HAND^{tree}" "$@")" "$(device_key hand)" hand 'Add answers' "$HAND"; }
# taken HEAD DEVICE CHANGE… - the server takes it, with these changes of main's tree.
taken() {
	local head=$1 device=$2
	shift 2
	forge_merge "$R" "$(tree_of 'main^{tree}' "$@")" "$head" "$device"
}
# back - main before its last merge, which is to be made anew; its head is in LAST_HEAD.
back() {
	LAST_HEAD=$(git -C "$R" rev-parse main^2)
	git -C "$R" update-ref refs/heads/main main^
}
# odd_merge KEY SED PARENT… - a merge of Fleckney's on main, of that key and parents, whose message is as it has to be but for what SED changes.
odd_merge() {
	local key=$1 change=$2 merge
	shift 2
	merge=$(forge_commit "$R" "$MAIN^{tree}" "$key" server "$(git -C "$R" log -1 --format=%B main |
		awk '/^Qip-Index: / { $2 += 1 } { print }' | sed -e "s/$(git -C "$R" log -1 --format=%B main | sed -n 's/^Qip-Device: //p')/fleckney/" -e "$change")" "$@")
	git -C "$R" update-ref refs/heads/main "$merge"
	printf '%s' "$merge"
}
# sound - as it stands, neither finds anything.
sound() {
	audit "$R" >/dev/null || die "the audit finds: $(audit "$R")"
	checker "$R" >/dev/null || die "the checker finds: $(checker "$R")"
}
