# shellcheck shell=bash
# tests/support/machine.sh - for sourcing after tests/path/lib.sh: a machine of its own to install packages on. It begins with this one's files, and what
# changes is in memory; its process 1 is systemd, its network is its loopback. This machine is not changed, and all of it ends with the script.

MACHINE=0 # its process 1, as seen from here

# machine_possible - are we root, and may we make namespaces and mount in them?
machine_possible() {
	mkdir -p "$WORK/machine"
	# shellcheck disable=SC2016 # for the inner shell
	[ "$(id -u)" -eq 0 ] && unshare --mount --pid --fork --uts --ipc --net --cgroup sh -c 'mount -t tmpfs machine "$1" && cd "$1" && mkdir files work root group &&
		mount -t overlay machine -o "lowerdir=/,upperdir=$1/files,workdir=$1/work" root && mount -t cgroup2 machine group && mkdir "group/$2" && rmdir "group/$2" &&
		mknod null c 1 3' sh "$WORK/machine" "$(basename "$WORK")" 2>>"$WORK/logs/machine.log"
}

# machine_start - WORK is at the same place there.
machine_start() {
	start machine unshare --mount bash "$QIP_SOURCE/tests/support/machine_keep.sh" "$WORK"
	MACHINE=$(started machine "$WORK/machine.pid")
	wait_until 60 is_up || die 'systemd does not start there'
	! is_gone "$MACHINE" || die 'the machine is gone'
}
is_up() { is_gone "$MACHINE" || inside systemctl --quiet is-active machine.target 2>/dev/null; }

# inside COMMAND… - there, as root.
inside() {
	nsenter --target "$MACHINE" --mount --uts --ipc --net --pid --cgroup -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C TZ=UTC "$@"
}
# beside COMMAND… - here, but on its network; a function of the script, too.
beside() {
	local network=(nsenter --target "$MACHINE" --net --)
	"${network[@]}" "$@"
}
