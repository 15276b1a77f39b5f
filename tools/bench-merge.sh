# shellcheck shell=bash
# tools/bench-merge.sh - for sourcing by tools/bench: the figures of merging and of the audit.

MERGE_LOAD=$QIP_SOURCE/build/release/bench/merge_load
AUTOMERGE=$QIP_SOURCE/build/bench/automerge

# Automerge, in the version of tests/bench/automerge/package-lock.json; it comes as WebAssembly.
automerge_install() {
	mkdir -p "$AUTOMERGE"
	cp "$QIP_SOURCE"/tests/bench/automerge/* "$AUTOMERGE"
	[ "$AUTOMERGE/node_modules/.package-lock.json" -nt "$QIP_SOURCE/tests/bench/automerge/package-lock.json" ] ||
		npm ci --prefix "$AUTOMERGE" --ignore-scripts --no-audit --no-fund --loglevel=error >&2
}

# Merges a second of the processor. Ours reads the base and both sides and writes the merged record; Automerge has to make the edits to have
# something to merge. What ours takes with the same edits made each time is in the notes.
automerge_rounds() {
	local round ours theirs lines=$WORK/lines
	automerge_install
	"$MERGE_LOAD" record "$WORK"
	for ((round = 0; round <= ROUNDS; round++)); do
		ours=$("$MERGE_LOAD" merge "$WORK" 5000)
		theirs=$(node "$AUTOMERGE/merge.mjs" "$WORK" 300)
		[ "$round" -eq 0 ] || printf '%s %s\n' "$ours" "$theirs"
	done >"$lines"
	awk '{ print 1e6 / $1, 1e6 / $3 }' "$lines"
	note "merge.automerge: ours $(median "$lines" 1) us, with the edits made $(median "$lines" 2) us; Automerge $(median "$lines" 3) us"
}

# Microseconds to merge 20 changed records into many and into 1,000.
tree_rounds() {
	local many=100000
	[ -z "$long" ] || many=1000000
	"$MERGE_LOAD" trees "$WORK" "$many" 1000 "$ROUNDS"
}

# ---- the audit ----

AUDITED=$WORK/audited # of both figures: history.git, and the keys

# make_history FOLDER PUSHES - history.git in the folder, with 20 records a push, a tenth of them edits by staff, and its keys.
make_history() {
	local made
	mkdir -p "$1"
	made=$("$MERGE_LOAD" history "$1" "$2")
	mv "$made/history.git" "$1/history.git"
	rmdir "$made"
}

audited_history() {
	local pushes=1000
	[ ! -e "$AUDITED/history.git" ] || return 0
	[ -z "$long" ] || pushes=10000
	make_history "$AUDITED" "$pushes"
}

# The whole history; it has to pass.
audit_once() { qip audit --repo "$AUDITED/history.git" --ods "$QIP_ODS" --root "$(cat "$AUDITED/root")" >"$WORK/audit.txt"; }

git_shows_signatures() {
	local good
	good=$(git -C "$AUDITED/history.git" -c gpg.ssh.allowedSignersFile="$AUDITED/signers" log --show-signature -n "$1" | grep -c '^Good "git" signature')
	same 'good signatures' "$1" "$good"
}

# Commits a second that an audit checks with all that stands in them, and whose signatures alone git shows.
audit_git_rounds() {
	local round ours theirs commits few=100
	audited_history
	commits=$(git -C "$AUDITED/history.git" rev-list --count refs/heads/main)
	for ((round = 0; round <= ROUNDS; round++)); do
		ours=$(milliseconds audit_once)
		theirs=$(milliseconds git_shows_signatures "$few")
		[ "$round" -eq 0 ] || awk -v a="$ours" -v b="$theirs" -v n="$commits" -v few="$few" 'BEGIN { print n * 1000 / a, few * 1000 / b }'
	done
}

# Milliseconds of an audit, and of the bare checks of the same signatures on all processors.
audit_bare_rounds() {
	local round ours theirs checked commits
	audited_history
	commits=$(git -C "$AUDITED/history.git" rev-list --count refs/heads/main)
	for ((round = 0; round <= ROUNDS; round++)); do
		ours=$(milliseconds audit_once)
		read -r theirs checked < <("$MERGE_LOAD" bare "$AUDITED/history.git" 1)
		same 'signatures' "$commits" "$checked"
		[ "$round" -eq 0 ] || printf '%s %s\n' "$ours" "$theirs"
	done
	note "audit.bare: $commits signatures on $(nproc) processors"
}

audit_home() { qip --home "$1" audit --json "${@:2}" >"$WORK/audit.json"; }

# Milliseconds of an audit of one day's four pushes on top of ten years (the short form: of one) that this home audited before, and of an audit of
# all of them.
audit_day_rounds() {
	local day=4 days=365 home=$WORK/home main round ours theirs
	[ -z "$long" ] || days=3650
	make_history "$home" $((day * days))
	jq -ncSj --arg root "$(<"$home/root.pub")" --arg ods "$QIP_ODS" \
		'{schema: "home/1", url: "https://localhost", ods: $ods, device: "lead-icb", role: "icb", root_key: $root}' >"$home/config.json"
	main=$(git -C "$home/history.git" rev-parse main)
	git -C "$home/history.git" update-ref refs/heads/main "main~$day"
	qip --home "$home" audit >"$WORK/audit.txt"
	git -C "$home/history.git" update-ref refs/heads/main "$main"
	cp "$home/audit/checkpoint.json" "$WORK/yesterday.json"
	for ((round = 0; round <= ROUNDS; round++)); do
		cp "$WORK/yesterday.json" "$home/audit/checkpoint.json"
		ours=$(milliseconds audit_home "$home")
		same 'merges' "$day" "$(jq .merges "$WORK/audit.json")"
		theirs=$(milliseconds audit_home "$home" --all)
		same 'from' 0 "$(jq .from.index "$WORK/audit.json")"
		[ "$round" -eq 0 ] || printf '%s %s\n' "$ours" "$theirs"
	done
	note "audit.day: $day pushes of 20 records after $((day * (days - 1))), beside an audit of all"
}
