# shellcheck shell=bash
# tools/bench-kiosk.sh - for sourcing by tools/bench: the figures of the kiosk, and memory at rest.

# journal_rounds OTHER - microseconds for one durable answer.
journal_rounds() {
	[ -s "$JOURNAL" ] || "$QIP_SOURCE/build/release/bench/kiosk_journal" "$WORK" >"$JOURNAL"
	awk -F '\t' -v other="$1" '$2 == "journal" { ours[$1] = $3 } $2 == other { theirs[$1] = $3 }
		END { for (r in ours) if (r in theirs) print ours[r], theirs[r] }' "$JOURNAL"
}

# A practice with a kiosk that has taken and delivered some answers.
memory_practice() {
	practice_start
	join kib-kiosk kiosk kibworth
	kiosk_start kib-kiosk
	for _ in 1 2 3; do
		answer good
	done
	kiosk_sync kib-kiosk
	stop kib-kiosk
	server_stop
}
kb_of() { sed -n "s/^$2:[[:space:]]*\([0-9]*\) kB/\1/p" "/proc/$1/status"; }
ticks_of() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
# Until the process has used no processor for two seconds.
quiet() {
	local before
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		before=$(ticks_of "$1")
		sleep 2
		[ "$before" != "$(ticks_of "$1")" ] || return 0
	done
	return 1
}
# memory_rounds PROGRAM FIELD - kB, of a process that has done its start-up work and rests.
memory_rounds() {
	local pid
	memory_practice
	for _ in 1 2 3; do
		server_start
		kiosk_start kib-kiosk
		answer good
		kiosk_sync kib-kiosk
		pid=${PIDS[$1]}
		quiet "$pid"
		printf '%s -\n' "$(kb_of "$pid" "$2")"
		printf '%s: VmRSS %s kB, RssAnon %s kB\n' "$1" "$(kb_of "$pid" VmRSS)" "$(kb_of "$pid" RssAnon)" >>"$NOTES"
		stop kib-kiosk
		server_stop
	done
}

# Bytes of the stripped program without the files that it carries.
binary_rounds() {
	local size assets
	strip -o "$WORK/qip-kiosk" "$QIP_BIN/qip-kiosk"
	size=$(stat -c %s "$WORK/qip-kiosk")
	assets=$(cat "$QIP_SOURCE"/kiosk/web/*.html "$QIP_SOURCE/build/release/kiosk-web/style.css" | wc -c)
	printf '%s -\n' $((size - assets))
	printf 'kiosk.binary: %s B stripped, of which %s B are pages and style\n' "$size" "$assets" >>"$NOTES"
}
