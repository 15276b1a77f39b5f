#!/usr/bin/env bash
# Stock git as the client, in versions 0 and 2 of its protocol: what it lists, clones, fetches and pushes, and what a kiosk's certificate does not open.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
join hand kiosk kibworth
join fleckney staff fleckney
sample_plan "$MANAGER"

server_git() { git -C "$(server_history)" "$@"; }

# git_in VERSION DEVICE ARGUMENT… - and that the version is the one that was spoken.
git_in() {
	local version=$1 device=$2 status=0 spoken=0
	shift 2
	rm -f "$WORK/packets"
	GIT_TRACE_PACKET=$WORK/packets git_as "$device" -c protocol.version="$version" -c fetch.unpackLimit=1 "$@" || status=$?
	grep -q '< version 2$' "$WORK/packets" && spoken=2
	same 'the version that was spoken' "$version" "$spoken"
	return "$status"
}

# How many objects came to a repository so far: one that came twice counts twice.
held() { git -C "$1" count-objects -v | sed -n 's/^in-pack: //p'; }
# few REPO BEFORE - what came since is a small part of the history.
few() { [ $(($(held "$1") - $2)) -lt $(($(server_git rev-list --objects main | wc -l) / 3)) ] || die "the fetch into $1 brought the history again"; }

# stock_clone ARGUMENT…, stock_fetch ARGUMENT… - the same between stock git and stock git, without a server of ours.
stock_clone() {
	rm -rf "$WORK/stock.git"
	git clone -q --bare "$@" "file://$(server_history)" "$WORK/stock.git"
}
stock_fetch() { git -C "$WORK/stock.git" fetch -q "$@" "file://$(server_history)" +refs/heads/main:refs/heads/main; }

# Where main ends in a clone. Stock git also names ends that lie behind others, and commits without parents: they lack nothing.
ends() {
	git -C "$1" rev-list main | sort | comm -12 - <(sort "$1/shallow") | while read -r id; do
		server_git rev-parse -q --verify "$id^" >/dev/null && printf '%s\n' "$id"
	done || true
}

# as_stock REPO WHAT - it is sound, holds the same commits as stock git's and ends where that does.
as_stock() {
	fsck "$1"
	same "commits: $2" "$(git -C "$WORK/stock.git" rev-list main | sort)" "$(git -C "$1" rev-list main | sort)"
	same "ends: $2" "$(ends "$WORK/stock.git")" "$(ends "$1")"
}

# grow - main gets a few commits more.
grow() {
	local site=site-$RANDOM$RANDOM
	q "$MANAGER" site add "$site" --name "$site" >/dev/null
	q "$MANAGER" sync >/dev/null
}

for version in 0 2; do
	it "ls-remote lists what the device may read (version $version)"
	main=$(server_git rev-parse main)
	same 'refs' "$(printf '%s\tHEAD\n%s\trefs/devices/fleckney\n%s\trefs/heads/main' "$main" "$(server_git rev-parse refs/devices/fleckney)" "$main")" \
		"$(git_in $version fleckney ls-remote "$(history_url)" | sort -k 2)"
	same 'one ref' "$main	refs/heads/main" "$(git_in $version fleckney ls-remote "$(history_url)" refs/heads/main)"
	same 'HEAD' "ref: refs/heads/main	HEAD" "$(git_in $version fleckney ls-remote --symref "$(history_url)" HEAD | head -n 1)"
	same 'refs of a kiosk' "refs/devices/hand refs/kiosk/config" \
		"$(git_in $version hand ls-remote "$(history_url)" | cut -f 2 | sort | tr '\n' ' ' | sed 's/ $//')"

	it "A clone holds main, whole and sound (version $version)"
	git_in $version fleckney clone -q --bare "$(history_url)" "$WORK/clone$version.git"
	same 'main' "$main" "$(git -C "$WORK/clone$version.git" rev-parse HEAD)"
	fsck "$WORK/clone$version.git"

	it "A fetch brings what came since, and nothing again (version $version)"
	grow
	before=$(held "$WORK/clone$version.git")
	git_in $version fleckney -C "$WORK/clone$version.git" fetch -q "$(history_url)" +refs/heads/main:refs/heads/main
	same 'main' "$(server_git rev-parse main)" "$(git -C "$WORK/clone$version.git" rev-parse main)"
	fsck "$WORK/clone$version.git"
	few "$WORK/clone$version.git" "$before"
	git_in $version fleckney -C "$WORK/clone$version.git" fetch -q "$(history_url)" +refs/heads/main:refs/heads/main

	it "A fetch finds what is common below commits that the server never saw (version $version)"
	git clone -q --bare "$WORK/clone$version.git" "$WORK/ahead$version.git"
	tip=$(git -C "$WORK/ahead$version.git" rev-parse main)
	for i in $(seq 40); do
		tip=$(git -C "$WORK/ahead$version.git" -c user.name=x -c user.email=x@example.invalid commit-tree -p "$tip" -m "$i" "$tip^{tree}")
	done
	git -C "$WORK/ahead$version.git" update-ref refs/heads/own "$tip"
	grow
	before=$(held "$WORK/ahead$version.git")
	git_in $version fleckney -C "$WORK/ahead$version.git" fetch -q "$(history_url)" +refs/heads/main:refs/heads/new
	grep -q '< ACK ' "$WORK/packets" || die 'nothing was common'
	same 'main' "$(server_git rev-parse main)" "$(git -C "$WORK/ahead$version.git" rev-parse new)"
	fsck "$WORK/ahead$version.git"
	few "$WORK/ahead$version.git" "$before"

	it "A shallow clone ends where stock git's would, and deepens as asked (version $version)"
	shallow=$WORK/shallow$version.git
	git_in $version fleckney clone -q --bare --depth 1 "$(history_url)" "$shallow"
	same 'commits' 1 "$(git -C "$shallow" rev-list --count main)"
	stock_clone --depth 1
	as_stock "$shallow" 'clone --depth 1'
	deepen() { git_in $version fleckney -C "$shallow" fetch -q "$@" "$(history_url)" +refs/heads/main:refs/heads/main; }
	for depth in --depth=3 --depth=2 --depth=7 --deepen=2; do
		deepen $depth
		stock_fetch $depth
		as_stock "$shallow" "fetch $depth"
	done

	it "A shallow clone takes what came since, and stays shallow (version $version)"
	ended=$(ends "$shallow")
	old=$(git -C "$shallow" rev-parse main)
	commits=$(git -C "$shallow" rev-list --count main)
	before=$(held "$shallow")
	grow
	grow
	deepen
	stock_fetch
	as_stock "$shallow" 'fetch'
	same 'ends' "$ended" "$(ends "$shallow")"
	same 'commits' $((commits + $(server_git rev-list --count main "^$old"))) "$(git -C "$shallow" rev-list --count main)"
	few "$shallow" "$before"
	fsck "$shallow"

	it "It can begin at a time or behind a ref, and become whole (version $version)"
	since=$(server_git log -1 --format=%ct main~3)
	rm -rf "$WORK/since.git" "$WORK/without.git"
	git_in $version fleckney clone -q --bare --shallow-since="$since" "$(history_url)" "$WORK/since.git"
	stock_clone --shallow-since="$since"
	as_stock "$WORK/since.git" 'clone --shallow-since'
	git_in $version fleckney clone -q --bare --single-branch --shallow-exclude=refs/devices/fleckney "$(history_url)" "$WORK/without.git"
	stock_clone --single-branch --shallow-exclude=refs/devices/fleckney
	as_stock "$WORK/without.git" 'clone --shallow-exclude'
	refused_with 128 'no commits selected' git_in $version fleckney clone -q --bare --shallow-since=4000000000 "$(history_url)" "$WORK/none.git"
	refused_with 128 'no ref that can be read' git_in $version fleckney clone -q --bare --shallow-exclude=refs/kiosk/config "$(history_url)" "$WORK/none.git"
	deepen --unshallow
	[ ! -s "$shallow/shallow" ] || die 'it is still shallow'
	same 'commits' "$(server_git rev-list --count main)" "$(git -C "$shallow" rev-list --count main)"
	fsck "$shallow"

	it "A kiosk's certificate opens no commit, tree or file of main, named by its id (version $version)"
	git init -q --bare -b nothing "$WORK/kiosk$version.git"
	git_in $version hand -C "$WORK/kiosk$version.git" fetch -q "$(history_url)" refs/kiosk/config
	for id in "$(server_git rev-parse main)" "$(server_git rev-parse main~1)" "$(server_git rev-parse 'main^{tree}')" \
		"$(server_git rev-parse main:devices/fleckney.json)" "$(server_git rev-parse refs/devices/fleckney)"; do
		if git_in $version hand -C "$WORK/kiosk$version.git" fetch -q "$(history_url)" "$id" 2>"$WORK/words"; then
			die "a kiosk fetched $id"
		fi
		says 'not our ref|unadvertised object' "$(cat "$WORK/words")"
		if git -C "$WORK/kiosk$version.git" cat-file -e "$id" 2>/dev/null; then
			die "a kiosk holds $id"
		fi
	done

	it "Its own head and the kiosks' configuration it gets (version $version)"
	git_in $version hand -C "$WORK/kiosk$version.git" fetch -q "$(history_url)" refs/devices/hand:refs/heads/own refs/kiosk/config:refs/heads/config
	fsck "$WORK/kiosk$version.git"
done

# ---- pushing, which has one version ----
repo=$(forge_repo hand)
head=$(git -C "$repo" rev-parse own)
new_answer() { forge_head "$repo" "$(forge_tree "$repo" "$head^{tree}" "feedback/hand/0/0/$1.json=$(feedback_record hand "$1")")" "$(device_key hand)" hand 'Add answers' "$head"; }

it 'Stock git pushes with a certificate, in one piece, or chunked after an empty probe'
head=$(new_answer 1)
git_as hand -C "$repo" push -q "$(history_url)" "$head:refs/devices/hand"
same 'answers' 1 "$(answers_on_main)"
head=$(new_answer 2)
rm -f "$WORK/trace"
GIT_TRACE_CURL=$WORK/trace GIT_TRACE_CURL_NO_DATA=1 git_as hand -C "$repo" -c http.postBuffer=1 push -q "$(history_url)" "$head:refs/devices/hand"
same 'answers' 2 "$(answers_on_main)"
grep -qi 'Transfer-Encoding: chunked' "$WORK/trace" || die 'the push was not chunked'

it 'A refusal is told in words, on a line of its own unless the push is quiet'
refused 'may push to refs/devices/hand alone' git_as hand -C "$repo" push --progress "$(history_url)" "$head:refs/devices/other"
says '^remote: refused: this device may push' "$REFUSAL"
refused 'may push to refs/devices/hand alone' git_as hand -C "$repo" push -q "$(history_url)" "$head:refs/devices/other"
[[ $REFUSAL != *remote:\ refused* ]] || die 'a quiet push was told twice'

it 'No ref is deleted, and no two are moved at once'
refused 'remote rejected' git_as hand -C "$repo" push "$(history_url)" :refs/devices/hand
next=$(new_answer 3)
refused 'one ref' git_as hand -C "$repo" push "$(history_url)" "$next:refs/devices/hand" "$next:refs/heads/more"
same 'head' "$head" "$(server_git rev-parse refs/devices/hand)"
