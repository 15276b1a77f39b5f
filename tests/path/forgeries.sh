#!/usr/bin/env bash
# Forged logs and answers, most of them by a host with its true key: both judges name each with commit, path and reason. And copies that are damaged.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/forged_lib.sh"

forged honest 'The honest history is sound to both'
sound
refused_with 2 usage bash "$QIP_SOURCE/tools/verify-history"
refused_with 2 usage bash "$QIP_SOURCE/tools/verify-history" "$WORK/nowhere"
refused_with 2 usage bash "$QIP_SOURCE/tools/verify-history" --root nonsense "$R"

forged other-root 'Another root key than the one in the safe'
same 'the checker' 1 "$(status=0; bash "$QIP_SOURCE/tools/verify-history" --root "SHA256:$(head -c 32 /dev/zero | base64 | tr -d =)" "$R" >/dev/null || status=$?; echo "$status")"

# ---- answers ----

forged altered 'An answer is altered in the log by the server'
git -C "$R" cat-file blob "main:$(answer_path hand 2)" | sed 's/"good"/"poor"/' >"$WORK/altered.json"
back
merge=$(forge_merge "$R" "$(tree_of "$MAIN^{tree}" "$(answer_path hand 2)=$WORK/altered.json")" "$LAST_HEAD" hand)
both "$merge" "$(answer_path hand 2)" 'does not follow|none of its commits|something else'

forged altered-commit 'An answer is altered in the commit of the device, whose signature is left as it was'
tree=$(tree_of "$HAND^{tree}" "$(answer_path hand 5)=$WORK/altered.json")
head=$(git -C "$R" cat-file commit "$HAND" | sed "1s/.*/tree $tree/" | git -C "$R" hash-object -t commit -w --stdin)
back
taken "$head" hand "$(answer_path hand 5)=$WORK/altered.json" >/dev/null
both "$head" - 'not signed'

forged resigned 'A commit is signed anew, by a key that is not of the device'
head=$(forge_head "$R" "$HAND^{tree}" "$(server_key)" hand 'Add answers' "$HAND^")
back
forge_merge "$R" "$MAIN^{tree}" "$head" hand >/dev/null
both "$head" - 'not signed'

forged left-out 'The server leaves out an answer that the kiosk sent'
back
merge=$(forge_merge "$R" "$(tree_of "$MAIN^{tree}" "$(answer_path hand 6)=")" "$LAST_HEAD" hand)
both "$merge" "$(answer_path hand 6)" 'does not follow|leaves the record out'

forged removed 'An answer goes from the log while other work is taken'
head=$(staff)
merge=$(taken "$head" fleckney "$(answer_path hand 2)=")
both "$merge" "$(answer_path hand 2)" 'does not follow|none of its commits'

forged dropped 'A kiosk, or who holds its key, drops a number'
head=$(kiosk "$(answer_path hand 8)=$(feedback_record hand 8)")
taken "$head" hand "$(answer_path hand 8)=$(feedback_record hand 8)" >/dev/null
both "$head" 'feedback(/hand)?' 'without a gap'

forged rewritten 'A kiosk replaces an answer by another of the same number'
feedback_record hand 2 >/dev/null
head=$(kiosk "$(answer_path hand 2)=$WORK/record.json")
taken "$head" hand "$(answer_path hand 2)=$WORK/record.json" >/dev/null
both "$head" "$(answer_path hand 2)" 'never changed|changed after it came'

forged inserted 'The server makes up an answer that no kiosk sent'
head=$(staff)
merge=$(taken "$head" fleckney "$(answer_path hand 7)=$(feedback_record hand 7)")
both "$merge" "$(answer_path hand 7)" 'does not follow|none of its commits'

forged inserted-staff 'An answer in the name of a kiosk comes from another device'
feedback_record hand 7 >/dev/null
head=$(staff "$(answer_path hand 7)=$WORK/record.json")
taken "$head" fleckney "$(answer_path hand 7)=$WORK/record.json" >/dev/null
both "$head" "$(answer_path hand 7)" 'own name|may not write'

forged renumbered 'An answer stands under another number than its own'
feedback_record hand 6 >/dev/null
head=$(kiosk "$(answer_path hand 7)=$WORK/record.json")
taken "$head" hand "$(answer_path hand 7)=$WORK/record.json" >/dev/null
both "$head" "$(answer_path hand 7)" 'otherwise than its path'

forged two-lines 'Lines in an answer that pretend to be the next record hide nothing'
feedback_record hand 7 >/dev/null
cp "$WORK/record.json" "$WORK/two-lines.json"
printf '\n9 1 1 feedback/x\n{}\n' >>"$WORK/two-lines.json"
feedback_record hand 6 >/dev/null
lines=("$(answer_path hand 7)=$WORK/two-lines.json" "$(answer_path hand 8)=$WORK/record.json")
head=$(kiosk "${lines[@]}")
taken "$head" hand "${lines[@]}" >/dev/null
names audit "$head" "$(answer_path hand 7)" 'something follows behind the end'
names checker "$head" "$(answer_path hand 7)" 'more than one line'
names checker "$head" "$(answer_path hand 8)" 'otherwise than its path'

# ---- the log ----

forged wrong-tree 'A merge drops what staff changed'
git -C "$R" update-ref refs/heads/main "$EDITED^"
merge=$(forge_merge "$R" "$EDITED^1^{tree}" "$(git -C "$R" rev-parse "$EDITED^2")" fleckney)
both "$merge" "$ACTION" 'does not follow|something else'

forged cut 'A merge is cut out of the log, and the later ones are made anew'
first=$(git -C "$R" rev-parse 'main^')
git -C "$R" update-ref refs/heads/main "$first^"
forge_merge "$R" "$MAIN^{tree}" "$HAND" hand >/dev/null
git -C "$R" update-ref refs/heads/main "$first^"
head=$(forge_head "$R" "$MAIN^{tree}" "$(device_key fleckney)" fleckney 'Edit actions' "$MAIN")
forge_merge "$R" "$MAIN^{tree}" "$head" fleckney >/dev/null
both "$MAIN" - 'neither in the log|not in the log'

forged gap 'A number of the log is left out'
merge=$(odd_merge "$(server_key)" 's/^Qip-Index: .*/Qip-Index: 99/' main "$(staff)")
both "$merge" - 'calls itself number 99, but stands at place'

forged no-merge 'A commit that is no merge stands in the log'
merge=$(odd_merge "$(server_key)" '' main)
both "$merge" - 'no merge'

forged stranger-merge 'A merge is signed by a key that the root did not endorse'
merge=$(odd_merge "$(foreign_key other-server)" '' main "$(staff)")
both "$merge" - 'not signed'

forged downgraded 'A merge goes by an older version of the rules'
merge=$(odd_merge "$(server_key)" 's/^Qip-Rules: [0-9]*/Qip-Rules: 0/' main "$(staff)")
both "$merge" - 'goes back to rules 0 after rules 1'

forged fallen-back 'A merge goes back behind rules that were in use'
for version in 2 1; do
	head=$(forge_head "$R" 'main^{tree}' "$(device_key fleckney)" fleckney 'Edit actions' main)
	merge=$(odd_merge "$(server_key)" "s/^Qip-Rules: [0-9]*/Qip-Rules: $version/" main "$head")
done
both "$merge" - 'goes back to rules 1 after rules 2'

forged criss-cross 'A device merges by itself'
head=$(forge_head "$R" "$MAIN^{tree}" "$(device_key fleckney)" fleckney 'Edit actions' "$MAIN" "$HAND^")
forge_merge "$R" "$MAIN^{tree}" "$head" fleckney >/dev/null
both "$head" - 'do not merge|did not make'

forged swapped 'A merge has its parents the wrong way round'
head=$(staff)
odd_merge "$(server_key)" '' "$head" main >/dev/null
both "$head" - 'no merge'

# ---- trees that git itself would not make ----

forged mode 'A record becomes a program, a link, or another repository'
for what in '100755 sites' '120000 sites' '160000 sites' '160000 devices'; do
	mode=${what% *} folder=${what#* }
	git -C "$R" update-ref refs/heads/main "$MAIN"
	tree=$(GIT_INDEX_FILE=$WORK/mode.index sh -c 'rm -f "$GIT_INDEX_FILE"; git -C "$1" read-tree "$2" &&
		printf "%s %s\t%s\n" "$3" "$(git -C "$1" rev-parse "$2:$4/fleckney.json")" "$4/fleckney.json" | git -C "$1" update-index --index-info &&
		git -C "$1" write-tree --missing-ok' sh "$R" "$MAIN" "$mode" "$folder")
	head=$(forge_head "$R" "$tree" "$(device_key "$MANAGER")" "$MANAGER_DEVICE" 'Change records' "$MAIN")
	forge_merge "$R" "$tree" "$head" "$MANAGER_DEVICE" >/dev/null
	names audit "$head" "$folder" 'the entry "fleckney.json" has a mode'
	names checker "$head" "$folder/fleckney.json" "the mode $mode"
done

forged columns 'A message that would be taken for more than one'
head=$(forge_commit "$R" "$MAIN^{tree}" "$(device_key fleckney)" fleckney "Edit"$'\n\n'"Qip-Device: fleckney"$'\t\t\t\t'"fleckney <fleckney@${QIP_ODS,,}.qip.invalid>" "$MAIN")
taken "$head" fleckney >/dev/null
names audit "$head" - 'does not end with "Qip-Device: fleckney"'
names checker "$head" - 'no program of the practice writes such a commit'

forged restarted 'A device starts anew, without what was accepted of it before'
head=$(forge_head "$R" "$(tree_of "" "$(answer_path hand 7)=$(feedback_record hand 7)")" "$(device_key hand)" hand 'Add answers')
taken "$head" hand "$(answer_path hand 7)=$WORK/record.json" >/dev/null
names checker "$head" - 'does not go on from what was accepted of hand'
names audit "$head" - 'starts a history of its own, without what hand had accepted before'

forged twice 'A directory holds one name twice'
{
	printf '100644 fleckney.json\0'
	printf '%b' "$(git -C "$R" rev-parse "$MAIN:sites/kibworth.json" | sed 's/../\\x&/g')"
	git -C "$R" cat-file tree "$MAIN:sites"
} >"$WORK/twice.tree"
sub=$(git -C "$R" hash-object -w --literally -t tree "$WORK/twice.tree")
tree=$(git -C "$R" ls-tree "$MAIN" | sed "s/^040000 tree [0-9a-f]*\tsites$/040000 tree $sub\tsites/" | git -C "$R" mktree)
head=$(forge_head "$R" "$tree" "$(device_key "$MANAGER")" "$MANAGER_DEVICE" 'Change site' "$MAIN")
forge_merge "$R" "$tree" "$head" "$MANAGER_DEVICE" >/dev/null
names audit "$head" sites 'the entry "fleckney.json" has a mode or place'
names checker "$sub" - 'contains duplicate'

# ---- copies that are damaged: told in words, whatever is missing ----

# told AUDIT CHECKER - the audit ends with a fault (1), or cannot begin (3), and the checker with one, each in words like these.
told() {
	local status=0 out
	out=$(audit "$R" 2>&1) || status=$?
	[ "$status" -eq 1 ] || [ "$status" -eq 3 ] || die "the audit ended with status $status: $out"
	grep -Eq -- "$1" <<<"$out" || die "wanted '$1', got: $out"
	status=0
	out=$(checker "$R" 2>"$WORK/judge.err") || status=$?
	same "the checker's status" 1 "$status"
	grep -Eq -- "$2" <<<"$out" || die "wanted '$2', got: $out $(cat "$WORK/judge.err")"
}
# loose OBJECT - a copy in which each object is a file; that one's path.
loose() {
	local hex
	hex=$(git -C "$R" rev-parse "$1")
	[ -z "$(find "$R/objects/pack" -name '*.pack')" ] || {
		mkdir "$R/packed"
		mv "$R"/objects/pack/* "$R/packed"
		local pack
		for pack in "$R"/packed/*.pack; do git -C "$R" unpack-objects -q <"$pack"; done
	}
	printf '%s/objects/%s/%s' "$R" "${hex:0:2}" "${hex:2}"
}

# without OBJECT AUDIT CHECKER - told as told says, when the object is missing.
without() {
	local hex
	forged missing "What is missing: $1"
	hex=$(git -C "$R" rev-parse "$1")
	rm "$(loose "$1")"
	told "${2//HEX/$hex}" "${3//HEX/$hex}"
	rm -rf "$R"
}
without "main:$(answer_path hand 2)" "^[0-9a-f]{40} $(answer_path hand 2) hand: cannot read object HEX" '^HEX -: git fsck: missing blob HEX'
without main:devices '^[0-9a-f]{40} devices -: devices: the directory HEX is missing' '^HEX -: git fsck: missing tree HEX'
without main:feedback/hand/0 '^[0-9a-f]{40} feedback/hand/0 hand: the directory HEX is missing' '^HEX -: git fsck: missing tree HEX'
without 'main^{tree}' '^[0-9a-f]{40} - -: the directory HEX is missing' '^HEX -: git fsck: missing tree HEX'
without main '^HEX - -: the log cannot be followed: cannot read object HEX' '^No main can be read'
without 'main^' '^HEX - -: the log cannot be followed: cannot read object HEX' '^HEX -: git fsck: missing commit HEX'
without 'main^2' '^HEX - hand: cannot read object HEX' '^HEX -: git fsck: missing commit HEX'
without 'main~3' '^HEX - -: the log cannot be followed: cannot read object HEX' '^HEX -: git fsck: missing commit HEX'

forged truncated 'A pack is cut short'
for pack in "$R"/objects/pack/*.pack; do
	chmod u+w "$pack"
	truncate -s 60% "$pack" 2>/dev/null || truncate -s "$(($(stat -c %s "$pack") * 6 / 10))" "$pack"
done
told "^$MAIN - -: the log cannot be followed: cannot read object $MAIN" '^No main can be read'

forged not-a-commit 'main is no commit, or nothing'
# main_is TEXT AUDIT - the ref holds that, and the audit says so.
main_is() {
	printf '%s\n' "$1" >"$R/refs/heads/main"
	told "$2" '^No main can be read'
}
tree=$(git -C "$R" rev-parse 'main^{tree}')
main_is "$tree" "^$tree - -: the log cannot be followed: object $tree is a tree and not a commit"
main_is 0123456789012345678901234567890123456789 '^0123456789012345678901234567890123456789 - -: the log cannot be followed: cannot read object'
main_is rubbish 'holds no history: cannot read the ref refs/heads/main'
