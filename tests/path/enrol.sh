#!/usr/bin/env bash
# Who gets in: codes mistyped, used, meant for another server; devices unknown, revoked; servers that are not ours.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

practice_start
join fleckney staff fleckney
code=$(invite newcomer staff)

it 'A mistyped code is refused in words, and leaves no home behind'
last=${code: -1}
mistyped=${code%?}$([ "$last" = 7 ] && printf 8 || printf 7)
refused 'typing mistake|check' q newcomer join "$URL" "$mistyped"
refused 'code' q newcomer join "$URL" 'HELLO'
refused 'not.*home|join' q newcomer status

it 'The code for one server does not join another'
qip-server init "$WORK/other" >/dev/null
qip-server practice add "$WORK/other" "$QIP_ODS" --name 'Somebody else' >/dev/null
start other qip-server serve "$WORK/other" --listen 127.0.0.1:0 --port-file "$WORK/other.port"
other=https://localhost:$(started other "$WORK/other.port")
refused 'certificate|authority|trust|not the one' q newcomer join "$other" "$code"

it 'A code that nobody gave out is refused'
stranger=$(code_in "$(qip-server practice add "$WORK/other" C82998 --name 'Elsewhere')")
refused 'certificate|authority|trust|not the one' q newcomer join "$URL" "$stranger"

it 'After all that the right code still works, typed small and without dashes'
small=${code,,}
q newcomer join "$URL" "${small//-/}" >/dev/null
q newcomer sync >/dev/null

it 'A joined home does not join again'
refused 'joined' q newcomer join "$URL" "$code"

it "A manager's home is no kiosk's, whatever it is asked"
for command in status sync run; do
	refused 'not.* kiosk' qip-kiosk "$command" --home "$HOMES/$MANAGER"
done

it 'A used code joins nobody else'
refused 'used' q second join "$URL" "$code"
refused 'not.*home|join' q second status

it 'A device talks to no server but its own'
sed "s|https://localhost:[0-9]*|$other|" "$HOMES/newcomer/config.json" >"$WORK/config.json"
cp -a "$HOMES/newcomer" "$HOMES/astray"
cp "$WORK/config.json" "$HOMES/astray/config.json"
refused 'certificate|authority|trust' q astray sync

it 'Without a certificate nothing is read'
ca=$HOMES/fleckney/ca.crt
status=$(curl -qs --max-time 20 --cacert "$ca" -o "$WORK/page" -w '%{http_code}' "$(history_url)/info/refs?service=git-upload-pack")
says '^40[13]$' "$status"

it 'A certificate of another authority does not get as far as a request'
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$WORK/ghost.key" -out "$WORK/ghost.crt" -days 2 -subj "/O=$QIP_ODS/CN=fleckney" 2>/dev/null
if curl -qs --max-time 20 --cacert "$ca" --cert "$WORK/ghost.crt" --key "$WORK/ghost.key" -o "$WORK/page" "$(history_url)/info/refs?service=git-upload-pack"; then
	die 'the server talks to a stranger'
fi

it 'A device that is not in the register reads and writes nothing, though its certificate is of our authority'
mkdir "$HOMES/ghost"
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$HOMES/ghost/device.key" -out "$WORK/ghost.csr" -subj "/O=$QIP_ODS/CN=ghost" 2>/dev/null
printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n' >"$WORK/ghost.ext"
openssl x509 -req -extfile "$WORK/ghost.ext" -in "$WORK/ghost.csr" -CA "$WORK/server/ca.crt" -CAkey "$WORK/server/ca.key" -CAcreateserial -CAserial "$WORK/serial" -days 2 \
	-out "$HOMES/ghost/device.crt" 2>/dev/null
cp "$ca" "$HOMES/ghost/ca.crt"
refused_with 128 'ghost|unknown|not.*regist|not allowed|403' git_as ghost ls-remote "$(history_url)"
repo=$(forge_repo fleckney)
commit=$(forge_head "$repo" "$(forge_tree "$repo" '' "sites/ghost.json=$WORK/ghost.csr")" "$(foreign_key ghost)" ghost Enrol)
before=$(server_state)
if push_as ghost "$repo" "$commit" >/dev/null 2>&1; then
	die 'a ghost may push'
fi
same 'the server after the ghost' "$before" "$(server_state)"

it 'A revoked device is told so, and what it still sends does not get into the log'
q "$MANAGER" action add --ref QIP-50 --finding 'Found' --action 'Do' --effective 2022-06-06 >/dev/null
q "$MANAGER" sync >/dev/null
q fleckney sync >/dev/null
q fleckney action note QIP-50 'Written before the revocation was known' >/dev/null
q "$MANAGER" revoke fleckney --reason 'Stolen' >/dev/null
q "$MANAGER" sync >/dev/null
before=$(git -C "$(server_history)" rev-parse main)
refused 'revoked' q fleckney sync
same 'the log' "$before" "$(git -C "$(server_history)" rev-parse main)"

it 'What a revoked device wrote is still in its own copy'
says 'Written before' "$(q fleckney action show QIP-50 --json)"

it 'A retired device hands in what it has'
q newcomer sync >/dev/null
q newcomer action note QIP-50 'The last word' >/dev/null
q "$MANAGER" retire newcomer --reason 'Replaced' >/dev/null
q "$MANAGER" sync >/dev/null
q newcomer sync >/dev/null
q "$MANAGER" sync >/dev/null
says 'The last word' "$(q "$MANAGER" action show QIP-50 --json)"

it 'The last manager cannot go'
refused 'last manager' q "$MANAGER" revoke "$(manager_device)" --reason 'By mistake'

q "$MANAGER" audit >/dev/null
stop other
server_stop
fsck "$(server_history)" "$HOMES/$MANAGER/history.git" "$HOMES/fleckney/history.git"
