#!/usr/bin/env bash
# The whole journey as tools/demo --once runs it, with one of the answers given in a real browser, and the places syncing in another order.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$QIP_SOURCE/tools/journey.sh"

web_tests_ready
export JOURNEY_BROWSER=1
JOURNEY_ORDER='fleckney kibworth kib-kiosk'
journey
