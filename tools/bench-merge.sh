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
