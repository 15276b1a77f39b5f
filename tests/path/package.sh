#!/usr/bin/env bash
# The kiosk's Debian package: what is in it, what it wants, and how tightly its services are held.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

it 'The package is built, and holds program, page, units, users and folder'
deb=$("$QIP_SOURCE/tools/package" qip-kiosk "$WORK")
[ -s "$deb" ] || die "no package: '$deb'"
dpkg-deb -x "$deb" "$WORK/unpacked"
for file in bin/qip-kiosk lib/systemd/system/qip-kiosk.service lib/systemd/system/qip-kiosk-screen.service lib/sysusers.d/qip-kiosk.conf \
	lib/tmpfiles.d/qip-kiosk.conf share/man/man1/qip-kiosk.1.gz share/doc/qip-kiosk/APPLIANCE.md share/doc/qip-kiosk/copyright; do
	[ -s "$WORK/unpacked/usr/$file" ] || die "the package lacks $file"
done
says '^qip-kiosk [0-9]' "$("$WORK/unpacked/usr/bin/qip-kiosk" --version)"

it 'It wants the fonts of all languages and the libraries that the program is linked with'
depends=$(dpkg-deb -f "$deb" Depends)
for package in fonts-noto-core libgit2 libmbedtls libmicrohttpd libcjson; do
	says "(^|[ ,])$package" "$depends"
done

it 'A package that is removed leaves the answers'
dpkg-deb -e "$deb" "$WORK/control"
if grep -hE '(rm|rmdir|unlink|userdel|deluser|find) ' "$WORK/control/p"* | grep -vE '^	rm -f( /etc/systemd/system/multi-user.target.wants/qip-kiosk(-screen)?.service){2}$'; then
	die 'a script of the package deletes more than the links to its services'
fi

it 'Purging leaves no links to services that are gone; removing leaves them for the next package'
script=$(sed "s|/etc/systemd|$WORK/etc/systemd|g" "$WORK/control/postrm")
mkdir -p "$WORK/etc/systemd/system/multi-user.target.wants"
ln -s nowhere "$WORK/etc/systemd/system/multi-user.target.wants/qip-kiosk.service"
ln -s nowhere "$WORK/etc/systemd/system/multi-user.target.wants/qip-kiosk-screen.service"
sh -c "${script//systemctl/:}" postrm remove
same 'links' 2 "$(find "$WORK/etc" -type l | wc -l)"
sh -c "${script//systemctl/:}" postrm purge
same 'links' 0 "$(find "$WORK/etc" -type l | wc -l)"

it 'The units are well-formed, and exposed to little'
mkdir -p "$WORK/units"
cp "$WORK/unpacked/usr/lib/systemd/system/"*.service "$WORK/units"
# The programs are where the package puts them, not on this machine.
sed -i "s|/usr/bin/qip-kiosk|$WORK/unpacked/usr/bin/qip-kiosk|; s|/usr/bin/cog|/bin/true|" "$WORK/units/"*.service
screen=$WORK/units/qip-kiosk-screen.service
says '^StandardInput=null$' "$(cat "$screen")" # else the console shows what is typed
says '^DeviceAllow=char-input rw$' "$(cat "$screen")" # libinput opens for both, or not at all
says "^ExecStartPre=-\\+$WORK/unpacked/usr/bin/qip-kiosk quiet-keys /dev/tty0$" "$(cat "$screen")"
for unit in qip-kiosk qip-kiosk-screen; do
	found=$(SYSTEMD_UNIT_PATH="$WORK/units:" systemd-analyze verify --man=no "$WORK/units/$unit.service" 2>&1 | grep "$unit" || true)
	same "faults of $unit.service" '' "$found"
	systemd-analyze security --offline=true --threshold=20 --no-pager "$WORK/units/$unit.service" >"$WORK/security.txt" 2>&1 ||
		die "$unit.service is exposed: $(tail -n 1 "$WORK/security.txt")"
done
