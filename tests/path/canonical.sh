#!/usr/bin/env bash
# The canonical form of JSON, which signatures and ids rest on, beside another hand's: npm's canonicalize, on random documents.
# QIP_SEED, which is printed, makes the same documents again; QIP_DOCUMENTS says how many.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
web_tests_ready
seed=${QIP_SEED:-$(od -An -N 4 -tu4 /dev/urandom | tr -d ' ')}
documents=${QIP_DOCUMENTS:-100000}

it "Core and canonicalize agree on every byte of $documents documents (QIP_SEED=$seed)"
node "$QIP_SOURCE/tests/web/canonical.mjs" "$documents" "$seed" 2>"$WORK/logs/canonicalize.log" | "$QIP_TOOLS/canonical_check" >"$WORK/said" || die "$(cat "$WORK/said")"
same 'documents' "$documents" "$(cat "$WORK/said")"

it 'A form that differs in one byte is found'
! printf '{"b":1,"a":2}\0{"b":1,"a":2}\0' | "$QIP_TOOLS/canonical_check" >"$WORK/said" || die 'it is not'
says 'the canonical forms differ' "$(cat "$WORK/said")"
