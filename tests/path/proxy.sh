#!/usr/bin/env bash
# Behind an HTTP proxy, by CONNECT: a device joins and syncs, and TLS runs from end to end; what the proxy refuses is told in its words.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
code=$(invite behind staff fleckney)

# tinyproxy_start ALLOWED-PORT [BASIC-AUTH] - on a free port, which PROXY names.
tinyproxy_start() {
	local port
	for _ in 1 2 3 4 5 6 7 8; do
		port=$((20000 + RANDOM % 20000))
		printf '%s\n' "Port $port" 'Listen 127.0.0.1' 'Timeout 60' 'MaxClients 20' 'LogLevel Connect' "LogFile \"$WORK/proxy.log\"" "ConnectPort $1" ${2:+"BasicAuth $2"} >"$WORK/proxy.conf"
		start tinyproxy tinyproxy -d -c "$WORK/proxy.conf"
		reaches() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || is_gone "${PIDS[tinyproxy]}"; }
		wait_until 10 reaches || true
		is_gone "${PIDS[tinyproxy]}" || break
	done
	is_gone "${PIDS[tinyproxy]}" && die 'no proxy can be started'
	PROXY=127.0.0.1:$port
}
through() { env https_proxy="http://$PROXY" no_proxy= "$@"; }
connects() { grep -c 'CONNECT localhost' "$WORK/proxy.log" || true; }

it 'A device joins and syncs through it, and another that is to go around it does'
tinyproxy_start "$SERVER_PORT"
through qip --home "$HOMES/behind" join "$URL" "$code" >/dev/null
through qip --home "$HOMES/behind" sync >/dev/null
[ "$(connects)" -ge 2 ] || die "the proxy was not asked: $(cat "$WORK/proxy.log")"
before=$(connects)
env https_proxy="http://$PROXY" no_proxy=localhost qip --home "$HOMES/$MANAGER" sync >/dev/null
same 'what the proxy was asked' "$before" "$(connects)"
grep -q 'QIP-02\|Fleckney' "$WORK/proxy.log" && die 'the proxy sees what is sent'

it 'What it does not let through is told in its words, and nothing is lost'
stop tinyproxy
tinyproxy_start 1
through qip --home "$HOMES/behind" ppg list >/dev/null 2>&1 || true
refused 'the proxy at 127.0.0.1 .* does not let this device through to localhost' through qip --home "$HOMES/behind" sync
stop tinyproxy
refused 'by the proxy: cannot reach' through qip --home "$HOMES/behind" sync
refused "the proxy's address must have the form" env https_proxy=socks5://127.0.0.1:1 no_proxy= qip --home "$HOMES/behind" sync

it 'One that asks for a password is given it'
tinyproxy_start "$SERVER_PORT" 'kibworth secret'
refused '407' through qip --home "$HOMES/behind" sync
PROXY=kibworth:secret@$PROXY
through qip --home "$HOMES/behind" sync >/dev/null
