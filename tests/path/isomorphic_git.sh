#!/usr/bin/env bash
# isomorphic-git, a git of its own in JavaScript, as the client: of ordinary repositories, and of a practice with a device's certificate.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
web_tests_ready

isogit() { node "$QIP_SOURCE/tests/web/isogit.mjs" "$@" 2>>"$WORK/logs/isogit.log"; }
# isogit_as DEVICE ARGUMENT…
isogit_as() { (export QIP_HOME=$HOMES/$1 && shift && isogit "$@"); }
tip() { git -C "$1" rev-parse -q --verify "$2" || printf 'none'; }

# ---- ordinary repositories ----
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.invalid GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.invalid
served=$WORK/served/x.git
made=$WORK/made
git init -q -b main "$made"
change() { printf '%s\n' "$1" >"$made/file" && git -C "$made" add file && git -C "$made" commit -qm "$1"; }
for i in {1..5}; do change "$i"; done
git -C "$made" tag -m one v1 main~2
mkdir "$WORK/served"
git clone -q --bare "file://$made" "$served"
start plain qip-server serve-git "$WORK/served" --listen 127.0.0.1:0 --plain-http --port-file "$WORK/plain.port"
url=http://127.0.0.1:$(started plain "$WORK/plain.port")/x.git

it 'It lists refs, with what HEAD points to and what tags stand for'
same 'refs' "$(printf '%s HEAD refs/heads/main\n' "$(tip "$made" main)"
	printf '%s refs/heads/main -\n' "$(tip "$made" main)"
	printf '%s refs/tags/v1 %s' "$(tip "$made" v1)" "$(tip "$made" 'v1^{}')")" "$(isogit refs "$url")"

it 'It clones, whole or one commit deep'
isogit clone "$url" "$WORK/iso.git"
same 'main' "$(tip "$served" main)" "$(tip "$WORK/iso.git" refs/remotes/origin/main)"
same 'tag' "$(tip "$served" v1)" "$(tip "$WORK/iso.git" v1)"
fsck "$WORK/iso.git"
isogit clone "$url" "$WORK/iso1.git" 1
same 'commits' 1 "$(git -C "$WORK/iso1.git" rev-list --count refs/remotes/origin/main)"

it 'It fetches what came since'
change 6
git -C "$made" tag -m two v2
git -C "$made" push -q "$served" main v2
isogit fetch "$url" "$WORK/iso.git"
same 'main' "$(tip "$served" main)" "$(tip "$WORK/iso.git" refs/remotes/origin/main)"
same 'tag' "$(tip "$served" v2)" "$(tip "$WORK/iso.git" v2)"
fsck "$WORK/iso.git"

it 'It pushes, by force too, and deletes'
commit() { git -C "$WORK/iso.git" commit-tree -p "$1" -m "$2" "$1^{tree}"; }
git -C "$WORK/iso.git" update-ref refs/heads/main "$(commit refs/remotes/origin/main 7)"
isogit push "$url" "$WORK/iso.git" refs/heads/main refs/heads/main
isogit push "$url" "$WORK/iso.git" refs/heads/main refs/heads/other
same 'main' "$(tip "$WORK/iso.git" main)" "$(tip "$served" main)"
git -C "$WORK/iso.git" update-ref refs/heads/main "$(commit refs/heads/main~1 8)"
isogit push "$url" "$WORK/iso.git" refs/heads/main refs/heads/main force
same 'main' "$(tip "$WORK/iso.git" main)" "$(tip "$served" main)"
isogit push "$url" "$WORK/iso.git" refs/heads/main refs/heads/other delete
same 'other' none "$(tip "$served" refs/heads/other)"
fsck "$served"
stop plain

# ---- a practice ----
practice_start
join hand kiosk kibworth
join fleckney staff fleckney

it 'A member of staff clones and fetches main with a certificate'
isogit_as fleckney clone "$(history_url)" "$WORK/staff.git"
same 'main' "$(tip "$(server_history)" main)" "$(tip "$WORK/staff.git" refs/remotes/origin/main)"
fsck "$WORK/staff.git"
q "$MANAGER" site add later --name Later >/dev/null
q "$MANAGER" sync >/dev/null
isogit_as fleckney fetch "$(history_url)" "$WORK/staff.git"
same 'main' "$(tip "$(server_history)" main)" "$(tip "$WORK/staff.git" refs/remotes/origin/main)"

it 'A kiosk pushes an answer to its own ref, and nothing to another'
repo=$(forge_repo hand)
head=$(tip "$repo" own)
answer=$(forge_head "$repo" "$(forge_tree "$repo" "$head^{tree}" "feedback/hand/0/0/1.json=$(feedback_record hand 1)")" "$(device_key hand)" hand 'Add answers' "$head")
git -C "$repo" update-ref refs/heads/answer "$answer"
isogit_as hand push "$(history_url)" "$repo" refs/heads/answer refs/devices/hand
same 'answers' 1 "$(answers_on_main)"
refused 'may push to refs/devices/hand alone' env QIP_HOME="$HOMES/hand" node "$QIP_SOURCE/tests/web/isogit.mjs" push "$(history_url)" "$repo" refs/heads/answer refs/heads/main force
refused 'cannot be deleted' env QIP_HOME="$HOMES/hand" node "$QIP_SOURCE/tests/web/isogit.mjs" push "$(history_url)" "$repo" refs/heads/answer refs/devices/hand delete
