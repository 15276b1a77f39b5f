#!/usr/bin/env bash
# Ordinary repositories by qip-server serve-git: stock git in versions 0 and 2 of its protocol, and HTTP itself by curl. (git's own tests: tools/git-tests.)
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

GIT_AUTHOR_DATE=@1700000000\ +0000 GIT_COMMITTER_DATE=@1700000000\ +0000
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.invalid GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.invalid GIT_AUTHOR_DATE GIT_COMMITTER_DATE
served=$WORK/served

it 'Plain HTTP is for this machine alone, and TLS wants a certificate'
mkdir "$served"
refused 'this machine alone' qip-server serve-git "$served" --listen 0.0.0.0:0 --plain-http
refused 'qip-server init' qip-server serve-git "$served" --listen 127.0.0.1:0
refused_with 2 '--listen HOST:PORT is needed' qip-server serve-git "$served" --plain-http

start plain qip-server serve-git "$served" --listen 127.0.0.1:0 --plain-http --port-file "$WORK/plain.port"
url=http://127.0.0.1:$(started plain "$WORK/plain.port")

# A repository with what ordinary ones have: a program, a link, a module, a merge of three, tags on a commit, a tag, a tree and a file.
made=$WORK/made
git init -q -b main "$made"
work() { git -C "$made" "$@"; }
change() { printf '%s\n' "$1" >"$made/file" && work add file && work commit -qm "$1"; }
change 1
printf 'x\n' >"$made/run" && chmod +x "$made/run" && ln -s run "$made/link" && mkdir "$made/a folder" && printf 'é\n' >"$made/a folder/ünë"
work add . && work update-index --add --cacheinfo "160000,$(printf '1%.0s' {1..40}),module" && work commit -qm 2
for i in 3 4; do
	work checkout -q -b "side$i" main && printf '%s\n' "$i" >"$made/f$i" && work add . && work commit -qm "$i"
done
work checkout -q main
work merge -q -m merged side3 side4 >/dev/null
work config advice.nestedTag false
work tag -m one v1 side3 && work tag -m two v2 v1 && work tag -m tree vt 'main^{tree}' && work tag vf "$(work rev-parse main:run)" && work tag light
mkdir "$served/deep"
git clone -q --bare --mirror "file://$made" "$served/deep/x.git"
git -C "$served/deep/x.git" symbolic-ref refs/heads/alias refs/heads/side3

refs() { git -C "$1" for-each-ref --format='%(refname) %(objectname)'; }
git_v() { git -c protocol.version="$version" "$@"; }

for version in 0 2; do
	it "Refs are told as stock git tells them (version $version)"
	for where in deep/x.git deep/x; do
		same "$where" "$(git_v ls-remote --symref "file://$served/deep/x.git")" "$(git_v ls-remote --symref "$url/$where")"
	done

	it "A mirror is the same, whole and sound (version $version)"
	git_v clone -q --mirror "$url/deep/x.git" "$WORK/mirror$version.git"
	same 'refs' "$(refs "$served/deep/x.git")" "$(refs "$WORK/mirror$version.git")"
	fsck "$WORK/mirror$version.git"

	it "A fetch brings what came since, and the tags on it (version $version)"
	git_v clone -q "$url/deep/x.git" "$WORK/clone$version"
	change "later $version"
	work tag -m tagged "later$version"
	work push -q "$served/deep/x.git" main "later$version"
	git_v -C "$WORK/clone$version" fetch -q
	same 'main' "$(work rev-parse main)" "$(git -C "$WORK/clone$version" rev-parse origin/main)"
	same 'tag' "$(work rev-parse "later$version")" "$(git -C "$WORK/clone$version" rev-parse "later$version")"

	it "A shallow clone has one commit and its tags, and becomes whole (version $version)"
	git_v clone -q --depth 1 "$url/deep/x.git" "$WORK/shallow$version"
	same 'commits' 1 "$(git -C "$WORK/shallow$version" rev-list --count HEAD)"
	git clone -q --depth 1 "file://$served/deep/x.git" "$WORK/stock$version"
	same 'tags' "$(git -C "$WORK/stock$version" tag)" "$(git -C "$WORK/shallow$version" tag)"
	git_v -C "$WORK/shallow$version" fetch -q --unshallow
	same 'commits' "$(work rev-list --count main)" "$(git -C "$WORK/shallow$version" rev-list --count HEAD)"
	fsck "$WORK/shallow$version"

	it "HEAD may be detached or unborn (version $version)"
	git -C "$served/deep/x.git" update-ref --no-deref HEAD refs/heads/side3
	same 'HEAD' "$(git_v ls-remote --symref "file://$served/deep/x.git")" "$(git_v ls-remote --symref "$url/deep/x.git")"
	git -C "$served/deep/x.git" symbolic-ref HEAD refs/heads/main
	rm -rf "$served/empty.git" "$WORK/empty"
	git init -q --bare -b trunk "$served/empty.git"
	same 'refs' '' "$(git_v ls-remote "$url/empty.git")"
	git_v clone -q "$url/empty.git" "$WORK/empty" 2>/dev/null
	[ "$version" = 0 ] || same 'branch' refs/heads/trunk "$(git -C "$WORK/empty" symbolic-ref HEAD)"
done

it 'A repository that is shallow itself is cloned as far as it goes'
git clone -q --bare --depth 2 "file://$made" "$served/cut.git"
for version in 0 2; do
	git_v clone -q "$url/cut.git" "$WORK/cut$version"
	same 'commits' "$(git -C "$served/cut.git" rev-list --count main)" "$(git -C "$WORK/cut$version" rev-list --count HEAD)"
	fsck "$WORK/cut$version"
done

# ---- pushing ----
git init -q --bare -b main "$served/p.git"
server_refs() { refs "$served/p.git"; }

it 'A push makes branches and tags, many at once'
work push -q --mirror "$url/p.git"
same 'refs' "$(refs "$made")" "$(server_refs)"
fsck "$served/p.git"

it 'Rewritten history is pushed by force alone'
work commit -q --amend -m rewritten
refused 'non-fast-forward' work push "$url/p.git" main
work push -q --force "$url/p.git" main
same 'main' "$(work rev-parse main)" "$(git -C "$served/p.git" rev-parse main)"

it 'Branches and tags are deleted, but the current branch is not'
work push -q "$url/p.git" :side3 :v2
same 'gone' '' "$(git -C "$served/p.git" for-each-ref refs/heads/side3 refs/tags/v2)"
refused 'deletion of the current branch prohibited' work push "$url/p.git" :main

it 'An atomic push moves all or nothing'
before=$(server_refs)
refused 'atomic push failure' work push --atomic "$url/p.git" main:refs/heads/new :main
same 'refs' "$before" "$(server_refs)"
work push -q --atomic "$url/p.git" main:refs/heads/new main:refs/heads/newer
same 'new' "$(work rev-parse main)" "$(git -C "$served/p.git" rev-parse newer)"

it 'Of several refs each gets its own answer'
refused 'branch must point to a commit' work push "$url/p.git" main:refs/heads/fine "$(work rev-parse main:file):refs/heads/odd"
same 'fine' "$(work rev-parse main)" "$(git -C "$served/p.git" rev-parse fine)"

it 'Its own configuration forbids what git would'
git -C "$served/p.git" config receive.denyNonFastForwards true
git -C "$served/p.git" config receive.denyDeletes true
git -C "$served/p.git" config transfer.hideRefs refs/heads/new
work commit -q --amend -m again
refused 'non-fast-forward' work push --force "$url/p.git" main
refused 'deletion prohibited' work push "$url/p.git" :newer
refused 'hidden ref' work push "$url/p.git" main:refs/heads/new
same 'hidden' '' "$(git ls-remote "$url/p.git" refs/heads/new)"
git -C "$served/p.git" config http.receivepack false
refused_with 128 '403' work push "$url/p.git" main:refs/heads/x

it 'What is incomplete is refused, and leaves nothing'
git init -q --bare -b main "$served/q.git"
git clone -q --depth 1 "file://$made" "$WORK/half"
refused 'shallow update not allowed' git -C "$WORK/half" push "$url/q.git" main
same 'refs' '' "$(refs "$served/q.git")"
same 'objects' 0 "$(git -C "$served/q.git" cat-file --batch-all-objects --batch-check | wc -l)"
same 'incoming' '' "$(ls "$served/q.git/incoming")"

it 'A shallow clone pushes where its history is known, and what a killed server left there a day ago goes'
git clone -q --bare "file://$made" "$served/r.git"
mkdir -p "$served/r.git/incoming/left" "$served/r.git/incoming/young"
touch -d '2 days ago' "$served/r.git/incoming/left"
git -C "$WORK/half" commit -q --allow-empty -m more
git -C "$WORK/half" push -q "$url/r.git" main
same 'main' "$(git -C "$WORK/half" rev-parse main)" "$(git -C "$served/r.git" rev-parse main)"
same 'incoming' young "$(ls "$served/r.git/incoming")"
fsck "$served/r.git"

it 'The branch that is checked out is not pulled from under its work tree'
git clone -q "file://$made" "$served/tree"
refused 'currently checked out' git -C "$WORK/half" push --force "$url/tree" main
git -C "$WORK/half" push -q "$url/tree" main:refs/heads/aside

# ---- HTTP ----
it 'Large pushes come chunked, after a probe, and large fetch requests gzipped'
dd if=/dev/urandom of="$made/large" bs=1M count=2 2>/dev/null
work add large && work commit -qm large
GIT_TRACE_CURL=$WORK/trace GIT_TRACE_CURL_NO_DATA=1 work -c http.postBuffer=65536 push -q "$url/r.git" main:refs/heads/large
grep -qi 'Transfer-Encoding: chunked' "$WORK/trace" || die 'the push was not chunked'
same 'requests' 2 "$(grep -c 'Send header: POST' "$WORK/trace")"
git init -q "$WORK/many"
git -C "$served/r.git" update-ref refs/heads/other "$(git -C "$served/r.git" commit-tree -m other 'main^{tree}')"
for i in {1..300}; do
	printf 'commit refs/heads/m%s\ncommitter a <a@example.invalid> %s +0000\ndata 0\n' "$i" "$i"
done | git -C "$WORK/many" fast-import --quiet
rm -f "$WORK/trace"
GIT_TRACE_CURL=$WORK/trace GIT_TRACE_CURL_NO_DATA=1 git -C "$WORK/many" -c protocol.version=0 fetch -q "$url/r.git" other
grep -qi 'Content-Encoding: gzip' "$WORK/trace" || die 'no request was gzipped'
fsck "$WORK/many"

# http METHOD PATH CURL-ARGUMENT… - the status; headers in $WORK/headers, body in $WORK/body.
http() {
	local method=$1 path=$2
	shift 2
	curl -sS --max-time 30 -X "$method" -D "$WORK/headers" -o "$WORK/body" -w '%{http_code}' "$@" "$url$path"
}
header() { tr -d '\r' <"$WORK/headers" | sed -n "s/^$1: //Ip" | head -n 1; }
push_type='Content-Type: application/x-git-receive-pack-request'
fetch_type='Content-Type: application/x-git-upload-pack-request'

it 'Answers carry the right types and may not be kept by caches'
for service in git-upload-pack git-receive-pack; do
	same "$service" 200 "$(http GET "/r.git/info/refs?service=$service")"
	same 'type' "application/x-$service-advertisement" "$(header content-type)"
	same 'cache' 'no-cache, max-age=0, must-revalidate' "$(header cache-control)"
	same 'pragma' no-cache "$(header pragma)"
	same 'expires' 'Fri, 01 Jan 1980 00:00:00 GMT' "$(header expires)"
done
same 'HEAD' 200 "$(curl -sS --max-time 30 -I -o "$WORK/body" -w '%{http_code}' "$url/r.git/info/refs?service=git-upload-pack")"

it 'What is wrong with a request is told by its status'
same 'unknown repository' 404 "$(http GET '/none.git/info/refs?service=git-upload-pack')"
same 'outside' 404 "$(http GET '/../made/.git/info/refs?service=git-upload-pack' --path-as-is)"
same 'unknown service' 403 "$(http GET '/r.git/info/refs?service=git-upload-archive')"
same 'dumb protocol' 403 "$(http GET '/r.git/info/refs')"
same 'a file' 404 "$(http GET '/r.git/HEAD')"
same 'closed to pushes' 403 "$(http POST /p.git/git-receive-pack -H "$push_type" --data-binary 0000)"
same 'wrong type' 415 "$(http POST /r.git/git-upload-pack -H 'Content-Type: text/plain' --data-binary 0000)"
same 'unknown compression' 415 "$(http POST /r.git/git-upload-pack -H "$fetch_type" -H 'Content-Encoding: br' --data-binary 0000)"
same 'broken gzip' 400 "$(http POST /r.git/git-upload-pack -H "$fetch_type" -H 'Content-Encoding: gzip' --data-binary 0000)"
same 'wrong method' 405 "$(http DELETE /r.git/git-upload-pack)"
same 'the right one' POST "$(header allow)"
same 'no packets' 400 "$(http POST /r.git/git-upload-pack -H "$fetch_type" --data-binary zzzz)"
same 'no command' 400 "$(http POST /r.git/git-receive-pack -H "$push_type" --data-binary 00)"

it 'An empty probe is welcome, with 100-continue, chunked, or gzipped'
same 'probe' 200 "$(http POST /r.git/git-receive-pack -H "$push_type" -H 'Expect: 100-continue' --data-binary 0000)"
grep -q '100 Continue' "$WORK/headers" || die 'no 100-continue'
same 'chunked' 200 "$(http POST /r.git/git-receive-pack -H "$push_type" -H 'Transfer-Encoding: chunked' --data-binary 0000)"
same 'gzipped' 200 "$(printf 0000 | gzip -c | http POST /r.git/git-receive-pack -H "$push_type" -H 'Content-Encoding: gzip' --data-binary @-)"

it 'A repository made while the server runs is served at once, and one that is gone is not'
git init -q --bare -b main "$served/new.git"
same 'new' 200 "$(http GET '/new.git/info/refs?service=git-upload-pack')"
rm -rf "$served/new.git"
same 'gone' 404 "$(http GET '/new.git/info/refs?service=git-upload-pack')"
stop plain

it 'By TLS with the certificate of init, which asks nobody for one'
qip-server init "$WORK/tls" >/dev/null
git clone -q --bare "file://$made" "$WORK/tls/x.git"
start tls qip-server serve-git "$WORK/tls" --listen 127.0.0.1:0 --port-file "$WORK/tls.port"
secure=https://localhost:$(started tls "$WORK/tls.port")
git -c http.sslCAInfo="$WORK/tls/ca.crt" clone -q --mirror "$secure/x.git" "$WORK/by-tls.git"
same 'refs' "$(refs "$WORK/tls/x.git")" "$(refs "$WORK/by-tls.git")"
stop tls
