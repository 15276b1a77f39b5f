# shellcheck shell=bash
# tools/journey.sh - for sourcing after tools/lib.sh: the sample practice's year, in six parts, each step checked. tools/demo and tests/path/journey.sh run it.
#
# JOURNEY_ORDER: the order in which places sync in part 3. JOURNEY_BROWSER=1: one of the answers goes through headless Chromium.

JOURNEY_ORDER=${JOURNEY_ORDER:-kib-kiosk kibworth fleckney}
SAMPLE=$QIP_SOURCE/tests/data/qip-sample.csv
COMMENT='The new telephone system is a blessing, thank you Doreen'

# A month of answers: 108, of which 90 % very good or good and 6 % poor or very poor.
ANSWERS=(very-good 70 good 27 neither 4 poor 3 very-poor 3 dont-know 1)
ANSWERS_TOTAL=108

# The sample's columns that say what each action had become by April 2023, tab-separated: ref, status, likelihood, consequence, evidence.
# Fields in quotes may hold commas; none holds a quotation mark or a line's end.
sample_april() {
	awk 'NR > 1 {
		n = 0; field = ""; quoted = 0
		for (i = 1; i <= length($0); i++) {
			c = substr($0, i, 1)
			if (c == "\"") quoted = !quoted
			else if (c == "," && !quoted) { f[++n] = field; field = "" }
			else field = field c
		}
		f[++n] = field
		printf "%s\t%s\t%s\t%s\t%s\n", f[1], f[15], f[16], f[17], f[18]
	}' "$SAMPLE"
}

# rag DEVICE [--as-of DAY …] - "red amber green" of the summary.
rag() {
	local device=$1
	shift
	q "$device" report summary --json "$@" | jq -r '"\(.red) \(.amber) \(.green)"'
}

sync_place() {
	case $1 in
	*kiosk) kiosk_sync "$1" ;;
	*) q "$1" sync >/dev/null ;;
	esac
}

main_of() { git -C "$HOMES/$1/history.git" rev-parse refs/heads/main; }

# 1. A server with the practice, its devices, the plan of June 2022 and the inspection that led to it.
journey_practice() {
	practice_start
	join fleckney staff fleckney
	join kib-kiosk kiosk kibworth
	join qk1-icb icb
	q kibworth import "$SAMPLE" --effective 2022-06-06 >/dev/null
	says 'nothing|already|0 ' "$(q kibworth import "$SAMPLE" --effective 2022-06-06)"
	q kibworth inspection add --provider CQC --framework 2022 --inspected-on 2022-04-28 --published-on 2022-05-30 \
		--overall requires-improvement --rating safe=requires-improvement --rating effective=requires-improvement \
		--rating responsive=requires-improvement --rating well-led=requires-improvement --rating caring=good \
		--breach 12 --breach 17 >/dev/null
	q kibworth sync >/dev/null
	q fleckney sync >/dev/null
	kiosk_sync kib-kiosk
	same 'the plan at Kibworth' '23 0 0' "$(rag kibworth)"
	same 'the plan at Fleckney' '23 0 0' "$(rag fleckney)"
	same 'inspections at Fleckney' 1 "$(q fleckney inspection show --json | jq 'if type == "array" then length else 1 end')"
}

# 2. The server is away: patients answer, and both sites edit.
journey_offline() {
	local i left=0
	server_stop
	kiosk_start kib-kiosk
	for ((i = 0; i < ${#ANSWERS[@]}; i += 2)); do
		for ((left = ANSWERS[i + 1]; left > 0; left--)); do
			journey_answer "${ANSWERS[i]}" "$i" "$left"
		done
	done
	q kibworth action set QIP-01 owner_role='Lead pharmacist and GP partner' --effective 2022-09-01 >/dev/null
	q fleckney action note QIP-05 'Fleckney audited; two points open' --effective 2022-09-01 >/dev/null
	q kibworth action set QIP-07 status=green due_date=2022-11-30 --effective 2022-09-01 >/dev/null
	q kibworth action evidence QIP-07 'Minutes of three learning meetings' --effective 2022-09-01 >/dev/null
	q fleckney action set QIP-07 status=amber success_measure='Every event discussed within 4 weeks' --effective 2022-09-02 >/dev/null
	refused 'reach|connect|network|server' q kibworth sync
	same 'answers that wait at the kiosk' "$ANSWERS_TOTAL" "$(kiosk_says kib-kiosk waiting)"
}

# One answer; the first with a comment, the second in a browser if that is asked for.
journey_answer() {
	if [ "$2" -eq 0 ] && [ "$3" -eq 1 ]; then
		answer "$1" "$COMMENT"
	elif [ "$2" -eq 0 ] && [ "$3" -eq 2 ] && [ "${JOURNEY_BROWSER:-}" = 1 ]; then
		node "$QIP_SOURCE/tests/web/kiosk.mjs" "$KIOSK_URL" "$1" 'Typed in a browser' >"$WORK/logs/browser.log" 2>&1 || die 'the browser does not get to the thanks'
	else
		answer "$1"
	fi
}

# 3. The server is back: all sync, twice; one conflict, shown as the more severe status, is resolved.
journey_sync() {
	local place
	server_start
	for place in $JOURNEY_ORDER $JOURNEY_ORDER; do
		sync_place "$place"
	done
	for place in kibworth fleckney; do
		q "$place" sync >/dev/null
	done
	same 'the log at both sites' "$(main_of kibworth)" "$(main_of fleckney)"
	same 'the plan at both sites' "$(q kibworth action list --json)" "$(q fleckney action list --json)"
	same 'what waits at the kiosk' 0 "$(kiosk_says kib-kiosk waiting)"
	for place in kibworth fleckney; do
		same "conflicts at $place" 'QIP-07 status' "$(q "$place" conflicts --json | jq -r '.[] | "\(.ref) \(.slot)"')"
		same "the status shown at $place" amber "$(q "$place" action show QIP-07 --json | jq -r .status)"
	done
	same 'what Kibworth set alone' 2022-11-30 "$(q fleckney action show QIP-07 --json | jq -r .due_date)"
	same 'what Fleckney set alone' 'Every event discussed within 4 weeks' "$(q kibworth action show QIP-07 --json | jq -r .success_measure)"
	q fleckney resolve QIP-07 status --value amber >/dev/null
	q fleckney sync >/dev/null
	q kibworth sync >/dev/null
	same 'conflicts after resolving' '[]' "$(q kibworth conflicts --json | jq -c .)"
	same 'the status after resolving' amber "$(q kibworth action show QIP-07 --json | jq -r .status)"
}

# 4. April 2023: 13 green with evidence, 10 amber; the past still says what it said.
journey_april() {
	local ref status likelihood consequence evidence place=kibworth
	while IFS=$'\t' read -r -u 3 ref status likelihood consequence evidence; do
		q "$place" action set "$ref" "status=$status" "risk_current=${likelihood}x$consequence" --effective 2023-04-28 >/dev/null
		[ -z "$evidence" ] || q "$place" action evidence "$ref" "$evidence" --effective 2023-04-28 >/dev/null
		[ "$place" = kibworth ] && place=fleckney || place=kibworth
	done 3< <(sample_april)
	for place in kibworth fleckney kibworth qk1-icb; do
		q "$place" sync >/dev/null
	done
	for place in kibworth fleckney qk1-icb; do
		same "the plan at $place" '0 10 13' "$(rag "$place")"
		same "the plan of June 2022 at $place" '23 0 0' "$(rag "$place" --as-of 2022-06-30)"
		same "the plan of April 2023 at $place" '0 10 13' "$(rag "$place" --as-of 2023-04-30)"
		same "what was known in April 2023 at $place" '0 0 0' "$(rag "$place" --received-by 2023-04-30)"
	done
}

# 5. The ICB takes the history with stock git, and checks it.
journey_icb() {
	local icb=qk1-icb signers=$WORK/allowed-signers clone=$WORK/icb/history.git bad
	q "$icb" git-config --write "$WORK/icb.gitconfig" >/dev/null
	q "$icb" allowed-signers >"$signers"
	GIT_CONFIG_GLOBAL=$WORK/icb.gitconfig git clone -q --bare "$URL/$QIP_ODS/history.git" "$clone"
	same 'the log in the clone' "$(main_of kibworth)" "$(git -C "$clone" rev-parse HEAD)"
	git -C "$clone" -c "gpg.ssh.allowedSignersFile=$signers" log --show-signature --format='%G? %H' HEAD >"$WORK/signatures" 2>&1
	bad=$(grep -E '^[A-Z] [0-9a-f]{40}$' "$WORK/signatures" | grep -v '^G ' || true)
	same 'commits without a good signature' '' "$bad"
	same 'commits with a good signature' "$(git -C "$clone" rev-list --count HEAD)" "$(grep -c '^G ' "$WORK/signatures")"
	q "$icb" audit >"$WORK/audit.txt" || die "the audit finds: $(cat "$WORK/audit.txt")"
	audit_repo "$clone" >"$WORK/audit.txt" || die "the audit of the clone finds: $(cat "$WORK/audit.txt")"
	journey_feedback "$icb"
	journey_no_text "$clone" "$(server_history)" "$HOMES/kibworth/history.git" "$HOMES/kib-kiosk/history.git"
	fsck "$clone" "$(server_history)" "$HOMES"/*/history.git
}

audit_repo() { qip audit --repo "$1" --ods "$QIP_ODS" --root "$(root_key)"; }

# 108 answers, as many of each as were given, no gap.
journey_feedback() {
	local stats i
	stats=$(q "$1" feedback stats --json)
	same 'answers' "$ANSWERS_TOTAL" "$(jq .total <<<"$stats")"
	same 'gaps' 0 "$(jq .gaps <<<"$stats")"
	for ((i = 0; i < ${#ANSWERS[@]}; i += 2)); do
		same "answers '${ANSWERS[i]}'" "${ANSWERS[i + 1]}" "$(jq --arg o "${ANSWERS[i]}" '.options[$o] // 0' <<<"$stats")"
	done
}

# No typed text, and no hash of one, in any object of these repositories.
journey_no_text() {
	local repo hash
	hash=$(printf '%s' "$COMMENT" | sha256sum | cut -d ' ' -f 1)
	for repo in "$@"; do
		git -C "$repo" cat-file --batch --batch-all-objects >"$WORK/objects"
		if grep -aqF -e 'blessing' -e 'Doreen' -e "$hash" "$WORK/objects"; then
			die "a comment's text is in $repo"
		fi
	done
	rm -f "$WORK/objects"
}

# 6. Copies of the ICB's clone in which somebody, in most cases with the server's own key, changed something: the audit names each.
journey_tamper() {
	local file=feedback/kib-kiosk/0/0/57.json
	tamper_byte "$file"
	tamper_byte_as_server "$file"
	tamper_object "$file"
	tamper_unknown_key
	tamper_removed "$file"
	tamper_uninvited
}

# tampered NAME - a new copy of the clone.
tampered() {
	cp -a "$WORK/icb/history.git" "$WORK/$1.git"
	printf '%s' "$WORK/$1.git"
}

# One byte of the record in the tree of the log's end, all else as it was, the signature included.
tamper_byte() {
	local repo tree commit
	repo=$(tampered byte)
	tree=$(tree_with_changed_byte "$repo" "$1")
	commit=$(git -C "$repo" cat-file commit main | sed "1s/.*/tree $tree/" | git -C "$repo" hash-object -t commit -w --stdin)
	git -C "$repo" update-ref refs/heads/main "$commit"
	refused "$commit" audit_repo "$repo"
}

# The same, but by the server, which signs it.
tamper_byte_as_server() {
	local repo tree merge
	repo=$(tampered byte-server)
	tree=$(tree_with_changed_byte "$repo" "$1")
	merge=$(remerge "$repo" "$tree")
	refused "$merge" audit_repo "$repo"
	says "$1" "$REFUSAL"
}

# remerge REPO TREE - the last merge made anew with another tree, signed with the server's true key.
remerge() {
	local head device
	head=$(git -C "$1" rev-parse main^2)
	device=$(git -C "$1" log -1 --format=%B main | sed -n 's/^Qip-Device: //p')
	git -C "$1" update-ref refs/heads/main main^
	forge_merge "$1" "$2" "$head" "$device"
}

tree_with_changed_byte() {
	git -C "$1" cat-file blob "main:$2" | sed 's/"kiosk"/"kiosq"/' >"$WORK/changed.json"
	forge_tree "$1" 'main^{tree}' "$2=$WORK/changed.json"
}

# One byte on the disk, inside the object that holds the record.
tamper_object() {
	local repo object path
	repo=$(tampered object)
	mkdir "$WORK/packs"
	mv "$repo"/objects/pack/*.pack "$WORK/packs/"
	rm -f "$repo"/objects/pack/*
	for path in "$WORK"/packs/*.pack; do
		git -C "$repo" unpack-objects -q <"$path"
	done
	object=$(git -C "$repo" rev-parse "main:$1")
	path=$repo/objects/${object:0:2}/${object:2}
	chmod u+w "$path"
	printf 'X' | dd of="$path" bs=1 seek=30 conv=notrunc status=none
	refused "$object|$1" audit_repo "$repo"
}

# An edit in Fleckney's name by a key that is not Fleckney's, taken in by the server.
tamper_unknown_key() {
	local repo head tree
	repo=$(tampered unknown-key)
	git -C "$repo" cat-file blob main:sites/fleckney.json >"$WORK/changed.json"
	tree=$(git -C "$repo" rev-parse 'main^{tree}')
	head=$(forge_head "$repo" "$tree" "$(foreign_key stranger)" fleckney 'Edit actions' main)
	forge_merge "$repo" "$tree" "$head" fleckney >/dev/null
	refused "$head" audit_repo "$repo"
	says fleckney "$REFUSAL"
}

# The server leaves an answer out.
tamper_removed() {
	local repo
	repo=$(tampered removed)
	remerge "$repo" "$(forge_tree "$repo" 'main^{tree}' "$1=")" >/dev/null
	refused "$1" audit_repo "$repo"
}

# A device in due form, but its invite is signed by no manager.
tamper_uninvited() {
	local repo key record head
	repo=$(tampered uninvited)
	key=$(foreign_key ghost)
	record=$(forge_device ghost staff "$(manager_device)" "$key" "$(foreign_key stranger)")
	head=$(forge_head "$repo" "$(forge_tree "$repo" '' "devices/ghost.json=$record")" "$key" ghost Enrol)
	forge_merge "$repo" "$(forge_tree "$repo" 'main^{tree}' "devices/ghost.json=$record")" "$head" ghost >/dev/null
	refused 'devices/ghost' audit_repo "$repo"
}

# All of it.
journey() {
	say '1. the practice, its plan of June 2022 and its inspection'
	journey_practice
	say "2. without the server: $ANSWERS_TOTAL answers, edits at two sites"
	journey_offline
	say '3. everybody syncs; one conflict, seen by both, resolved'
	journey_sync
	say '4. April 2023, and the past as it was'
	journey_april
	say '5. the ICB clones with stock git and audits'
	journey_icb
	say '6. six tampered copies, each named by the audit'
	journey_tamper
	stop kib-kiosk
	server_stop
}
