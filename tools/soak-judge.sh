# shellcheck shell=bash
# tools/soak-judge.sh - for sourcing by tools/soak: samples of what the server and the kiosks hold, and whether that grows.
#
# A sample is one line of numbers, sample_head names them. Wanted of the sourcing script: WORK, PIDS, ADMIN, PRACTICES.

sample_head() { echo 'seconds server_anon_kb server_rss_kb descriptors threads connections packs kiosks_anon_kb kiosks_descriptors store_kb merges'; }

# kb_of PROCESS FIELD - of its /proc/PID/status.
kb_of() { sed -n "s/^$2:[[:space:]]*\([0-9]*\) kB/\1/p" "/proc/${PIDS[$1]}/status"; }
descriptors_of() { find "/proc/${PIDS[$1]}/fd" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l; }
threads_of() { find "/proc/${PIDS[$1]}/task" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l; }

metrics() { curl -qsS --max-time 20 "$ADMIN/metrics"; }
# metric NAME FILE - the highest value of it, whatever its labels.
metric() { awk -v name="$1" '{ n = $1; sub(/\{.*/, "", n) } n == name && $NF + 0 > most { most = $NF + 0 } END { printf "%d\n", most }' "$2"; }

# of_kiosks COMMAND [ARGUMENT] - the sum over them.
of_kiosks() {
	local ods sum=0
	for ods in "${PRACTICES[@]}"; do
		sum=$((sum + $("$1" "kiosk-$ods" "${@:2}")))
	done
	echo "$sum"
}

# Merges of all logs: the number that the last one bears.
merges() {
	local ods sum=0
	for ods in "${PRACTICES[@]}"; do
		sum=$((sum + $(git -C "$WORK/server/$ods/history.git" rev-list --count --first-parent main)))
	done
	echo "$sum"
}

# sample SECONDS - one line.
sample() {
	metrics >"$WORK/metrics" || die 'the server does not tell its metrics'
	echo "$1 $(kb_of server RssAnon) $(kb_of server VmRSS) $(descriptors_of server) $(threads_of server) $(metric qip_connections "$WORK/metrics")" \
		"$(metric qip_practice_packs "$WORK/metrics") $(of_kiosks kb_of RssAnon) $(of_kiosks descriptors_of)" \
		"$(du -sk "$WORK/server" 2>/dev/null | cut -f 1) $(merges)"
}

# Nothing is connected and no request waits; a moment later what was kept for the next push is let go of.
resting() { wait_until 60 at_rest && sleep 3; }
at_rest() {
	metrics >"$WORK/metrics"
	[ "$(metric qip_connections "$WORK/metrics")" -eq 0 ] && [ "$(metric qip_jobs_waiting "$WORK/metrics")" -eq 0 ]
}

# at_rest_as SAMPLE SAMPLE - memory, descriptors and threads before and after the load. Memory: what a server knows of each merge, see judge; descriptors:
# opened repositories may be kept.
at_rest_as() {
	printf '%s\n%s\n' "$1" "$2" | awk -v spare=$((8 * ${#PRACTICES[@]})) -v slack="${QIP_SOAK_SLACK_KB:-0}" '
		{ memory[NR] = $2; descriptors[NR] = $4; threads[NR] = $5; merges[NR] = $11 }
		END {
			most = memory[1] * 1.05 + 2048 + slack + (merges[2] - merges[1]) * 0.1
			printf "at rest: anonymous memory %d kB before, %d after, at most %d; ", memory[1], memory[2], most
			printf "%d descriptors before, %d after; %d threads before, %d after\n", descriptors[1], descriptors[2], threads[1], threads[2]
			exit memory[2] > most || descriptors[2] > descriptors[1] + spare || threads[2] > threads[1]
		}'
}

# judge FILE - a table of the medians of the second and the last quarter, and what each may be. 1: one of them is more.
#
# Memory: a twentieth and 2 MiB for where the heap's pieces happen to lie; a server knows every device and where the objects of its packs lie, so 100 bytes
# a merge come to that, at rest too. Under load packs are joined and histories copied all the time, which takes 200 bytes an object of that practice while it
# lasts: at six objects a merge and a third of the merges in each practice, 400 bytes a merge more. What is mapped of packs is resident too, and belongs to
# the store. Descriptors: ten connections, at three each, and fifty open files of packs more or less at the moment of looking. Packs: those that are let be
# (30), those that come until the next look, and what more come while they are joined. A merge adds as much to the store as those before it did, by half, and
# a kilobyte. QIP_SOAK_SLACK_KB: what a sanitizer's heap may grow by, beyond that of memory.
judge() {
	awk -v slack="${QIP_SOAK_SLACK_KB:-0}" '
	function median(name, from, to,    n, i, j, v, x) {
		n = 0
		for (i = 2; i <= NR; i++)
			if (row[i, "seconds"] > from && row[i, "seconds"] <= to)
				v[++n] = row[i, name]
		if (n == 0) {
			print "soak: a quarter without a sample" > "/dev/stderr"
			exit broken = 1
		}
		for (i = 2; i <= n; i++) {
			x = v[i]
			for (j = i - 1; j >= 1 && v[j] > x; j--)
				v[j + 1] = v[j]
			v[j + 1] = x
		}
		return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
	}
	function told(what, early, late, bound) {
		printf "%-34s %12.0f %12.0f %12.0f   %s\n", what, early, late, bound, late <= bound ? "ok" : "GROWS"
		grows += late > bound
	}
	function compared(what, name, factor, more) { told(what, second[name], last[name], second[name] * factor + more) }
	NR == 1 { for (i = 1; i <= NF; i++) names[i] = $i; columns = NF; next }
	{ for (i = 1; i <= columns; i++) row[NR, names[i]] = $i }
	END {
		end = row[NR, "seconds"]
		for (i = 1; i <= columns; i++) {
			first[names[i]] = median(names[i], -1, end / 4)
			second[names[i]] = median(names[i], end / 4, end / 2)
			last[names[i]] = median(names[i], end * 3 / 4, end)
		}
		if (last["merges"] <= second["merges"] || second["merges"] <= first["merges"]) {
			print "soak: nothing was written" > "/dev/stderr"
			exit broken = 1
		}
		written = last["merges"] - second["merges"]
		stored = last["store_kb"] - second["store_kb"]
		printf "%-34s %12s %12s %12s\n", "median of the quarter", "second", "last", "at most"
		compared("server, anonymous memory, kB", "server_anon_kb", 1.05, 2048 + slack + written * 0.5)
		compared("server, resident memory, kB", "server_rss_kb", 1.05, 2048 + slack + written * 0.5 + (stored > 0 ? stored : 0))
		compared("server, descriptors", "descriptors", 1, 80)
		compared("server, threads", "threads", 1, 0)
		told("packs of a practice", second["packs"], last["packs"], 50)
		compared("kiosks, anonymous memory, kB", "kiosks_anon_kb", 1.05, 1024 + slack)
		compared("kiosks, descriptors", "kiosks_descriptors", 1, 6)
		rate = (second["store_kb"] - first["store_kb"]) / (second["merges"] - first["merges"])
		told("store, bytes a merge until then", rate * 1024, stored / written * 1024, rate * 1536 + 1024)
		printf "%d merges, %d kB in the store\n", row[NR, "merges"], row[NR, "store_kb"]
	}
	END { exit broken || grows > 0 }' "$1"
}
