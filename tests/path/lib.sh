# shellcheck shell=bash
# tests/path/lib.sh - for sourcing by the journeys beside it: the practice of tools/lib.sh, the hand-made commits of tools/forge.sh, and what only tests need.
. "$(dirname "${BASH_SOURCE[0]}")/../../tools/lib.sh"
. "$QIP_SOURCE/tools/forge.sh"

# What follows is one behaviour, named as a sentence.
it() { say "- $*"; }

# The packages that the browser's and the proxy's scripts use, from their lock file.
web_tests_ready() {
	local web=$QIP_SOURCE/tests/web
	(
		flock 9
		if [ ! -e "$web/node_modules/.package-lock.json" ] || [ "$web/package-lock.json" -nt "$web/node_modules/.package-lock.json" ]; then
			npm --prefix "$web" ci --no-audit --no-fund --ignore-scripts >"$WORK/logs/npm.log" 2>&1 || exit 1
		fi
	) 9<"$web/package-lock.json" || die 'npm ci in tests/web'
}
