#!/usr/bin/env bash
# What whoever runs the server sees of it: metrics that count what happened, on an address of this machine alone.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

D=$WORK/server
practice_start
server_stop
jq -c '.admin = "127.0.0.1:0"' "$D/server.json" >"$WORK/json"
cp "$WORK/json" "$D/server.json"
server_start
ADMIN=http://$(sed -n 's/.*msg=metrics address="\{0,1\}\([0-9.:]*\).*/\1/p' "$WORK/logs/server.log" | tail -n 1)

metrics() { curl -qsS --max-time 10 "$ADMIN/metrics"; }
# value NAME-WITH-LABELS - 0 where it is not told.
value() { metrics | awk -v name="$1" '{ v = $NF; sub(/ [^ ]*$/, "") } $0 == name { print v; found = 1 } END { if (!found) print 0 }'; }

it 'It is Prometheus text: every line is a comment or a sample, each name has its help and type once, before its samples'
metrics >"$WORK/text"
awk '/^# HELP / { if (help[$3]++) exit 1; next } /^# TYPE / { if (!help[$3] || type[$3]++) exit 1; next }
	/^[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[0-9.]+$/ { name = $1; sub(/\{.*/, "", name); sub(/_(bucket|sum|count)$/, "", name); if (!(name in type)) exit 1; next } { exit 1 }' \
	"$WORK/text" || die "not well-formed: $(cat "$WORK/text")"

it 'A push, a refusal, a sync and a handshake are each counted once'
join fleckney staff fleckney
before=$(value 'qip_pushes_total{outcome="accepted"}')
resumed=$(value 'qip_handshakes_total{kind="resumed"}')
sample_plan fleckney
same 'pushes' "$((before + 1))" "$(value 'qip_pushes_total{outcome="accepted"}')"
[ "$(value 'qip_handshakes_total{kind="resumed"}')" -gt "$resumed" ] || die 'no handshake was resumed'
same 'in the histogram' "$(value 'qip_push_seconds_count')" "$(value 'qip_push_seconds_bucket{le="+Inf"}')"
now=$(date +%s)
last=$(value "qip_practice_last_sync_timestamp_seconds{practice=\"$QIP_ODS\"}")
[ "$((now - last))" -lt 30 ] || die "the last sync is told as $last, now $now"
refused=$(value 'qip_pushes_total{outcome="refused_policy"}')
repo=$(forge_repo fleckney)
head=$(git -C "$repo" rev-parse own)
(push_refused 'ng|own|denied|refs' fleckney "$repo" "$head" refs/heads/main) >/dev/null 2>&1 || true
[ "$(value 'qip_pushes_total{outcome="refused_policy"}')" -eq "$((refused + 1))" ] || die "the refusal is not told: $(metrics | grep pushes_total)"

it 'Packs, connections, descriptors, memory and the end of certificates are told'
[ "$(value "qip_practice_packs{practice=\"$QIP_ODS\"}")" -eq "$(find "$(server_history)/objects/pack" -name '*.idx' | wc -l)" ] || die 'the packs are not counted right'
[ "$(value process_open_fds)" -gt 10 ] || die 'the descriptors are not told'
[ "$(value process_resident_memory_bytes)" -gt 1000000 ] || die 'the memory is not told'
ends=$(date -d "$(openssl x509 -noout -enddate -in "$D/tls.crt" | cut -d = -f 2)" +%s)
same "the certificate's end" "$ends" "$(value 'qip_certificate_expiry_timestamp_seconds{certificate="server"}')"

it 'When the last backup was made is told, of any form, and none is told before'
same 'before there is one' 0 "$(value qip_last_backup_timestamp_seconds)"
before=$(date +%s)
qip-server backup "$D" "$WORK/copy" >/dev/null
[ "$(value qip_last_backup_timestamp_seconds)" -ge "$before" ] || die "a backup is told as of $(value qip_last_backup_timestamp_seconds), and it is $before"
rm "$D/backed-up"
refused 'there already' qip-server backup "$D" "$WORK/copy"
same 'after one that failed' 0 "$(value qip_last_backup_timestamp_seconds)"
age-keygen -o "$WORK/safe.key" 2>/dev/null
qip-server backup "$D" "$WORK/runs" --recipient "$(age-keygen -y "$WORK/safe.key")" >/dev/null
[ "$(value qip_last_backup_timestamp_seconds)" -ge "$before" ] || die 'an encrypted backup is not told'

it 'It says whether it is there, takes nothing but GET, and names no patient, device or text'
same health ok "$(curl -qsS --max-time 10 "$ADMIN/healthz")"
same 'a post' 405 "$(curl -qsS --max-time 10 -o "$WORK/page" -w '%{http_code}' -d x "$ADMIN/metrics")"
same 'another address' 404 "$(curl -qsS --max-time 10 -o "$WORK/page" -w '%{http_code}' "$ADMIN/$QIP_ODS/history.git/info/refs")"
metrics | grep 'fleckney' >/dev/null && die 'a device is named'

it 'The dashboard and the alert rules ask for what is told, and leave out nothing'
metrics | sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' | sort >"$WORK/told"
observe=$QIP_SOURCE/server/observe
{
	jq -r '.panels[].targets[].expr' "$observe/dashboard.json"
	sed -n 's/^ *expr: //p' "$observe/alerts.yml"
} | grep -oE '(qip|process)_[a-z_]+' | sed -E 's/_(bucket|sum|count)$//' | sort -u >"$WORK/asked"
same 'asked for and not told' '' "$(comm -13 "$WORK/told" "$WORK/asked")"
same 'told and shown nowhere' 'process_start_time_seconds qip_practice_closed' \
	"$(comm -23 "$WORK/told" <(jq -r '.panels[].targets[].expr' "$observe/dashboard.json" | grep -oE '(qip|process)_[a-z_]+' | sed -E 's/_(bucket|sum|count)$//' | sort -u) | paste -sd ' ')"

it 'The page for administrators says of each alarm what to do'
sed -n 's/^ *- alert: //p' "$observe/alerts.yml" | while read -r alarm; do
	grep -q "^| \`$alarm\` |" "$QIP_SOURCE/server/ADMINISTRATION.md" || die "$alarm is not explained"
done

it 'Other machines cannot be given it'
jq -c '.admin = "0.0.0.0:0"' "$D/server.json" >"$WORK/json"
server_stop
cp "$WORK/json" "$D/server.json"
refused 'this machine alone' qip-server serve "$D" --listen 127.0.0.1:0
