# shellcheck shell=bash
# tools/bench-kiosk.sh - for sourcing by tools/bench: the figures of the kiosk, and memory at rest.

# journal_rounds OTHER [COLUMN] - microseconds for one durable answer: the median (3), or all but the slowest in a hundred (4).
journal_rounds() {
	# shellcheck disable=SC2153 # of tools/bench
	[ -s "$JOURNAL" ] || "$QIP_SOURCE/build/release/bench/kiosk_journal" "$WORK" >"$JOURNAL"
	awk -F '\t' -v other="$1" -v column="${2:-3}" '$2 == "journal" { ours[$1] = $column } $2 == other { theirs[$1] = $column }
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

# How often the resting kiosk wakes in 10 minutes: the moments at which it makes system calls, those within a second counting as one. Under a service
# manager that asks it to be well every 10 minutes, which is seen in the long form alone.
wakeups_rounds() {
	local seconds=120 trace=$WORK/wakeups.trace pid woken
	# shellcheck disable=SC2154 # of tools/bench
	[ -z "$long" ] || seconds=600
	strace -o /dev/null true || die 'programs cannot be traced here'
	memory_practice
	server_start
	kiosk_start kib-kiosk env WATCHDOG_USEC=600000000 NOTIFY_SOCKET="$WORK/nobody"
	pid=${PIDS[kib-kiosk]}
	quiet "$pid"
	timeout "$seconds" strace -f -ttt -o "$trace" -p "$pid" 2>>"$WORK/logs/strace.log" || [ -s "$trace" ] || die 'nothing was traced'
	# what each thread was waiting in when the tracing began is told at once
	woken=$(awk -v from="$(awk '{ print $2; exit }' "$trace")" '$3 != "---" && !/<unfinished|<detached|\?$/ && $2 > from + 1 && $2 > last + 1 { n++ }
		$2 > from + 1 { last = $2 } END { print n + 0 }' "$trace")
	printf 'kiosk.wakeups: %s in %s s\n' "$woken" "$seconds" >>"$NOTES"
	printf '%s -\n' $((woken * 600 / seconds))
	stop kib-kiosk
	server_stop
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

# ---- what a patient waits for ----

FORMS=$WORK/forms.tsv

bench_kiosk() { "$QIP_SOURCE/build/release/bench/$1" "${@:2}"; }
port_of() { printf '%s' "${1##*:}"; }

# A kiosk with comments on, and nothing in its journal.
kiosk_alone() {
	practice_start
	join kib-kiosk kiosk kibworth
	kiosk_start kib-kiosk
}

# forms NAME - the rounds of bench/kiosk_form, measured once for both figures.
forms() {
	if [ ! -s "$FORMS" ]; then
		kiosk_alone
		bench_kiosk kiosk_form "$(port_of "$KIOSK_URL")" >"$FORMS"
		stop kib-kiosk
		server_stop
	fi
	awk -F '\t' -v name="$1" '$2 == name { print $3 }' "$FORMS"
}

# Milliseconds until the kiosk thanks for an answer without a comment, beside the journal's part of it.
form_rounds() {
	local journal
	journal=$(journal_rounds append | awk '{ print $1 / 1000 }' | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }')
	forms plain | awk -v journal="$journal" '{ print $1, journal }'
}
# Milliseconds that sealing a comment adds.
sealed_rounds() { paste -d ' ' <(forms sealed) <(forms plain) | awk '{ d = $1 - $2; print (d > 0 ? d : 0), "-" }'; }

# Bytes of a page and of all that it loads, of the page that loads most: the first, and the one with the on-screen keyboard.
page_bytes() {
	local page=$1 part total
	total=$(wc -c <"$page")
	for part in $(grep -Eo '"/a/[^"]+"' "$page" | tr -d '"' | sort -u); do
		total=$((total + $(curl -qsSf --max-time 20 "$KIOSK_URL$part" | wc -c)))
	done
	printf '%s' "$total"
}
page_rounds() {
	local first comment
	kiosk_alone
	curl -qsSf --max-time 20 -o "$WORK/first.html" "$KIOSK_URL/"
	curl -qsSf --max-time 20 -o "$WORK/comment.html" --data-urlencode "state=$(kiosk_state "$WORK/first.html")" --data 'answer=good' "$KIOSK_URL/step"
	first=$(page_bytes "$WORK/first.html")
	comment=$(page_bytes "$WORK/comment.html")
	printf '%s -\n' $((first > comment ? first : comment))
	note "kiosk.page: the first page $first B, the page with the keyboard $comment B"
	stop kib-kiosk
	server_stop
}

# kB of the kiosk's own memory at its largest while it delivers some hundred answers.
sync_memory_rounds() {
	local round most now
	kiosk_alone
	for round in 1 2 3; do
		server_stop
		bench_kiosk kiosk_form "$(port_of "$KIOSK_URL")" >"$WORK/forms"
		stop kib-kiosk
		server_start
		kiosk_start kib-kiosk
		most=0
		until grep -q 'msg=synced answers=[1-9]' "$WORK/logs/kib-kiosk.log"; do
			now=$(kb_of "${PIDS[kib-kiosk]}" RssAnon)
			most=$((now > most ? now : most))
			sleep 0.005
		done
		printf '%s -\n' "$most"
		note "kiosk.memory.sync: $(sed -n 's/.*msg=synced \(answers=[0-9]*\).*/\1/p' "$WORK/logs/kib-kiosk.log" | tail -n 1), VmHWM $(kb_of "${PIDS[kib-kiosk]}" VmHWM) kB"
		: >"$WORK/logs/kib-kiosk.log"
	done
	stop kib-kiosk
	server_stop
}

# ---- the whole box ----

family_of() {
	local child
	printf '%s\n' "$1"
	for child in $(pgrep -P "$1"); do
		family_of "$child"
	done
}
pss_of() {
	local pid total=0
	for pid in $(family_of "$1"); do
		total=$((total + $(awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup")))
	done
	printf '%s' "$total"
}
# kB of kiosk and browser together, with the first page on the screen. The browser runs without a display, which costs it software rendering.
box_rounds() {
	local round browser kiosk
	kiosk_alone
	mkdir -m 0700 "$WORK/runtime"
	for round in 1 2 3; do
		start cog env XDG_RUNTIME_DIR="$WORK/runtime" XDG_CACHE_HOME="$WORK/runtime" JSC_useJIT=0 COG_PLATFORM_NAME=headless \
			cog --platform=headless --webprocess-failure=exit "$KIOSK_URL/"
		wait_until 30 grep -q 'Loaded successfully' "$WORK/logs/cog.log" || die 'the browser shows no page'
		sleep 5
		browser=$(pss_of "${PIDS[cog]}")
		kiosk=$(pss_of "${PIDS[kib-kiosk]}")
		printf '%s -\n' $((browser + kiosk))
		note "kiosk.box: PSS of cog $browser kB, of the kiosk $kiosk kB"
		crash cog
		: >"$WORK/logs/cog.log"
	done
	stop kib-kiosk
	server_stop
}

# ---- what wears the card ----

CARD_BYTES=268435456

# card_insert FOLDER - a file system of its own there, so that all that is written to it can be counted. As root.
card_insert() {
	mkdir -p "$1"
	truncate -s "$CARD_BYTES" "$1.img"
	mkfs.ext4 -q -F -b 4096 -E lazy_itable_init=0,lazy_journal_init=0 "$1.img" >&2
	mount -o loop,noatime "$1.img" "$1"
}
# Bytes that went to its block device so far.
card_written() {
	sync -f "$1"
	awk '{ print $7 * 512 }' "/sys/block/$(basename "$(findmnt -no SOURCE "$1")")/stat"
}

# A day of 40 answers, with a sync every hour for ten hours.
flash_day() {
	local hour
	for ((hour = 0; hour < 10; hour++)); do
		answer good
		answer good
		answer poor
		answer neither
		kiosk_sync kib-kiosk
	done
}

# Bytes on the card for each answer of a day: of a kiosk, and of a commit and a push by libgit2 for each.
flash_rounds() {
	local card=$HOMES/kib-kiosk plain=$WORK/plain round ours theirs before
	practice_start
	card_insert "$card"
	card_insert "$plain"
	# shellcheck disable=SC2064 # these folders
	trap "stop_all; umount '$card' '$plain'" EXIT
	join kib-kiosk kiosk kibworth
	kiosk_start kib-kiosk
	flash_day
	bench_kiosk flash_git "$plain/history.git" "$WORK/remote.git" 1 40
	for round in 1 2 3; do
		before=$(card_written "$card")
		flash_day
		ours=$(($(card_written "$card") - before))
		before=$(card_written "$plain")
		bench_kiosk flash_git "$plain/history.git" "$WORK/remote.git" $((round * 40 + 1)) $((round * 40 + 40))
		theirs=$(($(card_written "$plain") - before))
		printf '%s %s\n' $((ours / 40)) $((theirs / 40))
	done
	stop kib-kiosk
	server_stop
}
