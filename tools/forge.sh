# shellcheck shell=bash
# tools/forge.sh - for sourcing after tools/lib.sh: commits made by hand with stock git and ssh-keygen, to show what server and audit refuse.

mkdir -p "$WORK/keys"

# signing_key NAME PEM - a device's or the server's private key in the form ssh-keygen signs with; prints its path.
signing_key() {
	local key=$WORK/keys/$1
	if [ ! -e "$key" ]; then
		install -m 600 "$2" "$key"
		ssh-keygen -q -p -P '' -N '' -f "$key" >/dev/null
		ssh-keygen -y -f "$key" >"$key.pub"
	fi
	printf '%s' "$key"
}
device_key() { signing_key "$1" "$HOMES/$1/device.key"; }
server_key() { signing_key server "$WORK/server/$QIP_ODS/server.key"; }

# A key that nobody knows.
foreign_key() {
	[ -e "$WORK/keys/$1" ] || ssh-keygen -q -t ecdsa -b 256 -N '' -C '' -f "$WORK/keys/$1"
	printf '%s' "$WORK/keys/$1"
}
public_key() { cut -d ' ' -f 1,2 "$1.pub" | tr -d '\n'; }

# forge_tree REPO TREE [PATH=FILE | PATH=]… - the tree with files put in or, with nothing behind the '=', taken out; '' is the empty tree.
forge_tree() {
	local repo=$1 tree=$2 change path file
	shift 2
	export GIT_INDEX_FILE=$WORK/forge.index
	rm -f "$GIT_INDEX_FILE"
	git -C "$repo" read-tree "${tree:---empty}"
	for change in "$@"; do
		path=${change%%=*}
		file=${change#*=}
		if [ -n "$file" ]; then
			printf '100644 %s\t%s\n' "$(git -C "$repo" hash-object -w --stdin <"$file")" "$path"
		else
			printf '0 0000000000000000000000000000000000000000\t%s\n' "$path"
		fi
	done | git -C "$repo" update-index --index-info
	git -C "$repo" write-tree
	unset GIT_INDEX_FILE
}

# forge_commit REPO TREE KEY DEVICE MESSAGE [PARENT…] - prints the commit. KEY '' leaves it unsigned.
forge_commit() {
	local repo=$1 tree=$2 key=$3 device=$4 message=$5 parent options=()
	shift 5
	for parent in "$@"; do
		options+=(-p "$parent")
	done
	[ -z "$key" ] || options+=(-S)
	printf '%s\n' "$message" >"$WORK/forge.message"
	GIT_AUTHOR_NAME=$device GIT_AUTHOR_EMAIL=$device@${QIP_ODS,,}.qip.invalid \
		GIT_COMMITTER_NAME=$device GIT_COMMITTER_EMAIL=$device@${QIP_ODS,,}.qip.invalid \
		git -C "$repo" -c gpg.format=ssh -c user.signingkey="$key" commit-tree "$tree" "${options[@]}" -F "$WORK/forge.message"
}

# forge_head REPO TREE KEY DEVICE SUBJECT [PARENT…] - a device's commit in the form that devices make.
forge_head() {
	local repo=$1 tree=$2 key=$3 device=$4 subject=$5
	shift 5
	forge_commit "$repo" "$tree" "$key" "$device" "$subject"$'\n\n'"Qip-Device: $device" "$@"
}

# forge_merge REPO TREE HEAD DEVICE [KEY] - put a merge on main, signed with the server's true key or another; prints it.
forge_merge() {
	local repo=$1 tree=$2 head=$3 device=$4 key=${5:-$(server_key)} last index merge
	last=$(git -C "$repo" log -1 --format=%B refs/heads/main)
	index=$(sed -n 's/^Qip-Index: //p' <<<"$last")
	merge=$(forge_commit "$repo" "$tree" "$key" server "Merge $device

Qip-Device: $device
Qip-Received: $(date -u +%Y-%m-%dT%H:%M:%S.000Z)
Qip-Index: $((index + 1))
$(grep '^Qip-Rules: ' <<<"$last")" refs/heads/main "$head")
	git -C "$repo" update-ref refs/heads/main "$merge"
	printf '%s' "$merge"
}

# forge_statement KEY JSON - an SSH signature over the canonical JSON of a statement, as a JSON string.
forge_statement() {
	jq -cSj . <<<"$2" >"$WORK/forge.statement"
	rm -f "$WORK/forge.statement.sig"
	ssh-keygen -q -Y sign -n qip -f "$1" "$WORK/forge.statement" 2>/dev/null
	jq -Rs 'rtrimstr("\n")' "$WORK/forge.statement.sig"
}

# forge_device NAME ROLE INVITER KEY INVITER_KEY - a device record in due form, whose invite is signed by INVITER_KEY; written to a file, its path printed.
forge_device() {
	local name=$1 role=$2 by=$3 key by_key=$5 invite at seal statement proof
	key=$(public_key "$4")
	invite=$(foreign_key "$name-invite")
	at=$(date -u +%Y-%m-%dT%H:%M:%S.000Z)
	seal=$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n')
	statement=$(forge_statement "$by_key" "$(jq -n --arg ods "$QIP_ODS" --arg d "$name" --arg r "$role" --arg k "$(public_key "$invite")" \
		'{statement: "invite", practice: $ods, device: $d, role: $r, site: "", key: $k}')")
	proof=$(forge_statement "$invite" "$(jq -n --arg ods "$QIP_ODS" --arg i "$(public_key "$invite")" --arg k "$key" --arg s "$seal" \
		'{statement: "enrolment", practice: $ods, invite_key: $i, key: $k, seal_key: $s}')")
	jq -ncSj --arg d "$name" --arg r "$role" --arg by "$by" --arg at "$at" --arg i "$(public_key "$invite")" --arg k "$key" --arg s "$seal" \
		--argjson statement "$statement" --argjson proof "$proof" \
		'{schema: "device/1", id: $d, role: $r, invite: {key: $i, by: $by, at: $at, signature: $statement},
		  enrolment: {key: $k, seal_key: $s, at: $at, proof: $proof}}' >"$WORK/$name.json"
	printf '%s' "$WORK/$name.json"
}
