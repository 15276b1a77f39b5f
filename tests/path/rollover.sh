#!/usr/bin/env bash
# The server's certificate, its authority, its limits and its addresses change while devices work on: nobody touches a device.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$QIP_SOURCE/tests/support/crash.sh"

D=$WORK/server
practice_start
join fleckney staff fleckney
join sleepy staff fleckney
join qk1-icb icb
pending=$(invite pending staff)
sample_plan fleckney sleepy
q "$MANAGER" sync >/dev/null

# reloaded PATTERN - the server is told to read its settings again, and says so.
reloaded() {
	local before
	before=$(grep -c "$1" "$WORK/logs/server.log" || true)
	kill -HUP "${PIDS[server]}"
	again() { [ "$(grep -c "$1" "$WORK/logs/server.log")" -gt "$before" ]; }
	wait_until 20 again "$1" || die "the server does not say: $1"
}
fingerprints() { openssl crl2pkcs7 -nocrl -certfile "$1" | openssl pkcs7 -print_certs -noout | grep -c subject=; }
presented() { openssl s_client -connect "localhost:$SERVER_PORT" -CAfile "$1" -verify_return_error </dev/null 2>&1; }

it 'A name is added to the certificate, and the server that runs takes it over'
presented "$D/ca.crt" >"$WORK/before"
qip-server certificates "$D" --renew --host qip.example.org >"$WORK/said"
says 'qip.example.org' "$(cat "$WORK/said")"
reloaded 'settings and certificates were read again'
presented "$D/ca.crt" | openssl x509 -noout -ext subjectAltName >"$WORK/names"
says 'DNS:qip.example.org' "$(cat "$WORK/names")"
says 'DNS:localhost' "$(cat "$WORK/names")"
q fleckney sync >/dev/null

it 'A new authority takes over: devices of the old one sync on, and know both afterwards'
old=$(cat "$D/ca.crt")
qip-server certificates "$D" --new-authority >"$WORK/said"
says 'of the authority before it, as of' "$(cat "$WORK/said")"
[ "$(cat "$D/ca.crt")" != "$old" ] || die 'the authority is the same'
q fleckney sync >/dev/null
reloaded 'settings and certificates were read again'
for device in fleckney "$MANAGER" qk1-icb; do
	same "what $device knows before" 1 "$(fingerprints "$HOMES/$device/ca.crt")"
	q "$device" sync >/dev/null
	same "what $device knows" 2 "$(fingerprints "$HOMES/$device/ca.crt")"
	openssl verify -CAfile "$D/ca.crt" "$HOMES/$device/device.crt" >/dev/null || die "$device has no certificate of the new authority"
	q "$device" sync >/dev/null
done

it 'Stock git trusts it by the old authority and by the new one'
for known in sleepy fleckney; do
	git_as "$known" ls-remote -q "$(history_url)" >"$WORK/refs"
	grep -q 'refs/heads/main' "$WORK/refs" || die "git as $known sees nothing"
done

it 'A join code from before joins, and one from now'
q pending join "$URL" "$pending" >/dev/null
q pending sync >/dev/null
same 'what pending knows' 2 "$(fingerprints "$HOMES/pending/ca.crt")"
join later staff fleckney
q later sync >/dev/null

it 'What is on its way while settings are read again arrives'
head -c 600000 /dev/urandom >"$WORK/sealed"
curl -qsS --max-time 60 --limit-rate 200k --cacert "$D/ca.crt" --cert "$HOMES/fleckney/device.crt" --key "$HOMES/fleckney/device.key" -o "$WORK/answer" -w '%{http_code}' \
	-H 'Content-Type: application/octet-stream' -T "$WORK/sealed" "$URL/$QIP_ODS/blobs/$(sha256sum "$WORK/sealed" | cut -d ' ' -f 1)" >"$WORK/status" &
PIDS[slow]=$!
sleep 1
qip-server certificates "$D" --renew >/dev/null
reloaded 'settings and certificates were read again'
is_gone "${PIDS[slow]}" && die 'the blob was there too early to show anything'
wait "${PIDS[slow]}"
unset 'PIDS[slow]'
same 'the answer to what was on its way' 201 "$(cat "$WORK/status")"

it 'The old one is not forgotten while a device needs it'
refused 'sleepy' qip-server certificates "$D" --forget-old
q sleepy sync >/dev/null
qip-server certificates "$D" | grep 'it can be forgotten' >/dev/null || die 'somebody still needs it'
qip-server certificates "$D" --forget-old >/dev/null
reloaded 'settings and certificates were read again'
for device in sleepy fleckney "$MANAGER" qk1-icb pending later; do
	q "$device" sync >/dev/null
	same "what $device knows" 1 "$(fingerprints "$HOMES/$device/ca.crt")"
	cmp -s "$D/ca.crt" "$HOMES/$device/ca.crt" || die "$device knows another authority"
done
presented "$D/ca.crt" >"$WORK/after"
[ "$(grep -cE '^ *[0-9]+ s:' "$WORK/after")" -eq 2 ] || die 'more than the certificate and its authority is sent'

it 'Limits change without a restart, and a wrong setting changes nothing'
jq -c '.limits = {push_bytes: 1048576, connections: 50, job_threads: 2}' "$D/server.json" >"$WORK/json"
cp "$D/server.json" "$WORK/good.json"
cp "$WORK/json" "$D/server.json"
qip-server check-config "$D" | grep 'limits.push_bytes 1048576 (set)' >/dev/null || die 'the limit is not shown'
same 'a quiet check' '' "$(qip-server check-config "$D" --quiet)"
reloaded 'settings and certificates were read again'
head -c 3000000 /dev/urandom >"$WORK/large"
# The status of the answer to three megabytes that are no push; 000: the connection ended first.
pushed() {
	curl -qsS --max-time 20 --cacert "$D/ca.crt" --cert "$HOMES/fleckney/device.crt" --key "$HOMES/fleckney/device.key" -o "$WORK/answer" -w '%{http_code}' \
		-H 'Content-Type: application/x-git-receive-pack-request' --data-binary "@$WORK/large" "$(history_url)/git-receive-pack" 2>/dev/null || true
}
same 'the answer to three megabytes' 413 "$(pushed)"
jq -c '.limits = {push_byte: 5}' "$WORK/good.json" >"$D/server.json"
refused 'push_byte' qip-server check-config "$D"
reloaded 'settings stay as they were'
q fleckney sync >/dev/null
jq -c '.listn = []' "$WORK/good.json" >"$D/server.json"
refused 'no setting .*listn' qip-server check-config "$D"
cp "$WORK/good.json" "$D/server.json"
reloaded 'settings and certificates were read again'
[ "$(pushed)" != 413 ] || die 'the limit is still there'

server_stop
has_ipv6 || say 'this machine has no IPv6: listening on both is not tried'
if has_ipv6; then
	it 'IPv6 and IPv4 are listened on as server.json says'
	jq -c '.listen = ["[::1]:0", "127.0.0.1:0"]' "$WORK/good.json" >"$D/server.json"
	start six qip-server serve "$D" --port-file "$WORK/six.port"
	port=$(started six "$WORK/six.port")
	curl -qsS --max-time 20 --cacert "$D/ca.crt" "https://[::1]:$port/healthz" | grep -x ok >/dev/null || die 'no answer by IPv6'
	sed "s|https://localhost:[0-9]*|https://[::1]:$port|" "$HOMES/fleckney/config.json" >"$WORK/config.json"
	cp "$WORK/config.json" "$HOMES/fleckney/config.json"
	q fleckney sync >/dev/null
	grep -o 'address="[^"]*"' "$WORK/logs/six.log" | grep '127.0.0.1:' >/dev/null || die 'IPv4 is not listened on'
	stop six
fi

it 'A roll over that is cut short anywhere leaves a server that serves, and is ended by the same command'
strike_or_skip
cut_short() {
	rm -rf "$WORK/cut" "$STRUCK"
	cp -a "$D" "$WORK/cut"
	rm -f "$WORK/cut/serve.lock"
	ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" "$STRIKE" --report "$STRUCK" --nth "$1" --do kill-after --only changes --under "$WORK/cut" \
		qip-server certificates "$WORK/cut" --new-authority >/dev/null 2>&1 || true
	was_struck || return "$NO_MORE"
	say "  $(struck_where)"
	made=2
	[ -e "$WORK/cut/ca.next.key" ] || cmp -s "$D/ca.crt" "$WORK/cut/ca.crt" || made=3 # it was done; the same command makes one more
	qip-server check-config "$WORK/cut" >/dev/null || die 'the server would not start'
	start cut qip-server serve "$WORK/cut" --listen 127.0.0.1:0 --port-file "$WORK/cut.port"
	curl -qsS --max-time 20 --cacert "$HOMES/fleckney/ca.crt" "https://localhost:$(started cut "$WORK/cut.port")/healthz" >/dev/null
	stop cut
	rm -f "$WORK/cut.port"
	qip-server certificates "$WORK/cut" --new-authority >/dev/null
	[ ! -e "$WORK/cut/ca.next.key" ] || die 'a key is left behind'
	same 'the chain of authorities' "$made" "$(cat "$WORK/cut/ca.crt" "$WORK/cut/ca.old.crt" | grep -c BEGIN)"
}
at_each 1 cut_short
no_findings
