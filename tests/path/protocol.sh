#!/usr/bin/env bash
# Stock git as the client, in versions 0 and 2 of its protocol: what it lists, clones and fetches, and what a kiosk's certificate does not open.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
join hand kiosk kibworth
join fleckney staff fleckney
q "$MANAGER" import "$QIP_SOURCE/tests/data/qip-sample.csv" --effective 2022-06-06 >/dev/null
q "$MANAGER" sync >/dev/null

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
