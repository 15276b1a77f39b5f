# shellcheck shell=bash
# tools/lib.sh - for sourcing: a folder of one's own, processes that end with the script, and a practice made out of the real programs.
#
# QIP_BIN says where the programs are (build/release/bin unless set). WORK is a new folder, deleted at the end; QIP_KEEP=1 keeps it.
set -euo pipefail

QIP_SOURCE=${QIP_SOURCE:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)}
QIP_BIN=${QIP_BIN:-$QIP_SOURCE/build/release/bin}
QIP_ODS=C82999

script_name=$(basename "$0" .sh)
say() { printf '%s\n' "$*"; }
die() {
	printf '%s: failed: %s\n' "$script_name" "$*" >&2
	exit 1
}

# ---- a folder of one's own, and processes that end with us ----

declare -A PIDS=() # name of a process we started -> its id

WORK=$(mktemp -d "${TMPDIR:-/tmp}/qip.XXXXXX")
HOMES=$WORK/homes
mkdir "$HOMES" "$WORK/logs"

# Nothing of the caller's own settings may change what happens here.
export PATH="$QIP_BIN:$PATH" LC_ALL=C TZ=UTC no_proxy='localhost,127.0.0.1' NO_PROXY='localhost,127.0.0.1'
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_TERMINAL_PROMPT=0
unset QIP_HOME GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE CURL_CA_BUNDLE "${!GIT_AUTHOR@}" "${!GIT_COMMITTER@}" "${!GIT_SSL@}"
# A sanitizer's finding ends a program with a status that no test expects, and is kept for the end of the script. memmem() is not looked into: each call checks
# all that could be searched, in a journal megabytes of zeros again and again.
export ASAN_OPTIONS="exitcode=99:log_path=$WORK/sanitizer:intercept_memmem=0"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:exitcode=99:log_path=$WORK/sanitizer"
export TSAN_OPTIONS="exitcode=99:log_path=$WORK/sanitizer"

# End every process that this script started.
stop_all() {
	local name
	for name in "${!PIDS[@]}"; do
		kill -TERM "${PIDS[$name]}" 2>/dev/null || true
	done
	for name in "${!PIDS[@]}"; do
		wait_until 20 is_gone "${PIDS[$name]}" || kill -KILL "${PIDS[$name]}" 2>/dev/null || true
	done
}

cleanup() {
	local status=$?
	trap - EXIT
	trap '' INT TERM
	stop_all
	if compgen -G "$WORK/sanitizer.*" >/dev/null; then
		cat "$WORK"/sanitizer.* >&2
		status=99
	fi
	if [ "$status" -ne 0 ] && [ "$status" -lt 128 ]; then
		tail -n 15 "$WORK"/logs/*.log >&2 2>/dev/null || true
		# what the server failed at may lie further back
		grep -hE "level=(warn|error)|status=5" "$WORK"/logs/*.log 2>/dev/null | tail -n 15 >&2 || true
	fi
	if [ "${QIP_KEEP:-}" = 1 ]; then
		printf 'kept: %s\n' "$WORK" >&2
	else
		rm -rf "$WORK"
	fi
	exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

is_gone() { ! kill -0 "$1" 2>/dev/null; }

# wait_until SECONDS COMMAND… - until the command succeeds; 1 when the time is over.
wait_until() {
	local deadline=$((SECONDS + $1 + 1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.05
	done
}

# start NAME COMMAND… - in the background, output in logs/NAME.out and logs/NAME.log.
start() {
	local name=$1
	shift
	"$@" >>"$WORK/logs/$name.out" 2>>"$WORK/logs/$name.log" </dev/null &
	PIDS[$name]=$!
}

# stop NAME - politely; the process has to end by itself with status 0.
stop() {
	local name=$1 pid=${PIDS[$1]} status=0
	kill -TERM "$pid" 2>/dev/null || true
	wait_until 30 is_gone "$pid" || die "$name does not stop"
	unset "PIDS[$name]"
	wait "$pid" || status=$?
	[ "$status" -eq 0 ] || die "$name ended with status $status"
}

# crash NAME - as a power cut would.
crash() {
	local pid=${PIDS[$1]}
	unset "PIDS[$1]"
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null || true
}

# started NAME FILE - wait until the process has written its port file, and print the port.
started() {
	if ! wait_until 30 test -s "$2"; then
		is_gone "${PIDS[$1]}" || die "$1 does not open its port"
		die "$1 ended at once"
	fi
	cat "$2"
}

# ---- the server ----

SERVER_PORT=0
URL=''

SERVER_UNDER=() # a command that runs it; none: it runs by itself

server_start() {
	rm -f "$WORK/server.port"
	start server "${SERVER_UNDER[@]}" qip-server serve "$WORK/server" --listen "127.0.0.1:$SERVER_PORT" --port-file "$WORK/server.port"
	SERVER_PORT=$(started server "$WORK/server.port")
	URL=https://localhost:$SERVER_PORT
}
server_stop() { stop server; }
server_history() { printf '%s' "$WORK/server/$QIP_ODS/history.git"; }

# ---- devices ----

# q DEVICE ARGUMENT… - the command line at a device's home.
q() {
	local device=$1
	shift
	qip --home "$HOMES/$device" "$@"
}

# The join code in what a command printed.
code_in() {
	local code
	code=$(grep -Eo '\b[0-9A-Za-z]{5}(-[0-9A-Za-z]{1,5}){12,}\b' <<<"$1" | head -n 1) || die "no code in: $1"
	printf '%s' "$code"
}

# invite DEVICE ROLE [SITE] - by the first manager; prints the code.
invite() {
	local out
	out=$(q "$MANAGER" invite "$1" --role "$2" ${3:+--site "$3"}) || die "invite $1: $out"
	q "$MANAGER" sync >/dev/null
	code_in "$out"
}

# join DEVICE ROLE [SITE] - invite it and let it join.
join() {
	local code
	code=$(invite "$@")
	if [ "$2" = kiosk ]; then
		qip-kiosk join "$URL" "$code" --home "$HOMES/$1" >/dev/null
	else
		q "$1" join "$URL" "$code" >/dev/null
		q "$1" sync >/dev/null
	fi
}

MANAGER=kibworth # home of the first manager's device

# practice_start - a server with the sample practice, its first manager joined, three sites.
practice_start() {
	local code
	qip-server init "$WORK/server" >/dev/null
	code=$(code_in "$(qip-server practice add "$WORK/server" "$QIP_ODS" --name 'Harborough Vale Medical Group (sample)')")
	server_start
	q "$MANAGER" join "$URL" "$code" >"$WORK/root-key.txt"
	q "$MANAGER" sync >/dev/null
	q "$MANAGER" site add kibworth --name Kibworth >/dev/null
	q "$MANAGER" site add fleckney --name Fleckney >/dev/null
	q "$MANAGER" site add great-glen --name 'Great Glen' >/dev/null
	q "$MANAGER" sync >/dev/null
}

# Fingerprint of the practice's root key, and the name of the first manager's device.
root_key() { q "$MANAGER" status --json | jq -r .root_key; }
manager_device() { q "$MANAGER" status --json | jq -r .device; }

# ---- kiosks ----

KIOSK_URL=''

kiosk_start() {
	local name=$1 port
	shift
	rm -f "$WORK/$name.port"
	start "$name" "$@" qip-kiosk run --home "$HOMES/$name" --listen 127.0.0.1:0 --port-file "$WORK/$name.port"
	port=$(started "$name" "$WORK/$name.port")
	KIOSK_URL=http://127.0.0.1:$port
}

# The hidden state of the page in a file; of the first page if none is named.
kiosk_state() {
	local page=${1:-$WORK/kiosk-first.html} state
	[ -n "${1:-}" ] || curl -qsS --max-time 20 -o "$page" "$KIOSK_URL/" || return 1
	state=$(grep -Eo 'name="state" value="[^"]+"' "$page" | cut -d '"' -f 4)
	[ -n "$state" ] || return 1
	printf '%s' "$state"
}

# kiosk_step STATE FIELD=VALUE… - one form; prints the status of the response; the page is in kiosk-page.html.
kiosk_step() {
	local fields=(--data-urlencode "state=$1") field
	shift
	for field in "$@"; do
		fields+=(--data-urlencode "$field")
	done
	curl -qsS --max-time 20 -L -o "$WORK/kiosk-page.html" -w '%{http_code}' "${fields[@]}" "$KIOSK_URL/step"
}

# kiosk_post STATE OPTION [COMMENT [publish]] - the Friends and Family Test to its end, from its first question on; prints the status of the last response.
kiosk_post() {
	local page=$WORK/kiosk-page.html status
	status=$(kiosk_step "$1" "answer=$2") || return 1
	if grep -q '<textarea' "$page"; then # a kiosk that cannot seal asks for no comment
		if [ -n "${3:-}" ]; then
			status=$(kiosk_step "$(kiosk_state "$page")" "comment=$3" ${4:+publish=yes} go=send) || return 1
		else
			status=$(kiosk_step "$(kiosk_state "$page")" go=without) || return 1
		fi
	fi
	if grep -q 'kiosk-page--personal' "$page"; then
		status=$(kiosk_step "$(kiosk_state "$page")" go=keep) || return 1
	fi
	printf '%s' "$status"
}

# answer OPTION [COMMENT [publish]] - one patient; fails unless the page says thanks.
answer() {
	local state status
	state=$(kiosk_state) || die 'the kiosk shows no question'
	status=$(kiosk_post "$state" "$@") || die "the kiosk does not take an answer ($status)"
	[ "$status" = 200 ] || die "the kiosk answers $status"
	grep -q 'kiosk-page--thanks' "$WORK/kiosk-page.html" || die 'the kiosk does not say thank you'
}

# kiosk_says KIOSK FIELD - of its status; 'waiting' is unknown while it syncs.
kiosk_says() {
	local value deadline=$((SECONDS + 30))
	while [ "$SECONDS" -lt "$deadline" ]; do
		value=$(qip-kiosk status --home "$HOMES/$1" --json | jq -r ".$2")
		[ "$value" = null ] || break
		sleep 0.1
	done
	printf '%s' "$value"
}

kiosk_sync() { qip-kiosk sync --home "$HOMES/$1" >/dev/null; }

# ---- checks ----

# same WHAT WANTED GOT
same() { [ "$2" = "$3" ] || die "$1: wanted '$2', got '$3'"; }

# says PATTERN TEXT - the extended pattern (any case) is in the text.
says() { grep -Eqi -- "$1" <<<"$2" || die "wanted words like '$1', got: $2"; }

# refused PATTERN COMMAND… - it fails with status 1, and says why in words like these. The words are left in REFUSAL.
REFUSAL=''
refused() { refused_with 1 "$@"; }
refused_with() {
	local wanted=$1 pattern=$2 status=0
	shift 2
	REFUSAL=$("$@" 2>&1 </dev/null) || status=$?
	[ "$status" -eq "$wanted" ] || die "'$*' ended with status $status, wanted $wanted: $REFUSAL"
	says "$pattern" "$REFUSAL"
}

# Git's own check of every repository named. A kiosk has no main for HEAD to point to, which git notices.
fsck() {
	local repo out
	for repo in "$@"; do
		out=$(git -C "$repo" fsck --strict --full --no-dangling 2>&1) || die "git fsck of $repo: $out"
		out=$(grep -v '^notice: HEAD points to an unborn branch' <<<"$out" || true)
		[ -z "$out" ] || die "git fsck of $repo: $out"
	done
}
