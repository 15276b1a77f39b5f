#!/usr/bin/env bash
# A large answer is sent while it is made: readers that leave, that are slow, that are many; and a pack that cannot be read to its end.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

GIT_AUTHOR_DATE=@1700000000\ +0000 GIT_COMMITTER_DATE=@1700000000\ +0000
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.invalid GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.invalid GIT_AUTHOR_DATE GIT_COMMITTER_DATE
served=$WORK/served
mkdir "$served"
start plain qip-server serve-git "$served" --listen 127.0.0.1:0 --plain-http --port-file "$WORK/plain.port"
url=http://127.0.0.1:$(started plain "$WORK/plain.port")

# More than sockets and memory hold: 24 files of 1 MiB that do not compress, each in a commit of its own.
made=$WORK/made
git init -q -b main "$made"
for i in {1..24}; do
	head -c 1048576 /dev/urandom >"$made/$i"
	git -C "$made" add .
	git -C "$made" commit -qm "$i"
done
git clone -q --bare --no-local "$made" "$served/x.git"
main=$(git -C "$made" rev-parse main)

# post CURL-OPTION… - a fetch by hand; its answer goes to $WORK/answer.
post() {
	curl -qsS -o "$WORK/answer" -H 'Content-Type: application/x-git-upload-pack-request' --data-binary "@$WORK/request" "$@" "$url/x.git/git-upload-pack"
}
# Files without a name that the server holds: answers on their way.
on_their_way() { find "/proc/${PIDS[plain]}/fd" -type l -lname '*answer-* (deleted)' 2>/dev/null | wc -l; }
none_is_on_its_way() { [ "$(on_their_way)" = 0 ]; }
broken_off() { grep -c 'msg="request broken off"' "$WORK/logs/plain.log" || true; }
clones() { # FOLDER - whole and sound
	git clone -q --bare "$url/x.git" "$WORK/$1"
	same 'main' "$main" "$(git -C "$WORK/$1" rev-parse main)"
	fsck "$WORK/$1"
}

it 'A large pack has no length beforehand, and is the same by either version of HTTP'
# of everything, in version 0 and without side-bands
printf '0032want %s\n00000009done\n' "$main" >"$WORK/request"
post --http1.1 -D "$WORK/head"
says 'transfer-encoding: chunked' "$(cat "$WORK/head")"
mv "$WORK/answer" "$WORK/answer1"
post --http1.0
same 'the answer' "$(sha256sum <"$WORK/answer1")" "$(sha256sum <"$WORK/answer")"
tail -c +9 "$WORK/answer" >"$WORK/x.pack"
git index-pack "$WORK/x.pack" >/dev/null
wait_until 10 none_is_on_its_way || die 'an answer that was sent is still there'

it 'A client that disappears in the middle leaves nothing behind, and the server goes on'
before=$(broken_off)
post --limit-rate 200k --max-time 2 2>"$WORK/curl.log" && die 'the client read all of it'
wait_until 30 none_is_on_its_way || die 'its answer is still there'
has_ended() { [ "$(broken_off)" -gt "$before" ]; }
wait_until 10 has_ended || die 'its request has not ended'
same 'files of the server' '' "$(find "$served" -name 'answer-*')"
clones after-leaving.git

it 'More slow readers than there are threads keep nobody else waiting'
slow=()
for i in {1..6}; do
	curl -qsS -o /dev/null --limit-rate 20k -H 'Content-Type: application/x-git-upload-pack-request' --data-binary "@$WORK/request" \
		"$url/x.git/git-upload-pack" 2>/dev/null &
	slow+=($!)
done
all_on_their_way() { [ "$(on_their_way)" = 6 ]; }
wait_until 30 all_on_their_way || die 'the slow readers are not served side by side'
clones beside-slow.git
same 'slow readers still at it' 6 "$(on_their_way)"
kill "${slow[@]}"
wait "${slow[@]}" 2>/dev/null || true
wait_until 30 none_is_on_its_way || die 'their answers are still there'

it 'Eight clones at once are whole while the packs are made into others'
fast=()
for i in {1..8}; do
	clones "at-once-$i.git" &
	fast+=($!)
done
for i in {1..4}; do
	git -C "$served/x.git" repack -adfq
	git -C "$served/x.git" repack -aq --max-pack-size=5m && git -C "$served/x.git" prune-packed
done
for i in "${fast[@]}"; do
	wait "$i" || die 'a clone failed'
done

it 'A pack that cannot be read to its end breaks the answer off: words with side-bands, a torn connection without'
git -C "$served/x.git" repack -adq
pack=$(echo "$served"/x.git/objects/pack/*.pack)
chmod u+w "$pack"
printf 'damage' | dd of="$pack" bs=1 seek=$(($(stat -c %s "$pack") * 3 / 4)) conv=notrunc status=none
for version in 0 2; do
	refused_with 128 'remote: the server has a fault of its own' git -c protocol.version="$version" clone -q --bare "$url/x.git" "$WORK/damaged.git"
	[ ! -e "$WORK/damaged.git" ] || die 'a clone is left'
done
status=0
post 2>"$WORK/curl.log" || status=$?
same "curl's status for an answer that is cut" 18 "$status"
[ "$(stat -c %s "$WORK/answer")" -gt 1048576 ] || die 'nothing was sent before'
says 'msg="an answer was broken off".*damaged' "$(cat "$WORK/logs/plain.log")"
wait_until 10 none_is_on_its_way || die 'the broken answer is still there'

it 'And the server ends as it should'
stop plain
