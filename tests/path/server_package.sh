#!/usr/bin/env bash
# The server's Debian package: built the same twice, to lintian's liking; on a machine with systemd it is installed, upgraded while requests run, downgraded, removed
# and purged, and what practices recorded stays through all of it.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$QIP_SOURCE/tests/support/machine.sh"

D=/var/lib/qip-server
VERSION=$(sed -n '1s/.*(\(.*\)).*/\1/p' "$QIP_SOURCE/tools/packaging/changelog")
OLDER=0.0.1 NEWER=$VERSION+1

it 'Both packages are built; lintian finds neither an error nor a warning'
"$QIP_SOURCE/tools/package" "$WORK" >"$WORK/built"
same 'the packages' "qip-kiosk qip-server" "$(xargs -n 1 basename <"$WORK/built" | cut -d _ -f 1 | paste -sd ' ')"
mapfile -t built <"$WORK/built"
lintian --no-cfg --fail-on error,warning "${built[@]}" >"$WORK/lintian.txt" 2>&1 || die "lintian: $(cat "$WORK/lintian.txt")"
deb=$(grep qip-server "$WORK/built")

it 'Another time, folder and umask give the same bytes'
again=$(umask 077 && "$QIP_SOURCE/tools/package" qip-server "$WORK/again")
cmp "$deb" "$again" || die 'the package differs'

it 'It holds program, unit, user, folder, pages, alarms and a dashboard, and no more'
dpkg-deb --fsys-tarfile "$deb" | tar -t | sed -n 's/^\.\(.*[^/]\)$/\1/p' | sort >"$WORK/files"
sort >"$WORK/wanted" <<END
/usr/bin/qip-server
/usr/lib/systemd/system/qip-server-backup.service
/usr/lib/systemd/system/qip-server-backup.timer
/usr/lib/systemd/system/qip-server.service
/usr/lib/sysusers.d/qip-server.conf
/usr/lib/tmpfiles.d/qip-server.conf
/usr/share/doc/qip-server/ADMINISTRATION.md
/usr/share/doc/qip-server/README.md
/usr/share/doc/qip-server/changelog.gz
/usr/share/doc/qip-server/copyright
/usr/share/man/man5/qip-server.json.5.gz
/usr/share/man/man8/qip-server.8.gz
/usr/share/qip-server/alerts.yml
/usr/share/qip-server/dashboard.json
END
same 'files' '' "$(diff "$WORK/wanted" "$WORK/files" || true)"
depends=$(dpkg-deb -f "$deb" Depends)
for package in systemd libgit2 libmbedtls libmicrohttpd libcjson; do
	says "(^|[ ,])$package" "$depends"
done

it 'Changelog, package and program say one version'
same 'of the package' "$VERSION" "$(dpkg-deb -f "$deb" Version)"
dpkg-deb -x "$deb" "$WORK/unpacked"
same 'of the program' "qip-server $VERSION" "$("$WORK/unpacked/usr/bin/qip-server" --version)"

if ! machine_possible; then
	echo '- skipped: no machine to install it on can be made here'
	exit 0
fi

# repacked VERSION - the same package as of another version; prints its path.
repacked() {
	dpkg-deb -R "$deb" "$WORK/repacked"
	sed -i "s/^Version: .*/Version: $1/" "$WORK/repacked/DEBIAN/control"
	dpkg-deb --root-owner-group -b "$WORK/repacked" "$WORK/qip-server_$1.deb" >/dev/null
	rm -rf "$WORK/repacked"
	printf '%s' "$WORK/qip-server_$1.deb"
}
older=$(repacked "$OLDER")
newer=$(repacked "$NEWER")

# pkg ARGUMENT… - dpkg there; what it says is in dpkg.txt.
pkg() { inside dpkg "$@" >"$WORK/dpkg.txt" 2>&1 || die "dpkg $*: $(cat "$WORK/dpkg.txt")"; }
# shellcheck disable=SC2016 # for dpkg-query
version_there() { inside dpkg-query -W -f '${db:Status-Abbrev}${Version}' qip-server; }
as_server() { inside runuser -u qip-server -- qip-server "$@"; }
unit_says() { inside systemctl show -P "$1" qip-server.service; }
state_is() { [ "$(unit_says ActiveState)" = "$1" ]; }
journal() { inside journalctl --unit qip-server --lines 20 --no-pager; }
# service VERB… - systemctl there, of the server.
service() { inside systemctl "$@" qip-server.service >"$WORK/systemctl.txt" 2>&1 || die "systemctl $*: $(cat "$WORK/systemctl.txt") $(journal)"; }
is_served() { wait_until 30 answers || die "nobody serves: $(journal)"; }
answers() { beside curl -fsS --max-time 5 -o /dev/null http://127.0.0.1:9464/healthz 2>/dev/null; }

# restarted SINCE - another process than that one serves, and it is the program that is installed.
restarted() {
	local now
	now=$(unit_says MainPID)
	case $now in 0 | "$1") die "not restarted: $now, before $1" ;; esac
	same 'the program that runs' /usr/bin/qip-server "$(inside readlink "/proc/$now/exe")"
	is_served
}

# Devices are here, on the network there.
qip() { beside qip "$@"; }
URL=https://localhost:8443
ODS_THERE=$D/$QIP_ODS

# works NAME - a device brings a new edit to the server, and audits all.
works() {
	q "$MANAGER" site add "$1" --name "$1" >/dev/null
	q "$MANAGER" sync >/dev/null
	q "$MANAGER" audit >/dev/null || die 'the audit finds a fault'
	sites="$sites $1"
	same 'the sites on the server' "$(tr ' ' '\n' <<<"$sites" | sed '/^$/d; s/$/.json/' | sort | paste -sd ' ')" \
		"$(inside git -c safe.directory='*' -C "$ODS_THERE/history.git" ls-tree --name-only main sites/ | sed 's|sites/||' | sort | paste -sd ' ')"
}
sites=''

it 'Where systemd does not run it is installed and purged all the same, and leaves no folder'
machine_start
without_systemd() { inside unshare --mount sh -c 'mount -t tmpfs none /run && exec "$@"' sh "$@"; }
{ without_systemd dpkg -i "$deb" && without_systemd dpkg --purge qip-server; } >"$WORK/dpkg.txt" 2>&1 || die "dpkg: $(cat "$WORK/dpkg.txt")"
inside test ! -e "$D" || die 'an empty folder stays'

it 'Installed: the user is there, its folder is its own; nothing runs before init, nothing is enabled'
pkg -i "$deb"
same 'the user' "$D /usr/sbin/nologin" "$(inside getent passwd qip-server | cut -d : -f 6,7 | tr : ' ')"
same 'the folder' '700 qip-server qip-server' "$(inside stat -c '%a %U %G' "$D")"
same 'enabled' disabled "$(inside systemctl is-enabled qip-server || true)"
service start
same 'a start before init' 'inactive no' "$(unit_says ActiveState) $(unit_says ConditionResult)"
inside man -w qip-server qip-server.json >/dev/null || die 'a manual page is not found'

it 'As its page for administrators says: init, practice add, settings, enable; a device joins and works'
as_server init "$D" --host qip.example.org >/dev/null
code=$(code_in "$(as_server practice add "$D" "$QIP_ODS" --name 'Our practice')")
inside cat "$D/server.json" | jq -c '. + {listen: ["0.0.0.0:8443", "[::]:8443"], admin: "127.0.0.1:9464"}' >"$WORK/server.json"
settings() { inside sh -c "cat >$D/server.json" <"$1"; }
settings "$WORK/server.json"
as_server check-config "$D" >/dev/null
service enable --now
is_served
q "$MANAGER" join "$URL" "$code" >"$WORK/root-key.txt"
q "$MANAGER" sync >/dev/null
works first-site
same 'what is not its own' '' "$(inside find "$D" '(' '!' -user qip-server -o -perm /077 -type f ')' -name '*.key')"

it 'The unit holds it: its user, no capability, no new rights, a list of calls, a file system to read'
pid=$(unit_says MainPID)
same 'rights' "$(inside id -u qip-server) 0000000000000000 0000000000000000 1 2" \
	"$(inside sed -n 's/^Uid:\t\([0-9]*\).*/\1/p; s/^\(CapEff\|CapBnd\|NoNewPrivs\|Seccomp\):\t//p' "/proc/$pid/status" | paste -sd ' ')"
same 'its root' ro "$(inside sed -n 's|^[^ ]* [^ ]* [^ ]* [^ ]* / \(r[ow]\),.*|\1|p' "/proc/$pid/mountinfo" | tail -n 1)"

it 'The nightly backup: off until it is set up, then an encrypted run that its private key opens, made by the service with no more rights than it needs'
same 'enabled' disabled "$(inside systemctl is-enabled qip-server-backup.timer || true)"
age-keygen -o "$WORK/safe.key" 2>/dev/null
inside install -d -o qip-server -g qip-server -m 0700 /backup/qip
printf 'TO=/backup/qip\nRECIPIENT=%s\nKEEP=90\n' "$(age-keygen -y "$WORK/safe.key")" | inside sh -c 'cat >/etc/default/qip-server-backup'
inside systemctl enable --now qip-server-backup.timer 2>/dev/null
same 'when it is due' 1 "$(inside systemctl list-timers --no-legend qip-server-backup.timer | wc -l)"
for run in first second; do
	inside systemctl start qip-server-backup.service || die "no $run backup: $(inside journalctl --unit qip-server-backup --lines 20 --no-pager)"
done
same 'runs' 2 "$(inside sh -c 'ls /backup/qip/*.tar.age' | wc -l)"
says 'it follows 20' "$(inside journalctl --unit qip-server-backup --lines 20 --no-pager)"
inside qip-server restore /backup/qip "$WORK/restored" --identity "$WORK/safe.key" >/dev/null
inside qip-server fsck "$WORK/restored" >/dev/null
[ "$(beside curl -fsS http://127.0.0.1:9464/metrics | sed -n 's/^qip_last_backup_timestamp_seconds //p')" -gt 1700000000 ] || die 'the backup is not told'

it 'A reload checks first: with a wrong setting it fails, and the server goes on'
jq -c '.limits.push_objects = 1' "$WORK/server.json" >"$WORK/wrong.json"
settings "$WORK/wrong.json"
! inside systemctl reload qip-server 2>/dev/null || die 'a wrong setting is taken over'
same 'the process' "$pid" "$(unit_says MainPID)"

it 'An upgrade does not end what runs for a program that would not start, and says so'
pkg -i "$newer"
says 'push_objects.*must be from' "$(cat "$WORK/dpkg.txt")"
says 'nothing was restarted' "$(cat "$WORK/dpkg.txt")"
same 'the process' "$pid" "$(unit_says MainPID)"
is_served
settings "$WORK/server.json"
service restart
restarted "$pid"
works second-site
pkg -i "$deb"

it 'An upgrade lets a request that runs end first, and nothing of it is lost'
pid=$(unit_says MainPID)
head -c 40000 /dev/urandom >"$WORK/bytes"
name=$(sha256sum <"$WORK/bytes" | cut -d ' ' -f 1)
home=$HOMES/$MANAGER
mkfifo "$WORK/body"
# shellcheck disable=SC2016 # for the inner shell
start body sh -c '{ head -c 20000 "$1/bytes"; until test -e "$1/go"; do sleep 0.05; done; tail -c +20001 "$1/bytes"; } >"$1/body"' sh "$WORK"
start put beside curl -qsS --max-time 60 --cert "$home/device.crt" --key "$home/device.key" --cacert "$home/ca.crt" -H 'Content-Type: application/octet-stream' -H 'Expect:' \
	-T "$WORK/body" -o "$WORK/answer" -w '%{http_code}' "$URL/$QIP_ODS/blobs/$name"
is_coming() { test -n "$(inside find "$ODS_THERE/blobs/new" -type f 2>/dev/null)"; }
wait_until 30 is_coming || die 'the request does not begin'
start upgrade inside dpkg -i "$newer"
wait_until 60 state_is deactivating || die "the upgrade does not end the server: $(cat "$WORK"/logs/upgrade.*)"
same 'the process that lets it end' "$pid" "$(unit_says MainPID)"
touch "$WORK/go"
wait_until 60 is_gone "${PIDS[put]}" || die 'the request does not end'
stop put
stop body
says '^20[0-9]$' "$(cat "$WORK/logs/put.out")"
wait_until 60 is_gone "${PIDS[upgrade]}" || die 'the upgrade does not end'
stop upgrade
same 'the version' "ii $NEWER" "$(version_there)"
restarted "$pid"
inside cat "$ODS_THERE/blobs/${name:0:2}/$name" | cmp - "$WORK/bytes" || die 'the bytes are not there'
works third-site

it 'A downgrade goes the same way'
pid=$(unit_says MainPID)
pkg -i "$older"
same 'the version' "ii $OLDER" "$(version_there)"
restarted "$pid"
works fourth-site

# all_of_it - every file that practices' records and keys are in, but the note of what was derived by when, which each start and end writes.
all_of_it() { inside sh -c "cd $D && find . -type f '!' -path '*/refs/qip/derived' -exec sha256sum {} + | sort && find . -exec stat -c '%n %a %U' {} + | sort"; }

it 'Removed, it is stopped; all data stay, and an installation goes on with them, enabled as before'
all_of_it >"$WORK/before"
pkg --remove qip-server
same 'the unit' inactive "$(unit_says ActiveState)"
inside test ! -e /usr/bin/qip-server || die 'the program stays'
all_of_it | diff "$WORK/before" - >"$WORK/diff" || die "removing changed the data: $(cat "$WORK/diff")"
pkg -i "$deb"
same 'enabled' enabled "$(inside systemctl is-enabled qip-server)"
service start
is_served
works fifth-site

it 'Purged, the data stay, and say so, and their user; no link to the service is left; all can be served again'
all_of_it >"$WORK/before"
pkg --purge qip-server
says "$D holds what practices recorded, and stays" "$(cat "$WORK/dpkg.txt")"
all_of_it | diff "$WORK/before" - >"$WORK/diff" || die "purging changed the data: $(cat "$WORK/diff")"
inside test -s /etc/default/qip-server-backup || die 'what the administrator wrote is gone'
same 'links' '' "$(inside find /etc/systemd -name 'qip-server*')"
pkg -i "$deb"
same 'enabled' disabled "$(inside systemctl is-enabled qip-server || true)"
service enable --now
is_served
works sixth-site
stop machine
