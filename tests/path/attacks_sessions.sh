#!/usr/bin/env bash
# Who holds a TLS session holds no more than its certificate gives at that moment: devices that were revoked since, or whose certificate ended, resume
# their sessions and ask at every address; tickets are forged, cut, mixed up and brought to another server.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

D=$WORK/server
CA=$D/ca.crt
KIOSK=kib-kiosk

practice_start
join fleckney staff fleckney
join boss manager kibworth
join "$KIOSK" kiosk kibworth
join ending staff fleckney
kiosk_sync "$KIOSK"
sample_plan fleckney boss
main=$(git -C "$(server_history)" rev-parse main)

# ---- a TLS client that keeps its sessions: the handshake is in $WORK/said, with what the server answered ----

# tls DEVICE PORT OPTION… - what is on stdin to the server; DEVICE '' shows no certificate.
tls() {
	local identity=()
	[ -z "$1" ] || identity=(-cert "$HOMES/$1/device.crt" -key "$HOMES/$1/device.key")
	openssl s_client -connect "127.0.0.1:$2" -CAfile "$CA" -tls1_2 -ign_eof -nocommands "${identity[@]}" "${@:3}" >"$WORK/said" 2>&1 || true
}
session() { printf '%s/%s.session' "$WORK" "$1"; }
resumed() { grep -aq '^Reused, TLSv1.2' "$WORK/said"; }
code() { grep -aom 1 'HTTP/1.1 [0-9]*' "$WORK/said" | cut -d ' ' -f 2 || true; }

# request METHOD PATH [TYPE FILE [HEADER]] - as it goes over the line.
request() {
	printf '%s /%s/%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n' "$1" "$QIP_ODS" "$2"
	[ -z "${5:-}" ] || printf '%s\r\n' "$5"
	if [ -n "${3:-}" ]; then
		printf 'Content-Type: %s\r\nContent-Length: %s\r\n\r\n' "$3" "$(wc -c <"$4")"
		cat "$4"
	else
		printf '\r\n'
	fi
}
refs() { request GET 'history.git/info/refs?service=git-upload-pack'; }

# open_session DEVICE - one visit, whose session is kept.
open_session() {
	refs | tls "$1" "$SERVER_PORT" -sess_out "$(session "$1")"
	same "what $1 is answered" 200 "$(code)"
	! resumed || die 'a first handshake is a resumed one'
}

pkt() { printf '%04x%s' "$((${#1} + 4))" "$1"; }
file() {
	cat >"$WORK/body.$1"
	printf '%s' "$WORK/body.$1"
}
json() { printf '%s' "$2" | file "$1"; }

# push_body DEVICE REPO COMMIT OLD - a push as git sends it.
push_body() {
	local line="$4 $3 refs/devices/$1"
	printf '%04x%s\0report-status0000' "$((${#line} + 4 + 14))" "$line"
	printf '%s\n^%s\n' "$3" "$main" | git -C "$2" pack-objects -q --revs --stdout
}

# ask_all DEVICE VISIT - VISIT is called with a name and what is to be sent, for each address that a device might use.
blob=$(printf 'sealed' | sha256sum | cut -d ' ' -f 1)
printf 'sealed' >"$WORK/sealed"
ask_all() {
	local device=$1 visit=$2 want=$main name
	[ "$device" != "$KIOSK" ] || want=$(git -C "$(server_history)" rev-parse refs/kiosk/config)
	"$visit" refs < <(refs)
	"$visit" refs_push < <(request GET 'history.git/info/refs?service=git-receive-pack')
	"$visit" fetch < <(request POST history.git/git-upload-pack application/x-git-upload-pack-request \
		"$({ pkt "want $want"$'\n'; printf 0000; pkt $'done\n'; } | file want)")
	"$visit" list < <(request POST history.git/git-upload-pack application/x-git-upload-pack-request \
		"$({ pkt $'command=ls-refs\n'; printf 0000; } | file list)" 'Git-Protocol: version=2')
	"$visit" probe < <(request POST history.git/git-receive-pack application/x-git-receive-pack-request "$(printf 0000 | file probe)")
	"$visit" slice < <(request POST slice application/json "$(json slice "{\"from\":\"$main\",\"merges\":1}")")
	"$visit" renew < <(request POST renew application/json "$WORK/csr.$device")
	"$visit" doubt < <(request POST doubt application/json "$(json doubt '{"by":"head"}')")
	"$visit" blob < <(request PUT "blobs/$blob" application/octet-stream "$WORK/sealed")
	"$visit" blobs < <(request POST blobs/get application/json "$(json blobs "{\"blobs\":[\"$blob\"]}")")
	for name in list get take drop; do
		"$visit" "kept $name" < <(request POST "quarantine/$name" application/json "$(json kept '{}')")
	done
}

for device in fleckney boss ending "$KIOSK"; do
	openssl req -new -key "$HOMES/$device/device.key" -subj "/O=$QIP_ODS/CN=$device" | jq -Rsc '{csr: .}' >"$WORK/csr.$device"
	open_session "$device"
done

# ---- revoked ----

resumes() {
	tls "$DEVICE" "$SERVER_PORT" -sess_in "$(session "$DEVICE")"
	resumed || die "$1: the session of $DEVICE is not resumed"
}
# Who may what is told by others; here it has to be the device that is known.
is_served() {
	resumes "$1"
	case $DEVICE/$1 in
	"$KIOSK"/slice | "$KIOSK"/blobs | fleckney/doubt | boss/doubt | fleckney/kept* | "$KIOSK"/kept*) grep -aq 'HTTP/1.1 4' "$WORK/said" ;;
	boss/kept\ [gtd]*) says '^40[04]$' "$(code)" ;; # what '{}' names is not there
	*/blob) says '^20[01]$' "$(code)" ;;
	*) same "$1 of $DEVICE" 200 "$(code)" ;;
	esac
}
is_refused() {
	resumes "$1"
	same "$1 of $DEVICE, revoked" 403 "$(code)"
	grep -aq 'revoked' "$WORK/said" || die "$1: it is not told why"
	# its own name and the reason: nothing of the practice
	! grep -aqE "refs/|PACK|BEGIN CERTIFICATE|$main" <(sed '1,/^HTTP\/1.1/d' "$WORK/said") || die "$1: it is given something"
}
# All that a push or a blob could leave.
kept() {
	server_state
	find "$D/$QIP_ODS" -type f -not -name lock -not -path '*/history.git/*' -exec sha256sum {} + | sort
}

it 'A session that is resumed is the device that it was'
for DEVICE in fleckney boss "$KIOSK"; do ask_all "$DEVICE" is_served; done

it 'What it pushes is accepted'
repo=$(forge_repo fleckney)
key=$(device_key fleckney)
own=$(git -C "$repo" rev-parse own)
action=$(git -C "$repo" ls-tree --name-only "$main" qip/ | head -n 1)
edit() {
	git -C "$repo" cat-file blob "$main:$action" | jq -cSj --arg id "$(uuid7)" --arg at "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" --arg s "$1" \
		'([.edits[][].n] | max) as $n | .status = $s |
		 .edits.status = [{id: $id, device: "fleckney", n: ($n + 1), by: "staff", effective: "2022-09-01", at: $at}]' >"$WORK/edit"
	forge_head "$repo" "$(forge_tree "$repo" "$main^{tree}" "$action=$WORK/edit")" "$key" fleckney 'Edit actions' "$main"
}
DEVICE=fleckney
good=$(edit green)
push_body fleckney "$repo" "$good" "$own" >"$WORK/push"
resumes push < <(request POST history.git/git-receive-pack application/x-git-receive-pack-request "$WORK/push")
grep -aq 'ok refs/devices/fleckney' "$WORK/said" || die "the push is not accepted: $(tail -n 3 "$WORK/said")"

it 'Revoked, it is given nothing at any address, by the session that it still has, nor on a connection that it left open'
mkfifo "$WORK/line"
openssl s_client -connect "127.0.0.1:$SERVER_PORT" -CAfile "$CA" -tls1_2 -ign_eof -nocommands -sess_in "$(session fleckney)" \
	<"$WORK/line" >"$WORK/open" 2>&1 &
PIDS[open]=$!
exec 7>"$WORK/line"
refs | sed '/^Connection: close/d' >&7
answered() { grep -aq "HTTP/1.1 $1" "$WORK/open"; }
wait_until 10 answered 200 || die 'the open connection is not served'
main=$(git -C "$(server_history)" rev-parse main)
git_as fleckney -C "$repo" fetch -q "$(history_url)" '+refs/heads/main:refs/heads/main'
push_body fleckney "$repo" "$(edit amber)" "$good" >"$WORK/push"
for DEVICE in fleckney boss "$KIOSK"; do q "$MANAGER" revoke "$DEVICE" --reason 'Stolen' >/dev/null; done
q "$MANAGER" sync >/dev/null
refs | sed '/^Connection: close/d' >&7
wait_until 10 answered 403 || die "the open connection is served on: $(tail -n 5 "$WORK/open" | tr -d '\0')"
exec 7>&-
wait "${PIDS[open]}" || true
unset 'PIDS[open]'
before=$(kept)
for DEVICE in fleckney boss "$KIOSK"; do
	ask_all "$DEVICE" is_refused
	is_refused push < <(request POST history.git/git-receive-pack application/x-git-receive-pack-request "$WORK/push")
done
same 'what the server keeps' "$before" "$(kept)"

it 'All that it may is to have set aside what it still holds'
DEVICE=fleckney
resumes keep < <(request POST quarantine/keep application/x-qip-kept "$({ pkt "head $main"$'\n'; printf 0000; } | file keep)")
same 'what it is answered' '{"kept":0}' "$(tail -n 1 "$WORK/said" | grep -ao '{[^}]*}')"

it 'The session without the key gives no more than with it'
refs | tls '' "$SERVER_PORT" -sess_in "$(session fleckney)"
resumed || die 'it is not resumed'
same 'what it is answered' 403 "$(code)"

# ---- ended ----

it 'A certificate that ends between two visits: what the registry gives it, delivering and renewing, on a resumed session as on a new one'
openssl req -new -key "$HOMES/ending/device.key" -subj "/O=$QIP_ODS/CN=ending" -out "$WORK/ending.csr"
printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n' >"$WORK/ext"
faketime -f -86397s openssl x509 -req -extfile "$WORK/ext" -in "$WORK/ending.csr" \
	-CA "$CA" -CAkey "$D/ca.key" -CAcreateserial -CAserial "$WORK/serial" -days 1 \
	-out "$HOMES/ending/device.crt" 2>/dev/null
open_session ending
ended() { ! openssl x509 -checkend 0 -noout -in "$HOMES/ending/device.crt" >/dev/null; }
wait_until 20 ended || die 'the certificate does not end'
DEVICE=ending
full() {
	tls ending "$SERVER_PORT"
	! resumed || die 'this is to be a full handshake'
	echo "$1 $(code)" >>"$WORK/full"
}
short() {
	resumes "$1"
	echo "$1 $(code)" >>"$WORK/short"
}
ask_all ending full
ask_all ending short
same 'the answers on a resumed session' "$(cat "$WORK/full")" "$(cat "$WORK/short")"
same 'what it may' $'refs 200\nprobe 200\nrenew 200' "$(grep -E '^(refs|probe|renew) ' "$WORK/short")"

it 'Ended and revoked, it is given nothing, a new certificate least of all'
q "$MANAGER" revoke ending --reason 'Stolen' >/dev/null
q "$MANAGER" sync >/dev/null
before=$(kept)
ask_all ending is_refused
same 'what the server keeps' "$before" "$(kept)"

# ---- forged ----

# with_ticket SESSION TICKET - a session of OpenSSL's, as DER, with these bytes for its ticket.
cat >"$WORK/ticket.js" <<'END'
const fs = require('fs');
const [from, how, out, other] = process.argv.slice(2);
const head = (b, at) => {
	let len = b[at + 1], n = 2;
	if (len > 127) { n += len & 127; len = parseInt(b.subarray(at + 2, at + n).toString('hex'), 16); }
	return [at + n, len];
};
const tlv = (tag, body) => {
	const n = body.length, len = n < 128 ? [n] : n < 256 ? [0x81, n] : [0x82, n >> 8, n & 255];
	return Buffer.concat([Buffer.from([tag, ...len]), body]);
};
const parts = (b) => {
	const all = [];
	let [at, len] = head(b, 0);
	for (const end = at + len; at < end;) {
		const [body, n] = head(b, at);
		all.push([b[at], b.subarray(body, body + n)]);
		at = body + n;
	}
	return all;
};
const TICKET = 0xaa; // [10], around an OCTET STRING
const ticket = (b) => { const e = parts(b).find(([tag]) => tag === TICKET)[1], [at] = head(e, 0); return e.subarray(at); };
const own = fs.readFileSync(from), t = Buffer.from(ticket(own));
const [kind, n] = how.split(' '), at = Math.floor(Number(n) * (t.length - 1));
const made = { flip: () => { t[at] ^= 1; return t; }, cut: () => t.subarray(0, at), more: () => Buffer.concat([t, Buffer.from('x')]),
	junk: () => require('crypto').randomBytes(at), other: () => ticket(fs.readFileSync(other)) }[kind]();
fs.writeFileSync(out, tlv(0x30, Buffer.concat(parts(own).map(([tag, body]) => tag === TICKET ? tlv(TICKET, tlv(4, made)) : tlv(tag, body)))));
END
# forge HOW [SESSION] - of MANAGER's session another one, in the file that is printed.
der() { openssl sess_id -in "$(session "$1")" -outform DER -out "$WORK/$1.der" && printf '%s' "$WORK/$1.der"; }
forge() {
	node "$WORK/ticket.js" "$(der "$MANAGER")" "$1" "$WORK/forged.der" ${2:+"$(der "$2")"} || die 'no ticket is forged'
	openssl sess_id -inform DER -in "$WORK/forged.der" -out "$WORK/forged" || die 'what is forged is no session'
}
# no_entry WHAT - with the key a full handshake, without it none that is anybody's.
no_entry() {
	refs | tls "$MANAGER" "$SERVER_PORT" -sess_in "$WORK/forged"
	! resumed || die "$1 is taken for a session"
	same "the device itself, with $1" 200 "$(code)"
	refs | tls '' "$SERVER_PORT" -sess_in "$WORK/forged"
	! resumed || die "$1 is taken for a session"
	same "whoever else, with $1" 403 "$(code)"
}

it 'A ticket that was changed in any part, cut short, made longer or up is none'
open_session "$MANAGER"
refs | tls '' "$SERVER_PORT" -sess_in "$(session "$MANAGER")"
same 'the ticket as it was given' 200 "$(code)"
for how in 'flip 0' 'flip 0.005' 'flip 0.012' 'flip 0.02' 'flip 0.1' 'flip 0.5' 'flip 0.9' 'flip 1' \
	'cut 0' 'cut 0.003' 'cut 0.02' 'cut 0.5' 'cut 1' 'more 0' 'junk 0.01' 'junk 1'; do
	forge "$how"
	no_entry "a ticket after '$how'"
done

it "Another device's ticket does not fit the secret of one's own session"
cp "$(session "$MANAGER")" "$WORK/own.session"
forge 'other 0' fleckney
refs | tls '' "$SERVER_PORT" -sess_in "$WORK/forged"
same 'what it is answered' '' "$(code)"

it 'Another server of the same authority knows none of the tickets, nor does this one after a start'
cp -a "$D" "$WORK/beside"
start beside qip-server serve "$WORK/beside" --listen 127.0.0.1:0 --port-file "$WORK/beside.port"
beside=$(started beside "$WORK/beside.port")
elsewhere() {
	refs | tls "$1" "$2" -sess_in "$(session "$MANAGER")"
	! resumed || die "the ticket is taken"
	same "what '$1' is answered" "$3" "$(code)"
}
elsewhere "$MANAGER" "$beside" 200
elsewhere '' "$beside" 403
stop beside
server_stop
server_start
elsewhere "$MANAGER" "$SERVER_PORT" 200
elsewhere '' "$SERVER_PORT" 403

it 'With its authority a session is forgotten'
open_session "$MANAGER"
qip-server certificates "$D" --new-authority >/dev/null
kill -HUP "${PIDS[server]}"
forgotten() { refs | tls '' "$SERVER_PORT" -sess_in "$(session "$MANAGER")" && ! resumed; }
wait_until 20 forgotten || die 'the session is still resumed'
same 'what it is answered' 403 "$(code)"

server_stop
fsck "$(server_history)"
