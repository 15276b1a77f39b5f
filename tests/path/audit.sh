#!/usr/bin/env bash
# Audits one after the other: each checks what is new since the one before, whose checkpoint has to be this device's own and on the log; what is
# left after kills and on a full disk; and certificates that stock ssh-keygen and a shell can check.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
join fleckney staff fleckney
join qk1-icb icb
join nhse icb
q "$MANAGER" import "$QIP_SOURCE/tests/data/qip-sample.csv" --effective 2022-06-06 >/dev/null
q "$MANAGER" sync >/dev/null
q fleckney sync >/dev/null

ICB=$HOMES/qk1-icb
CHECKPOINT=$ICB/audit/checkpoint.json
CERTIFICATE=$WORK/certificate.json

icb() { q qk1-icb "$@"; }
main_of() { git -C "$1/history.git" rev-parse refs/heads/main; }
# edits COUNT - so many merges more, and the ICB has them.
edits() {
	local i
	for ((i = 0; i < $1; i++)); do
		q fleckney action set QIP-01 "public_summary=Edit $SECONDS $i" --effective 2023-01-01 >/dev/null
		q fleckney sync >/dev/null
	done
	icb sync >/dev/null
}
# back_to NAME - the ICB's home as it was kept under that name.
keep() { rm -rf "$WORK/$1.home" && cp -a "$ICB" "$WORK/$1.home"; }
back_to() { rm -rf "$ICB" && cp -a "$WORK/$1.home" "$ICB"; }

it 'The first audit begins at the start of the log, the next ones where the last ended'
icb sync >/dev/null
first=$(icb audit --json)
same 'from' '{"index":0}' "$(jq -c .from <<<"$first")"
same 'to' "$(jq .merges <<<"$first")" "$(jq .index <<<"$first")"
says 'start of the log' "$(icb audit --all)"
edits 2
next=$(icb audit --json)
same 'merges' 2 "$(jq .merges <<<"$next")"
same 'from' "$(jq .index <<<"$first")" "$(jq .from.index <<<"$next")"
same 'the merge it begins at' "$(jq -r .main <<<"$first")" "$(jq -r .from.main <<<"$next")"
same 'to' "$(($(jq .index <<<"$first") + 2))" "$(jq .index <<<"$next")"
same 'dated back' "$(jq .backdated <<<"$next"), $(jq .backdated <<<"$first")" "2, $(jq .from.counts.backdated <<<"$next")"
same 'nothing new' 0 "$(icb audit --json | jq .merges)"
all=$(icb audit --all --json)
same 'what both counted' "$(jq '.merges + .from.counts.merges' <<<"$next") $(jq '.commits + .from.counts.commits' <<<"$next") $(jq '.records + .from.counts.records' <<<"$next")" \
	"$(jq .merges <<<"$all") $(jq .commits <<<"$all") $(jq .records <<<"$all")"

it 'A sealed text in the home is held against its hash'
text=$ICB/blobs/$(printf 'sealed' | sha256sum | cut -d ' ' -f 1)
printf 'sealed' >"$text"
same 'the text' 1 "$(icb audit --json | jq .texts.intact)"
printf 'seeled' >"$text"
refused_with 1 'found 1 fault' icb audit
says "blobs/${text##*/}.*altered or damaged" "$REFUSAL"
rm "$text"

it 'An audit with findings leaves the checkpoint alone, and says them again'
keep good
forge_merge "$ICB/history.git" "$(git -C "$ICB/history.git" rev-parse 'main^{tree}')" "$(git -C "$ICB/history.git" rev-parse main^2)" fleckney >/dev/null
before=$(sha256sum "$CHECKPOINT")
for _ in 1 2; do
	refused_with 1 'found 1 fault' icb audit
	says 'accepted before' "$REFUSAL"
	same 'the checkpoint' "$before" "$(sha256sum "$CHECKPOINT")"
done
back_to good

it 'Killed, or without power, or with a full disk at any of its calls: the checkpoint before or the new one holds, none looks forged'
if "$QIP_TOOLS/strike" true; then
	edits 1
	keep struck
	strike() { ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 "$QIP_TOOLS/strike" --only changes --under "$ICB/audit" "$@"; }
	strike --report "$WORK/struck" qip --home "$ICB" audit >/dev/null
	total=$(sed -n 's/^counted //p' "$WORK/struck")
	[ "$total" -ge 4 ] || die "an audit changes too little to be struck: $total calls"
	for action in kill-before kill-after ENOSPC EIO; do
		lose=()
		[ "${action#kill}" = "$action" ] || lose=(--lose names)
		for ((n = 1; n <= total; n++)); do
			back_to struck
			strike --nth "$n" --do "$action" "${lose[@]}" qip --home "$ICB" audit >"$WORK/logs/struck.log" 2>&1 || true
			out=$(icb audit --json) || die "$action at call $n: $(icb audit 2>&1)"
			# the home was audited up to the edit, or up to what came before it
			says '^[01]$' "$(jq .merges <<<"$out")"
			[ "$(jq .from.index <<<"$out")" -gt 0 ] || die "$action at call $n: the earlier checkpoint is lost"
			[ "$(ls "$ICB/audit")" = checkpoint.json ] || die "$action at call $n leaves $(ls "$ICB/audit")"
		done
	done
else
	say '  (skipped: programs cannot be traced here)'
fi

# refuses_checkpoint WORDS - nothing is audited, for that reason; --all goes through and the next audit begins there.
refuses_checkpoint() {
	refused_with 4 "$1" icb audit
	says 'audit --all' "$REFUSAL"
	refused_with 4 "$1" icb audit --json
	icb audit --all >"$WORK/all.txt" || die "--all: $(cat "$WORK/all.txt")"
	says 'Not used: .*refused' "$(cat "$WORK/all.txt")"
	same 'merges after --all' 0 "$(icb audit --json | jq .merges)"
	back_to good
}
# with_checkpoint FILTER - the checkpoint changed by jq, its signature left as it was.
with_checkpoint() { jq -cSj "$1" "$WORK/good.home/audit/checkpoint.json" >"$CHECKPOINT"; }

it 'A checkpoint that is damaged, unsigned, altered or another device'"'"'s is refused'
back_to good
icb sync >/dev/null
icb audit >/dev/null
keep good
head -c 300 "$WORK/good.home/audit/checkpoint.json" >"$CHECKPOINT"
refuses_checkpoint 'damaged'
: >"$CHECKPOINT"
refuses_checkpoint 'damaged'
with_checkpoint 'del(.signature)'
refuses_checkpoint 'not signed'
with_checkpoint '.index += 1'
refuses_checkpoint 'signature'
q nhse sync >/dev/null
q nhse audit >/dev/null
cp "$HOMES/nhse/audit/checkpoint.json" "$CHECKPOINT"
refuses_checkpoint 'another device signed it.*nhse'
# signed_checkpoint FILTER - changed, and signed with the device's own key after all.
signed_checkpoint() {
	jq -cSj "del(.signature) | $1" "$WORK/good.home/audit/checkpoint.json" >"$WORK/body"
	rm -f "$WORK/body.sig"
	ssh-keygen -q -Y sign -n qip-audit -f "$(device_key qk1-icb)" "$WORK/body" 2>/dev/null
	jq -cSj --rawfile s "$WORK/body.sig" '.signature = $s' "$WORK/body" >"$CHECKPOINT"
}
signed_checkpoint .
same 'signed by ssh-keygen' 0 "$(icb audit --json | jq .merges)"
signed_checkpoint '.ods = "A81001"'
refuses_checkpoint 'of practice A81001'
signed_checkpoint ".root = \"SHA256:$(head -c 32 /dev/zero | base64 | tr -d =)\""
refuses_checkpoint 'another root key'
signed_checkpoint 'del(.heads)'
refuses_checkpoint 'missing'
signed_checkpoint '.rules[0].version = 9'
refuses_checkpoint 'newer program'
signed_checkpoint '.schema = "audit-checkpoint/2"'
refuses_checkpoint 'newer program'
signed_checkpoint '.checks += 1'
refuses_checkpoint 'newer program.*checks more'
back_to good
refused_with 4 'another root key' icb audit --root "SHA256:$(head -c 32 /dev/zero | base64 | tr -d =)"

it 'After a checkpoint by an earlier version of the checks everything is checked anew, and the audit says so'
for older in '.checks -= 1' 'del(.checks)'; do
	back_to good
	signed_checkpoint "$older"
	out=$(icb audit)
	says '^Everything is checked anew: .* an earlier version of the checks' "$out"
	says 'From the start of the log' "$out"
	same 'after that' 'false 0' "$(icb audit --json | jq -r '[.anew, .merges] | join(" ")')"
done

it 'A log that was rewritten from before the checkpoint is not audited over it; with --all the rewriting is a finding, and stays one'
back_to good
lost=$(main_of "$ICB")
git -C "$ICB/history.git" update-ref refs/heads/main main~2
forge_merge "$ICB/history.git" "$(git -C "$ICB/history.git" rev-parse 'main^{tree}')" "$(git -C "$ICB/history.git" rev-parse "$lost^2")" fleckney >/dev/null
git -C "$ICB/history.git" update-ref refs/heads/main main~1
for _ in 1 2; do
	refused_with 4 'not the one that is here' icb audit
	says 'audit --all' "$REFUSAL"
	refused_with 1 'found 1 fault' icb audit --all
	says "^$lost .*was rewritten" "$REFUSAL"
done

it 'A restore that the server tells of excuses the rewriting only if the log went on from the place that it names'
# told_restore COMMIT - by the server, at the end of the log
told_restore() {
	local repo=$ICB/history.git id head
	id=$(uuid7)
	jq -ncSj --arg id "$id" --arg commit "$(git -C "$repo" rev-parse "$1")" --argjson index "$(index_of "$1")" --argjson known "$(index_of "$lost")" \
		'{schema: "incident/1", id: $id, restored: "2023-01-02T09:00:00.000Z", backup: "2023-01-01T09:00:00.000Z", commit: $commit, index: $index, known: $known, unheard: []}' \
		>"$WORK/incident"
	head=$(forge_head "$repo" "$(forge_tree "$repo" 'main^{tree}' "incidents/$id.json=$WORK/incident")" "$(server_key)" server 'Restored from a backup' main)
	forge_merge "$repo" "$head^{tree}" "$head" server >/dev/null
}
index_of() { git -C "$ICB/history.git" log -1 --format=%B "$1" | sed -n 's/^Qip-Index: //p'; }
git -C "$ICB/history.git" update-ref refs/heads/main "$lost~2"
told_restore "$lost~3"
refused_with 1 'found 1 fault' icb audit --all
says "^$lost .*was rewritten: .* part after merge $(index_of "$lost~2")[)], and no restore" "$REFUSAL"
told_restore "$lost~2"
icb audit --all >/dev/null || die "an honest restore is a fault: $(icb audit --all)"
back_to good

it 'A copy without a home is audited whole'
same 'from' '{"index":0}' "$(qip audit --json --repo "$ICB/history.git" --ods "$QIP_ODS" --root "$(root_key)" | jq -c .from)"
refused_with 2 'does not go with --repo' qip audit --repo "$ICB/history.git" --ods "$QIP_ODS" --certificate "$CERTIFICATE"
refused_with 3 'there is no home' qip --home "$WORK/nowhere" audit

# ---- certificates ----

it 'A certificate says what was audited, from where, by whom, and holds for who has the log'
edits 1
earlier=$(jq .index "$CHECKPOINT")
icb audit --certificate "$CERTIFICATE" >/dev/null
same 'what it says' "$QIP_ODS since passed $earlier $((earlier + 1)) 1 qk1-icb icb $(root_key)" \
	"$(jq -r '[.practice, .scope, .result, .from.index, .index, .counts.merges, .auditor.device, .auditor.role, .root] | join(" ")' "$CERTIFICATE")"
same 'the tables' "$(git -C "$ICB/history.git" log -1 --format=%B main | sed -n 's/^Qip-Rules: 1 sha256://p')" "$(jq -r '.rules[0].digest' "$CERTIFICATE")"
out=$(icb audit --check-certificate "$CERTIFICATE")
says 'the audit passed' "$out"
says "from merge $earlier .* where the audit of" "$out"
says 'merges that are named stand in it' "$out"
says 'does not reach as far' "$(q nhse audit --check-certificate "$CERTIFICATE")"
says 'the key of qk1-icb' "$(qip audit --check-certificate "$CERTIFICATE" --repo "$ICB/history.git" --root "$(root_key)")"

it 'Who has no log sees the key, and does not take it for an auditor'"'"'s'
key=$(jq -r .auditor.fingerprint "$CERTIFICATE")
refused_with 3 "ask the practice or the ICB" qip audit --check-certificate "$CERTIFICATE"
[[ $REFUSAL == *"$key"* ]] || die "the key is not shown: $REFUSAL"
says 'the key that you named' "$(qip audit --check-certificate "$CERTIFICATE" --key "$key")"
refused_with 4 'another key' qip audit --check-certificate "$CERTIFICATE" --key "$(root_key)"

it 'The manual'"'"'s recipe checks it with stock ssh-keygen, and either jq or python3'
mkdir "$WORK/recipe"
q fleckney allowed-signers >"$WORK/recipe/allowed_signers"
# manual N - the N-th listing of that chapter, for this auditor.
manual() {
	awk -v n="$1" '/^\.Sh CERTIFICATES/ { on = 1 } on && /^\.Bd/ { at++; next } /^\.Ed/ { ended = at } on && at == n && ended < n' "$QIP_SOURCE/client/man/qip.1" |
		sed "s/\\\\e/\\\\/g; s/lead-icb@/qk1-icb@/"
}
manual 1 | sed '/^ssh-keygen/,$d' >"$WORK/recipe/with-jq"
manual 1 | sed -n '/^ssh-keygen/,$p' >"$WORK/recipe/verify"
manual 2 >"$WORK/recipe/with-python"
# recipe FORM FILE
recipe() (
	cp "$2" "$WORK/recipe/certificate.json" && cd "$WORK/recipe" && rm -f statement statement.sig && bash "./$1" && bash ./verify
)
jq . "$CERTIFICATE" >"$WORK/pretty.json"
forms=(with-jq)
if command -v python3 >/dev/null; then
	forms+=(with-python)
else
	say '  (without python3: there is none)'
fi
for form in "${forms[@]}"; do
	for file in "$CERTIFICATE" "$WORK/pretty.json"; do
		says 'Good "qip-audit" signature' "$(recipe "$form" "$file")"
	done
done
icb audit --check-certificate "$WORK/pretty.json" >/dev/null

it 'An altered certificate is refused by both, and so is one that another device made out in this one'"'"'s name'
altered() {
	refused_with 4 'does not hold' icb audit --check-certificate "$WORK/altered.json"
	refused_with 4 'does not hold' qip audit --check-certificate "$WORK/altered.json" --key "$key"
	if recipe with-jq "$WORK/altered.json" >/dev/null 2>&1; then die "the recipe takes $1"; fi
}
for change in '.result = "failed"' '.index += 1' '.findings = []|.counts.merges = 5' 'del(.signature)' '.auditor.device = "nhse"' '.more = 1' '.signature = "x"' \
	'.from = {"index": 0}'; do
	jq -cSj "$change" "$CERTIFICATE" >"$WORK/altered.json"
	altered "$change"
done
q nhse sync >/dev/null
q nhse audit --all --certificate "$WORK/other.json" >/dev/null
same 'scope' 'all 0' "$(jq -r '[.scope, .from.index] | join(" ")' "$WORK/other.json")"
icb audit --check-certificate "$WORK/other.json" >/dev/null
jq -cSj --slurpfile c "$CERTIFICATE" 'del(.signature) | .auditor.device = "qk1-icb"' "$WORK/other.json" >"$WORK/body"
rm -f "$WORK/body.sig"
ssh-keygen -q -Y sign -n qip-audit -f "$(device_key nhse)" "$WORK/body" 2>/dev/null
jq -cSj --rawfile s "$WORK/body.sig" '.signature = $s' "$WORK/body" >"$WORK/altered.json"
altered 'a certificate by nhse in the name of qk1-icb'

it 'A certificate with findings says that the audit failed, and one of another log does not hold for this one'
keep good
forge_merge "$ICB/history.git" "$(git -C "$ICB/history.git" rev-parse 'main^{tree}')" "$(git -C "$ICB/history.git" rev-parse main^2)" fleckney >/dev/null
refused_with 1 'found 1 fault' icb audit --certificate "$WORK/failed.json"
same 'result' 'failed 1' "$(jq -r '[.result, (.findings | length)] | join(" ")' "$WORK/failed.json")"
refused_with 1 'says that the audit failed' icb audit --check-certificate "$WORK/failed.json"
back_to good
edits 1
refused_with 4 'of another log' icb audit --check-certificate "$WORK/failed.json"
says 'Good "qip-audit" signature' "$(recipe with-jq "$WORK/failed.json")"

it 'A certificate that cannot be written is none, and the next audit begins where this one did'
before=$(sha256sum "$CHECKPOINT")
refused_with 3 'no folder' icb audit --certificate "$WORK/nowhere/certificate.json"
same 'the checkpoint' "$before" "$(sha256sum "$CHECKPOINT")"
refused_with 3 'no file' icb audit --check-certificate "$WORK/nowhere.json"

it 'An auditor who was revoked vouches for nothing any more'
icb audit --check-certificate "$CERTIFICATE" >/dev/null
q "$MANAGER" sync >/dev/null
q "$MANAGER" revoke qk1-icb --reason 'Stolen' >/dev/null
q "$MANAGER" sync >/dev/null
refused_with 4 'was revoked' q "$MANAGER" audit --check-certificate "$CERTIFICATE"
server_stop
