#!/usr/bin/env bash
# tools/soak in short: load on a server leaves its memory, descriptors, threads and packs as they were; and what grows is found. The half hour is tools/soak alone.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# What the sanitizer keeps of freed memory, to find its use, is not the server's.
export ASAN_OPTIONS="$ASAN_OPTIONS:quarantine_size_mb=1:thread_local_quarantine_size_kb=16"
[ -z "${QIP_SANITIZE:-}" ] || export QIP_SOAK_SLACK_KB=65536
export QIP_SOAK_SAMPLES=$WORK/samples

it 'A server under load stays as it is, and nothing is lost'
"$QIP_SOURCE/tools/soak" --seconds 20 >"$WORK/flat" 2>&1 || die "$(cat "$WORK/flat")"
same 'what was judged' 8 "$(grep -c ' ok$' "$WORK/flat")"
says 'packs joined' "$(cat "$WORK/flat")"

# grown COLUMN AMOUNT - samples in which it grows by so much from the third quarter on.
grown() {
	awk -v name="$1" -v amount="$2" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) column = i; print; next }
		{ rows[NR] = $0; last = $1 }
		END {
			for (n = 2; n in rows; n++) {
				$0 = rows[n]
				if ($1 > last * 0.6) $column += amount
				print
			}
		}' "$WORK/samples" >"$WORK/grown"
}

it 'Each thing that grows is named'
while read -r column amount words; do
	grown "$column" "$amount"
	refused "^$words.* GROWS" "$QIP_SOURCE/tools/soak" --judge "$WORK/grown"
	same "what grows with $column" 1 "$(grep -c 'GROWS$' <<<"$REFUSAL")"
done <<'END'
server_anon_kb 400000 server, anonymous memory
server_rss_kb 800000 server, resident memory
descriptors 400 server, descriptors
threads 1 server, threads
packs 100 packs of a practice
kiosks_anon_kb 400000 kiosks, anonymous memory
kiosks_descriptors 20 kiosks, descriptors
END
grown merges 0
"$QIP_SOURCE/tools/soak" --judge "$WORK/grown" >/dev/null || die 'samples of a flat server are refused'
grown store_kb 1000000
refused '^store, bytes a merge.* GROWS' "$QIP_SOURCE/tools/soak" --judge "$WORK/grown"

it 'What is not given back at rest is found'
# shellcheck source=tools/soak-judge.sh
. "$QIP_SOURCE/tools/soak-judge.sh"
PRACTICES=(one two)
before='0 5000 20000 16 10 0 10 7000 30 900 50'
QIP_SOAK_SLACK_KB=0 at_rest_as "$before" '60 7500 99999 30 10 0 30 9999 99 9999 5050' >/dev/null || die 'what a server may know of its merges is refused'
for after in '60 8000 20000 16 10' '60 5000 20000 33 10' '60 5000 20000 16 11'; do
	! QIP_SOAK_SLACK_KB=0 at_rest_as "$before" "$after 0 10 7000 30 900 5050" >/dev/null || die "this is taken for a server at rest: $after"
done

it 'Samples that show nothing are not taken for flat ones'
awk 'NR == 1 { print; next } { $NF = 7; print }' "$WORK/samples" >"$WORK/idle"
refused 'nothing was written' "$QIP_SOURCE/tools/soak" --judge "$WORK/idle"
head -n 2 "$WORK/samples" >"$WORK/cut"
refused 'a quarter without a sample' "$QIP_SOURCE/tools/soak" --judge "$WORK/cut"

it 'Connections that are never ended are found in a server that runs'
refused 'server, descriptors .* GROWS' "$QIP_SOURCE/tools/soak" --seconds 16 --planted connections
