#!/usr/bin/env bash
# tests/support/machine_keep.sh WORK - keeps the machine of machine.sh until SIGTERM, in a mount namespace of its own. WORK/machine.pid gets its process 1.
# tests/support/machine_keep.sh WORK boot - is that process: makes its files, and becomes systemd.
set -euo pipefail

work=$1
machine=$work/machine # memory: files, what is changed; root, what it sees; group, where its control groups are
group=$machine/group/$(basename "$work")

# ---- there ----

# What is started there is what a test starts, and the journal; no list of all manual pages is made.
only_what_is_asked_for() {
	local units=$1/etc/systemd/system
	rm -rf "$1"/etc/fstab "$1"/usr/sbin/policy-rc.d "$1"/var/lib/man-db/auto-update "$units" "$1"/usr/lib/systemd/system/*.wants "$1"/usr/lib/systemd/{system,user}-{,environment-}generators
	mkdir -p "$units"
	printf '%s\n' '[Unit]' 'Description=Up' 'DefaultDependencies=no' 'Wants=systemd-journald.service' 'After=systemd-journald.service' >"$units/machine.target"
	tr -d - </proc/sys/kernel/random/uuid >"$1/etc/machine-id"
}

devices() {
	mount -t tmpfs -o mode=755 machine "$1/dev"
	mknod -m 666 "$1/dev/null" c 1 3
	mknod -m 666 "$1/dev/zero" c 1 5
	mknod -m 666 "$1/dev/full" c 1 7
	mknod -m 666 "$1/dev/random" c 1 8
	mknod -m 666 "$1/dev/urandom" c 1 9
	mknod -m 666 "$1/dev/tty" c 5 0
	ln -s pts/ptmx "$1/dev/ptmx"
	ln -s /proc/self/fd "$1/dev/fd"
	mkdir "$1/dev/shm"
}

# The kernel's own settings are this machine's, too: they can be read there.
kernel() {
	mount -t proc machine "$1/proc"
	mount --bind "$1/proc/sys" "$1/proc/sys"
	mount -o remount,bind,ro "$1/proc/sys"
	[ ! -e "$1/proc/sysrq-trigger" ] || mount --bind /dev/null "$1/proc/sysrq-trigger"
	mount -t sysfs -o ro machine "$1/sys"
	mount -t cgroup2 machine "$1/sys/fs/cgroup"
}

boot() {
	local root=$machine/root
	mount -t overlay machine -o "lowerdir=/,upperdir=$machine/files,workdir=$machine/work" "$root"
	only_what_is_asked_for "$root"
	devices "$root"
	kernel "$root"
	mount -t tmpfs -o mode=755 machine "$root/run"
	mount -t tmpfs -o mode=1777 machine "$root/tmp"
	mkdir -p "$root$work" "$root/run/before"
	mount --bind "$work" "$root$work"
	cd "$root"
	pivot_root . run/before
	umount -l /run/before
	exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=qip /lib/systemd/systemd --system --unit=machine.target --show-status=no
}

# ---- here ----

in_its_group() {
	echo "$BASHPID" >"$group/cgroup.procs"
	exec unshare --mount --pid --fork --kill-child --uts --ipc --net --cgroup bash "$0" "$work" boot
}

keep() {
	local pid
	mount -t tmpfs machine "$machine"
	mkdir "$machine"/{files,work,root,group}
	mount -t cgroup2 machine "$machine/group"
	mkdir "$group"
	in_its_group & # one child it has, and no other
	trap 'kill -KILL "$(cat "$work/machine.pid")"' TERM
	until pid=$(pgrep -P "$!"); do
		kill -0 "$!"
		sleep 0.05
	done
	echo "$pid" >"$work/machine.pid"
	wait "$!" || true # a signal ends this one
	wait "$!" || true
	find "$group" -depth -type d -exec rmdir {} +
}

if [ "${2:-}" = boot ]; then boot; else keep; fi
