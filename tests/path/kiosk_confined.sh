#!/usr/bin/env bash
# The kiosk under its own unit's list of system calls: all that it does still works, and it may ask whether the clock is kept right.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# members NAME… - the system calls that these names stand for, sets of systemd's replaced by what is in them, sorted.
members() {
	local names=("$@") plain=() sets=() name
	while [ "${#names[@]}" -gt 0 ]; do
		sets=()
		for name in "${names[@]}"; do
			case $name in @*) sets+=("$name") ;; *) plain+=("$name") ;; esac
		done
		names=()
		for name in "${sets[@]}"; do
			mapfile -t -O "${#names[@]}" names < <(systemd-analyze syscall-filter --no-pager "$name" | sed -n 's/^    \([@a-z_].*\)/\1/p')
		done
	done
	printf '%s\n' "${plain[@]}" | sort -u
}

# calls_of UNIT - the numbers here of the calls that its SystemCallFilter lines leave, with commas between.
calls_of() {
	local line words
	members @default >"$WORK/allowed"
	while read -r line; do
		read -ra words <<<"${line#'~'}"
		members "${words[@]}" >"$WORK/named"
		case $line in
		'~'*) comm -23 "$WORK/allowed" "$WORK/named" >"$WORK/left" ;;
		*) sort -u "$WORK/allowed" "$WORK/named" >"$WORK/left" ;;
		esac
		mv "$WORK/left" "$WORK/allowed"
	done < <(sed -n 's/^SystemCallFilter=//p' "$1")
	cc -E -dM -include sys/syscall.h -x c /dev/null | sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\1 \2/p' | sort >"$WORK/numbers"
	sort "$WORK/allowed" | command join - "$WORK/numbers" | cut -d ' ' -f 2 | paste -sd ,
}

export LC_ALL=C
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 # looking for leaks is tracing, which no service may
calls=$(calls_of "$QIP_SOURCE/kiosk/appliance/qip-kiosk.service")
confined=("$QIP_TOOLS/confined" "$calls")
status=0
"$QIP_TOOLS/confined" "$calls" true || status=$?
if [ "$status" = 77 ]; then
	echo '- skipped: a filter of system calls cannot be set here'
	exit 0
fi

it 'It may ask whether the clock is kept right, and may not change its owner or priority'
same 'true' 0 "$status"
"${confined[@]}" || die 'the clock may not be asked'
if "${confined[@]}" chown 65534 "$WORK/numbers" 2>/dev/null; then die 'it may give files away'; fi
says 'not permitted' "$("${confined[@]}" nice -n 5 true 2>&1)"

it 'It starts, asks, keeps, sends and ends'
practice_start
join kib-kiosk kiosk kibworth
kiosk_start kib-kiosk "${confined[@]}"
answer good
sent() { [ "$(answers_on_main)" = 1 ]; }
"${confined[@]}" qip-kiosk sync --home "$HOMES/kib-kiosk" >/dev/null
wait_until 20 sent || die 'the answer does not arrive'
same 'clock' "$(kiosk_says kib-kiosk clock.quality)" "$("${confined[@]}" qip-kiosk status --home "$HOMES/kib-kiosk" --json | jq -r .clock.quality)"

if [ -x /usr/bin/espeak-ng ]; then
	it 'It reads aloud'
	curl -qsS "$KIOSK_URL/" -o "$WORK/page.html"
	say=$(grep -Eo '/say/[^"]*' "$WORK/page.html")
	same 'sound' 200 "$(curl -qsS -o /dev/null -w '%{http_code}' "$KIOSK_URL$say")"
fi
stop kib-kiosk
