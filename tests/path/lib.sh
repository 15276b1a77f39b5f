# shellcheck shell=bash
# tests/path/lib.sh - for sourcing by the journeys beside it: the practice of tools/lib.sh, the hand-made commits of tools/forge.sh, and what only tests need.
. "$(dirname "${BASH_SOURCE[0]}")/../../tools/lib.sh"
. "$QIP_SOURCE/tools/forge.sh"

# Where the programs of tests/support are: strike, cutline.
QIP_TOOLS=${QIP_TOOLS:-$(dirname "$QIP_BIN")/tests}

# Programs that may be looked at from beside, in /proc, without being root.
export QIP_CORE_DUMPS=1

# What follows is one behaviour, named as a sentence.
it() { say "- $*"; }

# sample_plan DEVICE… - the sample's action points, entered by the first of them; all of them sync.
sample_plan() {
	local device
	q "$1" import "$QIP_SOURCE/tests/data/qip-sample.csv" --effective 2022-06-06 >/dev/null
	for device in "$@"; do
		q "$device" sync >/dev/null
	done
}

# ---- a line that can be cut, between the homes and the server ----

# proxy_start [CUT] - cut after so many bytes of replies, and for good. From then on devices join at the proxy's URL; DIRECT_URL is the server's own.
PROXY_PORT=0
proxy_start() {
	DIRECT_URL=${DIRECT_URL:-$URL}
	rm -f "$WORK/proxy.port"
	start proxy "$QIP_TOOLS/cutline" "$PROXY_PORT" "$SERVER_PORT" "$WORK/proxy.port" ${1:+down "$1" dead}
	PROXY_PORT=$(started proxy "$WORK/proxy.port")
	URL=https://localhost:$PROXY_PORT
}
# proxy_stop - REPLIED: how many bytes the server said through it.
proxy_stop() {
	stop proxy
	# shellcheck disable=SC2034 # for the journeys
	REPLIED=$(awk 'END {print $4}' "$WORK/logs/proxy.out")
}

# The packages that the browser's scripts use, from their lock file; several tests may ask at once. An installation begins by deleting what is
# there, so one that fits the lock file is left alone: another test may be running on it.
web_tests_install() {
	[ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] ||
		npm --prefix "$1" ci --prefer-offline --no-audit --no-fund --ignore-scripts
}
web_tests_ready() {
	local web=$QIP_SOURCE/tests/web
	# shellcheck disable=SC2094 # the folder is locked, not read
	(flock 9 && web_tests_install "$web") 9<"$web" >"$WORK/logs/npm.log" 2>&1 || die 'npm ci in tests/web'
}

# For journeys that strike programs at their calls: a container may forbid to trace them.
strike_or_skip() {
	"$QIP_TOOLS/strike" true && return
	echo 'skipped: programs cannot be traced here'
	exit 77
}

# ---- the system calls that a unit leaves its program ----

# members NAME… - the system calls that these names stand for, sets of systemd's replaced by what is in them, sorted.
members() {
	local names=("$@") plain=() sets=() name
	while [ "${#names[@]}" -gt 0 ]; do
		sets=()
		for name in "${names[@]}"; do
			case $name in @*) sets+=("$name") ;; *) plain+=("$name") ;; esac
		done
		names=()
		for name in "${sets[@]}"; do
			mapfile -t -O "${#names[@]}" names < <(systemd-analyze syscall-filter --no-pager "$name" | sed -n 's/^    \([@a-z_].*\)/\1/p')
		done
	done
	printf '%s\n' "${plain[@]}" | sort -u
}

# calls_of UNIT - the numbers here of the calls that its SystemCallFilter lines leave, with commas between.
calls_of() {
	local line words
	members @default >"$WORK/allowed"
	while read -r line; do
		read -ra words <<<"${line#'~'}"
		members "${words[@]}" >"$WORK/named"
		case $line in
		'~'*) comm -23 "$WORK/allowed" "$WORK/named" >"$WORK/left" ;;
		*) sort -u "$WORK/allowed" "$WORK/named" >"$WORK/left" ;;
		esac
		mv "$WORK/left" "$WORK/allowed"
	done < <(sed -n 's/^SystemCallFilter=//p' "$1")
	cc -E -dM -include sys/syscall.h -x c /dev/null | sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\1 \2/p' | sort >"$WORK/numbers"
	sort "$WORK/allowed" | command join - "$WORK/numbers" | cut -d ' ' -f 2 | paste -sd ,
}

# Does the loopback have an IPv6 address?
has_ipv6() { grep -q '^0\{31\}1 ' /proc/net/if_inet6 2>/dev/null; }

# ---- stock git, with a device's certificate ----

# git_as DEVICE ARGUMENT…
git_as() {
	local home=$HOMES/$1
	shift
	git -c http.sslCert="$home/device.crt" -c http.sslKey="$home/device.key" -c http.sslCAInfo="$home/ca.crt" "$@"
}
history_url() { printf '%s/%s/history.git' "$URL" "$QIP_ODS"; }

# push_as DEVICE REPO COMMIT [REF] - to the device's own ref unless another is named; forced, so that it is the server that says no.
push_as() { git_as "$1" -C "$2" push -q "$(history_url)" "+$3:${4:-refs/devices/$1}"; }

# All refs and the number of objects on the server.
server_state() {
	git -C "$(server_history)" for-each-ref --format='%(refname) %(objectname)'
	git -C "$(server_history)" cat-file --batch-all-objects --batch-check='%(objectname)' | sha256sum
	find "$(server_history)" -type f -name '*tmp*'
}

# push_refused PATTERN DEVICE REPO COMMIT [REF] - in words like these, and nothing of it stays at the server.
push_refused() {
	local before
	before=$(server_state)
	refused "$1" push_as "${@:2}"
	same 'the server after a refusal' "$before" "$(server_state)"
}

# A new bare repository with a device's own ref as 'own' and, for those that may read it, the log as 'main'.
forge_repo() {
	local repo=$WORK/$1.forge.git
	rm -rf "$repo"
	git init -q --bare -b nothing "$repo"
	git_as "$1" -C "$repo" fetch -q "$(history_url)" "+refs/devices/$1:refs/heads/own"
	git_as "$1" -C "$repo" fetch -q "$(history_url)" '+refs/heads/main:refs/heads/main' 2>/dev/null || true
	printf '%s' "$repo"
}

uuid7() {
	local ms random
	ms=$(printf '%012x' "$(date +%s%3N)")
	random=$(od -An -N 10 -tx1 /dev/urandom | tr -d ' \n')
	printf '%s-%s-7%s-8%s-%s' "${ms:0:8}" "${ms:8:4}" "${random:0:3}" "${random:3:3}" "${random:6:12}"
}

# feedback_record DEVICE SEQ [JQ FILTER] - an answer in due form, changed by the filter; written to a file, its path printed.
feedback_record() {
	local at
	at=$(date -u +%Y-%m-%dT%H:%M:%S.000Z)
	jq -ncSj --arg id "$(uuid7)" --arg d "$1" --argjson seq "$2" --arg at "$at" \
		'{schema: "feedback/1", id: $id, device: $d, seq: $seq, site: "kibworth", survey: {id: "fft", version: 1}, mode: "kiosk", language: "en",
		  answers: {experience: "good"}, recorded: {at: $at, quality: "unknown", earliest: $at, latest: $at}} | '"${3:-.}" >"$WORK/record.json"
	printf '%s' "$WORK/record.json"
}

# answers_on_main - how many answers the server's log holds.
answers_on_main() { git -C "$(server_history)" ls-tree -r --name-only refs/heads/main feedback/ | wc -l; }

# ---- sealed bytes beside the practice's history, by hand ----

# put_blob BYTES - by a device of staff's; prints their name.
put_blob() {
	local sum
	sum=$(printf '%s' "$1" | sha256sum | cut -d ' ' -f 1)
	blob_call -X PUT -H 'Content-Type: application/octet-stream' --data-binary "$1" "$URL/$QIP_ODS/blobs/$sum" >/dev/null
	printf '%s' "$sum"
}
has_blob() {
	blob_call -H 'Content-Type: application/json' --data-binary "{\"blobs\":[\"$1\"]}" "$URL/$QIP_ODS/blobs/get" | grep -a "^$1 [0-9]" >/dev/null
}
blob_call() {
	local home=$HOMES/fleckney
	curl -fsS --max-time 20 --cacert "$home/ca.crt" --cert "$home/device.crt" --key "$home/device.key" "$@"
}

# erase_blob SUM - a manager's erasure, as the next of its own edits.
erase_blob() {
	local repo=$HOMES/$MANAGER/history.git id commit
	id=$(uuid7)
	jq -ncSj --arg id "$id" --arg by "$(manager_device)" --arg at "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" --arg sum "$1" \
		'{schema: "erasure/1", id: $id, device: $by, at: $at, reason: "The patient asked for it.", blobs: [$sum]}' >"$WORK/erasure.json"
	commit=$(forge_head "$repo" "$(forge_tree "$repo" 'refs/qip/work^{tree}' "erasures/${id: -2}/$id.json=$WORK/erasure.json")" \
		"$(device_key "$MANAGER")" "$(manager_device)" 'Erase a comment' refs/qip/work)
	git -C "$repo" update-ref refs/qip/work "$commit"
	q "$MANAGER" sync >/dev/null
}

# ---- other times ----

# $WORK/at TIME COMMAND… - with the wall clock starting at that time; the time since boot stays true. An external command, so that `start` can run it.
at_ready() {
	local preload='' i
	# faketime fails where a killed one of the same process id left its shared memory behind
	for ((i = 0; i < 10 && ${#preload} == 0; i++)); do preload=$(faketime -f '+0' printenv LD_PRELOAD) || true; done
	[ -n "$preload" ] || die 'faketime does not run'
	cat >"$WORK/at" <<END
#!/bin/sh
export FAKETIME="@\$1" FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1 ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0"
shift
LD_PRELOAD='$preload' exec "\$@"
END
	chmod +x "$WORK/at"
}

# ---- other hardware ----

# box NAME - a machine and a card of that name. $WORK/on BOX COMMAND… - on that machine and card.
box() {
	mkdir -p "$WORK/hardware/$1"
	printf 'machine %s' "$1" >"$WORK/hardware/$1/machine"
	printf 'card %s' "$1" >"$WORK/hardware/$1/card"
}
hardware_ready() {
	cat >"$WORK/on" <<END
#!/bin/sh
export QIP_TEST_HARDWARE="$WORK/hardware/\$1" ASAN_OPTIONS="\$ASAN_OPTIONS:verify_asan_link_order=0"
shift
LD_PRELOAD='$QIP_TOOLS/hardware.so' exec "\$@"
END
	chmod +x "$WORK/on"
}

# answer_ids - of all answers on main, sorted; void and lost records are none.
answer_ids() {
	git -C "$(server_history)" ls-tree -r main feedback/ | awk '{print $3}' | git -C "$(server_history)" cat-file --batch | grep -ao '{.*}' |
		jq -r 'select(.schema == "feedback/1") | .id' | sort
}
