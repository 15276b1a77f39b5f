#!/usr/bin/env bash
# A program that crashes leaves no core file with keys in it, and what its keys were read from is wiped.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# ASan keeps programs from leaving core files at all, which is not what is tried here.
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:disable_coredump=0:detect_leaks=0:abort_on_error=1
case $(cat /proc/sys/kernel/core_pattern) in
'|'* | /*)
	echo 'skipped: core files of this machine go elsewhere'
	exit 77
	;;
esac
ulimit -c unlimited 2>/dev/null || {
	echo 'skipped: no core files may be made here'
	exit 77
}

# crashed NAME WANTED COMMAND… - what a program leaves that is ended by a signal that leaves a core file; the folder is in LEFT.
crashed() {
	local name=$1 wanted=$2
	shift 2
	LEFT=$WORK/left-$name-$wanted
	mkdir -p "$LEFT"
	rm -f "$WORK/$name.port"
	start "$name" env -C "$LEFT" QIP_CORE_DUMPS="$wanted" "$@"
	started "$name" "$WORK/$name.port" >/dev/null
	[ "$name" != server ] || SERVER_PORT=$(cat "$WORK/server.port")
	[ "$name" != server ] || curl -qsS --max-time 20 --cacert "$WORK/server/ca.crt" --cert "$HOMES/$MANAGER/device.crt" --key "$HOMES/$MANAGER/device.key" \
		-o /dev/null "https://localhost:$SERVER_PORT/$QIP_ODS/history.git/info/refs?service=git-upload-pack" # its keys are used
	kill -ABRT "${PIDS[$name]}"
	wait "${PIDS[$name]}" 2>/dev/null || true
	unset "PIDS[$name]"
}
cores() { find "$LEFT" -type f -name 'core*' | wc -l; }
# lines_in_core KEY - how many lines of a private key's file are in the core file as they stand there.
lines_in_core() {
	local line n=0
	while read -r line; do
		grep -aqF -e "$line" "$LEFT"/core* && n=$((n + 1))
	done < <(grep -v -e '-----' "$1")
	echo "$n"
}

practice_start
join kib-kiosk kiosk kibworth
q "$MANAGER" sync >/dev/null
server_stop
server=(qip-server serve "$WORK/server" --listen 127.0.0.1:0 --port-file "$WORK/server.port")
kiosk=(qip-kiosk run --home "$HOMES/kib-kiosk" --listen 127.0.0.1:0 --port-file "$WORK/kiosk.port")

it 'The server and the kiosk leave no core file'
crashed server 0 "${server[@]}"
same 'core files of the server' 0 "$(cores)"
crashed kiosk 0 "${kiosk[@]}"
same 'core files of the kiosk' 0 "$(cores)"

it 'Where core files are asked for, no line of a key file is in one'
crashed server 1 "${server[@]}"
same 'core files of the server' 1 "$(cores)"
grep -aqF -e "$(sed -n 2p "$WORK/server/tls.crt")" "$LEFT"/core* || die 'the certificate is not in the core file either: nothing is shown'
for key in ca.key tls.key "$QIP_ODS/server.key"; do
	same "lines of $key" 0 "$(lines_in_core "$WORK/server/$key")"
done
crashed kiosk 1 "${kiosk[@]}"
same 'core files of the kiosk' 1 "$(cores)"
grep -aqF -e "$(sed -n 2p "$HOMES/kib-kiosk/device.crt")" "$LEFT"/core* || die 'the certificate is not in the core file either: nothing is shown'
same 'lines of device.key' 0 "$(lines_in_core "$HOMES/kib-kiosk/device.key")"
